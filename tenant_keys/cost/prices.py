"""The prices that every figure comes from: one dated, sourced file beside this one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Dollars:
    """US dollars a month; `low` and `high` differ where AWS's documents leave a price open."""

    low: Decimal
    high: Decimal

    def __add__(self, other: Dollars) -> Dollars:
        return Dollars(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        low, high = f"{self.low:,.2f}", f"{self.high:,.2f}"
        return low if low == high else f"{low} to {high}"


NOTHING = Dollars(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Prices:
    """AWS KMS prices in US dollars, before tax and discounts."""

    date: str
    """Year and month in which the sources were read."""
    sources: tuple[str, ...]
    key_month: Decimal
    """A key for a month, whatever its kind: primary, replica, imported, disabled; prorated by the hour."""
    rotation_month: Decimal
    """What each charged rotation adds to that, for good."""
    rotations_charged: int
    """Rotations after which the price of a key rises no more."""
    requests_10000: Decimal
    """10,000 symmetric requests; the account that calls pays."""
    free_requests_month: int
    """Requests free each month, of an account over all Regions."""
    alarm_metric_month: Decimal
    """A metric that a standard alarm watches, for a month."""
    trail_copy_100000: Decimal
    """100,000 management events that a further trail delivers; the first copy of an account and Region is free."""
    hook_operation: Decimal
    """An operation of a CloudFormation Hook: a change set that it judges, a stack that is created or updated."""
    free_hook_operations_month: int
    """Operations of Hooks free each month."""
    storage_gigabyte_month: Decimal
    """A gigabyte in Amazon S3 Standard for a month, of the first 50 TB."""
    not_known: tuple[str, ...]


@cache
def load_prices() -> Prices:
    """The prices of the file."""
    read = json.loads(files(__package__).joinpath("prices.json").read_text(encoding="utf-8"))
    return Prices(
        date=read["date"],
        sources=tuple(read["sources"]),
        key_month=Decimal(read["key_month"]),
        rotation_month=Decimal(read["rotation_month"]),
        rotations_charged=read["rotations_charged"],
        requests_10000=Decimal(read["requests_10000"]),
        free_requests_month=read["free_requests_month"],
        alarm_metric_month=Decimal(read["alarm_metric_month"]),
        trail_copy_100000=Decimal(read["trail_copy_100000"]),
        hook_operation=Decimal(read["hook_operation"]),
        free_hook_operations_month=read["free_hook_operations_month"],
        storage_gigabyte_month=Decimal(read["storage_gigabyte_month"]),
        not_known=tuple(read["not_known"]),
    )
