"""A file is replaced whole or not at all: a lock or a manifest cut short would lose where keys live."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

NEW_FILE_MODE = 0o644


def require_writable(path: Path, *, folder: bool = False) -> None:
    """Ask whether a file, or a folder, can be written later: before the work whose result it will hold.

    Raises:
        OSError: it cannot.
    """
    if path.exists() and path.is_dir() != folder:
        raise OSError(errno.ENOTDIR if folder else errno.EISDIR, "not a directory" if folder else "a directory", path)
    existing = path
    while not existing.exists():
        existing = existing.parent
    if existing != path and not existing.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{existing} is not a directory", path)
    if not os.access(existing, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def replace_file(path: Path, content: bytes) -> None:
    """Write beside the file, sync, and rename over it; a link is followed and the mode is kept.

    Raises:
        OSError: nothing was replaced.
    """
    path = path.resolve()
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else NEW_FILE_MODE)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
