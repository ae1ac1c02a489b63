"""What AWS refuses to take, what restricts a declared role from outside, and tags that are promised; by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.assembly import Resource
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_records import KeyRecord, read_key
from tenant_keys.review.proof.promise import promises
from tenant_keys.review.proof.refusals import check_refusals
from tenant_keys.review.proof.role_records import AttachedPolicy, RoleRecord
from tests.review.proof.test_declared_calls import ORDERS, Body, Edit, key, own, trust
from tests.review.proof.test_kinds import ROOT, adding, estate_of, kinds_of, proved, without
from tools.random_estates.small_estates import CENTRAL, HEAD, Templates, templates_of

ROLE = "tenant-acme.orders"
OWN, TRUST = own(ROLE), trust(ROLE)


def reported(*edits: Edit) -> tuple[str, list[str]]:
    templates = templates_of(ORDERS)
    for edit in edits:
        edit(templates)
    proof = prove(templates, ORDERS)
    return proof.verdict, [finding.what for finding in proof.findings]


def named(where: Callable[[Templates], list[Body]], sid: str, at: int = 0) -> Edit:
    return lambda templates: where(templates)[at].update(Sid=sid)


def twice(where: Callable[[Templates], list[Body]]) -> Edit:
    return lambda templates: where(templates).append(dict(where(templates)[0]))


def planted(kind: str, stack: str = "roles", **properties: Any) -> Edit:
    return lambda templates: templates.add(stack, "Planted", kind, properties)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (twice(OWN), 'has the Sid "UseOwnTenantKey" twice'),
        (twice(key), "the key policy has the Sid"),
        (twice(TRUST), "the trust policy has the Sid"),
        (named(OWN, "Use own"), 'has the Sid "Use own", which holds other characters'),
        (named(TRUST, "Trust-orders"), 'has the Sid "Trust-orders"'),
        (named(OWN, "Us\u00e9"), 'has the Sid "Us\u00e9"'),
        (named(key, "line\nbreak"), "which holds other characters than AWS takes"),
        (lambda t: OWN(t)[0].update(Resource=[f"arn:aws:kms:*:{CENTRAL}:key/*", *["x" * 500] * 21]), "10,240"),
        (lambda t: TRUST(t)[0]["Principal"].update(AWS=["2" * 12] * 150), "more than 2,048 characters"),
        (lambda t: key(t)[0].update(Resource=["*", *["x" * 1000] * 33]), "more than 32,768 bytes"),
    ],
)
def test_what_aws_refuses_of_a_policy_is_named(edit: Edit, words: str) -> None:
    verdict, findings = reported(edit)
    assert verdict != "proved"
    assert any(words in one and "AWS refuses it" in one for one in findings), findings


@pytest.mark.parametrize(("characters", "refused"), [(4_096, 0), (4_097, 1)])
def test_a_parameter_has_at_most_4096_characters(characters: int, refused: int) -> None:
    """Of the standard tier (Systems Manager API, PutParameter, Value)."""
    words = "parameters-222222222222-eu-west-1 Planted: the parameter has more than 4,096 characters: AWS refuses it"
    parameter = planted(
        "AWS::SSM::Parameter", "parameters-222222222222-eu-west-1", Name="/other", Value="x" * characters
    )
    assert reported(parameter)[1].count(words) == refused


def of_length(characters: int) -> Body:
    """A document of so many characters: `{"Id":"a","Statement":"…"}`, in which nothing has a Sid."""
    return {"Id": "a", "Statement": "x" * (characters - 25)}


@pytest.mark.parametrize(
    ("account", "most"), [(CENTRAL, "4,096"), ("222222222222", "2,048")], ids=["key account", "workload"]
)
def test_a_trust_policy_has_as_many_characters_as_the_quota_of_its_account(account: str, most: str) -> None:
    quota = "central:\n  quotas: {trust_policy_characters: 4096}\n"
    estate = estate_of("acme: {}", head=HEAD.replace("central:\n", quota))
    arn, characters = f"arn:aws:iam::{account}:role/a", int(most.replace(",", ""))

    def found(more: int) -> list[str]:
        role = RoleRecord("stack", account, arn, of_length(characters + more), [], (), {})
        return [one.what for one in check_refusals(Inventory(roles={arn: role}), estate)]

    assert found(0) == []
    assert found(1) == [f"{arn}: the trust policy has more than {most} characters: AWS refuses it"]


def test_the_policies_of_a_role_have_10240_characters_together() -> None:
    def found(second: int) -> list[str]:
        role = RoleRecord("stack", CENTRAL, "role", {}, [("one", of_length(10_000))], (), {})
        role.identity.append(("two", of_length(second)))
        return [one.what for one in check_refusals(Inventory(roles={"role": role}), ORDERS)]

    assert found(240) == []
    assert found(241) == ["role: the policies have more than 10,240 characters together: AWS refuses it"]


def test_a_key_policy_has_32768_bytes_with_the_names_of_its_tenant() -> None:
    def found(text: str) -> list[str]:
        properties = {"KeyPolicy": {"Id": text, "Version": "alias/tenant-acme"}}
        resource = Resource(
            *("stack", "111111111111", "eu-west-1", "Key", "AWS::KMS::Key", properties), "Retain", "Retain"
        )
        record = read_key(resource, "id", promises(ORDERS)["acme"], {})
        return [one.what for one in check_refusals(Inventory(keys={"acme": [record]}), ORDERS)]

    around = len('{"Id":"","Version":"alias/tenant-acme"}')
    assert found("x" * (32_768 - around)) == []
    refused = "stack Key: the key policy has more than 32,768 bytes: AWS refuses it"
    assert found("x" * (32_769 - around)) == [refused]
    assert found("x" * (32_767 - around) + "\u00e9") == [refused]


def test_each_key_policy_that_is_too_long_is_named() -> None:
    def record(key: str, size: int) -> KeyRecord:
        return KeyRecord("stack", key, "111111111111", "eu-west-1", "id", "{}", size, True, True, False)

    inventory = Inventory(
        keys={"acme": [record("Key", 32_769), record("Long", 32_769), record("Short", 32_768)]},
        audit_keys=[record("AuditKey", 32_769)],
    )
    refused = [one.what.partition(":")[0] for one in check_refusals(inventory, ORDERS)]
    assert refused == ["stack AuditKey", "stack Key", "stack Long"]


@pytest.mark.parametrize(
    "edit", [named(key, "Use own key: orders, through 2 roles"), named(OWN, "Use2"), lambda t: OWN(t)[0].pop("Sid")]
)
def test_a_sid_that_aws_takes_says_nothing(edit: Edit) -> None:
    assert reported(edit) == ("proved", [])


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "two of one name"),
        ([{"Key": "aws:a", "Value": "1"}], "aws:a begins with aws:"),
        ([{"Key": "AWS:a", "Value": "1"}], "AWS:a begins with aws:"),
    ],
)
def test_tags_that_aws_refuses_are_named(tags: list[Body], words: str) -> None:
    verdict, findings = reported(lambda t: t.properties("keys", "Keyacme").update(Tags=tags))
    assert verdict == "not proved"
    assert findings[0].startswith(f"keys Keyacme.Tags: {words}")


@pytest.mark.parametrize("role", ["KeyAdministrator", "KeyBreakGlass", "SecurityAudit", "keyadministrator"])
@pytest.mark.parametrize("action", ["kms:*", "kms:DisableKey", "*"])
def test_an_explicit_deny_for_a_declared_role_outside_the_templates_is_named(role: str, action: str) -> None:
    policy = {"Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    verdict, findings = reported(planted("AWS::IAM::ManagedPolicy", PolicyDocument=policy, Roles=[role]))
    assert verdict == "not proved"
    assert f"a Deny for the role {role} of account {CENTRAL}" in findings[0]


@pytest.mark.parametrize(("role", "action"), [("KeyAdministrator", "s3:*"), ("KeyBreakGlass", "sns:*")])
def test_a_deny_that_takes_nothing_declared_away_is_proved(role: str, action: str) -> None:
    policy = {"Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    assert reported(planted("AWS::IAM::ManagedPolicy", PolicyDocument=policy, Roles=[role])) == ("proved", [])


@pytest.mark.parametrize(
    "kind", ["AWS::Organizations::Policy", "AWS::Organizations::ResourcePolicy", "AWS::IAM::Group", "AWS::New::Type"]
)
@pytest.mark.parametrize("stack", ["keys", "roles", "workload-222222222222"])
def test_a_type_that_the_proof_does_not_know_is_named_in_any_stack(kind: str, stack: str) -> None:
    assert reported(planted(kind, stack)) == (
        "not proved",
        [f"{stack} Planted: {kind}: the proof does not know what it grants"],
    )


NOBODY: Body = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "2" * 12}, "Action": "sts:AssumeRole"}]}


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/tenant-keys/orders/", "tenant-hooli.orders", "not proved"),
        ("/tenant-keys/", "stray", "not proved"),
        ("/Tenant-Keys/orders/", "stray", "not proved"),
        ("/others/", "tenant-hooli.orders", "proved"),
    ],
)
def test_an_undeclared_role_among_the_access_roles_is_a_finding(path: str, name: str, expected: str) -> None:
    role = planted("AWS::IAM::Role", Path=path, RoleName=name, AssumeRolePolicyDocument=NOBODY)
    assert reported(role)[0] == expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("logs:PutLogEvents", "not proved"),
        ("iam:Get*", "not proved"),
        ("iam:PutRolePolicy", "refuted"),
        ("kms:DisableKey", "proved"),
    ],
)
def test_a_managed_policy_of_the_templates_is_read(action: str, expected: str) -> None:
    """KMS: the key policy names who disables a key, and it is not this role."""
    resource = f"arn:aws:kms:*:{CENTRAL}:key/*" if action.startswith("kms:") else "*"
    policy = {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    arn = f"arn:aws:iam::{CENTRAL}:policy/more"

    def edit(templates: Templates) -> None:
        templates.add(
            "roles", "More", "AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "more", "PolicyDocument": policy}
        )
        templates.properties("roles", ROLE)["ManagedPolicyArns"] = [arn]
        templates.resources["roles"][ROLE] = replace(templates.resources["roles"][ROLE], depends_on=frozenset({"More"}))

    assert reported(edit)[0] == expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [("iam:Get*", "not proved"), ("iam:*", "refuted"), ("cloudformation:Describe*", "not proved")],
)
def test_to_read_iam_is_not_understood_and_to_change_it_is_refuted(action: str, expected: str) -> None:
    allow = {"Sid": "Added", "Effect": "Allow", "Action": action, "Resource": "*"}
    assert reported(lambda t: OWN(t).append(allow))[0] == expected


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"aws:userid": "AIDA*:*"}},
        {"StringLike": {"aws:userid": "1-*:*"}},
        {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}},
        {"StringEquals": {"aws:ResourceTag/of": "globex"}},
        {"StringEquals": {"aws:PrincipalTag/a": "x" * 257}},
        {"Null": {"aws:FederatedProvider": "false", "aws:username": "false"}},
        {"Null": {"aws:TokenIssueTime": "true"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    ],
)
def test_a_condition_that_nobody_fulfils_opens_nothing(condition: Body) -> None:
    """Of an open key the declared tenant's own role is left: it may not, by its own policy."""

    def tagged(templates: Templates) -> None:
        templates.properties("keys", "Keyacme")["Tags"].append({"Key": "of", "Value": "acme"})

    assert proved(tagged, without(tenant="acme"), adding(Principal=ROOT, Condition=condition)).findings == ()


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"aws:userid": "AIDA*"}},
        {"StringLike": {"aws:userid": "AROA*:*"}},
        {"StringLike": {"aws:userid": "1*:*"}},
        {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        {"StringEquals": {"aws:ResourceTag/of": "acme"}},
        {"StringEquals": {"aws:PrincipalTag/a": "x" * 256}},
        {"Null": {"aws:TokenIssueTime": "true"}},
    ],
)
def test_a_condition_that_somebody_fulfils_opens_the_key(condition: Body) -> None:
    def tagged(templates: Templates) -> None:
        templates.properties("keys", "Keyacme")["Tags"] = [{"Key": "of", "Value": "acme"}]

    opened = proved(tagged, without(tenant="acme"), adding(Principal=ROOT, Condition=condition))
    assert Kind.OUTSIDER in kinds_of(opened)


TAGGED = estate_of("acme: {workloads: [orders, billing]}", head=HEAD.replace("defaults:", "tags: {unit: x}\ndefaults:"))


def test_whatever_takes_tags_carries_those_of_the_estate() -> None:
    found = [one.what for one in prove(templates_of(TAGGED), TAGGED).findings]
    missing = 'the tag unit of the estate is missing, declared is "x"'
    for where in (
        f"arn:aws:iam::{CENTRAL}:role/tenant-keys/billing/shared.billing",
        "arn:aws:iam::222222222222:role/tenant-keys-orders",
        "issuers Issuerportal (AWS::IAM::OIDCProvider)",
        "parameters-222222222222-eu-west-1 orders (AWS::SSM::Parameter)",
    ):
        assert f"{where}: {missing}" in found, found


SEVERAL = estate_of("acme: {key: {multi_region: true}}", "globex: {}")


@pytest.mark.parametrize(
    ("tenant", "action", "condition", "expected"),
    [
        ("acme", "kms:SynchronizeMultiRegionKey", {}, "not proved"),
        ("acme", "kms:Sync*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}}, "not proved"),
        ("acme", "kms:Sync*", {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, "not proved"),
        ("acme", "kms:Sync*", {"StringEquals": {"aws:PrincipalAccount": "222222222222"}}, "proved"),
        ("acme", "kms:*", {"Bool": {"aws:SecureTransport": "false"}}, "proved"),
        ("globex", "kms:SynchronizeMultiRegionKey", {}, "proved"),
    ],
)
def test_kms_itself_keeps_keys_of_several_regions_alike(
    tenant: str, action: str, condition: Body, expected: str
) -> None:
    deny = {"Sid": "Added", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}
    templates = templates_of(SEVERAL)
    body = {**deny, "Condition": condition} if condition else deny
    templates.properties("keys", f"Key{tenant}")["KeyPolicy"]["Statement"].append(body)
    proof = prove(templates, SEVERAL)
    assert proof.verdict == expected
    assert [one.others for one in proof.findings] == [0] * (expected != "proved")


@pytest.mark.parametrize(
    ("role", "stopped"), [("AWSServiceRoleForKeyManagementServiceMultiRegionKeys", 0), ("Other", 1)]
)
def test_a_deny_that_spares_the_role_of_kms_leaves_keys_alike(role: str, stopped: int) -> None:
    spared = f"arn:aws:iam::{CENTRAL}:role/aws-service-role/mrk.kms.amazonaws.com/{role}"
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": spared}, "Action": "kms:SynchronizeMultiRegionKey"}
    templates = templates_of(SEVERAL)
    templates.properties("keys", "Keyacme")["KeyPolicy"]["Statement"].append({"Sid": "Added", **deny, "Resource": "*"})
    found = [one for one in prove(templates, SEVERAL).findings if "denies kms:SynchronizeMultiRegionKey" in one.what]
    assert len(found) == stopped


@pytest.mark.parametrize(
    ("role", "words"), [("SecurityAudit", "with whose permissions it acts"), ("Somebody", "does not exist yet")]
)
@pytest.mark.parametrize("action", ["s3:PutObject", "s3:*", "lambda:UpdateFunctionCode"])
def test_what_a_declared_role_of_others_is_allowed_and_is_not_understood_is_named(
    role: str, action: str, words: str
) -> None:
    """Anyone who writes the bucket of the CDK rewrites templates; of any other role it counts that it exists."""
    policy = {"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    verdict, (found,) = reported(planted("AWS::IAM::ManagedPolicy", PolicyDocument=policy, Roles=[role]))
    assert (verdict, words in found) == ("not proved", True)


def test_a_policy_in_a_resource_of_its_own_is_refused_as_that_of_a_role_is() -> None:
    def loose(*sids: str) -> AttachedPolicy:
        statements = [{"Sid": sid, "Effect": "Allow", "Action": "*", "Resource": "*"} for sid in sids]
        return AttachedPolicy("stack More", CENTRAL, "app", "More", {"Statement": statements}, inline=True)

    found = check_refusals(Inventory(loose=[loose("A", "B"), loose("A", "A"), loose("A b")]), ORDERS)
    assert [one.what for one in found] == [
        'stack More: the policy has the Sid "A" twice: AWS refuses it',
        'stack More: the policy has the Sid "A b", which holds other characters than AWS takes: AWS refuses it',
    ]
