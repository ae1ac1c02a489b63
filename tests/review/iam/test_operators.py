"""Each condition operator as a table: policy values, the request's value (None: absent), whether it holds."""

import pytest

from tenant_keys.review.iam import (
    Outcome,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    UnsupportedPolicy,
    authorize,
)
from tenant_keys.review.iam.conditions import OPERATORS

ACCOUNT = "111111111111"
USER = Principal(
    PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/ann", account=ACCOUNT, tags={"team": "red", "wild": "r*"}
)
ARN = "arn:aws:s3:eu-west-1:111111111111:bucket/a"

TABLE: dict[str, list[tuple[list[str] | str, str | None, bool]]] = {
    "StringEquals": [
        ("a", "a", True),
        ("a", "A", False),
        ("a*", "ab", False),
        (["x", "a"], "a", True),
        ("", "", True),
        ("a", None, False),
        ("${aws:PrincipalTag/team}", "red", True),
        ("${aws:PrincipalTag/none}", "", False),
        ("${aws:PrincipalTag/none, 'blue'}", "blue", True),
        ("${aws:PrincipalTag/none, 'blue'}", "red", False),
        ("${aws:PrincipalTag/none, ''}", "", True),
        ("${aws:PrincipalTag/team, 'blue'}", "red", True),
        ("${aws:PrincipalTag/team, 'blue'}", "blue", False),
        ("${aws:PrincipalTag/none, 'x'}y", "xy", True),
        ("a${*}", "a*", True),
        ("a${*}", "ab", False),
        ("a${?}", "a?", True),
        ("a${?}", "ab", False),
        ("a${$}{b}", "a${b}", True),
        ("${aws:PrincipalTag/team}", None, False),
    ],
    "StringNotEquals": [
        ("a", "a", False),
        ("a", "b", True),
        (["a", "b"], "b", False),
        ("a", None, True),
        ("${aws:PrincipalTag/none}", "x", True),
        ("${aws:PrincipalTag/team}", None, True),
    ],
    "StringEqualsIgnoreCase": [
        ("aB", "Ab", True),
        ("a", "b", False),
        ("${aws:PrincipalTag/team}", "RED", True),
        ("${aws:PrincipalTag/team}", None, False),
    ],
    "StringNotEqualsIgnoreCase": [
        ("aB", "Ab", False),
        ("a", "b", True),
        ("a", None, True),
        ("${aws:PrincipalTag/team}", None, True),
    ],
    "StringLike": [
        ("a*", "a", True),
        ("a?", "a", False),
        ("*", "", True),
        ("a.c", "abc", False),
        ("[a]", "a", False),
        ("a*c*e", "abcde", True),
        ("a*", "a\nb", True),
        ("a*", None, False),
        ("*${aws:PrincipalTag/team}*", "infrared light", True),
        ("b/*${aws:PrincipalTag/team}", "b/red", True),
        ("b/*${aws:PrincipalTag/team}", "b/infra/red", True),
        ("b/*${aws:PrincipalTag/team}", "b/redder", False),
        ("b/*${aws:PrincipalTag/team}", "b/", False),
        ("b/?${aws:PrincipalTag/team}", "b/ared", True),
        ("b/?${aws:PrincipalTag/team}", "b/red", False),
        ("${aws:PrincipalTag/team}/*", "red/", True),
        ("${aws:PrincipalTag/team}/*", "blue/red/", False),
        ("a**b", "axyb", True),
        ("a**b", "axyc", False),
        ("a*${*}", "a1*", True),
        ("a*${*}", "a12", False),
        ("a*${?}", "ab?", True),
        ("a*${?}", "abc", False),
        ("${aws:PrincipalTag/wild}", "r*", True),
        ("${aws:PrincipalTag/wild}", "red", False),
        ("x*${aws:PrincipalTag/wild}", "xyr*", True),
        ("x*${aws:PrincipalTag/wild}", "xyred", False),
        ("${aws:PrincipalTag/none, 'b*'}", "b*", True),
        ("${aws:PrincipalTag/none, 'b*'}", "blue", False),
        ("b/*${aws:PrincipalTag/team}", None, False),
    ],
    "StringNotLike": [
        ("a*", "ab", False),
        ("a*", "b", True),
        (["a*", "b*"], "bc", False),
        ("*", None, True),
        ("${aws:PrincipalTag/team}*", None, True),
    ],
    "NumericEquals": [("10", "10.0", True), ("10", "1", False), ("-1", "-1", True), ("1", None, False)],
    "NumericNotEquals": [("10", "10", False), ("10", "11", True), ("10", None, True)],
    "NumericLessThan": [("10", "9.99", True), ("10", "10", False), ("10", None, False)],
    "NumericLessThanEquals": [("10", "10", True), ("10", "11", False)],
    "NumericGreaterThan": [("10", "11", True), ("10", "10", False), (["100", "5"], "6", True)],
    "NumericGreaterThanEquals": [("10", "10", True), ("10", "9", False)],
    "DateEquals": [
        ("2026-01-01", "2026-01-01T00:00:00Z", True),
        ("2026-01", "2026-01-01T00:00Z", True),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z", False),
        ("1767225600", "2026-01-01T02:00:00+02:00", True),
        ("2026-01-01T00:00:00Z", "2025-12-31T19:30:00-04:30", True),
        ("2026-01-01T00:00:00Z", "2026-01-01T04:30:00-04:30", False),
        ("2025-12-31T19:30-04:30", "2026-01-01T05:45+05:45", True),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", False),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", False),
        ("2026-01-01T00:00:00.50Z", "1767225600.5", True),
        ("10000", "1970-01-01T02:46:40Z", True),
    ],
    "DateNotEquals": [("2026-01-01", "2026-01-02", True), ("2026-01-01", None, True)],
    "DateLessThan": [("2026-01-01", "2025-12-31T23:59:59Z", True), ("2026-01-01", "2026-01-01", False)],
    "DateLessThanEquals": [("2026-01-01", "2026-01-01", True), ("2026-01-01", "2026-01-02", False)],
    "DateGreaterThan": [("2026-01-01", "2026-01-02", True), ("2026-01-01", "2026-01-01", False)],
    "DateGreaterThanEquals": [("2026-01-01", "2026-01-01", True), ("2026-01-01", "2025-01-01", False)],
    "Bool": [("true", "true", True), ("TRUE", "true", True), ("false", "true", False), ("true", None, False)],
    "BinaryEquals": [("YWI=", "YWI=", True), ("YWI=", "YWM=", False), ("YWI=", None, False)],
    "IpAddress": [
        ("10.0.0.0/8", "10.255.0.1", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "10.0.0.1", False),
        ("10.0.0.0/8", None, False),
    ],
    "NotIpAddress": [("10.0.0.0/8", "10.0.0.1", False), ("10.0.0.0/8", "11.0.0.1", True), ("10.0.0.0/8", None, True)],
    "ArnEquals": [
        (ARN, ARN, True),
        ("arn:aws:s3:*:111111111111:bucket/*", ARN, True),
        ("arn:aws:s3:::bucket/a", ARN, False),
        ("arn:aws:*:*:*:*", "arn:aws:s3:eu-west-1:1:a:b:c", True),
        ("arn:aws:*:*:*:*", "not an arn", False),
        (ARN, None, False),
    ],
    "ArnLike": [
        ("arn:aws:s3:eu-*:*:bucket/${aws:PrincipalTag/team}", "arn:aws:s3:eu-west-1:1:bucket/red", True),
        ("arn:aws:s3:eu-*:*:bucket/${aws:PrincipalTag/team}", "arn:aws:s3:eu-west-1:1:bucket/blue", False),
        ("arn:aws:s3:eu-*:*:bucket/${aws:PrincipalTag/wild}", "arn:aws:s3:eu-west-1:1:bucket/r*", True),
        ("arn:aws:s3:eu-*:*:bucket/${aws:PrincipalTag/wild}", "arn:aws:s3:eu-west-1:1:bucket/red", False),
        ("arn:aws:s3:eu-*:*:bucket/*/${aws:PrincipalTag/team}", "arn:aws:s3:eu-west-1:1:bucket/a/red", True),
        ("arn:aws:s3:eu-*:*:bucket/*/${aws:PrincipalTag/team}", "arn:aws:s3:eu-west-1:1:bucket/red", False),
        ("arn:aws:s3:eu-*:*:bucket/${*}", "arn:aws:s3:eu-west-1:1:bucket/*", True),
        ("arn:aws:s3:eu-*:*:bucket/${*}", "arn:aws:s3:eu-west-1:1:bucket/a", False),
        ("arn:*:s3:eu-*:*:bucket/?", ARN, True),
        ("arn:aws:s3:*:bucket/a:*", ARN, False),
        ("arn:aws:s3:eu-*:*:bucket/${aws:PrincipalTag/team}", None, False),
    ],
    "ArnNotEquals": [
        (ARN, ARN, False),
        (ARN, ARN + "b", True),
        (ARN, None, True),
        (ARN, "not an arn", True),
        ("arn:aws:s3:::bucket/${aws:PrincipalTag/team}", None, True),
    ],
    "ArnNotLike": [
        ("arn:aws:s3:*:*:bucket/*", ARN, False),
        ("arn:aws:s3:*:*:other/*", ARN, True),
        ("arn:aws:s3:*:*:bucket/${aws:PrincipalTag/team}", None, True),
    ],
    "Null": [("true", None, True), ("true", "x", False), ("false", None, False), ("false", "", True)],
}
ROWS = [(name, values, value, holds) for name, rows in TABLE.items() for values, value, holds in rows]

MALFORMED = [
    ("NumericEquals", "ten"),
    ("NumericEquals", "1e3"),
    ("DateLessThan", "2026"),
    ("DateLessThan", "9999"),
    ("DateLessThan", "2026-01-01T00:00:00"),
    ("DateLessThan", "2026-13-01"),
    ("Bool", "yes"),
    ("Bool", "${aws:PrincipalTag/team}"),
    ("BinaryEquals", "not base64"),
    ("IpAddress", "10.0.0.0/99"),
    ("IpAddress", "2001:db8::1"),
    ("ArnLike", "*"),
    ("ArnLike", "arn:aws:*:role/x"),
    ("ArnLike", "arn:aws:iam::role/${aws:PrincipalTag/team}"),
    ("ArnEquals", "arn:aws:iam::111111111111"),
    ("Null", "maybe"),
    ("StringEquals", "${aws:PrincipalTag/team"),
    ("StringEquals", "${team}"),
    ("StringEquals", "${aws:PrincipalTag/team, default}"),
    ("StringEquals", "${aws:PrincipalTag/team,'default'}"),
    ("StringEquals", "${aws:PrincipalTag/team, 'default}"),
    ("StringEquals", "${aws:PrincipalTag/team, default'}"),
    ("StringEquals", "${aws:PrincipalTag/team, '}"),
    ("StringEquals", "${aws:PrincipalTag/team, 'it's'}"),
    ("StringEquals", "${aws:PrincipalTag/team, '''}"),
    ("StringEquals", "${aws:PrincipalTag/te'am}"),
    ("StringEquals", "${ aws:PrincipalTag/team}"),
    ("StringEquals", "${aws:PrincipalTag/team }"),
    ("StringEquals", "${aws:PrincipalTag/*}"),
    ("StringEquals", "${aws:PrincipalTag/a?}"),
    ("StringEquals", "${aws:PrincipalTag/${aws:username}}"),
    ("StringEquals", "${:team}"),
    ("StringEquals", "${aws:}"),
    ("StringEquals", "${}"),
    ("NumericEquals", "${aws:PrincipalTag/team}"),
    ("DateEquals", "${aws:CurrentTime}"),
    ("NullIfExists", "true"),
    ("ForAllValues:Null", "true"),
    ("ForSomeValues:StringEquals", "a"),
    ("stringequals", "a"),
    ("StringMatches", "a"),
    ("IfExists", "a"),
]


def _holds(operator: str, values: object, value: str | tuple[str, ...] | None, *, effect: str = "Allow") -> bool:
    statement = {"Effect": effect, "Action": "test:Do", "Resource": "*", "Condition": {operator: {"test:key": values}}}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    statements = [statement] if effect == "Allow" else [everything, statement]
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statements}, name="p", kind="identity")
    request = Request(USER, "test:Do", "*", ACCOUNT, {} if value is None else {"test:key": value})
    outcome = authorize(request, Policies(identity=(policy,))).outcome
    return outcome is (Outcome.ALLOWED if effect == "Allow" else Outcome.EXPLICIT_DENY)


def test_every_operator_has_a_table() -> None:
    assert set(TABLE) == set(OPERATORS)


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize(("operator", "values", "value", "holds"), ROWS)
def test_operator(operator: str, values: object, value: str | None, holds: bool, effect: str) -> None:
    assert _holds(operator, values, value, effect=effect) is holds


@pytest.mark.parametrize(("operator", "values", "value", "holds"), [row for row in ROWS if row[0] != "Null"])
def test_if_exists_is_true_for_an_absent_key_and_else_changes_nothing(
    operator: str, values: object, value: str | None, holds: bool
) -> None:
    assert _holds(f"{operator}IfExists", values, value) is (True if value is None else holds)


@pytest.mark.parametrize(
    ("operator", "values", "value", "holds"), [row for row in ROWS if row[0] != "Null" and row[2] not in (None, "")]
)
def test_set_operators_on_one_value_are_the_operator_itself(
    operator: str, values: object, value: str, holds: bool
) -> None:
    assert _holds(f"ForAnyValue:{operator}", values, (value,)) is holds
    assert _holds(f"ForAllValues:{operator}", values, (value,)) is holds


@pytest.mark.parametrize(("operator", "value"), MALFORMED)
def test_malformed_condition_is_refused_when_parsed(operator: str, value: str) -> None:
    with pytest.raises(UnsupportedPolicy):
        _holds(operator, value, None)


@pytest.mark.parametrize("operator", [name for name in TABLE if not name.startswith(("String", "Arn"))])
def test_an_operator_of_another_type_says_that_it_takes_no_variables(operator: str) -> None:
    with pytest.raises(UnsupportedPolicy, match=rf"; {operator} takes no policy variables$"):
        _holds(operator, "${aws:PrincipalTag/team}", None)


@pytest.mark.parametrize(
    ("operator", "values", "value"),
    [
        ("StringEquals", "a", ("a", "b")),
        ("StringNotEquals", "a", ("a",)),
        ("StringLike", "${aws:PrincipalTag/team}", ("a",)),
        ("ArnLike", "arn:aws:iam::${test:key}:role/x", "1:2"),
    ],
)
def test_value_that_the_operator_cannot_judge_is_refused(
    operator: str, values: str, value: str | tuple[str, ...]
) -> None:
    with pytest.raises(UnsupportedPolicy):
        _holds(operator, values, value)


@pytest.mark.parametrize("operator", sorted(set(OPERATORS) - {"Null"}))
def test_multi_valued_key_needs_a_set_operator(operator: str) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"aws:TagKeys": "a"}}}
    with pytest.raises(UnsupportedPolicy, match="multi-valued"):
        Policy.parse({"Statement": statement}, name="p", kind="identity")


def test_multi_valued_key_cannot_be_a_variable() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"test:key": "${test:list}"}},
    }
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statement}, name="p", kind="identity")
    request = Request(USER, "test:Do", "*", ACCOUNT, {"test:key": "a", "test:list": ("a",)})
    with pytest.raises(UnsupportedPolicy, match="variable"):
        authorize(request, Policies(identity=(policy,)))


def test_negated_operators_are_those_whose_name_says_so() -> None:
    assert {name for name, operator in OPERATORS.items() if operator.negated} == {
        name for name in OPERATORS if "Not" in name
    }


def test_variables_are_for_string_and_arn_operators() -> None:
    assert {name for name, operator in OPERATORS.items() if operator.takes_variables} == {
        name for name in OPERATORS if name.startswith(("String", "Arn"))
    }


@pytest.mark.parametrize(
    ("operator", "values", "value"),
    [
        ("NumericEquals", "1", "many"),
        ("NumericNotEquals", "1", ""),
        ("NumericLessThan", "1", "few"),
        ("NumericLessThanEquals", "1", "few"),
        ("NumericGreaterThan", "1", "many"),
        ("NumericGreaterThanEquals", "1", "many"),
        ("NumericLessThanIfExists", "1", "1e3"),
        ("Bool", "true", "perhaps"),
        ("DateEquals", "2026-01-01", "today"),
        ("DateLessThan", "2026-01-01", "soon"),
        ("DateLessThanEquals", "2026-01-01", "soon"),
        ("DateGreaterThan", "2026-01-01", "late"),
        ("DateGreaterThanEquals", "2026-01-01", "late"),
        ("DateNotEquals", "2026-01-01", "2026-02-30"),
        ("IpAddress", "10.0.0.0/8", "localhost"),
        ("NotIpAddress", "10.0.0.0/8", "10.0.0.256"),
        ("BinaryEquals", "YWI=", "?"),
    ],
)
def test_a_value_of_another_type_fulfils_an_allow_and_no_deny_in_doubt(operator: str, values: str, value: str) -> None:
    """And the reverse where it is asked what is certainly allowed."""
    condition = {operator: {"test:key": values}}
    request = Request(USER, "test:Do", "*", ACCOUNT, {"test:key": value})
    plain = {"Action": "*", "Resource": "*"}
    for in_doubt in (True, False):
        for effect, outcomes in (("Allow", ("IMPLICIT_DENY", "ALLOWED")), ("Deny", ("EXPLICIT_DENY", "ALLOWED"))):
            statements = [{"Effect": effect, **plain, "Condition": condition}]
            if effect == "Deny":
                statements.append({"Effect": "Allow", **plain})
            policy = Policy.parse(
                {"Version": "2012-10-17", "Statement": statements}, name="p", kind="identity", grants_in_doubt=in_doubt
            )
            assert authorize(request, Policies(identity=(policy,))).outcome.name == outcomes[in_doubt]
