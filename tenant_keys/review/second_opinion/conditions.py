"""The Condition element: keys, their absence, and the qualifiers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
Where these pages leave a rule open, docs/iam-readings.md says which reading is the careful one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.operators import OPERATORS, Operator
from tenant_keys.review.second_opinion.patterns import Piece, Variable, pieces, resolve
from tenant_keys.review.second_opinion.terms import Formula, Text, all_of, any_of, equal, negate
from tenant_keys.review.second_opinion.values import Value, is_multivalued


class Context(Protocol):
    """What a request says, by names of keys in lower case."""

    def value(self, key: str) -> Value:
        """The value of a single-valued key."""

    def members(self, key: str) -> list[Value]:
        """All values of a key."""


def several(raw: object) -> list[Any]:
    """One value, or a list of them."""
    return list(raw) if isinstance(raw, list | tuple) else [raw]


def conditions(element: object, where: str) -> Iterator[tuple[str, str, list[str]]]:
    """Operator with its qualifiers, key in lower case and values, of each condition."""
    if not isinstance(element, Mapping) or not element:
        raise NotUnderstood(f"{where}: got {element!r:.80}; an object of operators")
    for operator, keys in element.items():
        if not isinstance(keys, Mapping) or not keys:
            raise NotUnderstood(f"{where}.{operator}: got {keys!r:.80}; an object of condition keys")
        if len({str(key).lower() for key in keys}) < len(keys):
            raise NotUnderstood(f"{where}.{operator}: a key twice: names of condition keys ignore case")
        for key, raw in keys.items():
            values = [_as_text(one, where) for one in several(raw)]
            if not values:
                raise NotUnderstood(f"{where}.{operator}.{key}: no value")
            yield str(operator), str(key).lower(), values


def _as_text(raw: object, where: str) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str | int):
        return str(raw)
    raise NotUnderstood(f"{where}: got {raw!r:.80}; a text, a whole number or a boolean")


def hold(element: object, context: Context, *, substitute: bool, allow: bool, where: str) -> Formula:
    """Whether all conditions hold (they are ANDed; the values of one are ORed)."""
    return all_of(
        _holds(*condition, context, substitute=substitute, allow=allow, where=where)
        for condition in conditions(element, where)
    )


def _holds(
    name: str, key: str, values: list[str], context: Context, *, substitute: bool, allow: bool, where: str
) -> Formula:
    qualifier, _, rest = name.rpartition(":")
    base = rest.removesuffix("IfExists")
    where = f"{where}.{name}.{key}"
    if name == "Null":
        there = any_of(value.present for value in context.members(key))
        wanted = [_absent(value, where) for value in values]
        return any_of(negate(there) if absent else there for absent in wanted)
    operator = OPERATORS.get(base)
    if operator is None or qualifier not in ("", "ForAllValues", "ForAnyValue") or ":" not in key.strip(":"):
        raise NotUnderstood(f"{where}: not a condition as IAM documents it")
    if not qualifier and is_multivalued(key):
        raise NotUnderstood(f"{where}: a multi-valued key asks for ForAnyValue or ForAllValues")
    parsed = [_parsed(value, where, substitute=substitute) for value in values]
    if any(isinstance(piece, Variable) for one in parsed for piece in one):
        if not operator.takes_variables:
            raise NotUnderstood(f"{where}: {base} takes no policy variables")
        if qualifier and not allow and not operator.negated and not base.endswith("Like"):
            raise NotUnderstood(f"{where}: a policy variable under a set operator asks for StringLike")

    def fits(value: Value) -> Formula:
        return _fits(value, operator, parsed, context, allow=allow, where=where)

    if qualifier:
        return _of_set(qualifier, context.members(key), fits, operator, allow=allow, lenient=rest != base)
    value = context.value(key)
    # "If the key is not present … the condition is false"; negated operators and IfExists: true.
    if operator.negated or rest != base:
        return any_of([negate(value.present), fits(value)])
    return all_of([value.present, fits(value)])


def _parsed(value: str, where: str, *, substitute: bool) -> tuple[Piece, ...]:
    try:
        return pieces(value, substitute=substitute)
    except NotUnderstood as problem:
        raise NotUnderstood(f"{where}: {problem}") from None


def _absent(value: str, where: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise NotUnderstood(f"{where}: {value} is neither true nor false")
    return value.lower() == "true"


def _fits(value: Value, operator: Operator, parsed: list[Any], context: Context, *, allow: bool, where: str) -> Formula:
    """Of a value of another type than the operator reads nothing is documented: an Allow holds and a Deny does not."""

    def lookup(key: str) -> tuple[Formula, Text]:
        if is_multivalued(key):
            raise NotUnderstood(f"{where}: {key} has several values and is no policy variable")
        found = context.value(key)
        return found.present, found.held()

    if value.present is False:
        return operator.negated
    found = []
    for one in parsed:
        defined, resolved = resolve(one, lookup)
        # A variable without a value matches nothing (reference_policies_variables).
        found.append(False if defined is False else all_of([defined, operator.compares(value, resolved, where)]))
    fits = negate(any_of(found)) if operator.negated else any_of(found)
    if operator.readable is None:
        return fits
    readable = operator.readable(value)
    return any_of([negate(readable), fits]) if allow else all_of([readable, fits])


def _of_set(
    qualifier: str, members: list[Value], fits: Any, operator: Operator, *, allow: bool, lenient: bool
) -> Formula:
    """ForAllValues is true of no value at all; ForAnyValue is false, or an open reading. So is an empty text."""
    judged = [(value, fits(value)) for value in members]  # first: it opens each value as what it is compared as
    there = any_of(value.present for value in members)
    filled = any_of(all_of([value.present, negate(equal(value.held(), ""))]) for value in members if _is_text(value))
    filled = any_of([filled, *(value.present for value in members if not _is_text(value))])
    if qualifier == "ForAllValues":
        every = all_of(any_of([negate(value.present), fit]) for value, fit in judged)
        return any_of([every, negate(filled)]) if allow else every
    found = any_of(all_of([value.present, fit]) for value, fit in judged)
    if not allow:
        return all_of([filled, found])
    return any_of([found, negate(there)]) if operator.negated or lenient else found


def _is_text(value: Value) -> bool:
    return not value.open or "text" in value.open
