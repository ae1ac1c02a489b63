"""The same proof without the reduction: every tenant represents itself alone, every ordered pair is tried."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Stacks
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.proof.equivalence import TenantClass, Tenants, class_of_each, key_form, tenant_classes
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.issuance import prove_issuance
from tenant_keys.review.proof.key_access import prove_key_access
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import promises
from tenant_keys.review.proof.world import World, build_world

Broken = frozenset[tuple[Kind, str | None]]
"""What is broken, and whose."""
TELLING = (Kind.OTHER_TENANT, Kind.OUTSIDER, Kind.OBTAINS_SESSION, Kind.ADMINISTRATION, Kind.MORE_THAN_DECLARED)


@dataclass(frozen=True)
class Verdict:
    """What one way of proving found; None where it gave up."""

    broken: Broken | None


@dataclass(frozen=True)
class Both:
    """The verdicts with and without the reduction, and which tenants the reduction takes for alike."""

    reduced: Verdict
    brute: Verdict
    forms: dict[str, frozenset[Hashable]]
    tried: frozenset[str]
    """Tenants that represent themselves or others in the reduction."""

    @property
    def differences(self) -> list[str]:
        """How the two differ, a finding of the reduction representing all tenants alike."""
        if self.reduced.broken is None or self.brute.broken is None:
            return [] if self.reduced == self.brute else [f"gave up: {self.reduced} against {self.brute}"]
        unseen = [
            f"only brute force found {kind.name} of {tenant}"
            for kind, tenant in self.brute.broken
            if not any(k is kind and self._alike(tenant, other) for k, other in self.reduced.broken)
        ]
        invented = [f"only the reduction found {one}" for one in self.reduced.broken - self.brute.broken]
        return unseen + invented

    def _alike(self, tenant: str | None, other: str | None) -> bool:
        if tenant == other:
            return True
        return tenant is not None and other is not None and bool(self.forms[tenant] & self.forms[other])


def both(source: Stacks, estate: Estate) -> Both:
    """Prove twice."""
    promised = promises(estate)
    try:
        inventory = take_inventory(source, promised)
        found = tenant_classes(inventory, promised)
        each = dict(class_of_each(inventory, promised))
    except (NotProved, UnsupportedPolicy):
        return Both(Verdict(None), Verdict(None), {}, frozenset())
    alone = {
        replace(alike, named_by=frozenset({("represents itself", tenant)})): Tenants(1, [tenant])
        for tenant, alike in each.items()
    }
    forms: dict[str, frozenset[Hashable]] = {}
    for tenant, alike in each.items():
        keys = [key_form(record, inventory, promised[tenant]) for record in inventory.keys.get(tenant, ())]
        forms[tenant] = frozenset([*((form, alike.promise) for form in keys), *alike.roles])

    def verdict(classes: dict[TenantClass, Tenants]) -> Verdict:
        try:
            world = build_world(estate, inventory, promised, classes)
            return Verdict(_broken(_findings(world)))
        except (NotProved, UnsupportedPolicy):
            return Verdict(None)

    tried = frozenset(tenant for tenants in found.values() for tenant in tenants.first)
    return Both(verdict(found), verdict(alone), forms, tried)


def _findings(world: World) -> list[Finding]:
    return [*prove_key_access(world, excess_only=True).findings, *prove_issuance(world).findings]


def _broken(findings: list[Finding]) -> Broken:
    return frozenset((finding.kind, finding.tenant) for finding in findings if finding.kind in TELLING)
