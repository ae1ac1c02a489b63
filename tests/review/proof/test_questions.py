"""Single questions of a reviewer about a small estate: principals as they are written, decisions typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.iam import PrincipalKind
from tenant_keys.review.proof.questions import Holder, Questions, UnknownName, known_action
from tests.review.proof.test_kinds import adding, estate_of, without
from tools.random_estates.small_estates import CENTRAL, templates_of

ESTATE = estate_of()
ROLE, SESSION = f"arn:aws:iam::{CENTRAL}:role/", f"arn:aws:sts::{CENTRAL}:assumed-role/"
IAM, STS = f"arn:aws:iam::{CENTRAL}:", f"arn:aws:sts::{CENTRAL}:"
POLICY = "key policy of acme in eu-west-1"
OWN = {"tenant_id": "acme"}


@pytest.fixture(scope="module")
def questions() -> Questions:
    return Questions(templates_of(ESTATE), ESTATE, "acme")


def decided(questions: Questions, principal: str, tags: dict[str, str] | None = None, **asked: Any) -> list[str]:
    """The Sids that decided, after the answer."""
    request = {"action": "Decrypt", "alias": "alias/tenant-acme", "context": OWN, **asked}
    _, decision = questions.can(principal, request["action"], tags or {}, request["alias"], request["context"])
    return [str(decision.allowed), *(str(one.sid) for one in decision.deciders)]


@pytest.mark.parametrize(
    ("principal", "kind", "arn"),
    [
        ("acme@orders", PrincipalKind.ROLE_SESSION, f"{SESSION}tenant-acme.orders/any-session"),
        (f"{ROLE}team/a@b", PrincipalKind.ROLE_SESSION, f"{SESSION}a@b/any-session"),
        ("role/a@b", PrincipalKind.ROLE_SESSION, f"{SESSION}a@b/any-session"),
        (f"{IAM}user/a@b", PrincipalKind.USER, f"{IAM}user/a@b"),
        (f"{STS}federated-user/a@b", PrincipalKind.FEDERATED_USER, f"{STS}federated-user/a@b"),
        (f"{IAM}root", PrincipalKind.ROOT_USER, f"{IAM}root"),
        ("s3.amazonaws.com", PrincipalKind.SERVICE, "s3.amazonaws.com"),
        ("anonymous", PrincipalKind.ANONYMOUS, None),
    ],
)
def test_a_principal_may_be_written_so(
    questions: Questions, principal: str, kind: PrincipalKind, arn: str | None
) -> None:
    actor, _ = questions.can(principal, "Decrypt", {}, None, {})
    assert (actor.principal.kind, actor.principal.arn) == (kind, arn)
    assert actor.principal.organization == ("o-a1b2c3d4e5" if kind.name not in {"SERVICE", "ANONYMOUS"} else None)


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        ("nobody@orders", "nobody@orders: no tenant nobody; see tenant-keys tenant list"),
        ("acme@mails", "acme@mails: no workload mails; allowed: billing, orders, portal"),
        ("role/", "role/: not a principal; allowed: tenant@workload"),
        (f"{ROLE}a b", "not a principal"),
        (f"{IAM}group/a", "not a principal"),
        ("s3.amazonaws.com.example.org", "not a principal"),
    ],
)
def test_a_principal_that_is_none_is_named(questions: Questions, principal: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message.replace(".", r"\.")):
        questions.can(principal, "Decrypt", {}, None, {})


@pytest.mark.parametrize("principal", [f"{IAM}root", "s3.amazonaws.com", "anonymous"])
def test_tags_are_of_roles_and_users_alone(questions: Questions, principal: str) -> None:
    with pytest.raises(UnknownName, match="carries no tags; sessions of roles and users do"):
        questions.can(principal, "Decrypt", OWN, None, {})
    for one in ("role/a", f"{IAM}user/a", f"{STS}federated-user/a"):
        actor, _ = questions.can(one, "Decrypt", {"team": "red"}, None, {})
        assert actor.principal.tags == {"team": "red"}


def test_a_role_is_labelled_by_its_arn(questions: Questions) -> None:
    assert questions.can("role/a", "Decrypt", {}, None, {})[0].label == f"a session of {ROLE}a"


def test_a_tenant_or_region_without_a_key_is_named() -> None:
    templates = templates_of(ESTATE)
    with pytest.raises(UnknownName, match=r"^hooli: no such tenant; see tenant-keys tenant list$"):
        Questions(templates, ESTATE, "hooli")
    with pytest.raises(UnknownName, match=r"^acme: no key in us-east-1 of these templates$"):
        Questions(templates, ESTATE, "acme", "us-east-1")
    del templates.resources["keys"]
    with pytest.raises(UnknownName, match=r"^acme: no key in any Region of these templates$"):
        Questions(templates, ESTATE, "acme")


@pytest.mark.parametrize("tenant", ["globex", "alias/tenant-globex"])
def test_a_tenant_is_known_by_its_id_and_by_its_alias(tenant: str) -> None:
    case = Questions(templates_of(ESTATE), ESTATE, tenant, "eu-west-1").case
    assert (case.promise.tenant, case.record.region) == ("globex", "eu-west-1")


def test_an_action_is_known_in_any_case_with_and_without_its_service() -> None:
    assert {known_action(one) for one in ("decrypt", "Decrypt", "kms:DECRYPT", "kms:Decrypt")} == {"kms:Decrypt"}
    for unknown in ("s3:GetObject", "CreateKey", "Decrypts"):
        with pytest.raises(UnknownName, match=f"^{unknown}: not a KMS action on a key; allowed: such as Decrypt"):
            known_action(unknown)


def test_a_tenant_uses_its_key_by_its_alias_in_its_context(questions: Questions) -> None:
    assert decided(questions, "acme@orders") == ["True", "DecryptThroughTenantRole", "UseOwnTenantKey"]
    assert decided(questions, "acme@billing") == ["True", "DecryptThroughSharedRole", "UseOwnTenantKey"]
    assert decided(questions, "acme@orders", alias=None)[0] == "False"
    assert decided(questions, "acme@orders", context={})[0] == "False"
    assert decided(questions, "acme@orders", context={**OWN, "more": "x"})[0] == "True"
    assert decided(questions, "acme@orders", context={"tenant_id": "globex"})[0] == "False"


def test_a_request_lists_the_names_of_its_pairs() -> None:
    """AWS KMS guide, conditions-kms: kms:EncryptionContextKeys."""
    templates = templates_of(ESTATE)
    names = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["tenant_id", "unit"]}}
    without()(templates)
    adding(Principal="*", Condition={**names, "Null": {"kms:EncryptionContextKeys": "false"}})(templates)
    asked = Questions(templates, ESTATE, "acme")
    for context, allowed in ((OWN, "True"), ({**OWN, "unit": "x"}, "True"), ({**OWN, "more": "x"}, "False")):
        assert decided(asked, "role/a", context=context)[0] == allowed


def test_another_tenants_session_is_denied_and_a_tag_that_is_given_counts(questions: Questions) -> None:
    assert decided(questions, "globex@orders") == ["False", "DenyUseByAnyoneElse"]
    assert decided(questions, "globex@billing") == ["False", "DenySharedRoleOfOtherTenant"]
    assert decided(questions, "acme@billing", {"tenant_id": "globex"}) == ["False", "DenySharedRoleOfOtherTenant"]
    assert decided(questions, f"{ROLE}tenant-keys/billing/shared.billing", OWN)[0] == "True"


def test_a_deletion_is_asked_of_a_key_that_was_not_used_for_as_long_as_is_declared(questions: Questions) -> None:
    asked: dict[str, Any] = {"action": "ScheduleKeyDeletion", "alias": None, "context": {}}
    assert decided(questions, "role/KeyBreakGlass", **asked) == ["True", "ScheduleDeletion", "Everything"]
    assert decided(questions, "role/KeyAdministrator", **asked)[0] == "False"


def test_tags_of_a_role_in_the_templates_go_with_its_sessions_but_for_those_that_are_given() -> None:
    templates = templates_of(ESTATE)
    role = templates.properties("roles", "tenant-acme.orders")
    role["Tags"] = [{"Key": "Team", "Value": "red"}, {"Key": "unit", "Value": "x"}]
    asked = Questions(templates, ESTATE, "acme")
    actor, decision = asked.can("acme@orders", "Decrypt", {"team": "blue"}, "alias/tenant-acme", OWN)
    assert (actor.principal.tags, decision.allowed) == ({"team": "blue", "unit": "x"}, True)
    role["Policies"] = []
    assert (
        not Questions(templates, ESTATE, "acme").can("acme@orders", "Decrypt", {}, "alias/tenant-acme", OWN)[1].allowed
    )
    role["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/Anything"]
    assert Questions(templates, ESTATE, "acme").can("acme@orders", "Decrypt", {}, "alias/tenant-acme", OWN)[1].allowed


def test_all_who_may_decrypt_are_listed_with_the_request_and_their_way_to_the_session(questions: Questions) -> None:
    access = f"{ROLE}tenant-keys/"
    request = ("alias/tenant-acme", {"kms:encryptioncontext:tenant_id": "acme"})
    by_role = (f"{POLICY}: DecryptThroughTenantRole", "policy Use of tenant-acme.orders: UseOwnTenantKey")
    shared, orders = f"{POLICY}: DecryptThroughSharedRole", f"{access}orders/tenant-acme.orders"
    tagged = "a session of tenant-keys/{0}/shared.{0} with tags {{'tenant_id': 'acme'}}"
    token = "a holder of a token of login.example.com for audience portal-keys"
    assert questions.who("decrypt") == [
        Holder(
            "tenant acme through workload orders",
            *request,
            by_role,
            (("the service lambda.amazonaws.com", "arn:aws:iam::222222222222:role/tenant-keys-orders", orders),),
        ),
        Holder(
            tagged.format("billing"),
            *request,
            (shared, "policy Use of shared.billing: UseOwnTenantKey"),
            (
                (
                    "the service ecs-tasks.amazonaws.com",
                    "arn:aws:iam::333333333333:role/tenant-keys-billing",
                    f"{access}billing/shared.billing",
                ),
            ),
        ),
        Holder(
            tagged.format("portal"),
            *request,
            (shared, "policy Use of shared.portal: UseOwnTenantKey"),
            (
                (token, f"{access}portal/shared.portal"),
                (f"{token} with azp portal-keys", f"{access}portal/shared.portal"),
            ),
        ),
    ]
    assert questions.who("ScheduleKeyDeletion") == [
        Holder(
            f"{ROLE}KeyBreakGlass",
            "key ARN",
            {"kms:trailingdayswithoutkeyusage": "30"},
            (f"{POLICY}: ScheduleDeletion", "full administrator rights: Everything"),
            (),
        )
    ]


@pytest.mark.parametrize(
    ("operator", "key", "value", "named_by"),
    [
        ("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/tenant-acme", "key ARN"),
        ("StringEquals", "kms:RequestAlias", "alias/tenant-acme", "alias/tenant-acme"),
        ("Null", "kms:RequestAlias", "true", "key ARN"),
        ("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/tenant-globex", None),
        ("StringEquals", "kms:RequestAlias", "alias/tenant-globex", None),
    ],
)
def test_a_stranger_is_listed_where_an_alias_of_the_key_lets_it_in(
    operator: str, key: str, value: str, named_by: str | None
) -> None:
    templates = templates_of(ESTATE)
    without()(templates)
    stranger = "arn:aws:iam::555555555555:role/app"
    adding(Principal={"AWS": stranger}, Condition={operator: {key: value}})(templates)
    holders = [one for one in Questions(templates, ESTATE, "acme").who("Decrypt") if one.label == stranger]
    assert [one.named_by for one in holders] == ([named_by] if named_by else [])
