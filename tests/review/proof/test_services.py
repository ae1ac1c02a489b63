"""Who there is beside people: the AWS services that a policy distinguishes; and what opens plaintext."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.proof.action_classes import GRANT_OPERATIONS
from tenant_keys.review.proof.actors import services
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.key_actions import gives_plaintext


@pytest.mark.parametrize(
    ("principal", "condition", "found"),
    [
        ("*", {}, ["other.amazonaws.com"]),
        (
            {"Service": ["s3.amazonaws.com", "other.amazonaws.com"]},
            {},
            ["other.amazonaws.com", "otherz.amazonaws.com", "s3.amazonaws.com"],
        ),
        (
            "*",
            {"StringEquals": {"aws:PrincipalServiceName": "sns.amazonaws.com"}},
            ["other", "otherz.amazonaws.com", "sns.amazonaws.com"],
        ),
        ("*", {"StringEquals": {"aws:SourceVpc": "v"}}, ["other.amazonaws.com"]),
    ],
)
def test_services_are_those_that_a_policy_names_and_one_that_it_does_not(
    principal: Any, condition: dict[str, Any], found: list[str]
) -> None:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    statement |= {"Condition": condition} if condition else {}
    policy = Document.parse({"Version": "2012-10-17", "Statement": [statement]}, name="p", kind="resource")
    assert services(policy, {}) == found


@pytest.mark.parametrize(
    ("action", "gives"),
    [
        ("kms:Decrypt", True),
        ("kms:GenerateDataKey", True),
        ("kms:CreateGrant", True),
        ("kms:NeverHeardOf", True),
        ("kms:DescribeKey", False),
        ("kms:PutKeyPolicy", False),
    ],
)
def test_an_action_gives_plaintext_opens_a_way_to_it_or_is_not_known(action: str, *, gives: bool) -> None:
    assert gives_plaintext(action) is gives


def test_a_grant_allows_these_operations_and_no_others() -> None:
    """AWS KMS API, GrantListEntry, Operations."""
    assert sorted(GRANT_OPERATIONS) == [
        *("CreateGrant", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encrypt", "GenerateDataKey"),
        *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext"),
        *("GenerateMac", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "Sign", "Verify", "VerifyMac"),
    ]
