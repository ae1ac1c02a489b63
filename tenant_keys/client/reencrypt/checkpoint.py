"""Where a job keeps its progress, one job at a time."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from tenant_keys.client.errors import ConfigurationError


class Checkpoint(Protocol):
    """Opened once by a job, which is its owner until it closes it."""

    @property
    def place(self) -> str:
        """For messages."""

    def open(self) -> str | None:
        """What was saved last; None if nothing was.

        Raises:
            ConfigurationError: another job has it; the message names its owner.
        """

    def save(self, text: str) -> None:
        """Whole or not at all."""

    def close(self) -> None: ...


class FileCheckpoint:
    """A file, and beside it a lock file with the owner's name while a job runs.

    The lock is the kernel's (flock), so it ends with the process, however that ends: what the lock file says of a job
    that was killed is stale, and the next job takes over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: IO[str] | None = None

    @property
    def place(self) -> str:
        return str(self._path)

    def open(self) -> str | None:
        if not self._path.parent.is_dir():
            raise ConfigurationError(f"{self._path}: no such folder; the job writes its checkpoint there")
        try:
            self._lock = self._locked()
            return self._path.read_bytes().decode() if self._path.exists() else None
        except (OSError, UnicodeDecodeError) as error:
            self.close()
            raise ConfigurationError(f"{self._path}: cannot be used as a checkpoint file: {error}") from error

    def save(self, text: str) -> None:
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)

    def close(self) -> None:
        if self._lock is not None:
            self._lock_path.unlink(missing_ok=True)  # while it is ours; anyone who waits for it opens a new one
            self._lock.close()
            self._lock = None

    @property
    def _lock_path(self) -> Path:
        return self._path.with_name(self._path.name + ".lock")

    def _locked(self) -> IO[str]:
        try:
            import fcntl
        except ImportError as error:  # pragma: no cover  # Windows
            raise ConfigurationError(
                f"{self._path}: this system does not support flock; use an S3Checkpoint"
            ) from error
        while True:
            file = self._lock_path.open("a+", encoding="utf-8")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                owner = file.read() or "a job that is just starting"
                file.close()
                if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                    raise ConfigurationError(
                        f"{self._lock_path}: its file system does not support locks ({error.strerror}); use an "
                        "S3Checkpoint"
                    ) from error
                raise ConfigurationError(
                    f"{self._path}: another job is using it: {owner}; wait until that job ends, or use another "
                    "checkpoint"
                ) from error
            with contextlib.suppress(FileNotFoundError):
                if os.fstat(file.fileno()).st_ino == self._lock_path.stat().st_ino:
                    file.truncate(0)
                    file.write(_owner())
                    file.flush()
                    return file
            file.close()  # its owner removed it between our open and our lock


def _owner() -> str:
    return json.dumps(
        {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    )
