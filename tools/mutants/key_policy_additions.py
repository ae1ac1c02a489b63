"""Key policies with one more Allow."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.key_policy_statements import (
    ADMINISTRATION,
    ARN,
    BERT,
    DECRYPT,
    OTHER,
    OUTSIDER,
    ROOT,
)
from tools.mutants.mutant import (
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    together,
    without,
)
from tools.mutants.original import CENTRAL, Body


def added_allows() -> list[Mutant]:
    """An Allow put into a key policy; without Denies unless it says so."""
    cases: list[tuple[str, Kind, tuple[str, ...], Body]] = [
        ("everybody", OTHER, ("tenant", "Decrypt"), {"Principal": "*", "Action": DECRYPT}),
        ("every AWS principal", OTHER, ("tenant", "Decrypt"), {"Principal": {"AWS": "*"}, "Action": DECRYPT}),
        ("root with kms:*", OUTSIDER, ("role/", "Decrypt"), {"Principal": ROOT, "Action": "kms:*"}),
        ("NotAction", OUTSIDER, ("role/",), {"Principal": ROOT, "NotAction": "kms:Encrypt"}),
        ("a grant permission", OUTSIDER, ("CreateGrant",), {"Principal": ROOT, "Action": "kms:CreateGrant"}),
        ("another account", OUTSIDER, ("999999999999",), {"Principal": {"AWS": "999999999999"}, "Action": DECRYPT}),
        (
            "an account that nothing else names",
            OUTSIDER,
            ("555555555555",),
            {
                "Principal": "*",
                "Action": DECRYPT,
                "Condition": {"StringEquals": {"aws:PrincipalAccount": "555555555555"}},
            },
        ),
        (
            "roles of an account that nothing else names",
            OUTSIDER,
            ("555555555555",),
            {"Principal": "*", "Action": DECRYPT, "Condition": {"ArnLike": {ARN: "arn:aws:iam::555555555555:role/*"}}},
        ),
        (
            "accounts by a pattern",
            OUTSIDER,
            ("arn:aws:iam::7",),
            {"Principal": "*", "Action": DECRYPT, "Condition": {"StringLike": {ARN: "arn:aws:iam::7*"}}},
        ),
        (
            "a user",
            OUTSIDER,
            ("user/bob",),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"ArnEquals": {ARN: f"arn:aws:iam::{CENTRAL}:user/bob"}},
            },
        ),
        (
            "a user by name",
            OUTSIDER,
            ("user/bob",),
            {"Principal": ROOT, "Action": DECRYPT, "Condition": {"StringEquals": {"aws:username": "bob"}}},
        ),
        (
            "a service",
            OUTSIDER,
            ("s3.amazonaws.com",),
            {"Principal": {"Service": "s3.amazonaws.com"}, "Action": DECRYPT},
        ),
        (
            "a service by name",
            OUTSIDER,
            ("logs.amazonaws.com",),
            {
                "Principal": "*",
                "Action": DECRYPT,
                "Condition": {"StringEquals": {"aws:PrincipalServiceName": "logs.amazonaws.com"}},
            },
        ),
        (
            "another organization",
            OUTSIDER,
            ("Decrypt",),
            {"Principal": "*", "Action": DECRYPT, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-evil"}}},
        ),
        (
            "a part of the organization",
            OUTSIDER,
            ("Decrypt",),
            {
                "Principal": "*",
                "Action": DECRYPT,
                "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
            },
        ),
        (
            "anyone who comes through S3",
            OUTSIDER,
            ("Decrypt",),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
            },
        ),
        (
            "a network address",
            OUTSIDER,
            ("Decrypt",),
            {"Principal": ROOT, "Action": DECRYPT, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
        ),
        (
            "anyone who knows a session context",
            OUTSIDER,
            ("Decrypt",),
            {"Principal": ROOT, "Action": DECRYPT, "Condition": {"StringLike": {"aws:userid": "*:someone"}}},
        ),
        ("another tenant's role", OTHER, ("tenant bert", "Decrypt"), {"Principal": {"AWS": BERT}, "Action": DECRYPT}),
        (
            "a session of another tenant's role",
            OTHER,
            ("tenant bert", "Decrypt"),
            {"Principal": {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/tenant-bert.orders/batch"}, "Action": DECRYPT},
        ),
        (
            "a session of a shared role",
            OTHER,
            ("shared.billing", "Decrypt"),
            {"Principal": {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/shared.billing/batch"}, "Action": DECRYPT},
        ),
        (
            "a federated user",
            OUTSIDER,
            ("federated user", "Decrypt"),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"StringEquals": {"aws:PrincipalType": "FederatedUser"}},
            },
        ),
        (
            "a federated user, since its ARN is not one of IAM",
            OUTSIDER,
            ("federated user", "Decrypt"),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam:*"}},
            },
        ),
        (
            "another account lists grants, among actions that it cannot take",
            ADMINISTRATION,
            ("555555555555", "ListGrants"),
            {"Principal": {"AWS": "555555555555"}, "Action": ["kms:GetKeyLastUsage", "kms:ListGrants"]},
        ),
        (
            "a session younger than a great number of seconds",
            OUTSIDER,
            ("Decrypt",),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"NumericEquals": {"aws:MultiFactorAuthAge": "12345678.5"}},
            },
        ),
        (
            "everybody changes the policy",
            ADMINISTRATION,
            ("PutKeyPolicy",),
            {"Principal": ROOT, "Action": "kms:PutKeyPolicy"},
        ),
        ("everybody deletes", ADMINISTRATION, ("ScheduleKeyDeletion",), {"Principal": ROOT, "Action": "kms:Schedule*"}),
        ("what KMS adds next", OUTSIDER, ("AnOperationYetToCome",), {"Principal": ROOT, "Action": "kms:An*"}),
    ]
    found = [
        Mutant(f"allowed: {name}", Refuted(kind, words), together(without("carla"), adding("carla", **body)))
        for name, kind, words, body in cases
    ]
    return [*found, *_with_denies()]


def _with_denies() -> list[Mutant]:
    session = {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/shared.billing/batch"}
    return [
        Mutant(
            "allowed in spite of the Denies: root with kms:*",
            Refuted(OUTSIDER, ("AnOperationYetToCome",)),
            adding("carla", Principal=ROOT, Action="kms:*"),
        ),
        Mutant(
            "allowed in spite of the Denies: everybody decrypts, a role that only encrypts too",
            Refuted(Kind.MORE_THAN_DECLARED, ("workload mails", "Decrypt")),
            adding("carla", Principal="*", Action=DECRYPT),
        ),
        Mutant(
            "held by the Denies: another tenant's role",
            NotProvedBecause(("names the principal", "which may not exist when the policy is saved")),
            adding("carla", Principal={"AWS": BERT}, Action=DECRYPT),
        ),
        Mutant(
            "held by the Denies: a session",
            NotProvedBecause(("names the principal", "which may not exist when the policy is saved")),
            adding("carla", Principal=session, Action=DECRYPT),
        ),
        Mutant(
            "held by the Denies: a grant permission",
            LostSafeguard(("a new Allow (kms:CreateGrant)",)),
            adding("carla", Principal=ROOT, Action="kms:CreateGrant"),
        ),
    ]
