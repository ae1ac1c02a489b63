"""Each kind of hole that a proof by enumeration can have, as a small edit of real policies: a request is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenant_keys.review.second_opinion import Answered, Opinion, second_opinion
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of
from tools.random_estates.vocabulary import ESTATES

ROOT = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
BOLT = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-bolt.orders"
ORGANIZATION = "o-a1b2c3d4e5"
Statements = list[dict[str, Any]]
Edit = Callable[[Statements, Templates], None]
KNOWN: tuple[Answered, ...] = tuple({} for _ in ESTATES)
"""Answers about documents that no test edits."""


def asked(edit: Edit, estate: int = 0) -> Opinion:
    """The opinion on an estate of which the first tenant's key policy was edited."""
    templates = templates_of(ESTATES[estate])
    first = next(iter(ESTATES[estate].tenants))
    edit(templates.properties("keys", f"Key{first}")["KeyPolicy"]["Statement"], templates)
    return second_opinion(templates, ESTATES[estate], answered=KNOWN[estate])


def opened(statements: Statements, principal: Any = None, action: str = "kms:Decrypt", **condition: Any) -> None:
    """Add an Allow."""
    made = {"Effect": "Allow", "Action": action, "Resource": "*", "Principal": principal or ROOT}
    statements.append(made | ({"Condition": condition} if condition else {}))


def without(statements: Statements, *sids: str) -> None:
    """Remove these Denies; without sids all."""
    statements[:] = [one for one in statements if one["Effect"] == "Allow" or (sids and one["Sid"] not in sids)]


def found(opinion: Opinion, who: str) -> dict[str, Any]:
    """The request of a caller that was found on a key, which the evaluator allows."""
    breach = next(one for one in opinion.breaches if one.kind == "key" and who in one.who)
    assert breach.replay.outcome == "allowed"
    return dict(breach.example.principal) | {"context": breach.example.context, "tags": breach.example.tags}


@pytest.mark.parametrize(
    ("key", "who"), [("aws:username", "user"), ("aws:PrincipalTag/team", "role session"), ("aws:userid", "root user")]
)
def test_a_variable_of_any_key_of_the_principal_opens_a_key(key: str, who: str) -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements, "DenyUseByAnyoneElse", "DenyOtherAlias")
        opened(statements, StringEquals={"kms:EncryptionContext:tenant_id": f"${{{key}}}"})
        without(statements, "DenyOtherContext") if key == "aws:userid" else None

    found(asked(edit), who)


def test_an_alias_that_is_compared_as_binary_may_fulfil_an_allow() -> None:
    """No alias is base64, and of a value of another type nothing is documented (docs/iam-readings.md)."""

    def edit(statements: Statements, _: Templates) -> None:
        without(statements)
        opened(statements, BinaryEquals={"kms:RequestAlias": "YWNtZQ=="})

    found(asked(edit), "some role session")


def test_a_user_whose_name_is_the_tenants_is_found() -> None:
    def edit(statements: Statements, _: Templates) -> None:
        spared = next(one for one in statements if one["Sid"] == "DenyUseByAnyoneElse")
        spared["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append(f"arn:aws:iam::{CENTRAL}:user/*")
        opened(statements, StringEquals={"kms:RequestAlias": "alias/tenant-${aws:username}"})

    assert found(asked(edit), "some user")["arn"].rpartition("/")[2] == "acme"


@pytest.mark.parametrize("wanted", [CENTRAL, "home", "a:b"])
def test_a_tag_variable_against_a_fixed_value_opens_a_key(wanted: str) -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements, "DenyUseByAnyoneElse")
        own = {"aws:ResourceAccount": "${aws:PrincipalTag/home}"}
        opened(statements, StringEquals=own if wanted == CENTRAL else {"aws:PrincipalTag/home": wanted})

    tags = found(asked(edit), "some role session")["tags"]
    assert tags["home"] == wanted


def test_without_an_organization_in_the_manifest_an_account_may_be_in_any() -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements)
        opened(statements, {"AWS": BOLT}, StringEquals={"aws:PrincipalOrgID": ORGANIZATION})

    assert found(asked(edit, estate=1), "tenant-bolt.orders")["organization"] == ORGANIZATION


@pytest.mark.parametrize("pattern", ["role/team:*", "role/a{b}/*", "role/!/x"])
def test_paths_have_every_character_that_iam_allows(pattern: str) -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements, "DenyUseByAnyoneElse")
        opened(statements, ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{CENTRAL}:{pattern}"})

    opinion = asked(edit)
    if pattern == "role/team:*":  # no name holds a colon: a path does
        assert found(opinion, "some role session")["role_arn"].count("/") >= 2
    else:
        found(opinion, "some role session")


@pytest.mark.parametrize("session", ["any-session", "one", "a-session"])
def test_a_deny_of_one_session_hides_no_other(session: str) -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements)
        denied = {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/tenant-bolt.orders/{session}"}
        statements.append({"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": denied})
        opened(statements, {"AWS": BOLT})

    assert not found(asked(edit), "tenant-bolt.orders")["arn"].endswith(f"/{session}")


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["*"]}])
def test_not_principal_of_everyone_denies_nobody(principal: Any) -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements)
        statements.append({"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": principal})
        opened(statements)

    found(asked(edit), "some user")


@pytest.mark.parametrize("key", ["kms:CustomerMasterKeyUsage", "kms:CustomerMasterKeySpec"])
def test_a_deny_that_waits_for_the_absence_of_a_deprecated_key_denies_nobody(key: str) -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements)
        absent = {"ForAllValues:StringEquals": {key: "none"}}
        statements.append({"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*", "Condition": absent})
        opened(statements, {"AWS": BOLT})

    found(asked(edit), "tenant-bolt.orders")


def test_a_tenant_whose_id_is_an_account_opens_its_key_to_that_account() -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements)
        opened(statements, {"AWS": "222222222222"})

    assert found(asked(edit, estate=3), "some user")["account"] == "222222222222"


@pytest.mark.parametrize(
    "between",
    [
        [("NumericLessThan", "5"), ("NumericGreaterThanEquals", "5")],
        [("DateLessThan", "2026-01-01"), ("DateGreaterThanEquals", "2026-01-01")],
        [("Bool", "true"), ("Bool", "false")],
    ],
)
def test_a_value_of_another_type_is_between_no_two_thresholds(between: list[tuple[str, str]]) -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements, "DenyUseByAnyoneElse")
        opened(statements)
        for operator, value in [*between, ("Null", "true")]:
            condition = {operator: {"kms:EncryptionContext:size": value}}
            statements.append(
                {"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*", "Condition": condition}
            )

    found(asked(edit), "some user")


@pytest.mark.parametrize("pattern", ["kms:Generate*", "kms:Sign?*", "kms:*Keys"])
def test_an_action_yet_to_come_is_among_what_a_wildcard_allows(pattern: str) -> None:
    def edit(statements: Statements, _: Templates) -> None:
        opened(statements, {"AWS": f"arn:aws:iam::{CENTRAL}:user/ann"}, action=pattern)

    assert any(one.actions == ("an action yet to come",) for one in asked(edit).breaches)


@pytest.mark.parametrize("conditions", [
    {"StringEquals": {"login.example.com:aud": "portal-keys"}},
    {"StringLike": {"login.example.com:aud": "portal-*"}},
    {"StringEquals": {"login.example.com:aud": "portal-keys"}, "Null": {"login.example.com:oaud": "false"}},
])  # fmt: skip
def test_a_token_for_another_audience_whose_azp_is_the_workloads_is_found(conditions: dict[str, Any]) -> None:
    opinion = _with_trust(conditions)
    breach = next(one for one in opinion.breaches if one.kind == "session")
    assert str(breach.example.context["login.example.com:aud"]).startswith("portal-")
    signed = breach.example.context.get("login.example.com:oaud", breach.example.context["login.example.com:aud"])
    assert signed != "portal-keys"


def test_a_trust_policy_that_asks_for_the_signed_audience_too_lets_nobody_else_in() -> None:
    conditions = {
        "StringEquals": {"login.example.com:aud": "portal-keys"},
        "StringEqualsIfExists": {"login.example.com:oaud": "portal-keys"},
    }
    assert not [one for one in _with_trust(conditions).breaches if one.kind == "session"]


def _with_trust(conditions: dict[str, Any]) -> Opinion:
    templates = templates_of(ESTATES[0])
    trust = templates.properties("roles", "shared.portal")["AssumeRolePolicyDocument"]
    tag: dict[str, Any] = {
        "StringLike": {"aws:RequestTag/tenant_id": "?*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["tenant_id"]},
    }
    merged = {name: {**conditions.get(name, {}), **tag.get(name, {})} for name in [*conditions, *tag]}
    trust["Statement"][0]["Condition"] = merged
    return second_opinion(templates, ESTATES[0], answered=KNOWN[0])


def test_a_trust_policy_for_everyone_lets_in_tokens_of_providers_that_nobody_named() -> None:
    templates = templates_of(ESTATES[0])
    statement = templates.properties("roles", "shared.portal")["AssumeRolePolicyDocument"]["Statement"][0]
    statement |= {"Principal": "*", "Condition": {}}
    del statement["Condition"]
    found_by = [one.who for one in second_opinion(templates, ESTATES[0], answered=KNOWN[0]).breaches]
    assert "a token of some other provider" in found_by


NOBODY: dict[str, Any] = {"StringEquals": {"aws:PrincipalType": "Anonymous"}}


def test_anyone_who_signs_nothing_is_among_the_callers_of_a_key() -> None:
    def edit(statements: Statements, _: Templates) -> None:
        without(statements)
        opened(statements, "*", **NOBODY)

    assert found(asked(edit), "anonymous")["kind"] == "anonymous"


def test_anyone_who_signs_nothing_is_among_those_who_ask_for_a_role() -> None:
    templates = templates_of(ESTATES[0])
    trust = templates.properties("roles", "tenant-acme.orders")["AssumeRolePolicyDocument"]["Statement"]
    trust.append({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": NOBODY})
    breaches = second_opinion(templates, ESTATES[0], answered=KNOWN[0]).breaches
    (breach,) = [one for one in breaches if one.kind == "session"]
    assert (breach.who, breach.replay.outcome) == ("anonymous", "allowed")
