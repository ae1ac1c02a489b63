"""Every condition operator of IAM, as what holds of one value of the request and one value of the policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from ipaddress import ip_network
from typing import Final

from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.patterns import Resolved, arn_like, like, plain
from tenant_keys.review.second_opinion.terms import (
    Formula,
    all_of,
    at_most,
    characters,
    either,
    equal,
    exactly,
    ignoring_case,
    is_in,
    lower,
    many,
    negate,
    optional,
    sequence,
    times,
)
from tenant_keys.review.second_opinion.values import READERS, Value

Compares = Callable[[Value, Resolved, str], Formula]
"""Whether a value that is there is as the policy's value wants it; the text says where, for errors."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A comparison, or its negation."""

    compares: Compares
    negated: bool = False
    takes_variables: bool = False
    """IAM documents policy variables under string and ARN operators alone (reference_policies_variables)."""
    readable: Callable[[Value], Formula] | None = None
    """Whether a value that is there is of the type that the operator reads; None: any text is."""


def _equal(value: Value, wanted: Resolved, _where: str) -> Formula:
    return equal(value.held(), plain(wanted))


def _equal_ignoring_case(value: Value, wanted: Resolved, where: str) -> Formula:
    folded = plain(wanted)
    if isinstance(folded, str):
        if not folded.isascii():
            raise NotUnderstood(f"{where}: how IAM folds {folded} is not documented")
        return is_in(value.held(), ignoring_case(folded))
    return equal(lower(value.held()), lower(folded))


def _like(value: Value, wanted: Resolved, _where: str) -> Formula:
    return like(value.held(), wanted)


def _arn_like(value: Value, wanted: Resolved, where: str) -> Formula:
    return arn_like(value.held(), value.arn_parts, wanted, where)


def _constant(wanted: Resolved) -> str:
    return str(plain(wanted))


def _bool(value: Value, wanted: Resolved, where: str) -> Formula:
    word = _constant(wanted).lower()
    if word not in ("true", "false"):
        raise NotUnderstood(f"{where}: {word} is neither true nor false")
    return is_in(value.held(), ignoring_case(word))


def _binary(value: Value, wanted: Resolved, where: str) -> Formula:
    try:
        canonical = b64encode(b64decode(_constant(wanted), validate=True)).decode()
    except ValueError:
        raise NotUnderstood(f"{where}: {_constant(wanted)} is not base64") from None
    return equal(value.held(), canonical)


def _compared(sort: str, sign: str) -> Compares:
    def compares(value: Value, wanted: Resolved, where: str) -> Formula:
        limit: Fraction | None = READERS[sort](_constant(wanted))
        if limit is None:
            raise NotUnderstood(f"{where}: {_constant(wanted)} is not a {sort}")
        typed, held = value.measured(sort)
        below, above = at_most(held, limit), at_most(limit, held)
        found = {"=": all_of([below, above]), "<=": below, ">=": above, "<": negate(above), ">": negate(below)}[sign]
        return all_of([typed, found])

    return compares


def _in_range(value: Value, wanted: Resolved, where: str) -> Formula:
    try:
        network = ip_network(_constant(wanted), strict=False)
    except ValueError:
        raise NotUnderstood(f"{where}: {_constant(wanted)} is not a range of addresses") from None
    if network.version == 6 and "/" not in _constant(wanted):
        raise NotUnderstood(f"{where}: an IPv6 range without prefix, for which IAM documents /32")
    typed, held = value.measured(f"IPv{network.version}")
    first, last = Fraction(int(network.network_address)), Fraction(int(network.broadcast_address))
    return all_of([typed, at_most(first, held), at_most(held, last)])


_SIX_BITS: Final = characters("AZ", "az", "09", "+", "/")
_BASE64: Final = sequence(
    many(times(_SIX_BITS, 4, 4)),
    optional(either(sequence(times(_SIX_BITS, 2, 2), exactly("==")), sequence(times(_SIX_BITS, 3, 3), exactly("=")))),
)
"""RFC 4648, section 4."""


def _is_truth(value: Value) -> Formula:
    return is_in(value.held(), either(ignoring_case("true"), ignoring_case("false")))


def _is_binary(value: Value) -> Formula:
    return is_in(value.held(), _BASE64)


def _is_address(value: Value) -> Formula:
    return value.is_of(("IPv4", "IPv6"))


def _operators() -> dict[str, Operator]:
    found: dict[str, Operator] = {}
    texts: dict[str, Compares] = {
        "StringEquals": _equal,
        "StringEqualsIgnoreCase": _equal_ignoring_case,
        "StringLike": _like,
        "ArnEquals": _arn_like,
        "ArnLike": _arn_like,
    }
    for name, compares in texts.items():
        kind = "String" if name.startswith("String") else "Arn"
        found[name] = Operator(compares, takes_variables=True)
        found[f"{kind}Not{name.removeprefix(kind)}"] = Operator(compares, negated=True, takes_variables=True)
    for kind, sort in (("Numeric", "number"), ("Date", "date")):
        readable = partial(Value.is_of, sorts=(sort,))
        found[f"{kind}Equals"] = Operator(_compared(sort, "="), readable=readable)
        found[f"{kind}NotEquals"] = Operator(_compared(sort, "="), negated=True, readable=readable)
        for name, sign in (("LessThan", "<"), ("GreaterThan", ">")):
            found[f"{kind}{name}"] = Operator(_compared(sort, sign), readable=readable)
            found[f"{kind}{name}Equals"] = Operator(_compared(sort, f"{sign}="), readable=readable)
    return found | {
        "Bool": Operator(_bool, readable=_is_truth),
        "BinaryEquals": Operator(_binary, readable=_is_binary),
        "IpAddress": Operator(_in_range, readable=_is_address),
        "NotIpAddress": Operator(_in_range, negated=True, readable=_is_address),
    }


OPERATORS: Final = _operators()
"""By name; Null and the qualifiers IfExists, ForAllValues and ForAnyValue are read in `conditions`."""
