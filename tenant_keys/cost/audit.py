"""What detection costs a month. Tenants hardly move it: a Region has one topic, one key and two alarms for all of them.

CloudTrail's own events cost nothing on a default bus, and rules cost nothing; a message costs what SNS asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tenant_keys.cost.prices import NOTHING, Dollars, Prices
from tenant_keys.cost.requests import SECONDS_A_MONTH, Requests
from tenant_keys.manifest import Estate

TOPIC_REQUESTS: Final = 35_712
"""Requests a month at most for the key of a topic with two publishers: R = B / D * (2 * P) with 31 days and 300 s (SNS
guide, sns-key-management)."""
KEPT_DAYS: Final = 400
"""For which the bucket of an own trail keeps a record."""
_CENT: Final = Decimal("0.01")
RECORD_BYTES: Final = 200
"""Of a record of AWS KMS in a compressed log file, about: 1.8 kB of JSON that repeats itself from record to record."""


@dataclass(frozen=True, slots=True)
class AuditCost:
    """Dollars a month of the audit stacks, of the account's own trail and of a second trail."""

    regions: int
    keys: Dollars
    """The key of each topic: before a rotation, and after the second one."""
    requests: Dollars
    """Of the topics' keys: with nothing to tell, and with messages all month."""
    alarms: Dollars
    """Two alarms a Region; the one over key material by its query, or by each key whose material expires."""
    second_trail: Dollars
    """A second copy of AWS KMS's events: with the client's cache, and without a cache."""
    records: Dollars
    """Amazon S3's storage of the own trail's records after their whole time; nothing where there is no such trail."""
    own_trail: bool
    """Whether the manifest asks for a trail, the second one where the organization's has the account's calls."""

    @property
    def months(self) -> Dollars:
        """All of it, where no other trail has the account's calls."""
        return self.keys + self.requests + self.alarms + self.records


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
        second_trail=Dollars(_copy(cached, prices), _copy(uncached, prices)),
        records=Dollars(_stored(cached, prices), _stored(uncached, prices)) if estate.audit.own_trail else NOTHING,
        own_trail=estate.audit.own_trail,
    )


def _stored(requests: Requests, prices: Prices) -> Decimal:
    months = Decimal(KEPT_DAYS * 24 * 60 * 60) / SECONDS_A_MONTH
    gigabytes = Decimal(requests.month) * RECORD_BYTES * months / 10**9
    return (gigabytes * prices.storage_gigabyte_month).quantize(_CENT)


def _copy(requests: Requests, prices: Prices) -> Decimal:
    return (requests.month * prices.trail_copy_100000 / 100_000).quantize(_CENT)
