"""The catalogue: actions and condition keys as the service authorization reference lists them."""

import pytest

from tenant_keys.review.iam.catalogue import actions, actions_on, carries, condition_keys, is_listed, is_multivalued

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
