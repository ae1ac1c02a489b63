"""The demo as a newcomer starts it, in a shell that is set to all the wrong things, and what it left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.work import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("tenant-keys")


@dataclass
class Shell:
    """A home and a temporary folder of its own: whatever is written elsewhere would show. The CDK's validator is on."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in (self.home, self.temporary):
            each.mkdir()

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "AWS_", "CDK_"))}
        return subprocess.Popen(
            [COMMAND, "demo", *arguments],
            cwd=ROOT,
            env={**inherited, "HOME": str(self.home), "TMPDIR": str(self.temporary), **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> Run:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=10 * PATIENCE)
        return Run(process.returncode, out, err)

    def interrupt_at(self, sign: str, *, after: float = 0.0, number: signal.Signals = signal.SIGINT) -> Run:
        """Ctrl-C or another signal, once this is in the progress and some seconds have passed."""
        said = ""
        with self.start() as process:
            assert process.stderr is not None
            for line in process.stderr:
                said += line
                if sign in line:
                    time.sleep(after)
                    process.send_signal(number)
                    break
            out, err = process.communicate(timeout=PATIENCE)
        return Run(process.returncode, out, said + err)

    def left(self) -> list[str]:
        """Files in home and temporary folder, and processes that were started there."""
        eventually(lambda: not [*self.files(), *self.processes()])
        return [*map(str, self.files()), *self.processes()]

    def files(self) -> list[Path]:
        return [*self.home.rglob("*"), *self.temporary.rglob("*")]

    def processes(self) -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder).encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)
