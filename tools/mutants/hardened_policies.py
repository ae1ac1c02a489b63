"""Conditions and Denies that somebody adds to harden a key policy."""

from __future__ import annotations

from tools.mutants.mutant import (
    Harmless,
    Mutant,
    NotProvedBecause,
    Refuted,
)
from tools.mutants.request_statements import DEAD, DECRYPT, hardened, open_question, refused


def hardening() -> list[Mutant]:
    """What takes nothing away from what is declared, and what does."""
    return hardened(
        [
            ("without TLS", Harmless(), "kms:*", {"Bool": {"aws:SecureTransport": "false"}}),
            ("without TLS, as text", Harmless(), "kms:*", {"StringEquals": {"aws:SecureTransport": "false"}}),
            ("without context", Harmless(), [DECRYPT, "kms:Encrypt"], {"Null": {"kms:EncryptionContextKeys": "true"}}),  # type: ignore[list-item]
            (
                "without the tenant in the context",
                Harmless(),
                DECRYPT,
                {"Null": {"kms:EncryptionContext:tenant_id": "true"}},
            ),
            (
                "without the lockout check",
                Harmless(),
                "kms:PutKeyPolicy",
                {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}},
            ),
            (
                "deletion in less than thirty days",
                Harmless(),
                "kms:ScheduleKeyDeletion",
                {"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}},
            ),
            ("through S3", Harmless(), "kms:*", {"StringLike": {"kms:ViaService": "s3.*"}}),
            ("through any service", Harmless(), "kms:*", {"Bool": {"aws:ViaAWSService": "true"}}),
            (
                "through CloudFormation",
                Harmless(),
                "kms:*",
                {"StringEquals": {"aws:CalledViaFirst": "x.amazonaws.com"}},
            ),
            ("in the past", Harmless(), "kms:*", {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}),
            (
                "with another algorithm",
                Harmless(),
                [DECRYPT, "kms:Encrypt"],  # type: ignore[list-item]
                {"StringNotEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}},
            ),
            (
                "grants for others than AWS",
                Harmless(),
                "kms:CreateGrant",
                {"Bool": {"kms:GrantIsForAWSResource": "false"}},
            ),
            ("from an enclave", Harmless(), "kms:*", {"Null": {"kms:RecipientAttestation:PCR0": "false"}}),
            (
                "in another Region's endpoint",
                Harmless(),
                "kms:*",
                {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
            ),
            (
                "by an old browser",
                NotProvedBecause(("depends on aws:useragent",)),
                "kms:*",
                {"StringLike": {"aws:UserAgent": "Mozilla/4*"}},
            ),
            ("to services", Harmless(), "kms:*", {"Bool": {"aws:PrincipalIsAWSService": "true"}}),
            ("to users", Harmless(), "kms:*", {"StringEquals": {"aws:PrincipalType": "User"}}),
            ("to another account", Harmless(), "kms:*", {"StringEquals": {"aws:PrincipalAccount": "777777777777"}}),
            ("to a named user", Harmless(), "kms:*", {"StringEquals": {"aws:username": "bob"}}),
            ("to anyone who carries a tag", Harmless(), "kms:*", {"Null": {"aws:PrincipalTag/guest": "false"}}),
            ("of an asymmetric key", Harmless(), "kms:*", {"StringNotEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}),
            ("of imported material", Harmless(), "kms:*", {"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}}),
            (
                "without TLS and without context",
                Harmless(),
                "kms:*",
                {"Bool": {"aws:SecureTransport": "false"}, "Null": {"kms:EncryptionContextKeys": "true"}},
            ),
            ("directly", refused("Decrypt"), "kms:*", {"StringNotLike": {"kms:ViaService": "s3.*"}}),
            ("not through a service", refused("Decrypt"), "kms:*", {"Bool": {"aws:ViaAWSService": "false"}}),
            ("with TLS", refused("Decrypt"), "kms:*", {"Bool": {"aws:SecureTransport": ["true", "false"]}}),
            (
                "from now on",
                refused("Decrypt"),
                "kms:*",
                {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
            ),
            (
                "with the tenant in the context",
                refused("Decrypt"),
                DECRYPT,
                {"Null": {"kms:EncryptionContext:tenant_id": "false"}},
            ),
            ("of a symmetric key", refused("Decrypt"), DECRYPT, {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}),
            ("to anyone who has no tag", refused("Decrypt"), DECRYPT, {"Null": {"aws:PrincipalTag/guest": "true"}}),
            ("to roles", refused("Decrypt"), "kms:*", {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}),
            (
                "to the organization",
                refused("Decrypt"),
                "kms:*",
                {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            ),
            (
                "deletion at any time",
                Refuted(DEAD, ("ScheduleKeyDeletion",)),
                "kms:ScheduleKeyDeletion",
                {"NumericLessThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}},
            ),
            (
                "outside an endpoint",
                open_question("aws:sourcevpce"),
                DECRYPT,
                {"StringNotEquals": {"aws:SourceVpce": "v"}},
            ),
            (
                "outside a network",
                open_question("aws:sourceip"),
                DECRYPT,
                {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            ),
            (
                "without MFA",
                open_question("aws:multifactorauthpresent"),
                "kms:ScheduleKeyDeletion",
                {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            ),
            (
                "some day",
                open_question("aws:currenttime"),
                DECRYPT,
                {"DateGreaterThan": {"aws:CurrentTime": "2040-01-01"}},
            ),
            (
                "of a tagged key",
                open_question("aws:resourcetag/env"),
                DECRYPT,
                {"StringEquals": {"aws:ResourceTag/env": "p"}},
            ),
            (
                "of old sessions",
                open_question("aws:tokenissuetime"),
                DECRYPT,
                {"DateLessThan": {"aws:TokenIssueTime": "2030-01-01"}},
            ),
        ]
    )
