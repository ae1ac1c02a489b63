"""One synth of the sample manifest for the whole run: the real app, with everything that it checks."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from tests.once import once
from tests.quick_clients import quicken
from tests.sampled import SHARE

ROOT = Path(__file__).parents[1]
# The CDK's own validator costs three seconds a synth: the demo's tests run it on the sample, all others do without.
os.environ["CDK_VALIDATION"] = "false"
quicken()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    # A shell starts background jobs so, and what tests start would inherit it and never be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Set how properties are tried: before any module of tests, which read it, is imported."""
    if config.getoption("--hypothesis-profile") != "mutate":  # what `tools.mutate` changes must not stay compiled
        # A shell may keep Python from storing what it compiles. Then each run would compile all tests again, and each
        # program that they start all of ours.
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    share = SHARE if "not exhaustive" in config.option.markexpr else 100
    common = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, max_examples=share)
    settings.register_profile("drawn at random", common)
    settings.register_profile("always the same", common, derandomize=True, database=None)
    gc.disable()  # the collection of tests makes trees of syntax and modules, and hardly any garbage
    # What fails in CI must fail on a laptop too, and `make test` must not fail by luck. A laptop that runs all examples
    # tries others each time.
    settings.load_profile("always the same" if os.environ.get("CI") or share == SHARE else "drawn at random")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Have processes share what files and some folders share."""
    from tests.distribution import Distribution

    return Distribution(config, log)


def pytest_collection_finish() -> None:
    """Keep all that is imported, the CDK above all, out of later garbage collections: an eighth of a proof's time."""
    gc.enable()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what this machine could not check: a browser or a tool that is missing must not pass unseen."""
    skipped = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    if skipped:
        terminalreporter.section("NOT CHECKED on this machine", red=True, bold=True)
        for reason, number in skipped.items():
            terminalreporter.write_line(f"{number} tests: {reason.removeprefix('Skipped: ')}", red=True, bold=True)


class Found(NamedTuple):
    """A resource and where it is."""

    stack: str
    logical_id: str
    body: Mapping[str, Any]


def app_environment(output: Path) -> dict[str, str]:
    """For `app.py`: the same for each process and test of the run, so that a second synth may find nothing changed."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        "CDK_OUTDIR": str(output),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }


@pytest.fixture(scope="session")
def sample_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of `tenants.yaml`; anyone who changes it copies it."""

    def synthesize(folder: Path) -> None:
        program = [sys.executable, str(ROOT / "app.py")]
        subprocess.run(program, env=app_environment(folder / "cdk.out"), check=True, cwd=folder)

    return once(tmp_path_factory, "sample", synthesize) / "cdk.out"


@pytest.fixture(scope="session")
def sample_templates(sample_assembly: Path) -> dict[str, dict[str, Any]]:
    """Stack name to template."""
    suffix = ".template.json"
    return {
        file.name.removesuffix(suffix): json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(sample_assembly.glob(f"*{suffix}"))
    }


@pytest.fixture(scope="session")
def sample_resources(sample_templates: dict[str, dict[str, Any]]) -> list[Found]:
    """Every resource of every template."""
    found = [
        Found(stack, logical_id, body)
        for stack, template in sample_templates.items()
        for logical_id, body in template["Resources"].items()
    ]
    assert found
    return found
