"""Moments in conditions: the W3C profile of ISO 8601 (https://www.w3.org/TR/NOTE-datetime), or seconds of the epoch."""

import re
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from tenant_keys.review.iam.conditions.operator import text_of
from tenant_keys.review.iam.wildcards import Piece

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Four digits could be a year or seconds: AWS does not say which, so they are refused.
_SECONDS = re.compile(r"\d{5,}(\.\d+)?", re.ASCII)
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(?P<fraction>\.\d+)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d))?)?",
    re.ASCII,
)


def read(text: str) -> Fraction:
    """Seconds since the epoch, exactly."""
    if _SECONDS.fullmatch(text):
        return Fraction(text)
    found = _ISO.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a date such as 2026-01-31 or 2026-01-31T23:59:59Z, or seconds of the epoch")
    part = found.groupdict()
    moment = datetime(
        int(part["year"]),
        int(part["month"]),
        int(part["day"] or 1),
        int(part["hour"] or 0),
        int(part["minute"] or 0),
        int(part["second"] or 0),
        tzinfo=_zone(part["zone"]),
    )
    whole = (moment - _EPOCH) // timedelta(seconds=1)
    return Fraction(whole) + Fraction("0" + (part["fraction"] or ".0"))


def prepare(pieces: tuple[Piece, ...]) -> Fraction:
    """The policy's moment."""
    return read(text_of(pieces))


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return UTC
    sign = -1 if str(text).startswith("-") else 1
    hours, minutes = str(text)[1:].split(":")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
