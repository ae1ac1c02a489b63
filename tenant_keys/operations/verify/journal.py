"""The record of a run: JSON lines, written while AWS answers, from which an interrupted run goes on.

The file has its name once the run has ended; until then `.partial` is at its end. It holds policies and names of the
estate, no secret and no data, and only its owner may read it.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.verify.record_line import parsed

VERSION: Final = 1
STALE: Final = timedelta(hours=1)
"""A reading that is older says too little of the account that is judged: it is asked for again."""
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""By how much a run may be resumed on a machine whose clock is behind; a page from later than that is not recent."""


class RecordUnusable(OperationError):
    """Raised when a file is no record of a finished run of verify, or one of another estate."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to read: an operation in an account and Region, on a subject."""

    account: str
    region: str
    api: str
    subject: str = ""
    """A key id, the name of a stack; empty where the operation lists an account."""

    @property
    def lane(self) -> tuple[str, str, str]:
        """What has a quota of its own."""
        return self.account, self.region, self.api


@dataclass(slots=True)
class Reading:
    """What AWS answered."""

    items: list[Any] = field(default_factory=list)
    """JSON types; of an operation that answers once, the one answer."""
    next: str | None = None
    """The token of the page that is still to be read."""
    complete: bool = False
    absent: bool = False
    """AWS said that there is none."""
    error: str = ""
    """The code and message with which AWS refused: nothing is known."""


class Journal:
    """Writes lines; remembers the readings of the run that it continues."""

    def __init__(self, path: Path, identity: str, now: datetime, *, resume: bool) -> None:
        """Raises RecordUnusable: there is no run to continue, it is damaged, or it is of another estate or assembly."""
        self.path = path
        self.partial = path.with_name(f"{path.name}.partial")
        self.readings: dict[Ask, Reading] = {}
        self.resumed = 0
        """Pages that were read before."""
        self._lock = threading.Lock()
        if resume:
            self._load(identity, now)
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if resume else os.O_TRUNC)
        self._file = os.fdopen(os.open(self.partial, flags, 0o600), "a", encoding="utf-8")
        if not resume:
            self.write({"type": "run", "version": VERSION, "of": identity, "at": now.isoformat()})

    def _load(self, identity: str, now: datetime) -> None:
        if not self.partial.exists():
            raise RecordUnusable(f"{self.partial}: no such file, so there is no run to resume; leave out --resume")
        whole, lines = 0, []
        with self.partial.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if not raw.endswith(b"\n"):
                    break  # the line that was being written
                whole += len(raw)
                lines.append(_parsed(raw, self.partial, number))
        if not lines or lines[0].get("of") != identity or lines[0].get("version") != VERSION:
            raise RecordUnusable(f"{self.partial}: a run over another estate or assembly; leave out --resume")
        os.truncate(self.partial, whole)
        self.readings, self.resumed = _readings([line for line in lines if line["type"] == "page"], now)

    def page(self, ask: Ask, at: datetime, page: dict[str, Any]) -> Reading:
        """Note one page of an answer, before the next is asked for."""
        self.write({"type": "page", **asdict(ask), "at": at.isoformat(), **page})
        with self._lock:
            reading = self.readings.setdefault(ask, Reading())
            _add(reading, page)
            return reading

    def write(self, line: dict[str, Any]) -> None:
        """One line, whole, handed to the operating system at once."""
        text = json.dumps(line, separators=(",", ":")) + "\n"
        with self._lock:
            self._file.write(text)
            self._file.flush()

    def finish(self) -> None:
        """Give the file its name."""
        self._file.close()
        self.partial.replace(self.path)

    def close(self) -> None:
        """Leave it as it is, for --resume."""
        self._file.close()


def _add(reading: Reading, page: dict[str, Any]) -> None:
    if page.get("first"):
        reading.items, reading.next, reading.complete = [], None, False
    reading.items += page.get("items") or ()
    reading.next = page.get("next")
    reading.complete = reading.next is None
    reading.absent = bool(page.get("absent"))
    reading.error = page.get("error") or ""


def _readings(pages: list[dict[str, Any]], now: datetime) -> tuple[dict[Ask, Reading], int]:
    """What can be gone on from, and of how many pages; all else is asked again, from its first page.

    Each page of an answer must be recent and follow the one before: without one of them, a list would look complete.
    """
    readings: dict[Ask, Reading] = {}
    counts: Counter[Ask] = Counter()
    useless: set[Ask] = set()
    for page in pages:
        ask = Ask(page["account"], page["region"], page["api"], page["subject"])
        before = readings.get(ask)
        if page.get("first"):
            useless.discard(ask)
            counts[ask] = 0
        elif before is None or before.complete:
            useless.add(ask)
        if not -_CLOCKS_DIFFER <= now - datetime.fromisoformat(page["at"]) < STALE:
            useless.add(ask)
        _add(readings.setdefault(ask, Reading()), page)
        counts[ask] += 1
    kept = {ask: one for ask, one in readings.items() if ask not in useless and not one.error}
    return kept, sum(counts[ask] for ask in kept)


def _parsed(raw: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        line = parsed(raw)
        if (line["type"] == "run") != (number == 1):
            raise ValueError("the line of type run must be the first, and no other")
    except ValueError as problem:
        raise RecordUnusable(f"{path}: line {number}: {problem}; leave the file out") from None
    return line


def lines_of(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The lines of one type in the record of a finished run.

    Raises:
        RecordUnusable: the file is missing, damaged or no such record, of another version, or its run did not end.
    """
    try:
        raws = path.read_bytes().splitlines(keepends=True)
    except OSError as problem:
        raise RecordUnusable(
            f"{path}: {(problem.strerror or str(problem)).lower()}; name the record of a run"
        ) from None
    lines = [_parsed(raw, path, number) for number, raw in enumerate(raws, start=1)]
    if not lines or [place for place, line in enumerate(lines, start=1) if line["type"] == "end"] != [len(lines)]:
        raise RecordUnusable(f"{path}: no record of a finished run of tenant-keys verify")
    if lines[0]["version"] != VERSION:
        message = f"line 1: version: got {lines[0]['version']}; allowed is {VERSION}"
        raise RecordUnusable(f"{path}: {message}; leave the file out, and record a run with this version")
    yield from (line for line in lines if line.get("type") == kind)


def plain(value: Any) -> Any:
    """An answer of boto3 as JSON types: times as ISO 8601 in UTC."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value
