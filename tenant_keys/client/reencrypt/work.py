"""What a job does to records, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from tenant_keys.client.errors import NotConverted
from tenant_keys.client.reencrypt.header import fingerprint
from tenant_keys.client.reencrypt.progress import Progress

Record = TypeVar("Record")

CLEAR = "in the clear"
"""Is among the materials of a census for what is not encrypted."""


class Work(StrEnum):
    """What is done to a record that needs it; any other is left alone."""

    ENCRYPT = "encrypt"
    """What is in the clear, or under an older encryption, is encrypted."""
    REBIND = "rebind"
    """What is bound to a former name of the place is bound to its present one."""
    REWRAP = "rewrap"
    """What is encrypted is encrypted again, under new data keys, made by this job under the key's current material."""
    CENSUS = "census"
    """Nothing is written; the data keys are counted by the KMS key material that they are under."""


class Outcome(StrEnum):
    """What became of a record."""

    CONVERTED = "converted"
    ALREADY = "already"
    NOTHING = "nothing to convert"
    FAILED = "failed"


class StaleDataKey(Exception):
    """Raised when a record would be written again under the data key that it has: another cache still had it."""


class Task:
    """The job, as a target sees it while it converts a record. `page` is what the records at hand have brought."""

    def __init__(
        self, work: Work, progress: Progress, *, dry_run: bool, materials: frozenset[str], save: Callable[[], None]
    ) -> None:
        self.work, self.dry_run, self.progress = work, dry_run, progress
        self.page = Progress({})
        self._materials, self._save = materials, save
        self._used: set[str] = set()
        self._renewed: set[str] = set()
        self._material_of: dict[str, str] = {}

    def turn_page(self) -> None:
        """Adds the page to the progress. Only what was used for it can still be in a cache for the next one."""
        self.progress.add(self.page)
        self.progress.data_keys = sorted(self._used)
        self.page, self._used = Progress({}), set()

    def saw(self, attributes: Iterable[str]) -> None:
        for name in attributes:
            self.page.seen[name] = self.page.seen.get(name, 0) + 1

    def prepare(self, tenant: Any, *, anew: bool = False) -> None:
        """New data keys are those that were made after the job began: none from the cache of this process."""
        if self.work is Work.REWRAP and (anew or tenant.id not in self._renewed):
            tenant.renew_data_keys()
            self._renewed.add(tenant.id)

    def needs(self, tenant: Any, data_key: bytes, *, current_name: bool) -> bool:
        """Whether something that is encrypted already is to be written again. A census counts it here."""
        match self.work:
            case Work.ENCRYPT:
                return False
            case Work.REBIND:
                return not current_name
            case Work.REWRAP:
                if fingerprint(data_key) in self.progress.data_keys:
                    return False
                return not self._materials or self._material(tenant, data_key) in self._materials
            case Work.CENSUS:
                self._count(self._material(tenant, data_key))
                return False

    def needs_clear(self, what: str) -> bool:
        """The same for something in the clear.

        Raises:
            NotConverted: the work is only for what is encrypted.
        """
        if self.work is Work.CENSUS:
            self._count(CLEAR)
            return False
        if self.work is not Work.ENCRYPT:
            raise NotConverted(f"{what} is not encrypted; run a job with Work.ENCRYPT first")
        return True

    def about_to_write(self, new: Collection[bytes], old: Collection[bytes]) -> None:
        """Notes the new data keys, so that a resumed job knows what it has written.

        Raises:
            StaleDataKey: a new data key is an old one; then nothing would be gained.
        """
        if self.work is not Work.REWRAP:
            return
        if set(new) & set(old):
            raise StaleDataKey
        marks = {fingerprint(one) for one in new}
        self._used |= marks
        if unknown := marks - set(self.progress.data_keys):
            self.progress.data_keys += sorted(unknown)
            self._save()

    def _material(self, tenant: Any, data_key: bytes) -> str:
        mark = fingerprint(data_key)
        if mark not in self._material_of:
            found = tenant.material_of(data_key)
            if not found:
                raise NotConverted("KMS does not say which key material the data key is under")
            if len(self._material_of) >= 100_000:
                self._material_of.clear()
            self._material_of[mark] = found
        return self._material_of[mark]

    def _count(self, material: str) -> None:
        self.page.materials[material] = self.page.materials.get(material, 0) + 1


class Target(Protocol[Record]):
    """Something that holds records: a table, a bucket."""

    def identity(self) -> dict[str, Any]:
        """What a checkpoint is bound to: account, Region, the table or bucket itself, and the job's parameters."""

    def must_be_seen(self) -> frozenset[str]:
        """Attributes that at least one record must have."""

    def pages(self, after: str | None, work: Work) -> Iterator[tuple[list[Record], str | None]]:
        """Pages of records behind a cursor, each with the cursor to go on from; None after the last page."""

    def label(self, record: Record) -> str:
        """How a report names the record; no content of it."""

    def labelled(self, label: str) -> Record | None:
        """The record of a label, None if it is gone."""

    def convert(self, record: Record, task: Task) -> Outcome:
        """Does the work to one record, or finds that nothing is to be done."""
