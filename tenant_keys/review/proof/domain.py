"""The values that a context key can take, as finitely many classes: one representative for each.

Two values that no condition and no promise tells apart are decided alike, so one of them stands for both. What tells
values apart are the conditions' own values: exact ones, patterns, thresholds, presence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import chain, combinations, pairwise
from typing import Final

from tenant_keys.review.iam.catalogue import is_listed, is_multivalued
from tenant_keys.review.iam.variables import Value, template
from tenant_keys.review.proof.document import Condition
from tenant_keys.review.proof.examples import examples
from tenant_keys.review.proof.outcome import NotProved

ABSENT: Final = None
MOST_MEMBERS: Final = 6
"""Values of a multi-valued key whose every subset is tried."""

EXACT: Final = frozenset({"StringEquals", "StringNotEquals"})
IGNORING_CASE: Final = frozenset({"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"})
LIKE: Final = frozenset({"StringLike", "StringNotLike"})
ARN: Final = frozenset({"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"})


def candidates(
    key: str, conditions: Iterable[Condition], context: Mapping[str, Value], told_apart: Sequence[str] = ()
) -> list[Value | None]:
    """Representatives of a free key's values, absent first, the fewest and simplest first.

    Args:
        key: in lower case.
        conditions: every condition on the key that could matter.
        context: the fixed part of the request's context, for policy variables.
        told_apart: values of which something else is promised than of others.

    Raises:
        NotProved: a condition on it is of a kind whose classes are not worked out.
    """
    on_key = [condition for condition in conditions if condition.key == key]
    single = text_classes(on_key, context, told_apart)
    if not is_multivalued(key) and not (
        _is_unknown(key) and any(condition.tree.operator.qualifier for condition in on_key)
    ):
        return [ABSENT, *single]
    if len(single) > MOST_MEMBERS:
        raise NotProved(f"{key}: {len(single)} values of a multi-valued key; the proof follows {MOST_MEMBERS}")
    sizes = range(1, len(single) + 1)
    # An empty text alone is by one edition of the documents no value at all (docs/iam-readings.md).
    return [ABSENT, ("",), *chain.from_iterable(combinations(single, size) for size in sizes)]


def _is_unknown(key: str) -> bool:
    """Whether nothing tells how many values the key has: a new one of a service, or an identity provider's own."""
    service = key.partition(":")[0]
    return service != "aws" and not (service in ("kms", "sts") and is_listed(service, key))


def text_classes(
    conditions: Sequence[Condition], context: Mapping[str, Value], told_apart: Sequence[str] = ()
) -> tuple[str, ...]:
    """One text for each class of texts that the conditions on one key, or a promise, tell apart."""
    by_kind: dict[str, list[str]] = {}
    for condition in conditions:
        by_kind.setdefault(condition.base, []).extend(resolved(condition, context))
    return _classes(conditions[0].key if conditions else "", tuple(sorted(_hashable(by_kind))), tuple(told_apart))


def _hashable(by_kind: Mapping[str, list[str]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    return ((kind, tuple(dict.fromkeys(values))) for kind, values in by_kind.items() if kind != "Null")


@lru_cache(maxsize=4096)
def _classes(
    key: str, by_kind: tuple[tuple[str, tuple[str, ...]], ...], told_apart: tuple[str, ...]
) -> tuple[str, ...]:
    values = dict(by_kind)
    kinds = values.keys()
    if not kinds:
        return (*told_apart, "any")
    if kinds == {"Bool"}:
        return tuple(dict.fromkeys([*told_apart, "true", "false"]))
    if all(kind.startswith("Numeric") for kind in kinds):
        return tuple(dict.fromkeys([*told_apart, *_around(chain.from_iterable(values.values()))]))
    if not kinds <= EXACT | IGNORING_CASE | LIKE | ARN:
        raise NotProved(f"{key}: no classes of values are worked out for {', '.join(sorted(kinds))}")
    exact, like, arn, folded = (
        [value for kind in sorted(family & kinds) for value in values[kind]]
        for family in (EXACT, LIKE, ARN, IGNORING_CASE)
    )
    if folded and (like or arn):
        raise NotProved(f"{key}: patterns and conditions that ignore case on one key: write exact values")
    exact += told_apart
    found = [*exact, *folded, *_other_cases(key, folded, exact), *like, *arn]
    return tuple(dict.fromkeys([*found, *examples(arn, arn=True, plain=like, exact=[*exact, *folded])]))


def _other_cases(key: str, folded: Sequence[str], exact: Sequence[str]) -> list[str]:
    """For each value whose case is ignored, one in another case that no exact condition names."""
    found = []
    for value in folded:
        others = [one for one in (value.upper(), value.swapcase(), value.title(), value.lower()) if one not in exact]
        if not others and value.upper() != value.lower():
            raise NotProved(f"{key}: {value} is named in every case")
        found += others[:1]
    return found


def resolved(condition: Condition, context: Mapping[str, Value]) -> list[str]:
    """The values with the variables of the fixed context put in; a value whose variable is absent is none."""
    if condition.constant:
        return list(condition.values)
    found = []
    for value in condition.values:
        pieces = template(value, substitute=True).resolve(context)
        if pieces is not None:
            found.append("".join(text for text, _ in pieces))
    return found


def _around(values: Iterable[str]) -> list[str]:
    """Each threshold, what lies between two of them, and what lies outside."""
    try:
        thresholds = sorted({Decimal(value) for value in values})
    except InvalidOperation as problem:
        raise NotProved(f"a threshold that is no number: {problem}") from problem
    between = [(low + high) / 2 for low, high in pairwise(thresholds)]
    points = sorted({thresholds[0] - 1, *thresholds, *between, thresholds[-1] + 1}) if thresholds else [Decimal(1)]
    return [f"{point:f}" for point in points]
