"""The Condition element: operators, their qualifiers, and what an absent key means.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from tenant_keys.review.iam.catalogue import is_multivalued
from tenant_keys.review.iam.conditions import OPERATORS, Operator
from tenant_keys.review.iam.conditions.null import NULL, PRESENT
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.iam.variables import Context, Template, Value, template
from tenant_keys.review.iam.wildcards import Test

#: Whether one condition holds in a context.
Holds = Callable[[Context], bool]
#: Whether one value of a request fits one of the policy's values, before any negation.
Fits = Callable[[str, Context], bool]

_SET_QUALIFIERS = ("ForAllValues", "ForAnyValue")


def compile_conditions(element: object, where: str, *, substitute: bool, allow: bool) -> tuple[Holds, ...]:
    """All conditions of a statement (they are ANDed). `allow`: in doubt an Allow holds and a Deny does not."""
    if not isinstance(element, dict) or not element:
        raise UnsupportedPolicy(where, element, "an object of operators, not empty")
    holds: list[Holds] = []
    for name, keys in element.items():
        if not isinstance(keys, dict) or not keys:
            raise UnsupportedPolicy(f"{where}.{name}", keys, "an object of condition keys, not empty")
        try:
            qualifier, operator, if_exists = _parse_name(str(name))
        except ValueError as problem:
            raise UnsupportedPolicy(f"{where}.{name}", name, str(problem)) from problem
        if len(keys) > 1 and len({str(key).lower() for key in keys}) != len(keys):
            raise UnsupportedPolicy(f"{where}.{name}", sorted(keys), "each key once: their names ignore case")
        for key, values in keys.items():
            try:
                texts = (values,) if values.__class__ is str else _texts(values)
                holds.append(_compile(str(key), operator, qualifier, if_exists, texts, substitute, allow))
            except ValueError as problem:
                raise UnsupportedPolicy(f"{where}.{name}.{key}", values, str(problem)) from problem
    return tuple(holds)


@cache
def _parse_name(name: str) -> tuple[str, Operator, bool]:
    qualifier, colon, rest = name.rpartition(":")
    if_exists = rest.endswith("IfExists")
    operator = OPERATORS.get(rest.removesuffix("IfExists"))
    if operator is None:
        raise ValueError("an operator that AWS documents, such as StringEquals")
    if colon and qualifier not in _SET_QUALIFIERS:
        raise ValueError("the qualifiers are ForAllValues and ForAnyValue")
    if operator is NULL and (colon or if_exists):
        raise ValueError("Null takes no qualifier")
    return qualifier, operator, if_exists


def _texts(values: object) -> tuple[str, ...]:
    several = values if isinstance(values, list | tuple) else [values]
    if not several:
        raise ValueError("at least one value")
    texts: list[str] = []
    for value in several:
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, bool):
            texts.append("true" if value else "false")
        elif isinstance(value, int):
            texts.append(str(value))
        else:
            raise ValueError("a string, a whole number or a boolean; quote anything else")
    return tuple(texts)


@lru_cache(maxsize=4096)
def _compile(
    key: str,
    operator: Operator,
    qualifier: str,
    if_exists: bool,
    texts: tuple[str, ...],
    substitute: bool,
    allow: bool,
) -> Holds:
    prefix, _, rest = key.partition(":")
    if not prefix or not rest:
        raise ValueError("a condition key has a prefix, such as aws:PrincipalArn")
    if not qualifier and not operator.multivalued and is_multivalued(key):
        raise ValueError("a multi-valued key needs ForAnyValue or ForAllValues")
    templates = [template(text, substitute=substitute) for text in texts]
    varying = not all([one.constant for one in templates])  # noqa: C419 - faster than a generator
    if varying and not operator.takes_variables:
        raise ValueError(f"{operator.name} takes no policy variables")
    # Several values and a variable "must also use StringLike": what StringEquals does is not said.
    if varying and qualifier and not operator.negated and not allow and "Like" not in operator.name:
        raise ValueError("a Deny on a multi-valued key with a policy variable uses StringLike")
    fits = _varying(operator, templates) if varying else _constant(operator, templates)
    lower = key.lower()
    if operator is NULL:
        return lambda context: fits(PRESENT if lower in context else "", context)
    if qualifier == "ForAllValues":
        return _for_all(lower, operator, fits, allow)
    if qualifier == "ForAnyValue":
        return _for_any(lower, operator, fits, allow, absent=allow and (operator.negated or if_exists))
    if not varying:
        test = operator.any_of(_prepare(operator, templates))
        return _single_constant(lower, operator, test, absent=operator.negated or if_exists)
    return _single(lower, operator, fits, absent=operator.negated or if_exists)


def _prepare(operator: Operator, templates: list[Template]) -> tuple[Any, ...]:
    return tuple([operator.prepare(one.pieces()) for one in templates])


def _constant(operator: Operator, templates: list[Template]) -> Fits:
    test = operator.any_of(_prepare(operator, templates))
    return lambda value, _: test(value)


def _varying(operator: Operator, templates: list[Template]) -> Fits:
    """A policy value whose variable has no value fits nothing; the others still count."""
    prepare, matches = operator.prepare, operator.matches
    for one in templates:  # a malformed pattern is found now, not at the first request
        prepare(tuple(part if isinstance(part, tuple) else ("x", True) for part in one.parts))

    def fits(value: str, context: Context) -> bool:
        for one in templates:
            pieces = one.resolve(context)
            if pieces is not None and matches(value, prepare(pieces)):
                return True
        return False

    return fits


def _single_constant(key: str, operator: Operator, test: Test, *, absent: bool) -> Holds:
    """The commonest form, without detours."""
    negated = operator.negated

    def holds(context: Context) -> bool:
        value = context.get(key)
        if value.__class__ is str:
            return test(value) is not negated
        if value is None:
            return absent
        raise ValueError(f"{key}: several values of a key need ForAnyValue or ForAllValues")

    return holds


def _single(key: str, operator: Operator, fits: Fits, *, absent: bool) -> Holds:
    negated = operator.negated

    def holds(context: Context) -> bool:
        value = context.get(key)
        if value is None:
            return absent
        if not isinstance(value, str):
            raise ValueError(f"{key}: several values of a key need ForAnyValue or ForAllValues")
        return fits(value, context) is not negated

    return holds


def _for_all(key: str, operator: Operator, fits: Fits, allow: bool) -> Holds:
    negated = operator.negated

    def holds(context: Context) -> bool:
        values = _several(context.get(key))
        # An empty string is no value at all in one edition of the documents: an Allow holds by either reading.
        if allow and not any(values):
            return True
        return all(fits(value, context) is not negated for value in values)

    return holds


def _for_any(key: str, operator: Operator, fits: Fits, allow: bool, *, absent: bool) -> Holds:
    """`absent`: "if the key does not exist, the condition returns false", against IfExists and negation elsewhere."""
    negated = operator.negated

    def holds(context: Context) -> bool:
        values = _several(context.get(key))
        if not values:
            return absent
        if not allow and not any(values):
            return False
        return any(fits(value, context) is not negated for value in values)

    return holds


def _several(value: Value | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
