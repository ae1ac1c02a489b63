"""`constructs/` is a source root: with an `__init__.py` it would hide the PyPI package and break `import aws_cdk`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import constructs

ROOT = Path(__file__).parents[1]


def test_our_constructs_folder_is_no_package() -> None:
    assert not (ROOT / "constructs" / "__init__.py").exists()


def test_the_imported_constructs_is_the_one_from_pypi() -> None:
    assert constructs.__file__ is not None
    assert "site-packages" in constructs.__file__
    assert hasattr(constructs, "Construct")


def test_the_cdk_and_our_constructs_are_imported_from_any_folder(tmp_path: Path) -> None:
    code = "import aws_cdk, tenant_constructs, stacks"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_tests_are_collected_without_the_working_folder_on_the_path() -> None:
    """`python -P` leaves it out; then only what is installed, and pytest's own setting, finds the packages."""
    command = [sys.executable, "-P", "-m", "pytest", "--collect-only", "-q", "tests/policy", "tests/stacks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "tests/stacks/test_templates.py::test_stacks_keep_their_names" in done.stdout
