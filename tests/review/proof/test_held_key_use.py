"""What policies say of keys that tenants hold: within what is declared, beyond it, or taken back by a Deny."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.held_key_reach import names_account
from tenant_keys.review.proof.held_keys import held_by_tenants, held_key_use
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.promise import promises
from tests.policy.estates import with_tenant
from tests.review.proof.test_kinds import estate_of
from tools.random_estates.small_estates import CENTRAL, HEAD, Templates

GLOBEX = "arn:aws:kms:eu-west-1:555555555555:key/11111111-2222-3333-4444-555555555555"
HOOLI = "arn:aws:kms:eu-west-1:666666666666:key/11111111-2222-3333-4444-666666666666"
OTHER = "arn:aws:kms:eu-west-1:777777777777:key/11111111-2222-3333-4444-777777777777"
OURS = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/*"
OPERATIONS = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
PAIR, TAG = "kms:EncryptionContext:tenant_id", "aws:PrincipalTag/tenant_id"
IN_CONTEXT = {"StringEquals": {PAIR: "globex"}}
TENANT = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-globex.orders"
SHARED = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/billing/shared.billing"
Body = dict[str, Any]


def held(name: str, arn: str) -> str:
    return f"{name}: {{workloads: [orders, billing], key: {{held_by: tenant, arns: {{eu-west-1: '{arn}'}}}}}}"


def activated(estate: Estate) -> Estate:
    """The key of globex is given to workloads."""
    registered = estate.tenants["globex"].held
    assert registered is not None
    return with_tenant(estate, "globex", held=replace(registered, active={"eu-west-1": GLOBEX}))


ESTATE = activated(estate_of("acme: {}", held("globex", GLOBEX), held("hooli", HOOLI)))
PROMISES = promises(ESTATE)


def allow(action: object = "kms:Decrypt", resource: object = GLOBEX, **more: Any) -> Body:
    return {"Sid": "One", "Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object = "kms:Decrypt", resource: object = "*", **more: Any) -> Body:
    return {"Sid": "No", "Effect": "Deny", "Action": action, "Resource": resource, **more}


def without(statement: Body, element: str, **more: Any) -> Body:
    return {name: value for name, value in statement.items() if name != element} | more


def templates(**roles: list[Body]) -> Templates:
    """A role of each name, with the statements of its policy; the names with a dash for each underscore."""
    made = Templates({}, {"roles": (CENTRAL, "eu-west-1")})
    paths = {"tenant-globex.orders": "/tenant-keys/orders/", "shared.billing": "/tenant-keys/billing/"}
    for name, statements in roles.items():
        named = {"of_globex": "tenant-globex.orders", "shared": "shared.billing"}.get(name, name)
        trust = {"Statement": deny("sts:AssumeRole", Principal="*")}
        del trust["Statement"]["Resource"]
        properties: Body = {"RoleName": named, "AssumeRolePolicyDocument": trust, "Path": paths[named]}
        if statements:
            document = {"Version": "2012-10-17", "Statement": statements}
            properties["Policies"] = [{"PolicyName": "Use", "PolicyDocument": document}]
        made.add("roles", name, "AWS::IAM::Role", properties)
    return made


def excess(*statements: Body, role: str = "of_globex", estate: Estate = ESTATE) -> list[Finding]:
    inventory = take_inventory(templates(**{role: list(statements)}), PROMISES)
    return list(held_key_use(inventory, promises(estate), estate).excess)


@pytest.mark.parametrize(
    "statement",
    [
        allow(OPERATIONS, [GLOBEX], Condition=IN_CONTEXT),
        allow("KMS:decrypt", Condition={"StringLike": {PAIR: "globex"}}),
        allow("kms:DescribeKey"),
        allow(["kms:Decrypt", "kms:DescribeKey"], Condition=IN_CONTEXT),
        allow(Condition={**IN_CONTEXT, "Bool": {"aws:SecureTransport": "true"}}),
        allow(Condition={"StringEquals": {PAIR: ["globex", "hooli"]}, "StringLike": {PAIR: "globex"}}),
        # The same meaning, written differently.
        allow(Condition={"ForAnyValue:StringEquals": {PAIR: "globex"}}),
        allow(Condition={"StringEqualsIfExists": {PAIR: "globex"}, "Null": {PAIR: "false"}}),
        allow(Condition={"ForAllValues:StringLike": {PAIR: ["globex"]}, "Null": {PAIR: False}}),
        allow(["kms:Decrypt", "s3:GetObject", "kms:CreateKey"], Condition=IN_CONTEXT),
        # What reaches no key of another account.
        deny(),
        allow("s3:GetObject", "*"),
        allow("kms:CreateKey", OTHER),
        allow("kms:CreateKey", "*"),
        without(allow("kms:CreateKey"), "Resource", NotResource=HOOLI),
        allow(["kms:CreateKey", "s3:*"], OTHER),
        allow(resource=OURS),
        allow(resource="arn:aws:kms:eu-west-1:555555555555:alias/any"),
        allow("kms:*", "arn:aws:s3:::bucket"),
    ],
)
def test_what_stays_within_the_declared_use_is_no_finding(statement: Body) -> None:
    assert excess(statement) == []


ELSEWHERE = "kms:Decrypt is allowed on the key of tenant globex where kms:EncryptionContext:tenant_id is not globex"
WITHIN = f"policy Use of {TENANT}: One: "
NOT_DECLARED = "; the manifest declares no such access"
FIX = "allow exactly the registered keys, the workload's operations and the tenant's encryption context"
BOTH = "the key of tenant globex, the key of tenant hooli"
NOTHING_ALLOWED = without(allow(Condition=IN_CONTEXT), "Action", NotAction="kms:Encrypt")


@pytest.mark.parametrize(
    ("statement", "what", "tenant"),
    [
        (allow(), ELSEWHERE, "globex"),
        (allow(Condition={"StringLike": {PAIR: "glob*"}}), ELSEWHERE, "globex"),
        (allow(Condition={"StringEqualsIfExists": {PAIR: "globex"}}), ELSEWHERE, "globex"),
        (allow(Condition={"StringEquals": {PAIR: ["globex", "hooli"]}}), ELSEWHERE, "globex"),
        (allow(Condition={"StringEquals": {PAIR: "${aws:PrincipalTag/x}"}}), ELSEWHERE, "globex"),
        (
            allow(["kms:Decrypt", "kms:CreateGrant"], Condition=IN_CONTEXT),
            "kms:CreateGrant is allowed on the key of tenant globex",
            "globex",
        ),
        # Of several things, the one that differs.
        (allow(Condition={"StringEqualsIgnoreCase": {PAIR: "globex"}}), ELSEWHERE, "globex"),
        (allow(Condition={"ForAllValues:StringEquals": {PAIR: "globex"}}), ELSEWHERE, "globex"),
        (allow(Condition={"ForAnyValue:StringEqualsIfExists": {PAIR: "globex"}}), ELSEWHERE, "globex"),
        (
            allow(Condition={"StringEqualsIfExists": {PAIR: "globex"}, "Null": {PAIR: "true"}}),
            ELSEWHERE,
            "globex",
        ),
        (allow(["kms:DescribeKey", "kms:Decrypt"]), ELSEWHERE, "globex"),
        (
            allow([*OPERATIONS, "kms:Decryp?"], Condition=IN_CONTEXT),
            "kms:Decryp? is allowed on the key of tenant globex",
            "globex",
        ),
        (
            allow(["kms:Decrypt", "s3:GetObject", "kms:CreateKey", "kms:Sign"], Condition=IN_CONTEXT),
            "kms:Sign is allowed on the key of tenant globex",
            "globex",
        ),
        (
            allow(resource=GLOBEX.replace("eu-west-1", "*"), Condition=IN_CONTEXT),
            f"kms:Decrypt is allowed on {GLOBEX.replace('eu-west-1', '*')}",
            None,
        ),
        (
            allow(["kms:Encrypt", "kms:Decrypt"], [OTHER, GLOBEX], Condition=IN_CONTEXT),
            f"kms:Encrypt, kms:Decrypt is allowed on {OTHER}",
            None,
        ),
        (allow("kms:*", Condition=IN_CONTEXT), "kms:* is allowed on the key of tenant globex", "globex"),
        (allow("k*:Decrypt", Condition=IN_CONTEXT), "k*:Decrypt is allowed on the key of tenant globex", "globex"),
        (NOTHING_ALLOWED, "all actions but some is allowed on the key of tenant globex", "globex"),
        (
            without(allow(Condition=IN_CONTEXT), "Resource", NotResource=HOOLI),
            f"kms:Decrypt is allowed on {BOTH}, all resources but some",
            "globex",
        ),
        (allow(resource=[HOOLI], Condition=IN_CONTEXT), "kms:Decrypt is allowed on the key of tenant hooli", "hooli"),
        (allow(resource=[OTHER]), f"kms:Decrypt is allowed on {OTHER}", None),
        (allow(resource=[GLOBEX, OTHER], Condition=IN_CONTEXT), f"kms:Decrypt is allowed on {OTHER}", None),
        (allow(resource="*"), f"kms:Decrypt is allowed on {BOTH}, *", "globex"),
        (
            allow(resource="arn:aws:kms:eu-west-1:${aws:PrincipalAccount}:key/*"),
            f"kms:Decrypt is allowed on {BOTH}, arn:aws:kms:eu-west-1:${{aws:PrincipalAccount}}:key/*",
            "globex",
        ),
        # An alias is a resource of the actions that change aliases alone.
        (
            allow("kms:UpdateAlias", "arn:aws:kms:eu-west-1:555555555555:alias/any"),
            "kms:UpdateAlias is allowed on arn:aws:kms:eu-west-1:555555555555:alias/any",
            None,
        ),
        (
            without(allow(resource="arn:aws:kms:eu-west-1:555555555555:alias/any"), "Action", NotAction="kms:Encrypt"),
            "all actions but some is allowed on arn:aws:kms:eu-west-1:555555555555:alias/any",
            None,
        ),
    ],
)
def test_what_goes_beyond_the_declared_use_is_named(statement: Body, what: str, tenant: str | None) -> None:
    expected = Finding(Kind.MORE_THAN_DECLARED, f"{WITHIN}{what}{NOT_DECLARED}", FIX, tenant)
    assert excess(statement) == [expected]


def test_a_shared_role_uses_each_key_for_sessions_of_its_tenant_alone() -> None:
    tagged = {PAIR: "globex", TAG: "globex"}
    assert excess(allow(Condition={"StringEquals": tagged}), role="shared") == []
    assert excess(allow("kms:DescribeKey", Condition={"StringEquals": {TAG: "globex"}}), role="shared") == []
    of_context, of_tag = "kms:EncryptionContext:tenant_id", "aws:PrincipalTag/tenant_id"
    for action, condition, words in (
        ("kms:Decrypt", {PAIR: "globex"}, of_tag),
        ("kms:Decrypt", {TAG: "globex"}, of_context),
        ("kms:Decrypt", {PAIR: "globex", TAG: "hooli"}, of_tag),
        ("kms:Decrypt", {PAIR: "hooli"}, f"{of_context} or {of_tag}"),
        ("kms:DescribeKey", {PAIR: "globex"}, of_tag),
    ):
        (found,) = excess(allow(action, Condition={"StringEquals": condition}), role="shared")
        assert (found.kind, found.tenant) == (Kind.MORE_THAN_DECLARED, "globex")
        allowed = f"{action} is allowed on the key of tenant globex where {words} is not globex"
        assert found.what == f"policy Use of {SHARED}: One: {allowed}{NOT_DECLARED}"


def test_each_difference_is_named_apart() -> None:
    statement = allow(["kms:Encrypt", "kms:Sign", "kms:Verify"], [GLOBEX, HOOLI], Condition=IN_CONTEXT)
    assert [one.what for one in excess(statement)] == [
        f"{WITHIN}kms:Encrypt, kms:Sign, kms:Verify is allowed on the key of tenant hooli{NOT_DECLARED}",
        f"{WITHIN}kms:Sign, kms:Verify is allowed on the key of tenant globex{NOT_DECLARED}",
    ]


def test_where_no_tenant_holds_a_key_a_pattern_of_all_accounts_is_about_the_own_keys() -> None:
    ours = estate_of("acme: {}")
    assert excess(allow(resource="*"), estate=ours) == []
    assert excess(allow(resource="arn:aws:kms:*:*:key/*"), estate=ours) == []
    (found,) = excess(allow(resource=OTHER), estate=ours)
    assert found.what == f"{WITHIN}kms:Decrypt is allowed on {OTHER}{NOT_DECLARED}"
    assert excess(without(allow(), "Resource", NotResource=GLOBEX), estate=ours) == []


STOPPED, MORE, DOUBTFUL = None, Kind.MORE_THAN_DECLARED, Kind.NOT_PROVED
VPC = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}


@pytest.mark.parametrize(
    ("allowed", "denied", "expected"),
    [
        (allow(), [deny()], STOPPED),
        (allow(), [deny(resource=GLOBEX)], STOPPED),
        (allow(), [deny("kms:*")], STOPPED),
        (allow(), [deny("*")], STOPPED),
        (allow(), [deny("KMS:De*")], STOPPED),
        (allow(), [without(deny(), "Sid")], STOPPED),
        (allow("KMS:decrypt"), [deny("kms:DECRYPT")], STOPPED),
        (allow("kms:D*"), [deny("kms:D*")], STOPPED),
        (allow("kms:D*"), [deny("kms:*")], STOPPED),
        (allow("kms:D*"), [deny("KMS:d*")], STOPPED),
        (allow("kms:D*"), [deny("*")], STOPPED),
        (allow(["kms:Decrypt", "kms:Encrypt"]), [deny("kms:Decrypt"), deny("kms:Encrypt")], STOPPED),
        (allow(["kms:Decrypt", "s3:GetObject"]), [deny()], STOPPED),
        (allow(resource=[GLOBEX, HOOLI]), [deny(resource=[GLOBEX, HOOLI])], STOPPED),
        (allow(resource="*"), [deny()], STOPPED),
        # Something is left, for certain.
        (allow(), [], MORE),
        (allow(), [deny("kms:Encrypt")], MORE),
        (allow(), [deny(resource=HOOLI)], MORE),
        (allow("kms:D*"), [deny("kms:Decrypt")], MORE),
        (allow("kms:D*"), [deny("kms:De*")], MORE),
        (allow("kms:D*"), [deny("ec2:*")], MORE),
        (allow(["kms:Decrypt", "kms:Encrypt"]), [deny("kms:Decrypt")], MORE),
        (allow(["kms:Decrypt", "kms:Encrypt"]), [deny("kms:Decrypt", Condition=VPC)], MORE),
        (allow(resource=[GLOBEX, HOOLI]), [deny(resource=GLOBEX)], MORE),
        (allow(resource="*"), [deny(resource=GLOBEX)], MORE),
        (allow(), [deny(resource=HOOLI, Condition=VPC), deny("kms:Encrypt", GLOBEX, Condition=VPC)], MORE),
        # What a Deny of further elements, or by patterns of resources, leaves is not worked out.
        (allow(), [deny(Condition=VPC)], DOUBTFUL),
        (allow(), [deny(resource=GLOBEX, Condition=VPC)], DOUBTFUL),
        (allow(), [without(deny(), "Resource", NotResource=HOOLI)], DOUBTFUL),
        (allow(), [without(deny(), "Action", NotAction="kms:Encrypt")], DOUBTFUL),
        (allow(), [deny(resource="arn:aws:kms:*:*:key/*")], DOUBTFUL),
        (allow(resource=[GLOBEX, HOOLI]), [deny(resource=HOOLI), deny(resource=GLOBEX, Condition=VPC)], DOUBTFUL),
        (allow("kms:D*"), [deny("kms:*", Condition=VPC)], DOUBTFUL),
        (
            allow(resource="arn:aws:kms:*:555555555555:key/*"),
            [deny(resource="arn:aws:kms:*:555555555555:key/*")],
            DOUBTFUL,
        ),
        (
            allow(resource="arn:aws:kms:*:${aws:PrincipalAccount}:key/*"),
            [deny(resource="arn:aws:kms:*:${aws:PrincipalAccount}:key/*")],
            DOUBTFUL,
        ),
    ],
)
def test_a_deny_of_the_same_role_takes_an_allow_back_or_may(
    allowed: Body, denied: list[Body], expected: Kind | None
) -> None:
    found = excess(allowed, *denied)
    assert [one.kind for one in found] == ([] if expected is None else [expected])
    if expected is DOUBTFUL:
        assert found[0].what.endswith("; whether a Deny of the same role stops all of it is not worked out")
        assert (found[0].fix, found[0].tenant) == ("remove the Allow", "globex")


def test_a_policy_of_a_role_that_exists_already_counts_too() -> None:
    made = templates()
    for number, account in enumerate(("222222222222", CENTRAL)):
        made.places[f"s{number}"] = (account, "eu-west-1")
        document = {"Statement": [allow(resource=GLOBEX)]}
        properties = {"PolicyName": "Added", "PolicyDocument": document, "Roles": ["app"]}
        made.add(f"s{number}", "Added", "AWS::IAM::Policy", properties)
    found = held_key_use(take_inventory(made, PROMISES), PROMISES, ESTATE).excess
    assert [one.what for one in found] == [
        f"s{number} Added: One: kms:Decrypt is allowed on the key of tenant globex{NOT_DECLARED}" for number in (0, 1)
    ]


def test_of_a_key_in_an_account_of_the_tenant_the_proof_says_which_arns_are_given_to_workloads() -> None:
    found = [(one.tenant, one.arns, one.active) for one in held_by_tenants(ESTATE)]
    assert found == [("globex", (GLOBEX,), (GLOBEX,)), ("hooli", (HOOLI,), ())]
    assert HEAD.count("access: session-tag") == 1


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        *((one, False) for one in ("*", "arn:aws:kms:*", "arn:aws:kms:eu-west-1:*", "arn:aws:kms:*:*:key/*")),
        *((f"arn:aws:kms:*:{one}:key/*", False) for one in ("?" * 12, "*" + "?" * 11, "**", "?*?")),
        *(
            (one, True)
            for one in ("arn:aws:kms:eu-west-1:1*", "arn:*:kms:*", "arn:aws:k?s:*", "arn:aws:kms:eu-west-1:1")
        ),
        *(
            (f"arn:aws:kms:*:{one}:key/*", True)
            for one in ("?" * 11, "?" * 13, "*" + "?" * 13, "1*", "*1", "1" * 12, "")
        ),
    ],
)
def test_a_pattern_names_accounts_where_it_matches_some_and_not_others(pattern: str, names: bool) -> None:
    assert names_account(pattern) is names
