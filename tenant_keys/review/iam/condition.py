"""The Condition element: operators, their qualifiers, and what an absent key means.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tenant_keys.review import syntax
from tenant_keys.review.iam.catalogue import is_multivalued
from tenant_keys.review.iam.conditions import OPERATORS, Operator
from tenant_keys.review.iam.conditions.null import NULL, PRESENT
from tenant_keys.review.iam.variables import Context, Template, Value, template
from tenant_keys.review.iam.wildcards import Test

#: Whether one condition holds in a context.
Holds = Callable[[Context], bool]
#: Whether one value of a request fits one of the policy's values, before any negation.
Fits = Callable[[str, Context], bool]


def compile_condition(condition: syntax.Condition, *, substitute: bool, widely: bool) -> Holds:
    """One condition, compiled. `widely`: where the documents leave it open, it holds.

    Raises ValueError where it says something whose effect is not known for certain.
    """
    operator = OPERATORS.get(condition.operator.name)
    if operator is None:
        raise ValueError("an operator that AWS documents, such as StringEquals")
    qualifier, if_exists = condition.operator.qualifier, condition.operator.if_exists
    if operator is NULL and (qualifier or if_exists):
        raise ValueError("Null takes no qualifier")
    return _compile(condition.key, operator, qualifier, if_exists, condition.values, substitute, widely)


@lru_cache(maxsize=4096)
def _compile(
    key: str,
    operator: Operator,
    qualifier: str,
    if_exists: bool,
    texts: tuple[str, ...],
    substitute: bool,
    widely: bool,
) -> Holds:
    prefix, _, rest = key.partition(":")
    if not prefix or not rest:
        raise ValueError("a condition key has a prefix, such as aws:PrincipalArn")
    if not key.isascii():
        raise ValueError("a condition key in ASCII: AWS documents no case outside it, and names of keys ignore case")
    if not qualifier and not operator.multivalued and is_multivalued(key):
        raise ValueError("a multi-valued key needs ForAnyValue or ForAllValues")
    templates = [template(text, substitute=substitute) for text in texts]
    varying = not all([one.constant for one in templates])  # noqa: C419 - faster than a generator
    if varying and not operator.takes_variables:
        raise ValueError(f"{operator.name} takes no policy variables")
    # Several values and a variable "must also use StringLike": what StringEquals does is not said.
    if varying and qualifier and not operator.negated and not widely and "Like" not in operator.name:
        raise ValueError("a Deny on a multi-valued key with a policy variable uses StringLike")
    # In doubt the condition holds where it is read widely, so a negated one must not fit.
    unreadable = widely is not operator.negated
    fits = _varying(operator, templates) if varying else _constant(operator, templates, unreadable)
    if operator is NULL:
        return lambda context: fits(PRESENT if key in context else "", context)
    if qualifier == "ForAllValues":
        return _for_all(key, operator, fits, widely)
    if qualifier == "ForAnyValue":
        return _for_any(key, operator, fits, widely, absent=widely and (operator.negated or if_exists))
    if not varying:
        test = _test(operator, templates, unreadable)
        return _single_constant(key, operator, test, absent=operator.negated or if_exists)
    return _single(key, operator, fits, absent=operator.negated or if_exists)


def _prepare(operator: Operator, templates: list[Template]) -> tuple[Any, ...]:
    return tuple([operator.prepare(one.pieces()) for one in templates])


def _constant(operator: Operator, templates: list[Template], unreadable: bool) -> Fits:
    test = _test(operator, templates, unreadable)
    return lambda value, _: test(value)


def _test(operator: Operator, templates: list[Template], unreadable: bool) -> Test:
    """The test of a request's value; `unreadable`: of one that is no number, date or what else the operator reads."""
    test = operator.any_of(_prepare(operator, templates))
    if not operator.typed:
        return test

    def fits(value: str) -> bool:
        try:
            return test(value)
        except ValueError:
            return unreadable

    return fits


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


def _for_all(key: str, operator: Operator, fits: Fits, widely: bool) -> Holds:
    negated = operator.negated

    def holds(context: Context) -> bool:
        values = _several(context.get(key))
        # An empty string is no value at all by one page of the documents: read widely, the condition holds.
        if widely and not any(values):
            return True
        return all(fits(value, context) is not negated for value in values)

    return holds


def _for_any(key: str, operator: Operator, fits: Fits, widely: bool, *, absent: bool) -> Holds:
    """`absent`: "if the key does not exist, the condition returns false", against IfExists and negation elsewhere."""
    negated = operator.negated

    def holds(context: Context) -> bool:
        values = _several(context.get(key))
        if not values:
            return absent
        if not widely and not any(values):
            return False
        return any(fits(value, context) is not negated for value in values)

    return holds


def _several(value: Value | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
