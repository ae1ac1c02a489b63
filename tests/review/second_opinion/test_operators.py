"""Every operator on known values, and open values that the solver has to find; expected by IAM's pages, by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tenant_keys.review.second_opinion.conditions import hold
from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.example import written
from tenant_keys.review.second_opinion.operators import OPERATORS
from tenant_keys.review.second_opinion.solver import Answer, ask
from tenant_keys.review.second_opinion.terms import negate
from tenant_keys.review.second_opinion.values import Value

TAG, ALIASES = "aws:PrincipalTag/team", "kms:ResourceAliases"
ARN = "arn:aws:iam::111111111111:role/team/one"


@dataclass
class Known:
    """A request in which every value is known; or open, where it is None."""

    held: dict[str, Any]
    made: dict[str, Value] = field(default_factory=dict)

    def value(self, key: str) -> Value:
        return self.members(key)[0]

    def members(self, key: str) -> list[Value]:
        held = self.held.get(key, ())
        if held is None:
            self.made.setdefault(key, Value.chosen(key))
            return [self.made[key]]
        several = held if isinstance(held, tuple) else (held,)
        return [Value(key, True, one) for one in several] or [Value(key, False, "")]


def holds(name: str, key: str, wanted: Any, *, allow: bool = True, substitute: bool = True, **held: Any) -> Any:
    """Whether a condition holds of `key=held["is_"]` and other keys."""
    request = Known({key.lower(): held.pop("is_", ()), **{one.replace("__", ":"): v for one, v in held.items()}})
    return hold({name: {key: wanted}}, request, substitute=substitute, allow=allow, where="here")


CASES = [
    ("StringEquals", "acme", "acme", "Acme"),
    ("StringEqualsIgnoreCase", "acme", "ACME", "acm"),
    ("StringLike", "a?m*", "acme", "ame"),
    ("StringLike", "${*}b", "*b", "ab"),
    ("ArnEquals", "arn:aws:iam::*:role/*", ARN, "arn:aws:iam::1:2:role/one"),
    ("ArnLike", "arn:aws:iam::111111111111:role/team/*", ARN, "arn:aws:iam::111111111111:role/other"),
    ("ArnLike", "arn:aws:iam:*:role/team/one", None, None),
    ("NumericEquals", "1.50", "1.5", "1.51"),
    ("NumericLessThan", "5", "4.9", "5"),
    ("NumericLessThanEquals", "5", "5", "6"),
    ("NumericGreaterThan", "-1", "0", "-1"),
    ("NumericGreaterThanEquals", "5", "5", "4"),
    ("DateEquals", "2026-01-01", "2026-01-01T01:00:00+01:00", "2026-01-02"),
    ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31", "2026-01-01"),
    ("DateLessThanEquals", "2026-01", "2026-01-01", "2026-01-01T00:00:00.5Z"),
    ("DateGreaterThan", "1800000000", "1800000001", "1800000000"),
    ("DateGreaterThanEquals", "1800000000", "1800000000", "1799999999"),
    ("Bool", "true", "TRUE", "false"),
    ("BinaryEquals", "YWNtZQ==", "YWNtZQ==", "Ym9sdA=="),
    ("IpAddress", "203.0.113.0/24", "203.0.113.9", "203.0.114.0"),
    ("IpAddress", "2001:db8::/32", "2001:db8::1", "2001:db9::1"),
]


@pytest.mark.parametrize(("name", "wanted", "yes", "no"), [one for one in CASES if one[2]])
def test_an_operator_and_its_negation_judge_known_values(name: str, wanted: str, yes: str, no: str) -> None:
    assert holds(name, TAG, wanted, is_=yes) is True
    assert holds(name, TAG, wanted, is_=no) is False
    assert holds(name, TAG, wanted) is False, "an absent key"
    assert holds(f"{name}IfExists", TAG, wanted) is True
    negated = _negation(name)
    if negated:
        assert holds(negated, TAG, wanted, is_=yes) is False
        assert holds(negated, TAG, wanted, is_=no) is True
        assert holds(negated, TAG, wanted) is True, "an absent key"


TYPED = [one for one in CASES if not one[0].startswith(("String", "Arn"))]


@pytest.mark.parametrize(("name", "wanted", "yes", "no"), TYPED)
def test_a_value_of_another_type_fulfils_an_allow_and_no_deny(name: str, wanted: str, yes: str, no: str) -> None:
    """An open rule, read so that more is allowed (docs/iam-readings.md)."""
    for operator in filter(None, (name, _negation(name))):
        for qualified in (operator, f"{operator}IfExists", f"ForAnyValue:{operator}", f"ForAllValues:{operator}"):
            assert holds(qualified, TAG, wanted, is_="role!") is True
            assert holds(qualified, TAG, wanted, allow=False, is_="role!") is False
            assert holds(qualified, TAG, wanted, is_=no) is (operator != name)
            assert holds(qualified, TAG, wanted, allow=False, is_=no) is (operator != name)
            assert holds(qualified, TAG, wanted, allow=False, is_=yes) is (operator == name)


def test_an_address_of_the_other_version_is_an_address() -> None:
    assert holds("IpAddress", TAG, "203.0.113.0/24", is_="2001:db8::1") is False
    assert holds("NotIpAddress", TAG, "2001:db8::/32", allow=False, is_="203.0.113.9") is True


def _negation(name: str) -> str | None:
    if name == "IpAddress":
        return "NotIpAddress"
    for kind in ("String", "Arn", "Numeric", "Date"):
        rest = name.removeprefix(kind)
        if name.startswith(kind) and not rest.startswith(("Less", "Greater")):
            return f"{kind}Not{rest}"
    return None


def test_every_operator_of_iam_has_a_case() -> None:
    known = {one[0] for one in CASES} | {_negation(one[0]) for one in CASES} | {"Null"}
    assert set(OPERATORS) | {"Null"} == known - {None}
    assert len(OPERATORS) == 26


def test_an_arn_pattern_of_five_parts_is_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="5 parts"):
        holds("ArnLike", TAG, "arn:aws:iam:*:role/team/one", is_=ARN)


@pytest.mark.parametrize(("wanted", "absent", "present"), [("true", True, False), ("false", False, True)])
def test_null_judges_presence(wanted: str, absent: bool, present: bool) -> None:
    assert holds("Null", TAG, wanted) is absent
    assert holds("Null", TAG, wanted, is_="") is present


@pytest.mark.parametrize(
    ("name", "values", "allow", "deny"),
    [
        ("ForAllValues:StringEquals", ("a", "b"), True, True),
        ("ForAllValues:StringEquals", ("a", "c"), False, False),
        ("ForAllValues:StringEquals", (), True, True),
        ("ForAllValues:StringEquals", ("",), True, False),
        ("ForAnyValue:StringEquals", ("c", "b"), True, True),
        ("ForAnyValue:StringEquals", (), False, False),
        ("ForAnyValue:StringNotEquals", ("a", "c"), True, True),
        ("ForAnyValue:StringNotEquals", (), True, False),
        ("ForAnyValue:StringEqualsIfExists", (), True, False),
        ("ForAnyValue:StringNotEquals", ("",), True, False),
    ],
)
def test_set_operators_judge_all_or_any_value(name: str, values: Any, allow: bool, deny: bool) -> None:
    assert holds(name, ALIASES, ["a", "b"], is_=values) is allow
    assert holds(name, ALIASES, ["a", "b"], allow=False, is_=values) is deny


def test_a_variable_without_a_value_matches_nothing_and_a_default_stands_in() -> None:
    assert holds("StringEquals", TAG, "x-${aws:username}", is_="x-ann", aws__username="ann") is True
    assert holds("StringEquals", TAG, "${aws:username}", is_="ann") is False
    assert holds("StringNotEquals", TAG, "${aws:username}", is_="ann") is True
    assert holds("StringEquals", TAG, "${aws:username, 'ann'}", is_="ann") is True
    assert holds("StringLike", TAG, "${aws:username}*", is_="*x", aws__username="*") is True
    assert holds("StringLike", TAG, "${aws:username}*", is_="ax", aws__username="*") is False
    assert holds("StringEquals", TAG, "${aws:username}", substitute=False, is_="${aws:username}") is True


@pytest.mark.parametrize(
    ("name", "key", "wanted"),
    [
        ("StringEqual", TAG, "a"),
        ("StringEquals", ALIASES, "a"),
        ("ForSomeValues:StringEquals", TAG, "a"),
        ("NumericEquals", TAG, "${aws:username}"),
        ("NumericEquals", TAG, "five"),
        ("DateEquals", TAG, "2026"),
        ("Bool", TAG, "yes"),
        ("BinaryEquals", TAG, "?"),
        ("IpAddress", TAG, "2001:db8::1"),
        ("StringEquals", TAG, "${aws:username"),
        ("StringEquals", TAG, "${aws:username,'ann'}"),
        ("StringEquals", TAG, "${kms:ResourceAliases}"),
        ("StringEquals", TAG, []),
        ("StringEquals", TAG, [1.5]),
        ("StringEqualsIgnoreCase", TAG, "ß"),
        ("Null", TAG, "maybe"),
    ],
)
def test_what_iam_does_not_document_is_not_understood(name: str, key: str, wanted: Any) -> None:
    with pytest.raises(NotUnderstood, match="here"):
        holds(name, key, wanted, is_="a")


@pytest.mark.parametrize(("name", "wanted", "yes", "no"), [one for one in CASES if one[2]])
def test_the_solver_finds_a_value_for_and_one_against(name: str, wanted: str, yes: str, no: str) -> None:
    """Open values: each example is judged again as a known value."""
    for expected in (True, False):
        request = Known({TAG.lower(): None})
        goal = hold({name: {TAG: wanted}}, request, substitute=True, allow=True, where="here")
        value = request.made[TAG.lower()]
        wish = goal if expected else negate(goal)
        answer, model = ask([wish, value.present, value.limits()])
        assert answer is Answer.YES
        assert model is not None
        assert holds(name, TAG, wanted, is_=written(model, value)) is expected


def test_a_value_that_is_compared_as_two_sorts_is_not_understood() -> None:
    request = Known({TAG.lower(): None})
    both = {"NumericEquals": {TAG: "5"}, "StringEquals": {TAG: "5"}}
    with pytest.raises(NotUnderstood, match="aws:principaltag/team is compared as text and as number"):
        hold(both, request, substitute=True, allow=True, where="here")
