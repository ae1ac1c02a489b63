"""What detection costs a month. Tenants hardly move it: a Region has one topic, one key and two alarms for all of them.

CloudTrail's own events cost nothing on a default bus, and rules cost nothing; a message costs what SNS asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.review.cost.prices import NOTHING, Dollars, Prices
from tenant_keys.review.cost.requests import Requests

TOPIC_REQUESTS: Final = 35_712
"""Requests a month at most for the key of a topic with two publishers: R = B / D * (2 * P) with 31 days and 300 s (SNS
guide, sns-key-management)."""
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class AuditCost:
    """Dollars a month of the audit stacks, and of the trail that they do without."""

    regions: int
    keys: Dollars
    """The key of each topic: before a rotation, and after the second one."""
    requests: Dollars
    """Of the topics' keys: with nothing to tell, and with messages all month."""
    alarms: Dollars
    """Two alarms a Region; the one over key material by its query, or by each key whose material expires."""
    own_trail: Dollars
    """A second copy of AWS KMS's events, which the app does not make: with the client's cache, and without a cache."""

    @property
    def months(self) -> Dollars:
        """All of it, without the trail."""
        return self.keys + self.requests + self.alarms


def audit_cost(estate: Estate, prices: Prices, cached: Requests, uncached: Requests) -> AuditCost | None:
    """The cost of the audit stacks; None where the manifest has them off."""
    if estate.audit is None:
        return None
    regions = len(estate.central.regions)
    expiring = sum(tenant.material_expires for tenant in estate.tenants.values())
    rotated = prices.key_month + prices.rotations_charged * prices.rotation_month
    busy = (regions * TOPIC_REQUESTS * prices.requests_10000 / 10_000).quantize(_CENT)
    return AuditCost(
        regions=regions,
        keys=Dollars(regions * prices.key_month, regions * rotated),
        requests=Dollars(NOTHING.low, busy),
        alarms=Dollars(
            2 * regions * prices.alarm_metric_month, (regions + max(regions, expiring)) * prices.alarm_metric_month
        ),
        own_trail=Dollars(_copy(cached, prices), _copy(uncached, prices)),
    )


def _copy(requests: Requests, prices: Prices) -> Decimal:
    return (requests.month * prices.trail_copy_100000 / 100_000).quantize(_CENT)
