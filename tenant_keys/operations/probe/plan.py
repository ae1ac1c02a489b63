"""Which requests a probe makes, before any is made.

DryRun is billed, counts against the quota of cryptographic operations, and is in the trail; it always ends in an error
(AWS KMS guide, testing-permissions). AWS STS has no such thing: the sessions are real.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.policy import names

OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "encrypt": ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "Encrypt"),
    "decrypt": ("Decrypt",),
    "re-encrypt": ("ReEncrypt",),
}
"""Operations of AWS KMS, by the manifest's word."""
READINGS: Final[Mapping[str, str]] = {
    "alias-absent": "StringNotEquals kms:RequestAlias in a Deny applies to a request that names a key by its ARN",
    "context-absent": "StringNotEquals kms:EncryptionContext:tenant_id in a Deny applies to one without a context",
    "context-of-another": "StringNotEquals kms:EncryptionContext:tenant_id in a Deny applies to another tenant's",
    "tag-absent": "a shared role whose trust asks for the tag tenant_id gives no session without it",
    "tag-beside": "a role whose trust grants no other session tag gives no session with one",
}
"""Rules of docs/iam-readings.md on which the key and trust policies rest, and that a probe decides, by an id."""
OF_A_DENY: Final = frozenset({"alias-absent", "context-absent", "context-of-another"})
"""Readings of a Deny in the key policy: a request that no policy allows would be refused without it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One request, and what is declared of it."""

    tenant: str
    """Whose session makes it."""
    operation: str
    """Of AWS KMS, or AssumeRole."""
    key: str
    """What the request names: an alias ARN, a key ARN; of AssumeRole the role's ARN."""
    context: Mapping[str, str]
    """Encryption context; of AssumeRole the session tags."""
    allowed: bool
    what: str
    reading: str | None = None
    """The id of the reading that the answer decides."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All requests of a run."""

    workload: Workload
    region: str
    probes: tuple[Probe, ...]
    skipped: tuple[str, ...]
    """What is not probed, and why."""

    @property
    def tenants(self) -> tuple[str, ...]:
        """Those whose sessions are opened."""
        return tuple(dict.fromkeys(probe.tenant for probe in self.probes if probe.operation != "AssumeRole"))

    @property
    def kms_calls(self) -> int:
        """Calls of AWS KMS: each probe, and for each tenant a DescribeKey that tells the key's ARN."""
        return sum(probe.operation != "AssumeRole" for probe in self.probes) + len(self.tenants)

    @property
    def sts_calls(self) -> int:
        return sum(probe.operation == "AssumeRole" for probe in self.probes) + len(self.tenants) + 1


OWN_KEY: Final = "the key's own ARN"
"""Represents the ARN, which DescribeKey tells."""


def plan(
    estate: Estate, workload: Workload, tenants: list[Tenant], other: Tenant, region: str, other_key: str | None
) -> Plan:
    """The requests of these tenants' sessions, with `other` as the tenant whose key is not theirs."""
    probes: list[Probe] = []
    skipped: list[str] = []
    for tenant in tenants:
        place = region if region in names.alias_regions(tenant, estate) else tenant.primary_region
        probes += _own(tenant, workload, place, estate)
        probes += _of_another(tenant, other, workload, estate, other_key)
    if other_key is None:
        skipped.append(f"the key of {other.id} by its ARN: --other-key names none")
    probes += _sessions(tenants[0], workload, estate)
    return Plan(workload, region, tuple(probes), tuple(skipped))


def _declared(workload: Workload) -> list[str]:
    return [operation for word in workload.operations for operation in OPERATIONS[word]]


def _own(tenant: Tenant, workload: Workload, region: str, estate: Estate) -> Iterator[Probe]:
    alias, own = names.alias_arn(tenant.id, region, estate), {names.TENANT_TAG: tenant.id}
    usable = tenant.state == "active"
    declared = _declared(workload)
    for operation in (one for several in OPERATIONS.values() for one in several):
        may = operation in declared and usable
        said = "declared" if operation in declared else "not declared"
        yield Probe(tenant.id, operation, alias, own, may, f"own alias, own context; {said}")
    one = declared[0]
    by_key = one == "Decrypt" and tenant.decrypt_by == "key" and usable
    yield Probe(tenant.id, one, OWN_KEY, own, by_key, "own key by its ARN", None if by_key else "alias-absent")
    yield Probe(tenant.id, one, alias, {}, allowed=False, what="own alias, no context", reading="context-absent")


def _of_another(
    tenant: Tenant, other: Tenant, workload: Workload, estate: Estate, other_key: str | None
) -> Iterator[Probe]:
    own, theirs = ({names.TENANT_TAG: one.id} for one in (tenant, other))
    alias = names.alias_arn(other.id, other.primary_region, estate)
    for operation in _declared(workload):
        yield Probe(tenant.id, operation, alias, theirs, allowed=False, what=f"alias and context of {other.id}")
    one = _declared(workload)[0]
    yield Probe(tenant.id, one, alias, own, allowed=False, what=f"alias of {other.id}")
    mine = names.alias_arn(tenant.id, tenant.primary_region, estate)
    what = f"own alias, context of {other.id}"
    yield Probe(tenant.id, one, mine, theirs, allowed=False, what=what, reading="context-of-another")
    if other_key is not None:
        yield Probe(tenant.id, one, other_key, theirs, allowed=False, what=f"key of {other.id} by its ARN")


def _sessions(tenant: Tenant, workload: Workload, estate: Estate) -> Iterator[Probe]:
    """Sessions that AWS STS must refuse."""
    if workload.access == "session-tag":
        role = names.shared_role_arn(workload, estate)
        beside = {names.TENANT_TAG: tenant.id, "other": "tag"}
        yield Probe(tenant.id, "AssumeRole", role, {}, allowed=False, what="no session tag", reading="tag-absent")
        yield Probe(tenant.id, "AssumeRole", role, beside, allowed=False, what="one more tag", reading="tag-beside")
    else:
        role = names.tenant_role_arn(tenant.id, workload, estate)
        tags = {names.TENANT_TAG: tenant.id}
        yield Probe(tenant.id, "AssumeRole", role, tags, allowed=False, what="a session tag", reading="tag-beside")
