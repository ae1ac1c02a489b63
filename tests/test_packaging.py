"""The checkout: `constructs/` and `stacks/` are source roots, and `tenant_keys` is shared by three distributions."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import constructs
import grimp
import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("folder", ["constructs", "stacks", "tenant_keys"])
def test_the_folder_is_no_package(folder: str) -> None:
    """`constructs` would hide the PyPI package and break `import aws_cdk`; `tenant_keys` would belong to one wheel."""
    assert (ROOT / folder).is_dir()
    assert not (ROOT / folder / "__init__.py").exists()


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
    command = [sys.executable, "-P", "-m", "pytest", "--collect-only", "-q", "tests/stacks/test_templates.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "tests/stacks/test_templates.py::test_stacks_keep_their_names" in done.stdout


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for type checkers count: two modules that know each other are one."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    graph = grimp.build_graph(*config["root_packages"])
    modules = [module for module in graph.modules if not module.startswith("tenant_keys.client.")]
    assert len(modules) > 200
    order = TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in modules})
    order.prepare()  # raises CycleError with the circle


@pytest.mark.skipif(not (ROOT / ".venv").exists(), reason="no `make setup` in this checkout")
def test_the_cdk_runs_the_app_in_a_shell_that_knows_nothing_of_the_setup() -> None:
    """`npx cdk synth` in a fresh shell: python3 is then another, without the CDK."""
    app = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["app"]
    command = app.replace("app.py", "-c 'import aws_cdk, tenant_keys'")
    assert command != app
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
