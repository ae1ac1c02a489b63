"""The values that a context key can take, as finitely many classes: one representative for each.

Two values that no condition and no promise distinguishes are decided alike, so one of them represents both. What tells
values apart are the conditions' own values: exact ones, patterns, thresholds, presence, and being of the type that an
operator reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, combinations
from typing import Final

from tenant_keys.review.iam.catalogue import is_listed, is_multivalued
from tenant_keys.review.iam.variables import Value, Variable, template
from tenant_keys.review.proof import points
from tenant_keys.review.proof.condition_keys import EARLIEST, OF_PRINCIPAL, Form, Key, Source, Type, known
from tenant_keys.review.proof.document import Condition
from tenant_keys.review.proof.examples import examples, fresh_word
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.readers import AnyCase, Parts, Pattern, is_legal

ABSENT: Final = None
MOST_MEMBERS: Final = 6
"""Values of a multi-valued key whose every subset is tried."""

EXACT: Final = frozenset({"StringEquals", "StringNotEquals"})
IGNORING_CASE: Final = frozenset({"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"})
LIKE: Final = frozenset({"StringLike", "StringNotLike"})
ARN: Final = frozenset({"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"})
WHOLE_NUMBERS: Final = frozenset({"kms:trailingdayswithoutkeyusage"})
"""Keys that KMS fills with a whole number, rounded down (KMS guide, conditions-kms)."""
_Points = Callable[[Sequence[str]], list[str]]
_TYPED: Final[tuple[tuple[str, Type | None, _Points], ...]] = (
    ("Numeric", Type.NUMBER, points.numbers),
    ("Date", Type.DATE, points.moments),
    ("Bool", Type.TRUTH, points.truths),
    ("IpAddress", Type.ADDRESS, points.addresses),
    ("NotIpAddress", Type.ADDRESS, points.addresses),
    ("Binary", None, points.binaries),
)
"""By the beginning of an operator's name: the type that it reads, and one value for each class of values."""


def candidates(
    key: str, conditions: Iterable[Condition], context: Mapping[str, Value], distinguished: Sequence[str] = ()
) -> list[Value | None]:
    """Representatives of a free key's values, absent first, the fewest and simplest first.

    Args:
        key: in lower case.
        conditions: every condition on the key that could matter.
        context: the fixed part of the request's context, for policy variables.
        distinguished: values of which something else is promised than of others.

    Raises:
        NotProved: a condition on it is of a kind whose classes are not derived.
    """
    entry = OF_PRINCIPAL.get((key, str(context.get("aws:principaltype"))), known(key))
    if entry.never:
        return [ABSENT]
    on_key = [one for one in conditions if one.key == key]
    single = text_classes(on_key, context, distinguished, entry)
    absent = [] if entry.always else [ABSENT]
    if not is_multivalued(key) and not (_is_unknown(key) and any(one.tree.operator.qualifier for one in on_key)):
        return [*absent, *single]
    if len(single) > MOST_MEMBERS:
        raise NotProved(f"{key}: {len(single)} values of a multi-valued key; the proof follows {MOST_MEMBERS}")
    sizes = range(1, len(single) + 1)
    # An empty text alone is by one page of the documents no value at all (docs/iam-readings.md).
    return [*absent, ("",), *chain.from_iterable(combinations(single, size) for size in sizes)]


def _is_unknown(key: str) -> bool:
    """Whether nothing tells how many values the key has: a new one of a service, or an identity provider's own."""
    service = key.partition(":")[0]
    return service != "aws" and not (service in ("kms", "sts") and is_listed(service, key))


_ANY_TEXT: Final = Key(Source.CALLER)


def text_classes(
    conditions: Sequence[Condition],
    context: Mapping[str, Value],
    distinguished: Sequence[str] = (),
    entry: Key = _ANY_TEXT,
) -> tuple[str, ...]:
    """One text for each class of texts that the conditions on one key, or a promise, distinguish."""
    by_kind: dict[str, list[str]] = {}
    for one in conditions:
        by_kind.setdefault(one.base, []).extend(values := resolved(one, context))
        if entry.form is not None and not one.constant:
            _check_length(one, values, entry.form)
    sorted_out = ((kind, tuple(dict.fromkeys(values))) for kind, values in by_kind.items() if kind != "Null")
    return _classes(conditions[0].key if conditions else "", entry, tuple(sorted(sorted_out)), tuple(distinguished))


def _check_length(condition: Condition, values: Iterable[str], form: Form) -> None:
    """A variable may have a value that is long enough, where the one that represents its class is too short."""
    legal = Parts(form.parts)
    for value in values:
        text = value.removeprefix(form.prefix)
        if not is_legal(text, legal) and is_legal(text * 2, legal):
            raise NotProved(f"{condition.key} is compared with {', '.join(condition.values)}: no classes are derived")


@lru_cache(maxsize=4096)
def _classes(
    key: str, entry: Key, by_kind: tuple[tuple[str, tuple[str, ...]], ...], distinguished: tuple[str, ...]
) -> tuple[str, ...]:
    if entry.type is Type.TRUTH:
        return ("true", "false")
    kinds = {kind for kind, _ in by_kind}
    typed = {kind: one for kind in kinds for one in _TYPED if kind.startswith(one[0])}
    if typed:
        if entry.form is not None:
            raise NotProved(f"{key}: no classes of values are derived for {', '.join(sorted(kinds))}")
        if len({one[2] for one in typed.values()}) > 1 or not kinds - typed.keys() <= EXACT:
            raise NotProved(f"{key}: no classes of values are derived for {', '.join(sorted(kinds))} together")
        _, kind_of_value, classes_of = next(iter(typed.values()))
        if key in WHOLE_NUMBERS:
            classes_of = points.whole_numbers
        texts = [value for kind, values in by_kind if kind in typed for value in values]
        if entry.type is Type.NUMBER:
            texts += distinguished  # thresholds of a promise
        if entry.source is Source.TIME:
            later = [text for text in classes_of([*texts, str(EARLIEST)]) if float(text) >= EARLIEST]
            return tuple(dict.fromkeys(later))
        found = classes_of(texts)
        if entry.type is kind_of_value:
            return tuple(dict.fromkeys(found))
        exact = [value for kind, values in by_kind if kind in EXACT for value in values]
        named = [*distinguished, *exact]
        return tuple(dict.fromkeys([*named, *found, fresh_word([*named, *found])]))
    return _of_text(key, dict(by_kind), distinguished, entry.form)


def _of_text(
    key: str, values: Mapping[str, tuple[str, ...]], distinguished: Sequence[str], form: Form | None
) -> tuple[str, ...]:
    if not values and form is None:
        return (*distinguished, fresh_word(distinguished, "any"))
    if not values.keys() <= EXACT | IGNORING_CASE | LIKE | ARN:
        raise NotProved(f"{key}: no classes of values are derived for {', '.join(sorted(values))}")
    exact, like, arn, folded = (
        [value for kind in sorted(family & values.keys()) for value in values[kind]]
        for family in (EXACT, LIKE, ARN, IGNORING_CASE)
    )
    if folded and (like or arn):
        raise NotProved(f"{key}: patterns and conditions that ignore case on one key: write exact values")
    exact += distinguished
    found = [*exact, *folded, *other_cases(key, folded, exact), *like, *arn]
    if form is None:
        return tuple(dict.fromkeys([*found, *examples(arn, arn=True, plain=like, exact=[*exact, *folded])]))
    legal = Parts(form.parts)
    found += examples(arn, arn=True, plain=like, exact=[*exact, *folded], prefix=form.prefix, legal=legal)
    can_be = (one for one in found if one.startswith(form.prefix) and len(one) <= form.most)
    return tuple(dict.fromkeys(one for one in can_be if is_legal(one[len(form.prefix) :], legal)))


def other_cases(key: str, folded: Sequence[str], exact: Sequence[str]) -> list[str]:
    """For each value whose case is ignored, one in another case that no exact condition names."""
    found = []
    for value in folded:
        others = [one for one in (value.upper(), value.swapcase(), value.title(), value.lower()) if one not in exact]
        if not others and value.upper() != value.lower():
            raise NotProved(f"{key}: {value} is named in every case")
        found += others[:1]
    return found


def spellings(name: str, conditions: Iterable[Condition], context: Mapping[str, Value]) -> tuple[str, ...]:
    """Of a name that conditions read without regard to case, the spellings that other conditions distinguish.

    Names in kms:EncryptionContext:NAME and in aws:RequestTag/NAME ignore case; the texts in kms:EncryptionContextKeys
    and aws:TagKeys that list the same names do not (AWS KMS guide, conditions-kms; IAM guide,
    reference_policies_condition-keys, aws:TagKeys, and access_tags, case sensitivity).

    Args:
        name: as it is declared, or in lower case; it comes first.
        conditions: those on the list of names.
        context: the fixed part of the request's context, for policy variables.
    """
    by_family: dict[bool | None, list[str]] = {}
    for one in conditions:
        family = True if one.base in ARN else False if one.base in LIKE else None
        if one.base in ARN | LIKE | EXACT:
            by_family.setdefault(family, []).extend(resolved(one, context))
    arn, like, exact = (tuple(by_family.get(family, ())) for family in (True, False, None))
    return _spelt(name, arn, like, exact)


@lru_cache(maxsize=1024)
def _spelt(name: str, arn: tuple[str, ...], like: tuple[str, ...], exact: tuple[str, ...]) -> tuple[str, ...]:
    cases, letters = AnyCase(name), name.lower() + name.upper()
    found = examples(arn, arn=True, plain=like, exact=exact, legal=cases, also=(cases,), letters=letters)
    patterns = [Pattern.of([(text, False)], arn=True) for text in arn]
    patterns += [Pattern.of([(text, False)], arn=False) for text in like]
    kept: dict[tuple[object, ...], str] = {}
    for text in (name, *found):  # the declared spelling represents its class
        kept.setdefault((text if text in exact else None, *(one.accepts(one.read(text)) for one in patterns)), text)
    return tuple(kept.values())


def resolved(condition: Condition, context: Mapping[str, Value]) -> list[str]:
    """The values with the variables of the fixed context put in; a value whose variable is absent is none.

    Raises:
        NotProved: the context lacks a variable that every request has, so that its default is never taken.
    """
    if condition.constant:
        return list(condition.values)
    found = []
    for value in condition.values:
        written = template(value, substitute=True)
        for part in written.parts:
            if isinstance(part, Variable) and part.key not in context and known(part.key).always:
                raise NotProved(f"{condition.key} is compared with {value}: no classes of both together are derived")
        pieces = written.resolve(context)
        if pieces is not None:
            found.append("".join(text for text, _ in pieces))
    return found
