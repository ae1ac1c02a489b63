"""The job: page after page, each noted in a checkpoint before the next one begins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenant_keys.client.errors import ConfigurationError, TenantKeysError
from tenant_keys.client.reencrypt.checkpoint import Checkpoint, FileCheckpoint
from tenant_keys.client.reencrypt.progress import Progress
from tenant_keys.client.reencrypt.refusal import describe, ends_the_job, may_pass
from tenant_keys.client.reencrypt.work import Outcome, Target, Task, Work

MAX_FAILURES = 1_000
"""Records that may fail before the job stops: a checkpoint lists them all."""
IN_A_ROW = 10
"""Records in a row whose error may be AWS's or the network's, before the job stops, to be started again later."""


def reencrypt(
    target: Target[Any],
    *,
    checkpoint: Path | str | Checkpoint,
    work: Work = Work.ENCRYPT,
    materials: Collection[str] = (),
    dry_run: bool = False,
    max_failures: int = MAX_FAILURES,
    enough: Callable[[], bool] = lambda: False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Runs the job from where the checkpoint left it; one that ended with failures tries those records again.

    A record that cannot be read or converted is listed in `failures`, and the job goes on. A dry run reads all, writes
    nothing, keeps no checkpoint. `materials`: rewrap only what is under these ids of KMS key material. `enough` is
    asked after each page; if it says so the job ends undone, to be called again. `sys.exit(progress.exit_code)`.

    Raises:
        ConfigurationError: the checkpoint is another job's, or in use; an attribute that no item has; credentials.
        TenantKeysError: more than `max_failures` records failed; the page at hand is not counted.
        Throttled, ServiceUnavailable, ClientError: ten records in a row; start it again later.
    """
    if materials and work is not Work.REWRAP:
        raise ConfigurationError(f"materials: got {sorted(materials)}; only Work.REWRAP accepts materials")
    identity = {**target.identity(), "work": work.value, "materials": sorted(materials)}
    store = None if dry_run else FileCheckpoint(Path(checkpoint)) if isinstance(checkpoint, (Path, str)) else checkpoint
    saved = store.open() if store else None
    with _closing(store):
        progress = Progress(identity)
        if store and saved is not None:
            progress = _same_job(Progress.from_json(saved, origin=store.place), identity, store.place)
        job = _Job(target, progress, store, work=work, materials=frozenset(materials), max_failures=max_failures)
        job.run(enough, on_progress or (lambda _: None))
    if progress.done and "segment" not in identity:
        check_seen(progress, target.must_be_seen())
    return progress


def check_seen(progress: Progress, attributes: Iterable[str]) -> None:
    """Refuses the end of a job for attributes that no item has: most likely they are misspelt, and the real ones in
    the clear.

    Raises:
        ConfigurationError: with the attributes and the number of items that were read.
    """
    if unseen := sorted(set(attributes) - set(progress.seen)):
        raise ConfigurationError(
            f"attributes: none of the {sum(progress.counts.values())} items has {', '.join(unseen)}; correct the name, "
            "or declare it as optional"
        )


@contextmanager
def _closing(store: Checkpoint | None) -> Iterator[None]:
    """Gives the checkpoint back; that this fails must not hide why the job did."""
    try:
        yield
    except BaseException as error:
        try:
            if store:
                store.close()
        except TenantKeysError as also:
            error.add_note(str(also))
        raise
    if store:
        store.close()


class _Job:
    def __init__(
        self,
        target: Target[Any],
        progress: Progress,
        store: Checkpoint | None,
        *,
        work: Work,
        materials: frozenset[str],
        max_failures: int,
    ) -> None:
        self.progress = progress
        self._target, self._store, self._max_failures = target, store, max_failures
        self._task = Task(work, progress, dry_run=store is None, materials=materials, save=self._save)
        self._in_a_row = 0

    def run(self, enough: Callable[[], bool], on_progress: Callable[[Progress], None]) -> None:
        if self.progress.done:
            self._failed_ones_again()
            return
        for records, cursor in self._target.pages(self.progress.cursor, self._task.work):
            for record in records:
                self._convert(record, self._target.label(record))
            self.progress.cursor, self.progress.done = cursor, cursor is None
            self._turn_page()
            on_progress(self.progress)
            if enough():
                return

    def _failed_ones_again(self) -> None:
        for label, error in list(self.progress.failures):
            self.progress.failures.remove((label, error))
            self.progress.counts[Outcome.FAILED] -= 1
            try:
                self._convert(self._target.labelled(label), label)
            except BaseException:  # as it was, since nothing was saved; the caller may look at it
                self.progress.failures.append((label, error))
                self.progress.counts[Outcome.FAILED] += 1
                raise
            self._turn_page()

    def _convert(self, record: Any, label: str) -> None:
        page = self._task.page
        try:
            outcome = Outcome.NOTHING if record is None else self._target.convert(record, self._task)
            self._in_a_row = 0
        except Exception as error:
            self._in_a_row = self._in_a_row + 1 if may_pass(error) else 0
            if ends_the_job(error) or self._in_a_row >= IN_A_ROW:
                raise
            outcome = Outcome.FAILED
            page.failures.append((label, describe(error)))
            failed = len(self.progress.failures) + len(page.failures)
            if failed > self._max_failures:
                raise TenantKeysError(
                    f"{failed} records failed, the last with {describe(error)}; the cause is likely not the records; "
                    "if it is, start the job again with a higher max_failures"
                ) from error
        page.counts[outcome] += 1

    def _turn_page(self) -> None:
        self._task.turn_page()
        self._save()

    def _save(self) -> None:
        if self._store:
            self._store.save(self.progress.to_json())


def _same_job(saved: Progress, identity: dict[str, Any], place: str) -> Progress:
    differ = [
        f"{name} was {saved.identity.get(name)!r}, is {identity.get(name)!r}"
        for name in sorted({*saved.identity, *identity})
        if saved.identity.get(name) != identity.get(name)
    ]
    if differ:
        raise ConfigurationError(f"{place}: is the checkpoint of another job: {'; '.join(differ)}; use another file")
    return saved
