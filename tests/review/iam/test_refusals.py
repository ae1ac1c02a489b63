"""What the evaluator does not know for certain it refuses: never a silent pass."""

from typing import Any

import pytest

from tenant_keys.review.iam import (
    InvalidRequest,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    UnsupportedPolicy,
    authorize,
)
from tenant_keys.review.iam.decision import PolicyKind

ACCOUNT = "111111111111"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1"
GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
KEY_POLICY: dict[str, Any] = {**GOOD, "Principal": {"AWS": ROLE}}
TRUST: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ROLE}}

PRINCIPALS_REFUSED: list[Any] = [
    {},
    [],
    "arn:aws:iam::111111111111:root",
    {"AWS": []},
    {"AWS": "arn:aws:iam::111111111111:role/*"},
    {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/*"},
    {"AWS": "arn:aws:iam::*:root"},
    {"AWS": "arn:aws:iam::111111111111:group/all"},
    {"AWS": "1111"},
    {"AWS": "111111111111:root"},
    {"AWS": "AROAEXAMPLEID"},
    {"AWS": "arn:aws:iam::111111111111:role/${aws:username}"},
    {"CanonicalUser": "79a5"},
    {"Service": "*"},
    {"Service": "*.amazonaws.com"},
    {"Federated": "accounts.google.com"},
    {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}},
]


def _parse(statement: object, kind: PolicyKind = "identity", **document: object) -> Policy:
    return Policy.parse({"Version": "2012-10-17", "Statement": statement, **document}, name="p", kind=kind)


def _without(statement: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key not in names}


@pytest.mark.parametrize(
    "statement",
    [
        _without(GOOD, "Action"),
        _without(GOOD, "Resource"),
        _without(GOOD, "Effect"),
        {**GOOD, "Effect": "allow"},
        {**GOOD, "Principal": "*"},
        {**GOOD, "NotAction": "kms:Encrypt"},
        {**GOOD, "NotResource": KEY},
        {**GOOD, "Resources": KEY},
        {**GOOD, "Sid": 7},
        {**GOOD, "Action": []},
        {**GOOD, "Action": ""},
        {**GOOD, "Action": "Decrypt"},
        {**GOOD, "Action": "kms:"},
        {**GOOD, "Action": "kms:${aws:PrincipalTag/a}"},
        {**GOOD, "Action": {"Ref": "X"}},
        {**GOOD, "Resource": []},
        {**GOOD, "Resource": "key/1"},
        {**GOOD, "Resource": "arn:*"},
        {**GOOD, "Resource": "arn:aws:kms:*"},
        {**GOOD, "Resource": {"Fn::GetAtt": ["Key", "Arn"]}},
        {**GOOD, "Resource": "arn:aws:kms:eu-west-1:${aws:PrincipalAccount}:key/1"},
        {**GOOD, "Resource": "arn:aws:kms:eu-west-1:111111111111:key/${aws:PrincipalTag"},
        {**GOOD, "Condition": {}},
        {**GOOD, "Condition": []},
        {**GOOD, "Condition": {"StringEquals": {}}},
        {**GOOD, "Condition": {"StringEquals": {"aws:PrincipalArn": []}}},
        {**GOOD, "Condition": {"StringEquals": {"aws:PrincipalArn": None}}},
        {**GOOD, "Condition": {"StringEquals": {"aws:PrincipalArn": {"Ref": "X"}}}},
        {**GOOD, "Condition": {"NumericEquals": {"kms:RotationPeriodInDays": 1e300}}},
        {**GOOD, "Condition": {"StringEquals": {"PrincipalArn": "x"}}},
        {**GOOD, "Condition": {"StringEquals": {"kms:RequestAlias": "a", "KMS:requestalias": "b"}}},
        {**GOOD, "Condition": {"StringEquals": {"kms:ResourceAliases": "alias/a"}}},
        "Allow",
        [],
        [GOOD, None],
    ],
)
def test_statement_of_an_identity_policy_is_refused(statement: object) -> None:
    with pytest.raises(UnsupportedPolicy):
        _parse(statement)


@pytest.mark.parametrize(
    "statement",
    [
        GOOD,
        _without(KEY_POLICY, "Resource"),
        _without(KEY_POLICY, "Action"),
        {**KEY_POLICY, "NotPrincipal": "*"},
        {**_without(KEY_POLICY, "Principal"), "NotPrincipal": {"AWS": ROLE}},
        {**_without(TRUST, "Principal"), "Effect": "Deny", "NotPrincipal": {"AWS": ROLE}},
        {**TRUST, "Resource": "*"},
        {**TRUST, "Action": "*"},
        {**TRUST, "Action": ["sts:AssumeRole", "kms:Decrypt"]},
        *({**KEY_POLICY, "Principal": principal} for principal in PRINCIPALS_REFUSED),
    ],
)
def test_statement_of_a_resource_policy_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPolicy):
        _parse(statement, "resource")


def test_deny_of_several_values_with_a_variable_is_refused_without_string_like() -> None:
    for operator in ("ForAnyValue:StringEquals", "ForAllValues:StringEquals"):
        condition = {operator: {"kms:ResourceAliases": "alias/${aws:PrincipalTag/t}"}}
        _parse({**GOOD, "Condition": condition})
        with pytest.raises(UnsupportedPolicy):
            _parse({**GOOD, "Effect": "Deny", "Condition": condition})


@pytest.mark.parametrize("principal", [{"AWS": "*"}, {"AWS": ROLE}, {"Service": "s3.amazonaws.com"}])
def test_rcp_names_no_principal(principal: dict[str, str]) -> None:
    _parse({**GOOD, "Effect": "Deny", "Principal": "*"}, "rcp")
    with pytest.raises(UnsupportedPolicy):
        _parse({**GOOD, "Effect": "Deny", "Principal": principal}, "rcp")


def test_document_is_refused() -> None:
    for document in ({"Version": "2020-01-01"}, {"Comment": "x"}, {"Statement": None}):
        with pytest.raises(UnsupportedPolicy):
            _parse(document.get("Statement", GOOD), **_without(document, "Statement"))
    with pytest.raises(UnsupportedPolicy):
        Policy.parse('{"Statement": ', name="p", kind="identity")
    with pytest.raises(UnsupportedPolicy):
        Policy.parse("[]", name="p", kind="identity")


def test_key_given_twice_in_json_is_refused() -> None:
    text = '{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}'
    with pytest.raises(UnsupportedPolicy, match="once"):
        Policy.parse(text, name="p", kind="identity")


def test_message_says_where_what_and_what_is_allowed() -> None:
    with pytest.raises(UnsupportedPolicy) as caught:
        _parse([GOOD, {**GOOD, "Condition": {"StringLikes": {"aws:PrincipalArn": "x"}}}])
    assert str(caught.value) == (
        'p.Statement[1].Condition.StringLikes: got "StringLikes"; an operator that AWS documents, such as StringEquals'
    )


def test_policy_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="parsed as identity"):
        Policies(session=(_parse(GOOD),))
    with pytest.raises(ValueError, match="kind"):
        _parse(GOOD, "trust")  # type: ignore[arg-type]


def test_key_without_its_key_policy_is_refused() -> None:
    request = Request(Principal(PrincipalKind.ANONYMOUS), "kms:Decrypt", KEY, ACCOUNT)
    with pytest.raises(InvalidRequest, match="key policy"):
        authorize(request, Policies())


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": PrincipalKind.ROLE_SESSION, "arn": SESSION, "account": ACCOUNT},
        {"kind": PrincipalKind.ROLE_SESSION, "arn": ROLE, "account": ACCOUNT, "role_arn": ROLE},
        {"kind": PrincipalKind.ROLE_SESSION, "arn": SESSION, "account": "222222222222", "role_arn": ROLE},
        {"kind": PrincipalKind.ROLE_SESSION, "arn": SESSION, "account": ACCOUNT, "role_arn": f"{ROLE}2"},
        {"kind": PrincipalKind.USER, "arn": SESSION, "account": ACCOUNT},
        {"kind": PrincipalKind.USER, "arn": f"arn:aws:iam::{ACCOUNT}:user/a", "account": ACCOUNT, "role_arn": ROLE},
        {"kind": PrincipalKind.ROOT_USER, "arn": f"arn:aws:iam::{ACCOUNT}:root"},
        {
            "kind": PrincipalKind.ROOT_USER,
            "arn": f"arn:aws:iam::{ACCOUNT}:root",
            "account": ACCOUNT,
            "tags": {"a": "b"},
        },
        {"kind": PrincipalKind.ANONYMOUS, "account": ACCOUNT},
        {"kind": PrincipalKind.SERVICE},
        {"kind": PrincipalKind.FEDERATED},
        {
            "kind": PrincipalKind.ROLE_SESSION,
            "arn": SESSION,
            "account": ACCOUNT,
            "role_arn": ROLE,
            "tags": {"team": "a", "Team": "b"},
        },
    ],
)
def test_principal_that_cannot_exist_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        Principal(**arguments)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("kms:*", KEY, {}),
        ("Decrypt", KEY, {}),
        ("kms:Decrypt", "key/1", {}),
        ("kms:Decrypt", KEY.replace(ACCOUNT, "222222222222"), {}),
        ("kms:Decrypt", KEY, {"aws:PrincipalArn": ROLE}),
        ("kms:Decrypt", KEY, {"AWS:principaltag/team": "red"}),
        ("kms:Decrypt", KEY, {"kms:CallerAccount": ACCOUNT}),
        ("kms:Decrypt", KEY, {"kms:EncryptionContext:t": "a", "kms:EncryptionContext:T": "b"}),
    ],
)
def test_request_that_cannot_exist_is_refused(action: str, resource: str, context: dict[str, str]) -> None:
    principal = Principal(PrincipalKind.ROLE_SESSION, arn=SESSION, account=ACCOUNT, role_arn=ROLE)
    with pytest.raises(InvalidRequest):
        Request(principal, action, resource, ACCOUNT, context)


def test_reason_is_in_the_words_of_iam() -> None:
    principal = Principal(PrincipalKind.ROLE_SESSION, arn=SESSION, account=ACCOUNT, role_arn=ROLE)
    request = Request(principal, "kms:Decrypt", KEY, ACCOUNT)
    key_policy = _parse({**KEY_POLICY, "Principal": {"AWS": ACCOUNT}}, "resource")
    silent = authorize(request, Policies(resource=key_policy))
    assert silent.reason == (
        f"User: {SESSION} is not authorized to perform: kms:Decrypt on resource: {KEY} "
        "because no identity-based policy allows the kms:Decrypt action"
    )
    denied = authorize(request, Policies(resource=key_policy, identity=(_parse({**GOOD, "Effect": "Deny"}),)))
    assert denied.reason.endswith("with an explicit deny in an identity-based policy")
