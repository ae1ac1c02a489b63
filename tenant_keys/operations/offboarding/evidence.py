"""The evidence file: what AWS said of a leaving tenant's keys while it had them.

Nothing is decided by it but which ARNs are asked about: once AWS KMS has deleted a key, nothing else names it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest.replace_file import replace_file
from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.offboarding.departing import Departing
from tenant_keys.operations.offboarding.events import KeyEvent
from tenant_keys.operations.offboarding.keys import DepartingKey

VERSION: Final = 1
_FIELDS: Final = frozenset(field.name for field in fields(DepartingKey))


class EvidenceUnusable(OperationError):
    """Raised when the evidence file is damaged or of another tenant."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The file, whole."""

    tenant: str
    account: str
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By ARN."""
    events: tuple[KeyEvent, ...] = ()
    """Oldest first."""

    def with_found(self, keys: Sequence[DepartingKey], events: Sequence[KeyEvent]) -> Evidence:
        """The same with what AWS says now; what it says no more is kept."""
        now = {key.arn: self._with_materials(_plain(asdict(key))) for key in keys}
        every = {(event.id, event.key_arn): event for event in (*self.events, *events)}
        ordered = sorted(every.values(), key=lambda event: (event.time, event.id))
        return Evidence(self.tenant, self.account, {**self.keys, **now}, tuple(ordered))

    def _with_materials(self, key: dict[str, Any]) -> dict[str, Any]:
        """Materials that were seen before stay: pending material leaves no trace in the key when it is deleted."""
        known = {each["id"]: each for each in self.keys.get(key["arn"], {}).get("materials", ())}
        gone = {name: {**each, "imported": False} for name, each in known.items()}
        return {**key, "materials": list({**gone, **{each["id"]: each for each in key["materials"]}}.values())}

    def text(self) -> str:
        """As it is written: the same for the same facts."""
        document = {"version": VERSION, **asdict(self)}
        return json.dumps(document, indent=1, sort_keys=True) + "\n"


def read_evidence(path: Path, who: Departing) -> Evidence:
    """The file, or nothing known yet where there is none.

    Raises:
        EvidenceUnusable: it is damaged, or of another tenant or account.
    """
    if not path.exists():
        return Evidence(who.tenant, who.account)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version, found = document["version"], (document["tenant"], document["account"])
        keys = {str(arn): dict(key) for arn, key in document["keys"].items()}
        events = tuple(KeyEvent(**event) for event in document["events"])
        if any(key["arn"] != arn or not key.keys() >= _FIELDS for arn, key in keys.items()):
            raise KeyError("keys")
        foreign = [arn for arn in keys if arn.split(":")[2:5:2] != ["kms", who.account]]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise EvidenceUnusable(f"{path}: damaged ({type(problem).__name__}); restore it from a copy") from None
    if version != VERSION or found != (who.tenant, who.account) or foreign:
        raise EvidenceUnusable(
            f"{path}: got version {version}, tenant {found[0]} and account {found[1]}; wanted are version {VERSION}, "
            f"tenant {who.tenant} and account {who.account}; name another file with --evidence"
        )
    return Evidence(who.tenant, who.account, keys, events)


def write_evidence(path: Path, evidence: Evidence) -> None:
    """Whole or not at all."""
    replace_file(path, evidence.text().encode())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
