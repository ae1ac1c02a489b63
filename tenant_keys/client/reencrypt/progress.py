"""Where a job stands: what a checkpoint holds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tenant_keys.client.errors import ConfigurationError

VERSION = 2
"""Of a checkpoint's form."""

_COUNTS = ("converted", "already", "nothing to convert", "failed")


@dataclass
class Progress:
    """`failures` are (record, error) pairs, all of them. `seen` counts the records that have an attribute, `materials`
    the data keys by KMS key material. `data_keys` are those that the job may have used since the last page.
    """

    identity: dict[str, Any]
    cursor: str | None = None
    done: bool = False
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))
    failures: list[tuple[str, str]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    materials: dict[str, int] = field(default_factory=dict)
    data_keys: list[str] = field(default_factory=list)
    version: int = VERSION

    @property
    def exit_code(self) -> int:
        """For `sys.exit`: 0 done, 2 some records failed and are listed, 3 not done yet: start the job again."""
        if not self.done:
            return 3
        return 2 if self.failures else 0

    def uses(self, material: str) -> bool:
        """Whether any data key is under this KMS key material, by a census.

        Raises:
            ConfigurationError: the census is not done, had failures, or counted nothing: then it proves nothing.
        """
        if not self.done or self.failures or not self.materials:
            why = "is not done" if not self.done else "had failures" if self.failures else "found no data key"
            raise ConfigurationError(f"the census {why}, so it cannot say that material {material} is unused")
        return bool(self.materials.get(material))

    def add(self, page: Progress) -> None:
        """What a page, or another part of the same job, brought."""
        for mine, theirs in ((self.counts, page.counts), (self.seen, page.seen), (self.materials, page.materials)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count
        self.failures += page.failures

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str, *, origin: str) -> Progress:
        """Raises `ConfigurationError` for what is not a checkpoint, with what to do."""
        begin = "delete it to start over; records that are already done stay unchanged"
        try:
            saved = json.loads(text)
        except ValueError as error:
            raise ConfigurationError(f"{origin}: is not a checkpoint: {error}; {begin}") from error
        if not isinstance(saved, dict) or saved.get("version") != VERSION:
            raise ConfigurationError(f"{origin}: is not a checkpoint of this version; {begin}")
        whole = {one.name: type(getattr(cls({}), one.name)) for one in fields(cls) if one.name != "cursor"}
        if set(saved) != {*whole, "cursor"} or any(type(saved[name]) is not kind for name, kind in whole.items()):
            raise ConfigurationError(
                f"{origin}: is not a checkpoint: fields are missing or have the wrong type; {begin}"
            )
        try:
            saved["failures"] = [(str(record), str(error)) for record, error in saved["failures"]]
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"{origin}: is not a checkpoint: failures are not pairs; {begin}") from error
        return cls(**saved)


def together(parts: Iterable[Progress]) -> Progress:
    """The sum of a job's parts, such as the segments of a table. Done if all are, and there is at least one."""
    found = list(parts)
    whole = Progress(identity={}, done=bool(found) and all(part.done for part in found))
    for part in found:
        whole.add(part)
    return whole
