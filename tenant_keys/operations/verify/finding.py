"""One difference between what is deployed and what is expected."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_keys.operations.verify.kinds import KINDS, FindingKind


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """A finding by its kind, with the evidence."""

    kind: str
    """An id of `kinds.KINDS`."""
    account: str
    region: str
    resource: str
    """An ARN, or the name by which AWS knows it."""
    what: str
    """The evidence, as a sentence."""
    expected: str = ""
    found: str = ""
    tenant: str | None = None

    @property
    def described(self) -> FindingKind:
        return KINDS[self.kind]

    @property
    def id(self) -> str:
        """The same in every run that finds the same."""
        return f"{self.kind}/{self.account}/{self.region}/{self.resource}"

    def as_document(self) -> dict[str, str | None]:
        """JSON types."""
        return {
            "id": self.id,
            "kind": self.kind,
            "severity": self.described.severity,
            "account": self.account,
            "region": self.region,
            "resource": self.resource,
            "tenant": self.tenant,
            "what": self.what,
            "expected": self.expected,
            "found": self.found,
            "means": self.described.means,
            "way_back": self.described.way_back,
        }
