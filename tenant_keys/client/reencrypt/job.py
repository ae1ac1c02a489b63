"""The job: page after page, each noted in a checkpoint before the next one begins."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tenant_keys.client.errors import (
    AccessDenied,
    ConfigurationError,
    MessageRefused,
    NotConverted,
    TenantSuspended,
    UnknownTenant,
)

Record = TypeVar("Record")

KEPT_FAILURES = 1_000
"""Records that a checkpoint names; the counts are of all."""

_OF_THE_RECORD = (AccessDenied, MessageRefused, NotConverted, TenantSuspended, UnknownTenant)
"""Errors that say something of one record or tenant. All others, throttling among them, stop the job to be resumed."""


class Outcome(StrEnum):
    """What became of a record."""

    CONVERTED = "converted"
    ALREADY = "already"
    NOTHING = "nothing to convert"
    FAILED = "failed"


class Target(Protocol[Record]):
    """Something that holds records: a table, a bucket."""

    @property
    def identity(self) -> str:
        """Tells one job from another, so that a checkpoint is not taken for another's."""

    def pages(self, after: str | None) -> Iterator[tuple[list[Record], str]]:
        """Pages of records behind a cursor, each with the cursor to go on from."""

    def label(self, record: Record) -> str:
        """How a report names the record; no content of it."""

    def convert(self, record: Record, *, dry_run: bool) -> Outcome: ...


@dataclass
class Progress:
    """Where a job stands. `failures` are (record, error) pairs."""

    identity: str
    cursor: str | None = None
    done: bool = False
    counts: dict[str, int] = field(default_factory=lambda: {outcome.value: 0 for outcome in Outcome})
    failures: list[tuple[str, str]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.value] += 1


def reencrypt(
    target: Target[Any],
    *,
    checkpoint: Path,
    dry_run: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Runs the job from where the checkpoint left it; one that ended with failures starts again from the beginning.

    A dry run reads all, writes nothing, keeps no checkpoint. `target.tenant_of` may raise `UnknownTenant` for a record
    that is nobody's: it is counted as failed, and the job goes on.
    """
    progress = Progress(target.identity) if dry_run else _load(checkpoint, target.identity)
    if progress.done:
        if not progress.counts[Outcome.FAILED]:
            return progress
        progress = Progress(target.identity)
    for records, cursor in target.pages(progress.cursor):
        for record in records:
            try:
                progress.add(target.convert(record, dry_run=dry_run))
            except _OF_THE_RECORD as error:
                progress.add(Outcome.FAILED)
                if len(progress.failures) < KEPT_FAILURES:
                    progress.failures.append((target.label(record), f"{type(error).__name__}: {error}"))
        progress.cursor = cursor
        _save(checkpoint, progress, dry_run=dry_run)
        if on_progress:
            on_progress(progress)
    progress.done = True
    _save(checkpoint, progress, dry_run=dry_run)
    return progress


def _load(checkpoint: Path, identity: str) -> Progress:
    if not checkpoint.parent.is_dir():
        raise ConfigurationError(f"{checkpoint}: no such folder; a job notes its progress there")
    if not checkpoint.exists():
        return Progress(identity)
    try:
        saved = Progress(**json.loads(checkpoint.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{checkpoint}: is no checkpoint: {error}; delete it to begin anew") from error
    if saved.identity != identity:
        raise ConfigurationError(f"{checkpoint}: is the checkpoint of another job: {saved.identity}")
    return saved


def _save(checkpoint: Path, progress: Progress, *, dry_run: bool) -> None:
    """Whole or not at all: a kill in the middle leaves the page before."""
    if dry_run:
        return
    beside = checkpoint.with_name(checkpoint.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(asdict(progress), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(checkpoint)
