"""The server as a process of its own: started, awaited, killed, stopped."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tenant_keys.local.errors import PortInUse, StartFailed, Stopped
from tenant_keys.local.settings import PORT_IN_USE, Settings

START_SECONDS = 30.0
STOP_SECONDS = 3.0
RUNNING = "running.json"
"""Settings of the server that runs in a folder, with its port."""


class ServerProcess:
    """One server; it also ends when we do, since it watches its standard input."""

    def __init__(self, settings: Settings) -> None:
        """Start the server and wait until it answers.

        Raises:
            PortInUse: the port asked for is taken.
            StartFailed: the server ended before it was ready.
        """
        self.settings = settings
        file = settings.path / "settings.json"
        settings.write(file)
        with (settings.path / "server.log").open("a") as log:
            self._process = subprocess.Popen(  # noqa: S603  # this Python, and a file of ours
                [sys.executable, "-m", "tenant_keys.local.server", str(file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # an interrupt from the keyboard reaches us, and we stop the server
            )
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise

    def _await_ready(self) -> None:
        line = self._process.stdout.readline() if self._process.stdout else ""
        answer = json.loads(line) if line.startswith("{") else {}
        if "port" in answer:
            self.settings = replace(self.settings, port=answer["port"])
            self.settings.write(self.settings.path / RUNNING)
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=START_SECONDS)
        code = self._process.returncode
        if code == PORT_IN_USE:
            asked, why = self.settings.port, answer.get("error")
            raise PortInUse(f"port {asked}: {why}; choose another, or 0 for any free one")
        raise StartFailed(f"the local AWS ended with {code} before it was ready\n{log_tail(self.settings.path)}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def require(self) -> None:
        """Refuse to go on without a server."""
        if not self.running():
            raise Stopped(f"the local AWS is not running\n{log_tail(self.settings.path)}")

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it, at once if it takes its time."""
        (self.settings.path / RUNNING).unlink(missing_ok=True)
        if self.running():
            self._process.terminate()
            try:
                self._process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def log_tail(folder: Path, lines: int = 20) -> str:
    """The last that the server said."""
    log = folder / "server.log"
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
