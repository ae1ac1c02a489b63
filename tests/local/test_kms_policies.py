"""Key policies, aliases, grants and tags."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tenant_keys.local import LocalAws
from tests.local import handmade
from tests.local.refusal import refused

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

ADMINISTRATOR = f"arn:aws:iam::{handmade.CENTRAL}:role/KeyAdministrator"
ROLE_TRUST = json.dumps(
    handmade.document(handmade.allow("Run", ["sts:AssumeRole"], Principal={"Service": "lambda.amazonaws.com"}))
)


@pytest.fixture
def key_id(kms: KMSClient) -> str:
    return kms.create_key()["KeyMetadata"]["KeyId"]


def test_a_policy_that_locks_its_author_out_is_refused(kms: KMSClient) -> None:
    policy = json.dumps(
        handmade.document(handmade.allow("Read", ["kms:DescribeKey"], Principal=handmade.ROOT, Resource="*"))
    )
    with refused("MalformedPolicyDocumentException", "will not allow you to update the key policy in the future"):
        kms.create_key(Policy=policy)
    kms.create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)


@pytest.mark.parametrize(("given", "carried"), [({}, None), ({"BypassPolicyLockoutSafetyCheck": False}, "false")])
def test_a_request_without_the_bypass_parameter_carries_no_condition_key(
    aws: LocalAws, kms: KMSClient, key_id: str, given: dict[str, bool], carried: str | None
) -> None:
    """AWS KMS guide, conditions-kms: the example tests Null for requests without the parameter."""
    policy = json.dumps(handmade.document(handmade.allow("Root", ["kms:*"], Principal=handmade.ROOT, Resource="*")))
    with aws.watch() as seen:
        kms.create_key(**given)  # type: ignore[arg-type]
        kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=policy, **given)
    assert [entry["context"].get("kms:BypassPolicyLockoutSafetyCheck") for entry in seen] == [carried, carried]


def test_a_policy_that_names_nobody_is_refused(kms: KMSClient, key_id: str) -> None:
    ghost = {"AWS": f"arn:aws:iam::{handmade.CENTRAL}:role/ghost"}
    statements = [
        handmade.allow("Root", ["kms:*"], Principal=handmade.ROOT, Resource="*"),
        handmade.allow("Ghost", ["kms:Decrypt"], Principal=ghost, Resource="*"),
    ]
    with refused("MalformedPolicyDocumentException", "one or more invalid principals"):
        kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(handmade.document(*statements)))


def test_a_policy_ends_at_32_kilobytes(kms: KMSClient, key_id: str) -> None:
    with refused("LimitExceededException", "32768"):
        kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=" " * 32_769)


def test_what_is_not_json_is_malformed(kms: KMSClient, key_id: str) -> None:
    with refused("MalformedPolicyDocumentException"):
        kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy="{")


def test_a_policy_that_the_evaluator_cannot_interpret_denies(aws: LocalAws, kms: KMSClient) -> None:
    """Fail closed: an operator that nobody knows is not passed over."""
    unknown = handmade.allow(
        "UnknownOperator", ["kms:*"], Principal=handmade.ROOT, Resource="*", Condition={"Sounds": {"aws:x": "y"}}
    )
    made = kms.create_key(Policy=json.dumps(handmade.document(unknown)), BypassPolicyLockoutSafetyCheck=True)
    with aws.watch() as seen, refused("AccessDeniedException"):
        kms.describe_key(KeyId=made["KeyMetadata"]["KeyId"])
    assert "not evaluated, so denied" in seen[-1]["reason"]


@pytest.mark.parametrize(
    ("named", "arguments"),
    [
        ("GranteeServicePrincipal", {"GranteeServicePrincipal": "s3.amazonaws.com"}),
        (
            "Constraints.SourceArn",
            {"GranteePrincipal": ADMINISTRATOR, "Constraints": {"SourceArn": "arn:aws:s3:::documents"}},
        ),
    ],
)
def test_a_grant_to_an_aws_service_is_refused_by_name(
    kms: KMSClient, key_id: str, named: str, arguments: dict[str, object]
) -> None:
    with refused("UnsupportedOperationException", named):
        kms.create_grant(KeyId=key_id, Operations=["Decrypt"], **arguments)  # type: ignore[arg-type]


def test_an_alias_is_unique_in_its_account_and_region(kms: KMSClient, key_id: str) -> None:
    kms.create_alias(AliasName="alias/unique", TargetKeyId=key_id)
    with refused("AlreadyExistsException", "alias/unique already exists"):
        kms.create_alias(AliasName="alias/unique", TargetKeyId=key_id)


def test_a_repointed_alias_does_not_open_what_the_other_key_sealed(kms: KMSClient, key_id: str) -> None:
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/moving", TargetKeyId=key_id)
    blob = kms.encrypt(KeyId="alias/moving", Plaintext=b"x")["CiphertextBlob"]
    kms.update_alias(AliasName="alias/moving", TargetKeyId=other)
    with refused("IncorrectKeyException"):
        kms.decrypt(CiphertextBlob=blob, KeyId="alias/moving")
    assert [a["TargetKeyId"] for a in kms.list_aliases(KeyId=other)["Aliases"]] == [other]


def test_aws_s_own_alias_names_are_reserved(kms: KMSClient, key_id: str) -> None:
    with refused("NotAuthorizedException"):
        kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=key_id)


def test_management_takes_no_alias(kms: KMSClient, key_id: str) -> None:
    kms.create_alias(AliasName="alias/managed", TargetKeyId=key_id)
    with refused("NotFoundException", "Invalid keyId"):
        kms.disable_key(KeyId="alias/managed")


def test_a_grant_opens_the_key_for_its_context_and_a_revoked_one_does_not(
    aws: LocalAws, kms: KMSClient, key_id: str
) -> None:
    iam = aws.session().client("iam")
    role = iam.create_role(RoleName="grantee", AssumeRolePolicyDocument=ROLE_TRUST)["Role"]["Arn"]
    user = aws.run_as(role).client("kms")
    arn = f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:key/{key_id}"
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext={"a": "b"})
    grant = kms.create_grant(
        KeyId=key_id,
        GranteePrincipal=role,
        Operations=["Encrypt"],
        Constraints={"EncryptionContextSubset": {"a": "b"}},
    )["GrantId"]
    user.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext={"a": "b"})
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext={"a": "c"})
    assert [each["GrantId"] for each in kms.list_grants(KeyId=key_id)["Grants"]] == [grant]
    kms.revoke_grant(KeyId=key_id, GrantId=grant)
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext={"a": "b"})


def test_tags_of_a_key_decide_where_an_identity_policy_asks_for_them(
    aws: LocalAws, kms: KMSClient, key_id: str
) -> None:
    iam = aws.session().client("iam")
    role = iam.create_role(RoleName="by-tag", AssumeRolePolicyDocument=ROLE_TRUST)["Role"]["Arn"]
    only_tagged = handmade.allow(
        "Tagged", ["kms:Encrypt"], Resource="*", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}
    )
    iam.put_role_policy(RoleName="by-tag", PolicyName="p", PolicyDocument=json.dumps(handmade.document(only_tagged)))
    user = aws.run_as(role).client("kms")
    with refused("AccessDeniedException", "no identity-based policy allows"):
        user.encrypt(KeyId=key_id, Plaintext=b"x")
    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    assert kms.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "team", "TagValue": "blue"}]
    user.encrypt(KeyId=key_id, Plaintext=b"x")


def test_a_permissions_boundary_limits(aws: LocalAws, kms: KMSClient, key_id: str) -> None:
    iam = aws.session().client("iam")
    boundary = json.dumps(handmade.document(handmade.allow("Only", ["kms:DescribeKey"], Resource="*")))
    arn = iam.create_policy(PolicyName="boundary", PolicyDocument=boundary)["Policy"]["Arn"]
    role = iam.create_role(RoleName="bound", AssumeRolePolicyDocument=ROLE_TRUST, PermissionsBoundary=arn)["Role"][
        "Arn"
    ]
    everything = json.dumps(handmade.document(handmade.allow("All", ["*"], Resource="*")))
    iam.put_role_policy(RoleName="bound", PolicyName="p", PolicyDocument=everything)
    user = aws.run_as(role).client("kms")
    user.describe_key(KeyId=key_id)
    with refused("AccessDeniedException", "no permissions boundary allows"):
        user.encrypt(KeyId=key_id, Plaintext=b"x")
