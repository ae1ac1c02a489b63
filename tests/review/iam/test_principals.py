"""A principal whose parts contradict each other is refused, one wrong part at a time."""

from __future__ import annotations

import pytest

from tenant_keys.review.iam import InvalidRequest, Principal, PrincipalKind, Request

ACCOUNT, OTHER = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1"
RIGHT = {
    PrincipalKind.USER: f"arn:aws:iam::{ACCOUNT}:user/staff/ann",
    PrincipalKind.FEDERATED_USER: f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
    PrincipalKind.ROOT_USER: f"arn:aws:iam::{ACCOUNT}:root",
    PrincipalKind.ROLE_SESSION: SESSION,
}


def principal(kind: PrincipalKind, arn: str | None, account: str | None = ACCOUNT, role: str = ROLE) -> Principal:
    return Principal(kind, arn=arn, account=account, role_arn=role if kind is PrincipalKind.ROLE_SESSION else None)


@pytest.mark.parametrize("kind", RIGHT)
def test_an_arn_of_another_service_account_or_kind_is_refused(kind: PrincipalKind) -> None:
    right = RIGHT[kind]
    assert principal(kind, right).in_account
    service = "sts" if ":iam:" in right else "iam"
    for wrong in (
        right.replace(":iam:", f":{service}:").replace(":sts:", f":{service}:"),
        right.replace(ACCOUNT, OTHER),
        f"arn:aws:{right.split(':')[2]}::{ACCOUNT}:x{right.split(':')[5]}",
        right.replace("::", ":"),
        "app",
    ):
        assert wrong != right
        with pytest.raises(InvalidRequest, match=rf"^arn .*: not that of a {kind.value} of account {ACCOUNT}$"):
            principal(kind, wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        ROLE.replace(":iam:", ":sts:"),
        ROLE.replace(ACCOUNT, OTHER),
        ROLE.replace(":role/", ":user/"),
        ROLE.replace("::", ":"),
        "app",
    ],
)
def test_a_role_arn_of_another_service_account_or_kind_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"^role_arn .*: not that of a role of account {ACCOUNT}$"):
        principal(PrincipalKind.ROLE_SESSION, SESSION, role=wrong)


@pytest.mark.parametrize("session", ["other/i-1", "path/app/i-1", "ap/i-1", "i-1/app", ""])
def test_a_session_carries_the_name_of_its_role_without_the_path(session: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"not a session of {ROLE}$"):
        principal(PrincipalKind.ROLE_SESSION, f"arn:aws:sts::{ACCOUNT}:assumed-role/{session}")


@pytest.mark.parametrize("kind", [kind for kind in PrincipalKind if kind is not PrincipalKind.ANONYMOUS])
def test_who_is_not_anonymous_has_an_arn(kind: PrincipalKind) -> None:
    for nothing in (None, ""):
        with pytest.raises(InvalidRequest, match=f"^a {kind.value} needs an arn$"):
            principal(kind, nothing)


@pytest.mark.parametrize("kind", RIGHT)
def test_a_principal_of_an_account_names_the_account(kind: PrincipalKind) -> None:
    for nothing in (None, ""):
        with pytest.raises(InvalidRequest, match=f"^a {kind.value} needs an account$"):
            principal(kind, RIGHT[kind], nothing)


@pytest.mark.parametrize("kind", [kind for kind in PrincipalKind if kind is not PrincipalKind.ROLE_SESSION])
def test_only_a_role_session_has_a_role(kind: PrincipalKind) -> None:
    if kind is PrincipalKind.ANONYMOUS:
        return
    with pytest.raises(InvalidRequest, match=r"^role_arn: for a role session, and only there"):
        Principal(kind, arn=RIGHT.get(kind, "x"), account=ACCOUNT, role_arn=ROLE)


def test_an_anonymous_principal_has_neither_arn_nor_account_nor_tags() -> None:
    for arguments in ({"arn": "x"}, {"account": ACCOUNT}, {"tags": {"a": "b"}}):
        with pytest.raises(InvalidRequest, match=r"^an anonymous principal has no ARN, account or tags$"):
            Principal(PrincipalKind.ANONYMOUS, **arguments)


TAGGED = {
    PrincipalKind.ROLE_SESSION: True,
    PrincipalKind.USER: True,
    PrincipalKind.FEDERATED_USER: True,
    PrincipalKind.ROOT_USER: False,
    PrincipalKind.FEDERATED: False,
    PrincipalKind.SERVICE: False,
}


@pytest.mark.parametrize(("kind", "tagged"), TAGGED.items())
def test_users_and_sessions_carry_tags_and_nobody_else(kind: PrincipalKind, tagged: bool) -> None:
    arn = RIGHT.get(kind, "s3.amazonaws.com")
    role = ROLE if kind is PrincipalKind.ROLE_SESSION else None
    if tagged:
        made = Principal(kind, arn=arn, account=ACCOUNT, role_arn=role, tags={"Team": "Red"})
        assert made.implied["aws:principaltag/team"] == "Red"
        return
    with pytest.raises(InvalidRequest, match=f"^a {kind.value} carries no principal tags$"):
        Principal(kind, arn=arn, account=ACCOUNT, tags={"Team": "Red"})


KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"


@pytest.mark.parametrize(
    "action", ["kms:", ":Decrypt", "Decrypt", "kms:*", "kms:Decryp?", "k*s:Decrypt", "k?s:Decrypt", ""]
)
def test_a_request_names_one_action_with_its_service(action: str) -> None:
    with pytest.raises(InvalidRequest, match=r"one action with its service, such as kms:Decrypt$"):
        Request(Principal(PrincipalKind.ANONYMOUS), action, KEY, ACCOUNT)


def test_a_resource_is_an_arn_of_its_account_or_of_none_or_everything() -> None:
    nobody = Principal(PrincipalKind.ANONYMOUS)
    for resource in (KEY, "*", "arn:aws:s3:::bucket", f"{KEY}:more"):
        assert Request(nobody, "kms:Decrypt", resource, ACCOUNT).resource == resource
    for resource in ("", "key/1", "arn:aws:kms:eu-west-1:key/1", KEY.replace(ACCOUNT, OTHER)):
        with pytest.raises(InvalidRequest, match=rf": an ARN of account {ACCOUNT}, or \*$"):
            Request(nobody, "kms:Decrypt", resource, ACCOUNT)


def test_an_empty_list_is_an_absent_key_and_a_key_is_given_once() -> None:
    nobody = Principal(PrincipalKind.ANONYMOUS)
    request = Request(nobody, "kms:Decrypt", KEY, ACCOUNT, {"kms:ResourceAliases": (), "kms:Other": ("a",)})
    assert "kms:resourcealiases" not in request.keys
    assert request.keys["kms:other"] == ("a",)
    with pytest.raises(InvalidRequest, match=r"names of context keys ignore case, and it is there twice$"):
        Request(nobody, "kms:Decrypt", KEY, ACCOUNT, {"kms:Other": "a", "KMS:OTHER": "a"})
    own = Request(nobody, "kms:Decrypt", KEY, ACCOUNT, {"aws:ResourceAccount": OTHER})
    assert own.keys["aws:resourceaccount"] == OTHER
