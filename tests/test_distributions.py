"""The three wheels: what each holds, and what an environment with one of them can and cannot do."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "tenant_keys": ROOT,
    "tenant_keys_client": ROOT / "packages/client",
    "tenant_keys_local": ROOT / "packages/local",
}
PACKAGES = {
    "tenant_keys": {
        "tenant_constructs",
        "tenant_stacks",
        *(
            "tenant_keys/aws_facts",
            "tenant_keys/cli",
            "tenant_keys/cost",
            "tenant_keys/manifest",
            "tenant_keys/operations",
            "tenant_keys/policy",
        ),
        "tenant_keys/review",
    },
    "tenant_keys_client": {"tenant_keys/client"},
    "tenant_keys_local": {"tenant_keys/demo", "tenant_keys/local"},
}
"""Distribution to the packages that its wheel installs, and no others."""
SCRIPTS: dict[str, set[str]] = {
    "tenant_keys": {"tenant-keys-pipeline"},
    "tenant_keys_client": set(),
    "tenant_keys_local": set(),
}
"""Distribution to the programs that it installs beside its entry points."""


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Distribution to its wheel, built from this checkout."""
    output = tmp_path_factory.mktemp("wheels")
    for folder in FOLDERS.values():
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(output)]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return {wheel.name.split("-")[0]: wheel for wheel in output.glob("*.whl")}


def package_of(file: str) -> str:
    parts = file.split("/")
    return "/".join(parts[:2]) if parts[0] == "tenant_keys" else parts[0]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_wheel_installs_its_packages_and_no_generic_name(wheels: dict[str, Path], name: str) -> None:
    files = zipfile.ZipFile(wheels[name]).namelist()
    metadata = f"{name}-{version()}.dist-info"
    scripts = {file for file in files if f"{name}-{version()}.data/" in file}
    assert {file.rpartition("/scripts/")[2] for file in scripts} == SCRIPTS[name]
    assert {package_of(file) for file in {*files} - scripts} - {metadata} == PACKAGES[name]
    assert f"{metadata}/licenses/LICENSE" in files
    for package in PACKAGES[name]:
        assert f"{package}/py.typed" in files


def test_every_source_file_is_in_exactly_one_wheel(wheels: dict[str, Path]) -> None:
    """Without a file in common, the three can be installed and removed in any order."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "tenant_keys", "constructs", "stacks"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    sources = {file.removeprefix("constructs/").removeprefix("stacks/") for file in listed if (ROOT / file).exists()}
    held = Counter(file for wheel in wheels.values() for file in zipfile.ZipFile(wheel).namelist())
    assert sources
    assert {file: held[file] for file in sources if held[file] != 1} == {}
    assert {file for file in held if ".dist-info/" not in file and ".data/scripts/" not in file} == sources


def version() -> str:
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def test_the_local_aws_asks_for_the_app_and_the_client_of_its_own_version() -> None:
    project = tomllib.loads((ROOT / "packages/local/pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {f"tenant-keys=={version()}", f"tenant-keys-client=={version()}"} <= set(project["dependencies"])


class Environment:
    """An environment with wheels, the packages that they ask for, and nothing else."""

    def __init__(self, folder: Path, *wheels: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(self.bin / "python")]
        install += ["--constraint", str(ROOT / "requirements.txt"), *map(str, wheels)]
        offline = subprocess.run([*install, "--offline"], capture_output=True, check=False)
        if offline.returncode:  # the cache does not hold everything yet
            subprocess.run(install, check=True, capture_output=True, text=True)

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, without the checkout on any path."""
        environment = {"PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "COLUMNS": "120"}
        program = [str(self.bin / command[0]), *command[1:]]
        return subprocess.run(program, cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    def importable(self, *modules: str) -> set[str]:
        """Which of these modules the environment finds."""
        code = (
            "import sys\nfrom importlib.util import find_spec\n"
            "def found(name):\n"
            "    try: return find_spec(name) is not None\n"
            "    except ModuleNotFoundError: return False\n"
            "print(*filter(found, sys.argv[1:]))"
        )
        done = self.run("python", "-c", code, *modules, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return set(done.stdout.split())


OURS = tuple(package.replace("/", ".") for packages in PACKAGES.values() for package in sorted(packages))
THEIRS = ("aws_cdk", "cdk_nag", "cfnlint", "msgspec", "typer", "ministack", "aws_encryption_sdk", "boto3", "jwt")


@pytest.mark.slow
def test_the_client_alone_encrypts_and_brings_neither_command_nor_cdk_nor_emulator(
    wheels: dict[str, Path], tmp_path: Path
) -> None:
    environment = Environment(tmp_path / "client", wheels["tenant_keys_client"])
    assert environment.importable(*OURS, *THEIRS) == {"tenant_keys.client", "aws_encryption_sdk", "boto3", "jwt"}
    assert not (environment.bin / "tenant-keys").exists()
    code = "import tenant_keys.client, tenant_keys.client.s3, tenant_keys.client.dynamodb, tenant_keys.client.reencrypt"
    done = environment.run("python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_app_alone_brings_no_client_and_no_emulator_and_says_what_the_demo_needs(
    wheels: dict[str, Path], tmp_path: Path
) -> None:
    environment = Environment(tmp_path / "app", wheels["tenant_keys"])
    ours = {package.replace("/", ".") for package in PACKAGES["tenant_keys"]}
    assert environment.importable(*OURS, *THEIRS) == ours | {
        "aws_cdk",
        "cdk_nag",
        "cfnlint",
        "msgspec",
        "typer",
        "boto3",
    }
    for command in ("demo", "local"):
        refused = environment.run("tenant-keys", command, cwd=tmp_path)
        assert (refused.returncode, refused.stderr) == (
            1,
            f"tenant-keys {command}: not installed; pip install tenant-keys-local\n",
        )


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_app_alone_begins_an_estate_and_synthesizes_and_proves_it(wheels: dict[str, Path], tmp_path: Path) -> None:
    environment = Environment(tmp_path / "app", wheels["tenant_keys"])
    project = tmp_path / "project"
    options = ("--account", "444444444444", "--region", "eu-west-1", "--workload", "orders", "--tenant", "acme")
    made = environment.run(
        "tenant-keys", "init", "project", *options, "--workload-account", "555555555555", cwd=tmp_path
    )
    assert made.returncode == 0, made.stderr
    assert environment.run("tenant-keys", "validate", cwd=project).returncode == 0
    synthesized = environment.run("python", "app.py", cwd=project)
    assert synthesized.returncode == 0, synthesized.stderr


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_local_aws_brings_the_whole_command(wheels: dict[str, Path], tmp_path: Path) -> None:
    environment = Environment(tmp_path / "local", *wheels.values())
    assert environment.importable(*OURS, *THEIRS) == {*OURS, *THEIRS}
    for command in ("demo", "local"):
        done = environment.run("tenant-keys", command, "--help", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
