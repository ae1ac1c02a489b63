"""`tenant-keys init`: what it writes, what it never overwrites, and the first pull request."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tenant_keys.manifest import load_estate, parse_lock
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.manifest.errors import LockError
from tenant_keys.manifest.replace_file import replace_file
from tenant_keys.manifest.sample import is_sample
from tenant_keys.operations.checks import Checks, Note
from tenant_keys.operations.new_estate.pins import dependencies, tool
from tests.command import tenant_keys

ROOT = Path(__file__).parents[2]
ANSWERS = (
    *("--account", "444444444444", "--region", "eu-north-1", "--region", "eu-south-2"),
    *("--workload", "checkout", "--workload-account", "555555555555", "--tenant", "hooli"),
)
FILES = {
    *("tenants.yaml", "tenants.lock", "app.py", "cdk.json", "package.json", "package-lock.json"),
    *("requirements.txt", "tool.txt"),
    *("Makefile", "README.md", ".gitattributes", ".gitignore"),
    *(f".github/workflows/{name}.yml" for name in ("pull-request", "deploy", "estate")),
}


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def commit(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *arguments], check=True)


def test_an_estate_of_ones_own_is_valid_and_its_lock_matches(tmp_path: Path) -> None:
    done = tenant_keys("init", str(tmp_path / "above" / "estate"), *ANSWERS, "--organization", "o-hooli12345")
    assert done.exit_code == 0, done.stderr
    assert set(files(tmp_path / "above" / "estate")) == FILES
    estate = load_estate(tmp_path / "above/estate/tenants.yaml")
    assert (estate.organization, estate.central.account) == ("o-hooli12345", "444444444444")
    assert (estate.central.home_region, estate.central.regions) == ("eu-north-1", ("eu-north-1", "eu-south-2"))
    assert [(w.name, w.account, w.runs_on) for w in estate.workloads.values()] == [
        ("checkout", "555555555555", "lambda")
    ]
    assert [(t.id, [w.name for w in t.workloads]) for t in estate.tenants.values()] == [("hooli", ["checkout"])]


def test_people_may_be_permission_sets_and_auditors_read_a_new_estate(tmp_path: Path) -> None:
    sets = ("--administrator", "permission-set/Keys", "--break-glass", "permission-set/BreakGlass")
    done = tenant_keys("init", str(tmp_path / "estate"), *ANSWERS, *sets)
    needed = "permission-set/Keys needs the Region of IAM Identity Center's identity source"
    assert (done.exit_code, done.stderr) == (1, f"--identity-center-region: missing; {needed}\n")
    assert tenant_keys("init", str(tmp_path), *ANSWERS, *sets, "--identity-center-region", "us-east-1").exit_code == 0
    central = load_estate(tmp_path / "tenants.yaml").central
    path = "arn:aws:iam::444444444444:role/aws-reserved/sso.amazonaws.com"
    assert central.administrators == (f"{path}/AWSReservedSSO_Keys_????????????????",)
    assert set(central.auditors) == {"access-analyzer", "config"}


def test_an_answer_cannot_leave_its_place_in_the_manifest(tmp_path: Path) -> None:
    options = {"--account": "4", "--region": "x: y", "--workload-account": '"', "--tenant": "a: {state: offboarding}"}
    arguments = [word for option in options.items() for word in option]
    done = tenant_keys("init", str(tmp_path / "estate"), "--workload", "a\nb: c", *arguments)
    assert done.exit_code == 1
    assert {line.partition(":")[0] for line in done.stderr.splitlines()} == {*options, "--workload"}
    assert list(tmp_path.iterdir()) == []


def test_every_answer_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    done = tenant_keys("init", str(tmp_path / "estate"), "--account", "444444444444")
    assert done.exit_code == 1
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        *("--region", "--workload", "--workload-account", "--tenant")
    ]


def test_nothing_that_is_there_is_overwritten_and_all_of_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("mine:\n")
    (tmp_path / ".github").write_text("a file where a folder is needed\n")
    before = files(tmp_path)
    done = tenant_keys("init", str(tmp_path), *ANSWERS)
    assert done.exit_code == 1
    assert [line.partition(": already exists and is not overwritten")[0] for line in done.stderr.splitlines()] == [
        str(tmp_path / name)
        for name in ("Makefile", *(f".github/workflows/{each}.yml" for each in ("pull-request", "deploy", "estate")))
    ]
    assert files(tmp_path) == before


def test_what_a_repository_has_of_its_own_stays_and_its_missing_lines_are_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Ours\n")
    (tmp_path / ".gitattributes").write_text("*.png binary\n")
    done = tenant_keys("init", str(tmp_path), *ANSWERS, "--json")
    shown = {Path(each["path"]).name: each for each in json.loads(done.stdout)["files"]}
    assert (shown["README.md"]["fate"], shown[".gitattributes"]["missing"]) == ("kept", ["*.lock merge=union"])
    assert (tmp_path / "README.md").read_text() == "# Ours\n"
    again = tenant_keys("init", str(tmp_path), *ANSWERS, "--json")
    assert {each["fate"] for each in json.loads(again.stdout)["files"]} == {"kept", "unchanged"}


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    done = tenant_keys("init", str(tmp_path / "estate"), *ANSWERS, "--dry-run")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "nothing is written")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = replace_file

    def full(path: Path, content: bytes) -> None:
        if path.name == "deploy.yml":
            raise OSError(28, "No space left on device", str(path))
        real(path, content)

    monkeypatch.setattr("tenant_keys.operations.new_estate.folder.replace_file", full)
    done = tenant_keys("init", str(tmp_path / "estate"), *ANSWERS)
    assert (done.exit_code, "no space left on device" in done.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_the_workflows_are_those_of_this_repository_with_the_installed_script(tmp_path: Path) -> None:
    tenant_keys("init", str(tmp_path), *ANSWERS)
    for name in ("pull-request", "deploy", "estate"):
        ours = (ROOT / f".github/workflows/{name}.yml").read_text()
        assert ("scripts/pipeline.sh" in ours) == (name != "deploy")
        written = (tmp_path / f".github/workflows/{name}.yml").read_text()
        assert written == ours.replace("scripts/pipeline.sh", "tenant-keys-pipeline")


def test_the_cdk_that_an_estate_pins_is_the_one_of_this_repository(tmp_path: Path) -> None:
    tenant_keys("init", str(tmp_path), *ANSWERS)
    for name in ("package.json", "package-lock.json"):
        ours, written = (json.loads((folder / name).read_text()) for folder in (ROOT, tmp_path))
        if name == "package.json":
            assert written["devDependencies"] == {"aws-cdk": ours["devDependencies"]["aws-cdk"]}
        else:
            assert written["packages"]["node_modules/aws-cdk"] == ours["packages"]["node_modules/aws-cdk"]
    assert json.loads((tmp_path / "cdk.json").read_text()) == json.loads((ROOT / "cdk.json").read_text())


def test_an_estate_is_pinned_with_hashes_to_all_that_the_tool_needs_and_nothing_else() -> None:
    lines = dependencies().splitlines()
    names = {line.partition("==")[0] for line in lines if line[0].isalpha()}
    assert {"aws-cdk-lib", "boto3", "botocore", "jsii", "msgspec", "cffi", "ministack", "pyjwt"} <= names
    assert not {"pytest", "ruff", "hypothesis", "cvc5"} & names
    ours = set((ROOT / "requirements.txt").read_text().splitlines())
    assert set(lines[1:]) - ours - {line.removesuffix(" \\") for line in ours} == set()
    for line, below in itertools.pairwise(lines):
        assert not line[0].isalpha() or below.startswith("    --hash=sha256:"), line


def test_the_tool_is_pinned_by_version_and_where_its_archive_is_known_by_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool().splitlines()[1:] == [*("tenant-keys-local==0.1.0", "tenant-keys==0.1.0", "tenant-keys-client==0.1.0")]

    class Installed:
        def read_text(self, _name: str) -> str:
            return json.dumps({"archive_info": {"hashes": {"sha256": "5" * 64}}})

    monkeypatch.setattr("tenant_keys.operations.new_estate.pins.distribution", lambda _name: Installed())
    assert tool().splitlines()[1] == f"tenant-keys-local==0.1.0 --hash=sha256:{'5' * 64}"


# --- in a checkout of this repository


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("tenants.yaml", "tenants.lock", "pyproject.toml", "app.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tenant_keys").mkdir()
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_here_replaces_the_sample_and_its_lock_and_nothing_else(checkout: Path) -> None:
    before = files(checkout)
    done = tenant_keys("init", "--here", *ANSWERS)
    assert (done.exit_code, done.stdout.splitlines()[:2]) == (
        0,
        ["replaced  tenants.yaml", "replaced  tenants.lock"],
    ), done.stderr
    after = files(checkout)
    assert {name for name in before if before[name] != after[name]} == {"tenants.yaml", "tenants.lock"}
    assert before.keys() == after.keys()
    assert list(load_estate("tenants.yaml").tenants) == ["hooli"]


def test_a_checkout_is_not_taken_for_a_folder_of_ones_own(checkout: Path) -> None:
    done = tenant_keys("init", ".", *ANSWERS)
    assert (done.exit_code, "is a checkout of tenant-keys; --here replaces its sample" in done.stderr) == (1, True)


@pytest.mark.parametrize("name", ["tenants.yaml", "tenants.lock"])
def test_an_estate_that_took_the_samples_place_is_not_replaced(checkout: Path, name: str) -> None:
    path = checkout / name
    path.write_text(path.read_text().replace("111111111111", "444444444444"))
    before = files(checkout)
    done = tenant_keys("init", "--here", *ANSWERS)
    assert (done.exit_code, f"{name}: is not the sample's" in done.stderr) == (1, True)
    assert files(checkout) == before


def test_the_first_pull_request_has_nothing_to_lose(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tenant_keys("init", "--here", *ANSWERS)
    assert not bring_up_to_date(checkout / "tenants.yaml", base="HEAD").changed
    checks = Checks(checkout, tmp_path_factory.mktemp("scratch"), "HEAD", for_review=False, begin=lambda _: None)
    (said,) = checks._compared()
    assert isinstance(said, Note)
    assert said == "HEAD holds no estate yet: all keys and all access are new, and the report has them"


def test_the_first_pull_request_reports_a_change_of_what_judges_it(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tenant_keys("init", "--here", *ANSWERS)
    (checkout / "app.py").write_text("print('no validations')\n")
    checks = Checks(checkout, tmp_path_factory.mktemp("scratch"), "HEAD", for_review=False, begin=lambda _: None)
    _, said = checks._compared()
    assert said.startswith("the change touches what judges it: app.py; ")
    assert not isinstance(said, Note)


@pytest.mark.parametrize("held", ["another account", "another tenant", "a recorded key"])
def test_an_estate_in_use_is_not_taken_for_the_sample(checkout: Path, held: str) -> None:
    """Anyone who deployed the sample, or grew it, has keys to lose."""
    lock = checkout / "tenants.lock"
    text = lock.read_text()
    in_use = {
        "another account": text.replace("111111111111", "666666666666"),
        "another tenant": text.replace('"tenant": "wonka"', '"tenant": "zorg"'),
        "a recorded key": text.replace(
            '"multi_region": true, "primary_region": "eu-west-1", "roles": {"orders": 1}',
            '"multi_region": true, "primary_region": "eu-west-1", "roles": {"orders": 1}, "key_id": "mrk-'
            + 32 * "1"
            + '"',
        ),
    }[held]
    assert in_use != text
    assert not is_sample(parse_lock(in_use))
    lock.write_text(in_use)
    commit(checkout)
    tenant_keys("init", str(checkout / "new"), *ANSWERS)
    for name in ("tenants.yaml", "tenants.lock"):
        shutil.copy(checkout / "new" / name, checkout / name)
    with pytest.raises(LockError, match="the header's account differs from the merge base"):
        bring_up_to_date(checkout / "tenants.yaml", base="HEAD")


def test_a_base_with_a_lock_and_no_manifest_is_an_estate(checkout: Path, tmp_path: Path) -> None:
    """Half an estate is not taken for none: the manifest may have been moved away to hide what goes."""
    (checkout / "tenants.lock").write_text(
        (checkout / "tenants.lock").read_text().replace("111111111111", "666666666666")
    )
    tenant_keys("init", str(checkout / "new"), *ANSWERS)
    checks = Checks(checkout / "new", tmp_path / "scratch", "HEAD", for_review=False, begin=lambda _: None)
    (checkout / "tenants.yaml").unlink()
    assert not checks._begins(checkout)


def commands_of(folder: Path, target: str) -> list[str]:
    """What `make` would run for a target, once everything is installed."""
    for name in ("Makefile", "requirements.txt", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, folder / name)
    for name in (".venv", "node_modules"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / ".installed").touch()
    command = ["make", "--dry-run", "--no-print-directory", target]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line]


def test_each_target_is_for_the_estate_that_took_the_samples_place(checkout: Path) -> None:
    assert commands_of(checkout, "demo") == ["tenant-keys demo"]
    assert "python -m pytest" in commands_of(checkout, "test")[-1]
    assert tenant_keys("init", "--here", *ANSWERS).exit_code == 0
    assert commands_of(checkout, "demo") == ["tenant-keys local attack"]
    assert commands_of(checkout, "test") == commands_of(checkout, "check") == ["tenant-keys check"]
    assert not any("tools.docs" in line for line in commands_of(checkout, "docs"))
