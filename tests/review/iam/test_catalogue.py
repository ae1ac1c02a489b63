"""The catalogue: actions and condition keys as the service authorization reference lists them."""

import pytest

from tenant_keys.review.iam.catalogue import (
    actions,
    actions_on,
    carries,
    condition_key_type,
    condition_keys,
    is_listed,
    is_multivalued,
)

#: By hand, from the description of kms:RequestAlias: cryptographic operations, DescribeKey and GetPublicKey.
CARRYING_AN_ALIAS = {
    "kms:Decapsulate",
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:DescribeKey",
    "kms:Encapsulate",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GetPublicKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:Sign",
    "kms:Verify",
    "kms:VerifyMac",
}


def test_actions_that_carry_an_alias() -> None:
    assert {action for action in actions("kms") if carries(action, "kms:RequestAlias")} == CARRYING_AN_ALIAS


def test_templated_keys_are_expanded_and_never_pruned() -> None:
    assert carries("kms:Decrypt", "kms:EncryptionContext:tenant_id")
    assert carries("kms:decrypt", "KMS:encryptioncontext:Any:Thing")
    assert carries("kms:Decrypt", "aws:ResourceTag/team")
    assert carries("sts:TagSession", "aws:RequestTag/tenant_id")
    assert not carries("kms:DescribeKey", "kms:EncryptionContext:tenant_id")
    assert not carries("kms:Decrypt", "aws:RequestTag/team")


def test_keys_of_the_resource_type_count() -> None:
    assert "kms:ResourceAliases" in condition_keys("kms:CreateGrant")
    assert carries("kms:CreateGrant", "kms:ResourceAliases")
    assert not carries("kms:ListAliases", "kms:ResourceAliases")


def test_global_keys_are_carried_by_every_action() -> None:
    assert carries("kms:CreateGrant", "aws:PrincipalArn")
    assert not carries("kms:CreateGrant", "kms:RequestAlias")


def test_actions_on_a_resource_type() -> None:
    assert actions_on("kms", "alias") == {"kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"}
    assert "kms:ListAliases" in actions_on("kms", "")
    assert actions_on("kms", "key") | actions_on("kms", "") == actions("kms")


def test_unknown_action_is_not_passed_over() -> None:
    with pytest.raises(LookupError):
        carries("kms:BrandNewOperation", "aws:PrincipalArn")


@pytest.mark.parametrize(
    ("key", "several"),
    [
        ("kms:ResourceAliases", True),
        ("kms:EncryptionContextKeys", True),
        ("kms:GrantOperations", True),
        ("aws:TagKeys", True),
        ("AWS:tagkeys", True),
        ("sts:TransitiveTagKeys", True),
        ("saml:edupersonaffiliation", True),
        ("aws:PrincipalOrgPaths", True),
        ("kms:RequestAlias", False),
        ("kms:EncryptionContext:tenant_id", False),
        ("aws:PrincipalTag/x", False),
        ("aws:PrincipalOrgID", False),
        ("unknown:key", False),
    ],
)
def test_multi_valued_keys(key: str, several: bool) -> None:
    assert is_multivalued(key) is several


def test_a_key_that_no_action_is_listed_with_is_not_listed() -> None:
    assert is_listed("kms", "kms:EncryptionContext:any")
    assert is_listed("kms", "KMS:requestalias")
    assert not is_listed("kms", "kms:SomethingNew")


@pytest.mark.parametrize(
    ("service", "key", "expected"),
    [
        ("kms", "kms:RequestAlias", "String"),
        ("kms", "KMS:requestalias", "String"),
        ("kms", "kms:EncryptionContext:tenant_id", "String"),
        ("kms", "kms:MultiRegion", "Bool"),
        ("kms", "kms:RotationPeriodInDays", "Numeric"),
        ("kms", "kms:ValidTo", "Date"),
        ("kms", "kms:ResourceAliases", "ArrayOfString"),
        ("sts", "sts:ExternalId", "String"),
        ("kms", "kms:SomethingNew", None),
        ("kms", "aws:ResourceTag/team", None),
        ("kms", "aws:TagKeys", None),
        ("kms", "sts:ExternalId", None),
        ("sts", "kms:RequestAlias", None),
    ],
)
def test_the_type_of_a_services_own_key(service: str, key: str, expected: str | None) -> None:
    """Service authorization reference, condition keys of AWS KMS and of AWS STS."""
    assert condition_key_type(service, key) == expected


def test_tags_of_request_and_resource_are_carried_only_where_they_are_listed() -> None:
    for key in ("aws:RequestTag/team", "aws:TagKeys"):
        assert carries("kms:TagResource", key)
        assert not carries("kms:Encrypt", key)
    assert not carries("kms:ListAliases", "aws:ResourceTag/team")
    assert not carries("kms:Decrypt", "s3:prefix")
    assert carries("kms:ListAliases", "aws:SourceIp")


@pytest.mark.parametrize(
    "key",
    [
        *("aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList", "aws:ResourceOrgPaths"),
        *("aws:SourceOrgPaths", "aws:TagKeys", "aws:VpceOrgPaths"),
    ],
)
def test_each_global_key_of_several_values_is_multi_valued_and_its_like_is_not(key: str) -> None:
    """IAM guide, reference_policies_condition-keys: value type multivalued."""
    assert is_multivalued(key)
    assert not is_multivalued(f"{key}X")
    assert not is_multivalued(f"kms:{key.partition(':')[2]}")
