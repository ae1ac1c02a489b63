"""Who there is outside the templates, as one policy distinguishes them; names typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.iam.wildcards import glob
from tenant_keys.review.proof import NotProved
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.outsiders import Outsiders, outsiders, persons, with_tags, within

CENTRAL = "111111111111"
KEY = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/1"
FOREIGN = "arn:aws:iam::555555555555"
NOBODY = "000000000000"
"""The account of which nothing is said."""


def found(principal: Any = "*", apart: Any = (), declared: Any = frozenset(), **condition: Any) -> Outsiders:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    if condition:
        statement["Condition"] = condition
    body = {"Version": "2012-10-17", "Statement": [statement]}
    document = Document.parse(body, name="key policy", kind="resource")
    return outsiders(document, (CENTRAL,), apart, {"resource": KEY, "aws:resourceaccount": CENTRAL}, "aws", declared)


@pytest.mark.parametrize(
    "principal",
    [f"{FOREIGN}:role/app", f"{FOREIGN}:root", "555555555555", "arn:aws:sts::555555555555:assumed-role/app/one"],
)
def test_an_account_that_a_principal_names_is_among_the_accounts(principal: str) -> None:
    assert found({"AWS": principal}).accounts == (CENTRAL, "555555555555", NOBODY)


def test_an_account_of_a_role_that_is_set_apart_is_among_the_accounts() -> None:
    assert found(apart=(f"{FOREIGN}:role/app",)).accounts == (CENTRAL, "555555555555", NOBODY)
    assert found().accounts == (CENTRAL, NOBODY)


@pytest.mark.parametrize("pattern", ["*app", "app*", "?pp", "*pp", "*", "team/*", "*/app"])
def test_a_declared_role_represents_nobody_else_whom_a_pattern_matches(pattern: str) -> None:
    declared = frozenset({f"{FOREIGN}:role/app", f"{FOREIGN}:role/team/app", f"{FOREIGN}:role/team/a"})
    alike = glob(((f"{FOREIGN}:role/{pattern}", False),))
    named = found({"AWS": "555555555555"}, declared=declared, ArnLike={"aws:PrincipalArn": f"{FOREIGN}:role/{pattern}"})
    assert [role for role in named.roles if alike(role) and role not in declared]


def test_a_role_that_a_principal_names_is_among_the_roles() -> None:
    assert f"{FOREIGN}:role/team/app" in found({"AWS": f"{FOREIGN}:role/team/app"}).roles
    named = found({"AWS": "arn:aws:sts::555555555555:assumed-role/app/one"})
    assert f"{FOREIGN}:role/app" in named.roles
    assert named.session_names(f"{FOREIGN}:role/app") == ("any-session", "one")
    assert named.session_names(f"{FOREIGN}:role/other") == ("any-session",)


def test_the_name_of_a_role_that_exists_is_taken_in_every_path_and_case() -> None:
    """A session's ARN has no path, so the role could be in any, but for a role of the account with that name."""
    named = found({"AWS": "arn:aws:sts::555555555555:assumed-role/App/one"})

    def tried(*existing: str) -> set[str]:
        return {actor.role_arn for actor in persons(named, {}, [{}], frozenset(existing)) if actor.role_arn}

    assert f"{FOREIGN}:role/App" in tried()
    assert tried(f"{FOREIGN}:role/team/app") == tried() - {f"{FOREIGN}:role/App"}
    assert tried("arn:aws:iam::666666666666:role/App") == tried()


@pytest.mark.parametrize(
    ("operator", "value", "role"),
    [
        ("ArnLike", f"arn:aws:iam::{CENTRAL}:role/team/*", f"arn:aws:iam::{CENTRAL}:role/team/"),
        ("StringLike", f"arn:aws:iam::{CENTRAL}:role/team/*", f"arn:aws:iam::{CENTRAL}:role/team/"),
        ("ArnEquals", f"{FOREIGN}:role/one", f"{FOREIGN}:role/one"),
        ("StringEquals", f"arn:aws:iam::{CENTRAL}:role/one", f"arn:aws:iam::{CENTRAL}:role/one"),
        ("StringEquals", "arn:aws:iam::${aws:ResourceAccount}:role/one", f"arn:aws:iam::{CENTRAL}:role/one"),
    ],
)
def test_a_role_that_a_condition_distinguishes_is_among_the_roles(operator: str, value: str, role: str) -> None:
    assert any(one.startswith(role) for one in found(**{operator: {"aws:PrincipalArn": value}}).roles)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        (f"role/{'a' * 64}", "roles"),
        (f"role/{'p' * 510}/a", "roles"),
        (f"user/{'a' * 64}", "users"),
        (f"federated-user/{'a' * 32}", "federated_users"),
    ],
)
def test_a_name_is_as_long_as_aws_accepts_and_no_longer(name: str, of: str) -> None:
    """IAM API, CreateRole and CreateUser; STS API, GetFederationToken."""
    service = "sts" if name.startswith("federated") else "iam"
    arn, longer = (f"arn:aws:{service}::{CENTRAL}:{one}" for one in (name, name.replace("a", "ab", 1)))
    if "/p" in name:
        longer = arn.replace("/p", "/pp", 1)
    among = getattr(found(StringEquals={"aws:PrincipalArn": [arn, longer]}), of)
    assert (arn in among, longer in among) == (True, False)


@pytest.mark.parametrize(
    ("conditions", "reported"),
    [
        (
            {"StringEquals": {"aws:PrincipalArn": "${aws:PrincipalTag/arn}"}},
            "key policy: aws:principalarn is compared with ${aws:PrincipalTag/arn}, which the principal decides too",
        ),
        (
            {"NumericEquals": {"aws:PrincipalAccount": "5"}},
            "aws:principalaccount under NumericEquals: no classes of principals are derived",
        ),
        (
            {"StringEqualsIgnoreCase": {"aws:username": "ann"}},
            "aws:username under StringEqualsIgnoreCase: no classes of principals are derived",
        ),
    ],
)
def test_a_principal_of_which_no_classes_are_worked_out_is_named(conditions: dict[str, Any], reported: str) -> None:
    with pytest.raises(NotProved) as caught:
        found(**conditions)
    assert str(caught.value) == reported


def short(arns: tuple[str, ...]) -> list[str]:
    """The first three digits of the account, and what follows role/, user/ or federated-user/."""
    return [f"{arn.split(':')[4][:3]} {arn.split(':', 5)[5].partition('/')[2]}" for arn in arns]


ALIAS = "kms:RequestAlias"
OTHERS = ["111 other", "000 other"]
OF_ALL = ["111 z", "000 z", "555 z"]


@pytest.mark.parametrize(
    ("conditions", "roles", "users", "federated"),
    [
        ({}, OTHERS, OTHERS, OTHERS),
        ({"Null": {"aws:PrincipalArn": "true"}}, OTHERS, OTHERS, OTHERS),
        (
            {"ArnLike": {"aws:PrincipalArn": f"{FOREIGN}:role/team/*"}},
            [*OF_ALL, "555 team/z"],
            OF_ALL,
            ["111 zz", "000 zz", "555 zz"],
        ),
        (
            {"StringLike": {"aws:PrincipalArn": f"{FOREIGN}:role/t?"}},
            [*OF_ALL, "555 tz"],
            OF_ALL,
            ["111 zz", "000 zz", "555 zz"],
        ),
        # Text compares across colons: a path may hold them.
        (
            {"StringLike": {"aws:PrincipalArn": "*:role/t:*"}},
            ["111 z", "111 t:/z", "000 z", "000 t:/z"],
            ["111 z", "111 :role/t:/z", "000 z", "000 :role/t:/z"],
            ["111 zz", "000 zz"],
        ),
        (
            {"StringLike": {"aws:PrincipalArn": "arn:aws:sts::*:federated-user/b*"}},
            ["111 z", "000 z"],
            ["111 z", "000 z"],
            ["111 zz", "111 bz", "000 zz", "000 bz"],
        ),
        # A star of an exact value is no wildcard, and in no name.
        (
            {"StringEquals": {"aws:PrincipalArn": f"{FOREIGN}:role/t*"}},
            [*OTHERS, "555 other"],
            [*OTHERS, "555 other"],
            [*OTHERS, "555 other"],
        ),
        (
            {"StringEquals": {"aws:username": "ann"}, "StringLike": {"aws:username": "b*"}},
            OTHERS,
            ["111 z", "111 b", "111 ann", "000 z", "000 b", "000 ann"],
            OTHERS,
        ),
        (
            {"StringEquals": {ALIAS: "alias/${aws:username}"}, "StringNotEquals": {ALIAS: "alias/acme"}},
            OTHERS,
            ["111 z", "111 acme", "000 z", "000 acme"],
            OTHERS,
        ),
    ],
)
def test_roles_and_users_are_those_that_a_policy_distinguishes_and_no_others(
    conditions: dict[str, Any], roles: list[str], users: list[str], federated: list[str]
) -> None:
    named = found(**conditions)
    assert (short(named.roles), short(named.users), short(named.federated_users)) == (roles, users, federated)


@pytest.mark.parametrize(
    ("principal", "roles", "users", "federated"),
    [
        (f"{FOREIGN}:user/ann", [], ["555 ann"], []),
        (f"{FOREIGN}:role/team/app", ["555 team/app"], [], []),
        ("arn:aws:sts::555555555555:federated-user/ann", [], [], ["555 ann"]),
    ],
)
def test_a_person_whom_a_principal_names_is_the_only_one_beside_those_that_represent_others(
    principal: str, roles: list[str], users: list[str], federated: list[str]
) -> None:
    named, others = found({"AWS": principal}), ["111 other", "555 other", "000 other"]
    assert sorted(short(named.roles)) == sorted([*others, *roles])
    assert sorted(short(named.users)) == sorted([*others, *users])
    assert sorted(short(named.federated_users)) == sorted([*others, *federated])


def test_a_role_of_which_sessions_are_named_is_tried_in_each_path_and_the_other_session_has_another_name() -> None:
    sessions = [f"arn:aws:sts::555555555555:assumed-role/app/{name}" for name in ("one", "any-session")]
    named = found({"AWS": sessions}, ArnLike={"aws:PrincipalArn": f"{FOREIGN}:role/x/*"})
    elsewhere = ["111 z", "111 app", "000 z", "000 app"]
    assert sorted(short(named.roles)) == sorted([*elsewhere, "555 z", "555 app", "555 x/z", "555 x/app"])
    assert named.session_names(f"{FOREIGN}:role/app") == ("any-sessionz", "any-session", "one")


NUMBERS = [f"alias/{one}" for one in ("333333333333", "3333", "33333333333x")]


@pytest.mark.parametrize(
    ("conditions", "accounts"),
    [
        ({"StringLike": {"aws:PrincipalAccount": "22*"}}, ["220000000000"]),
        ({"StringEquals": {"aws:PrincipalAccount": "222222222222"}}, ["222222222222"]),
        ({"StringLike": {"kms:CallerAccount": "2*"}}, ["200000000000"]),
        ({"StringEquals": {"kms:CallerAccount": "2?2222222222"}}, []),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::2*:role/x"}}, ["200000000000"]),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::2*:federated-user/x"}}, ["200000000000"]),
        (
            {"StringEquals": {ALIAS: "alias/${aws:PrincipalAccount}"}, "StringNotEquals": {ALIAS: NUMBERS}},
            ["333333333333"],
        ),
    ],
)
def test_accounts_are_those_that_a_policy_distinguishes(conditions: dict[str, Any], accounts: list[str]) -> None:
    assert sorted(found(**conditions).accounts) == sorted([CENTRAL, NOBODY, *accounts])


@pytest.mark.parametrize(
    ("conditions", "organizations"),
    [
        ({}, ["o-otherzzzzz"]),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}, ["o-abcdefghij", "o-otherzzzzz"]),
        ({"StringLike": {"aws:PrincipalOrgID": "o-z*"}}, ["o-qqqqqqqqqq", "o-zqqqqqqqqq"]),
        (
            {
                "StringEquals": {ALIAS: "alias/${aws:PrincipalOrgID}"},
                "StringNotEquals": {ALIAS: ["alias/o-3", "alias/x"]},
            },
            ["o-3", "o-otherzzzzz"],
        ),
    ],
)
def test_organizations_are_those_that_a_policy_distinguishes(
    conditions: dict[str, Any], organizations: list[str]
) -> None:
    assert found(**conditions).organizations == (None, *organizations)


def test_users_differ_by_the_names_that_conditions_hold() -> None:
    users = found(StringEquals={"aws:username": "ann"}).users
    assert {one.rpartition("/")[2] for one in users if f"::{CENTRAL}:" in one} >= {"ann"}
    assert all(":user/" in one for one in users)
    assert {one.split(":")[4] for one in users} == {CENTRAL, NOBODY}


def test_an_account_that_the_manifest_knows_is_in_the_manifests_organization() -> None:
    several = found(StringEquals={"aws:PrincipalOrgID": "o-other12345"})
    assert several.organizations[:2] == (None, "o-other12345")
    assert len(several.organizations) == 3
    assert within(CENTRAL, several, {CENTRAL: "o-a1b2c3d4e5"}) == ("o-a1b2c3d4e5",)
    assert within(CENTRAL, several, {CENTRAL: None}) == several.organizations
    assert within("555555555555", several, {CENTRAL: "o-a1b2c3d4e5"}) == several.organizations


def test_a_value_that_is_no_id_of_an_organization_is_nobodys() -> None:
    for value in ("*", "o-*", "o-", "x", ""):
        assert len(found(StringEquals={"aws:PrincipalOrgID": value}).organizations) == 2, "none, and one unknown"


def test_every_kind_of_person_has_the_organization_and_the_tags() -> None:
    everybody = list(persons(found(), {CENTRAL: "o-a1b2c3d4e5"}, [{"team": "red"}], frozenset()))
    own = [one.principal for one in everybody if one.principal.account == CENTRAL]
    assert {one.kind.value for one in own} == {"role session", "root user", "user", "federated user"}
    assert {one.organization for one in own} == {"o-a1b2c3d4e5"}
    assert all(one.tags == {"team": "red"} for one in own if one.kind.value != "root user")


def test_each_account_has_a_root_user() -> None:
    everybody = persons(found(), {CENTRAL: "o-a1b2c3d4e5", NOBODY: "o-a1b2c3d4e5"}, [{}], frozenset())
    roots = [one.principal.arn for one in everybody if one.principal.kind.value == "root user"]
    assert roots == [f"arn:aws:iam::{account}:root" for account in (CENTRAL, NOBODY)]


def test_a_role_of_the_templates_is_no_outsider() -> None:
    role = f"arn:aws:iam::{CENTRAL}:role/one"
    condition = {"ArnEquals": {"aws:PrincipalArn": role}}
    arns = {one.role_arn for one in persons(found(**condition), {}, [{}], frozenset())}
    assert role in arns
    assert {one.role_arn for one in persons(found(**condition), {}, [{}], frozenset({role}))} == arns - {role}


def test_a_label_shows_the_tags_that_the_app_does_not_give() -> None:
    assert with_tags("ann", {"tenant-keys:cell": "1"}) == "ann"
    assert with_tags("ann", {"tenant-keys:cell": "1", "team": "red"}) == "ann with tags {'team': 'red'}"
