"""`constructs/` is a source root: with an `__init__.py` it would hide the PyPI package and break `import aws_cdk`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import constructs
import pytest

ROOT = Path(__file__).parents[1]


def test_our_constructs_folder_is_no_package() -> None:
    assert not (ROOT / "constructs" / "__init__.py").exists()


def test_the_imported_constructs_is_the_one_from_pypi() -> None:
    assert constructs.__file__ is not None
    assert "site-packages" in constructs.__file__
    assert hasattr(constructs, "Construct")


def test_the_cdk_and_our_constructs_are_imported_from_any_folder(tmp_path: Path) -> None:
    code = "import aws_cdk, tenant_constructs, tenant_stacks"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_tests_are_collected_without_the_working_folder_on_the_path() -> None:
    """`python -P` leaves it out; then only what is installed, and pytest's own setting, finds the packages."""
    command = [sys.executable, "-P", "-m", "pytest", "--collect-only", "-q", "tests/policy", "tests/stacks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "tests/stacks/test_templates.py::test_stacks_keep_their_names" in done.stdout


@pytest.mark.skipif(not (ROOT / ".venv").exists(), reason="no `make setup` in this checkout")
def test_the_cdk_runs_the_app_in_a_shell_that_knows_nothing_of_the_setup() -> None:
    """`npx cdk synth` in a fresh shell: python3 is then another, without the CDK."""
    app = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["app"]
    command = app.replace("app.py", "-c 'import aws_cdk, tenant_keys'")
    assert command != app
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_command_says_what_it_lacks_where_the_client_alone_is_installed() -> None:
    bare = f"[p for p in sys.path if 'site-packages' not in p] + [{str(ROOT)!r}]"
    code = f"import sys; sys.path = {bare}; import tenant_keys.cli"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "tenant-keys: the command is not installed with the client alone; pip install 'tenant-keys[app,local]'\n"
    )
