"""A pytest plugin that notes which test runs which lines, and what it costs to run that test alone."""

from __future__ import annotations

import functools
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from coverage import Coverage

PROGRAMS = frozenset({"python", "python3", Path(sys.executable).name, "tenant-keys", "cdk"})
Lines = dict[str, dict[int, set[str]]]
"""File to line to the tests that run it."""


class CoverageByTest:
    """Fixtures of a module or a session count for each test that asks for them, and no test lives off another's cache.

    A test that starts a program in Python may run any line: it is among the tests of each of them.
    """

    def __init__(self, root: Path, files: list[str]) -> None:
        self._root = root
        self._coverage = Coverage(data_file=None, config_file=False, include=files)
        self._contexts = ["collection"]
        self._programs: set[str] = set()
        """Contexts that start a program."""
        self._caches: list[Any] = []
        self._modules = 0
        self._fixtures: dict[str, float] = {}
        self._tests: dict[str, tuple[float, list[str]]] = {}

    def start(self) -> None:
        """Before any of our modules is imported."""
        sys.addaudithook(self._audit)
        self._coverage.start()
        self._coverage.switch_context("collection")

    def _audit(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen" and any(Path(word).name in PROGRAMS for word in map(str, details[1][:2])):
            self._programs.add(self._contexts[-1])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._clear_caches()
        with _Timed(self, f"test {item.nodeid}") as spent:
            result = yield
        self._tests[item.nodeid] = spent.seconds, [_name(fixture) for fixture in _fixtures(item)]
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        """What a module of tests runs when it is imported counts for each of its tests."""
        if not isinstance(collector, pytest.Module):
            return (yield)
        with _Timed(self, f"module {collector.nodeid}"):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        with _Timed(self, f"fixture {_name(fixturedef)}") as spent:
            result = yield
        self._fixtures[_name(fixturedef)] = spent.seconds
        return result

    def _clear_caches(self) -> None:
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            ours = [module for module in list(sys.modules.values()) if self._is_ours(module)]
            values = [value for module in ours for value in vars(module).values()]
            self._caches = [value for value in values if isinstance(value, functools._lru_cache_wrapper)]
        for cached in self._caches:
            cached.cache_clear()

    def _is_ours(self, module: Any) -> bool:
        return str(getattr(module, "__file__", None) or "").startswith(str(self._root))

    def push(self, context: str) -> None:
        self._contexts.append(context)
        self._coverage.switch_context(context)

    def pop(self) -> None:
        self._contexts.pop()
        self._coverage.switch_context(self._contexts[-1])

    def costs(self) -> dict[str, float]:
        """Test to seconds of CPU, those of programs that it ran included, with those of every fixture that it needs."""
        return {
            test: seconds + sum(self._fixtures.get(fixture, 0) for fixture in needed)
            for test, (seconds, needed) in self._tests.items()
        }

    def running_programs(self) -> set[str]:
        """The tests that start a program of ours, or whose fixtures do."""
        return {test for context in self._programs for test in self._users().get(context, ())}

    def _users(self) -> dict[str, set[str]]:
        users: dict[str, set[str]] = defaultdict(set)
        for test, (_, fixtures) in self._tests.items():
            users[f"test {test}"].add(test)
            users[f"module {test.partition('::')[0]}"].add(test)
            for fixture in fixtures:
                users[f"fixture {fixture}"].add(test)
        return users

    def lines(self) -> Lines:
        """What each test runs, from the end of the run on."""
        self._coverage.stop()
        users = self._users()
        data = self._coverage.get_data()
        found: Lines = {}
        for file in data.measured_files():
            by_line = data.contexts_by_lineno(file)
            name = Path(file).relative_to(self._root).as_posix()
            found[name] = {
                line: {test for context in contexts for test in users.get(context, ())}
                for line, contexts in by_line.items()
            }
        return found


class _Timed:
    def __init__(self, plugin: CoverageByTest, context: str) -> None:
        self._plugin, self._context = plugin, context
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._plugin.push(self._context)
        self._start = _spent()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = _spent() - self._start
        self._plugin.pop()


def _spent() -> float:
    """Seconds of CPU, of this process and of the programs that it waited for: without these, they would run first."""
    programs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + programs.ru_utime + programs.ru_stime


def _fixtures(item: pytest.Item) -> list[Any]:
    """Fixtures of a class, module, package or session that a test needs."""
    by_name = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009
    return [fixture for several in by_name.values() for fixture in several if fixture.scope != "function"]


def _name(fixture: Any) -> str:
    return f"{fixture.baseid}::{fixture.argname}"
