"""StringEquals: exact, case-sensitive; a `*` in it is a star."""

from tenant_keys.review.iam.conditions.operator import Operator, Test, text_of


def matches(value: str, wanted: str) -> bool:
    """Whether the value is the wanted one."""
    return value == wanted


def matches_any(wanted: tuple[str, ...]) -> Test:
    """Whether the value is among those wanted."""
    return wanted[0].__eq__ if len(wanted) == 1 else frozenset(wanted).__contains__


STRING_EQUALS = Operator("StringEquals", text_of, matches, matches_any, takes_variables=True)
