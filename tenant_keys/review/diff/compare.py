"""Two estates compared: keys, access, and whether the new one is still proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tenant_keys.manifest import Estate
from tenant_keys.review.diff.access import access_changes
from tenant_keys.review.diff.change import Change, Severity
from tenant_keys.review.diff.costs import cost_changes
from tenant_keys.review.diff.keys import key_changes
from tenant_keys.review.diff.safeguards import safeguard_changes
from tenant_keys.review.diff.settings import setting_changes, stack_changes
from tenant_keys.review.diff.taken_names import taken_names
from tenant_keys.review.proof import Proof, prove
from tenant_keys.review.proof.prove import NOT_UNDERSTOOD
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a change of the manifest or the code does to keys, access, cost and quotas."""

    changes: tuple[Change, ...]
    """The gravest first."""
    proved: bool
    """Whether isolation is proved of the new templates."""
    causes: tuple[str, ...] = ()
    """What was edited: fields of the manifest with their lines, and files of the code."""
    only_adds_tenants: bool = False
    """Whether tenants were added, and nothing else was changed: no field, no other tenant, no file. A machine may merge
    such a change without a person."""

    @property
    def touches_keys_or_access(self) -> bool:
        """Whether anything changes but cost and quotas."""
        return not all(change.rule.startswith(("cost-", "quota-")) for change in self.changes)

    @property
    def verdict(self) -> str:
        """`blocked`, `needs review` or `nothing widened`."""
        severities = {change.severity for change in self.changes}
        for severity in (Severity.BLOCKED, Severity.REVIEW):
            if severity in severities:
                return str(severity.value)
        return "nothing widened"


def compare(
    old: Path,
    old_estate: Estate,
    new: Path | ReviewedEstate,
    new_estate: Estate,
    *,
    proof: Proof | None = None,
    offboarded: frozenset[str] = frozenset(),
    causes: Sequence[str] = (),
    more: Sequence[Change] = (),
) -> Comparison:
    """Compare two cloud assemblies with their manifests.

    Args:
        old: the assembly before.
        old_estate: its manifest.
        new: the assembly after, read already or not.
        new_estate: its manifest.
        proof: of the new one, where it has been proved before.
        offboarded: tombstones of the new lock.
        causes: what was edited.
        more: changes that are known besides.

    Raises:
        ReviewError: one of them cannot be read. What is read and not understood blocks.
    """
    leaving = frozenset(
        t for t in old_estate.tenants if t in offboarded and old_estate.tenants[t].state == "offboarding"
    )
    changes = list(more)
    try:
        after = new if isinstance(new, ReviewedEstate) else review_estate(new, new_estate)
        before = review_estate(old, old_estate)
        proof = proof or prove(after, new_estate)
        changes += key_changes(before, after, leaving=leaving)
        changes += access_changes(before, after)
        changes += safeguard_changes(before, after)
        changes += setting_changes(before, after)
        changes += taken_names(before, after)
        changes += stack_changes(before.artifacts, after.artifacts)
    except NOT_UNDERSTOOD as problem:
        changes.append(Change(Severity.BLOCKED, "not-understood", f"access cannot be compared: {problem}"))
        proof = proof or prove(new, new_estate)
    changes += [
        Change(
            Severity.BLOCKED, "not-proved", finding.what, (finding.tenant,) if finding.tenant else (), fix=finding.fix
        )
        for finding in proof.findings
    ]
    changes += cost_changes(old_estate, new_estate)
    order = list(Severity)
    changes.sort(key=lambda change: order.index(change.severity))
    only_adds = (
        only_tenants_added(old_estate, new_estate)
        and proof.proved
        and all(change.severity is Severity.NOTE for change in changes)
        and bool(causes)
        and all(cause.startswith("tenants: + ") for cause in causes)
    )
    return Comparison(tuple(changes), proof.proved, tuple(causes), only_adds)


def only_tenants_added(old: Estate, new: Estate) -> bool:
    """Whether the new estate has tenants more, every one active, and is otherwise the old one."""
    added = new.tenants.keys() - old.tenants.keys()
    kept = {name: tenant for name, tenant in new.tenants.items() if name not in added}
    all_active = all(new.tenants[name].state == "active" for name in added)
    return bool(added) and all_active and replace(new, tenants=kept) == old
