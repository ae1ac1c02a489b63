"""Run a program and say how long it took and how much memory its whole process tree held."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """Wall seconds, CPU seconds of the process tree, and the peak of its resident memory in MiB."""

    seconds: float
    cpu_seconds: float
    mebibytes: float


def measure(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Measurement:
    """Run the command to its end; raises CalledProcessError with its output when it fails."""
    start, used = time.perf_counter(), _cpu_seconds()
    process = subprocess.Popen(
        command,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    peak = _Peak(process.pid)
    peak.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - start
    peak.stop()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return Measurement(seconds, _cpu_seconds() - used, peak.bytes / 2**20)


def _cpu_seconds() -> float:
    """User and system time of all children that have ended, and of theirs that they waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Peak(threading.Thread):
    """Adds up the resident memory of a session's processes twenty times a second."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._session = session
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.05):
            self.bytes = max(self.bytes, sum(_resident(self._session)))

    def stop(self) -> None:
        self._done.set()
        self.join()


def _resident(session: int) -> list[int]:
    sizes = []
    page = os.sysconf("SC_PAGE_SIZE")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                sizes.append(int(fields[21]) * page)
        except (OSError, IndexError):
            continue  # the process ended while we looked
    return sizes
