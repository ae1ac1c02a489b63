"""For each type that operators read, one value for every class that thresholds, ranges or values distinguish.

Each function takes the policy's values and raises NotProved where one cannot be read.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import pairwise
from math import floor
from typing import Any

from tenant_keys.review.iam.conditions import binary_equals, dates
from tenant_keys.review.iam.conditions import numbers as number_conditions
from tenant_keys.review.proof.outcome import NotProved


def numbers(values: Sequence[str]) -> list[str]:
    """Each threshold, a number between two of them, and one on either side of all."""
    thresholds = sorted(set(_read_all(values, number_conditions.read)))
    between = [(low + high) / 2 for low, high in pairwise(thresholds)]
    around = [thresholds[0] - 1, *thresholds, *between, thresholds[-1] + 1] if thresholds else [Decimal(1)]
    return [f"{point:f}" for point in sorted(around)]


def whole_numbers(values: Sequence[str]) -> list[str]:
    """Each threshold rounded down, and the whole numbers beside it; none is negative."""
    thresholds = {floor(one) for one in _read_all(values, number_conditions.read)} or {1}
    found = {one + step for one in thresholds for step in (-1, 0, 1)}
    return [str(one) for one in sorted(found) if one >= 0]


def moments(values: Sequence[str]) -> list[str]:
    """The same for dates, in seconds of the epoch."""
    thresholds = sorted(set(_read_all(values, dates.read)))
    between = [(low + high) / 2 for low, high in pairwise(thresholds)]
    around = [thresholds[0] - 1, *thresholds, *between, thresholds[-1] + 1] if thresholds else [Fraction(10**9)]
    texts = [f"{Decimal(point.numerator) / Decimal(point.denominator):f}" for point in sorted(around)]
    for text, point in zip(texts, sorted(around), strict=True):
        try:
            exact = dates.read(text) == point
        except ValueError:
            exact = False
        if not exact:
            raise NotProved(f"a date near {text} seconds of the epoch: no classes of values are derived")
    return texts


def truths(values: Sequence[str]) -> list[str]:
    """Both."""
    _read_all(values, str)
    return ["true", "false"]


def addresses(values: Sequence[str]) -> list[str]:
    """The first address of each stretch between two ends of ranges, of both versions."""
    found: list[str] = []
    networks = _read_all(values, lambda text: ip_network(text, strict=False))
    for version, kind in ((4, IPv4Address), (6, IPv6Address)):
        starts = {0}
        for network in networks:
            if network.version == version:
                starts |= {int(network.network_address), int(network.broadcast_address) + 1}
        last = 2 ** (32 if version == 4 else 128)
        found += [str(kind(start)) for start in sorted(starts) if start < last]
    return found


def binaries(values: Sequence[str]) -> list[str]:
    """Each value, and one that is none of them."""
    known = set(_read_all(values, binary_equals.read))
    other = b"other"
    while other in known:
        other += b"r"
    return [b64encode(one).decode() for one in (*sorted(known), other)]


def _read_all(values: Sequence[str], read: Callable[[str], Any]) -> list[Any]:
    try:
        return [read(value) for value in values]
    except ValueError as problem:
        raise NotProved(f"a policy's value cannot be read: {problem}") from problem
