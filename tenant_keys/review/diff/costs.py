"""What a change costs, and what it does to quotas."""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.cost import Dollars, cost_report
from tenant_keys.manifest import Estate
from tenant_keys.review.diff.change import Change, Severity


def cost_changes(old: Estate, new: Estate) -> Iterator[Change]:
    """Dollars a month of the keys, and quotas that are used more or less; one that is newly exceeded needs review."""
    before, after = cost_report(old), cost_report(new)
    if before.months != after.months:
        now, later = (f"{_dollars(one.months[0])} a month" for one in (after, before))
        rotated = f"{_dollars(after.months[2])} instead of {_dollars(before.months[2])} once they have rotated twice"
        yield Change(Severity.NOTE, "cost-changed", f"the keys cost {now} instead of {later}; {rotated}")
    used = {(use.quota, use.where): use for use in before.quotas}
    moved = []
    for use in after.quotas:
        was = used.get((use.quota, use.where))
        if was is not None and was.used == use.used:
            continue
        moved.append(f"{use.quota} ({use.where}) {use.used:,} of {use.limit:,}, {was.used if was else 0:,} before")
        if use.left < 0 and (was is None or was.left >= 0):
            yield Change(
                Severity.REVIEW,
                "quota-exceeded",
                f"the quota of {use.quota} ({use.where}) does not hold {use.used:,}; it is {use.limit:,}",
                fix=use.way_out,
            )
    if moved:
        yield Change(Severity.NOTE, "quota-used", f"quotas used: {'; '.join(moved)}")


def _dollars(dollars: Dollars) -> str:
    low, high = f"${dollars.low:,.2f}", f"${dollars.high:,.2f}"
    return low if low == high else f"{low} to {high}"
