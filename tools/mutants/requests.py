"""Key policies whose conditions are of every kind: who may have which value, and what a condition makes of it."""

from __future__ import annotations

from typing import Any

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import (
    Expectation,
    Harmless,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    together,
    without,
)
from tools.mutants.original import CENTRAL, Body

ROOT: Body = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
DECRYPT = "kms:Decrypt"
BILLING = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/billing/shared.billing"
OUTSIDER, OTHER, MORE = Kind.OUTSIDER, Kind.OTHER_TENANT, Kind.MORE_THAN_DECLARED
DEAD = Kind.REFUSED
_Row = tuple[str, Expectation, Body]


def _open(rows: list[_Row]) -> list[Mutant]:
    """Each condition on an Allow of Decrypt to the account, on a key without any Deny."""
    return [
        Mutant(
            f"open {name}",
            expected,
            together(without("carla"), adding("carla", Principal=ROOT, Action=DECRYPT, Condition=condition)),
        )
        for name, expected, condition in rows
    ]


def _hardened(rows: list[tuple[str, Expectation, str, Body]]) -> list[Mutant]:
    """Each condition on one Deny more."""
    return [
        Mutant(
            f"one Deny more: {name}",
            expected,
            adding("dora", Sid="Harder", Effect="Deny", Principal="*", Action=action, Condition=condition),
        )
        for name, expected, action, condition in rows
    ]


def variables() -> list[Mutant]:
    """Policy variables of principals."""
    alias = "alias/tenant-carla"
    user = Refuted(OUTSIDER, (f"the user arn:aws:iam::{CENTRAL}:user/carla", "Decrypt"))
    return _open(
        [
            ("to the user of the tenant's name", user, _equals("kms:RequestAlias", "alias/tenant-${aws:username}")),
            (
                "to the user of the tenant's name, by pattern",
                Refuted(OUTSIDER, ("the user", "Decrypt")),
                {"StringLike": {"kms:RequestAlias": "alias/*-${aws:username}"}},
            ),
            (
                "to the user of the tenant's name, by the context",
                _because("no classes are worked out"),
                _equals("kms:EncryptionContext:tenant_id", "${aws:username}"),
            ),
            (
                "to whoever has the account as a tag",
                Refuted(OUTSIDER, (f"'home': '{CENTRAL}'", "Decrypt")),
                _equals("aws:ResourceAccount", "${aws:PrincipalTag/home}"),
            ),
            (
                "to whoever has the alias as a tag",
                Refuted(OUTSIDER, (f"'alias': '{alias}'", "Decrypt")),
                _equals("kms:RequestAlias", "${aws:PrincipalTag/alias}"),
            ),
            (
                "to whoever has the end of the alias as a tag",
                Refuted(OUTSIDER, ("'team': 'carla'", "Decrypt")),
                _equals("kms:RequestAlias", "alias/tenant-${aws:PrincipalTag/team}"),
            ),
            (
                "to the account of the key, by a variable",
                Refuted(OUTSIDER, ("Decrypt",)),
                _equals("aws:ResourceAccount", "${aws:PrincipalAccount}"),
            ),
            (
                "to whoever has no tag, by the default of a variable",
                Refuted(OUTSIDER, ("Decrypt",)),
                _equals("kms:RequestAlias", "${aws:PrincipalTag/alias, 'alias/tenant-carla'}"),
            ),
            (
                "to whoever is called as the context says",
                Refuted(OUTSIDER, ("Decrypt",)),
                _equals("kms:EncryptionContext:who", "${aws:PrincipalTag/who}"),
            ),
            ("by unique id", _because("aws:userid"), _equals("kms:EncryptionContext:who", "${aws:userid}")),
            (
                "by the principal's ARN",
                _because("aws:principalarn"),
                _equals("kms:RequestAlias", "${aws:PrincipalArn}"),
            ),
            ("by source address", _because("aws:sourceip"), _equals("kms:RequestAlias", "${aws:SourceIp}")),
            (
                "by two tags of one session",
                _because("two properties of one session"),
                _equals("aws:PrincipalTag/one", "${aws:PrincipalTag/other}"),
            ),
            (
                "by two variables in one value",
                _because("two policy variables"),
                _equals("kms:RequestAlias", "${aws:PrincipalTag/a}${aws:PrincipalTag/b}"),
            ),
            (
                "by an account that a tag names",
                _because("the principal decides too"),
                _equals("aws:PrincipalAccount", "${aws:PrincipalTag/home}"),
            ),
            ("by an escape", _because("an escape"), _equals("kms:RequestAlias", "alias/tenant-carla${*}")),
        ]
    )


def principals() -> list[Mutant]:
    """Who can have which name, account and organisation."""
    arn = f"arn:aws:iam::{CENTRAL}"
    return _open(
        [
            ("to roles of a path with a colon", _outsider("role/team:"), _arn(f"{arn}:role/team:*")),
            (
                "to roles of a path with a star",
                _outsider("role/a*b/"),
                _equals("aws:PrincipalArn", f"{arn}:role/a*b/x"),
            ),
            ("to roles of a path with a brace", _outsider("role/{x}/"), _arn(f"{arn}:role/{{x}}/*")),
            ("to users of a path", _outsider("user/ops/"), _arn(f"{arn}:user/ops/*")),
            ("to roles of one letter", _outsider("role/"), _arn(f"{arn}:role/?")),
            ("to federated users", _outsider("federated-user/"), _arn(f"arn:aws:sts::{CENTRAL}:federated-user/*")),
            ("to the root user", _outsider("root user"), _equals("aws:PrincipalArn", f"{arn}:root")),
            ("to users by type", _outsider("the user"), _equals("aws:PrincipalType", "User")),
            ("to federated users by type", _outsider("federated-user/"), _equals("aws:PrincipalType", "FederatedUser")),
            ("to users by name", _outsider("user/bob"), _equals("aws:username", "bob")),
            ("to users by the pattern of a name", _outsider("the user"), {"StringLike": {"aws:username": "b?b*"}}),
            ("to whoever is no AWS service", _outsider(""), {"Bool": {"aws:PrincipalIsAWSService": "false"}}),
            (
                "to users of a path and a name",
                _outsider("user/ops/"),
                {"ArnLike": {"aws:PrincipalArn": f"{arn}:user/ops/*"}, "StringEquals": {"aws:username": "bob"}},
            ),
            (
                "without regard to case",
                _because("aws:principalarn"),
                {"StringEqualsIgnoreCase": {"aws:PrincipalArn": f"{arn}:role/x"}},
            ),
        ]
    ) + [_to_everyone(*row) for row in _EVERYONE]


_EVERYONE: list[_Row] = [
    (
        "of type Anonymous",
        Refuted(OUTSIDER, ("anybody", "Decrypt")),
        {"StringEquals": {"aws:PrincipalType": "Anonymous"}},
    ),
    (
        "of the account anonymous",
        Refuted(OUTSIDER, ("anybody",)),
        {"StringEquals": {"aws:PrincipalAccount": "anonymous"}},
    ),
    ("without an ARN", Refuted(OUTSIDER, ("anybody", "Decrypt")), {"Null": {"aws:PrincipalArn": "true"}}),
    ("that is a service", Refuted(OUTSIDER, ("service", "Decrypt")), {"Bool": {"aws:PrincipalIsAWSService": "true"}}),
    (
        "that is one service",
        Refuted(OUTSIDER, ("the service logs.amazonaws.com",)),
        {"StringEquals": {"aws:PrincipalServiceName": "logs.amazonaws.com"}},
    ),
    (
        "of another organisation",
        Refuted(OUTSIDER, ("Decrypt",)),
        {"StringEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}},
    ),
    ("of organisations by pattern", Refuted(OUTSIDER, ("Decrypt",)), {"StringLike": {"aws:PrincipalOrgID": "o-z*"}}),
    ("without an organisation", Refuted(OUTSIDER, ("Decrypt",)), {"Null": {"aws:PrincipalOrgID": "true"}}),
    (
        "of every other account",
        Refuted(OUTSIDER, ("Decrypt",)),
        {
            "StringNotEquals": {
                "aws:PrincipalAccount": ["111111111111", "222222222222", "333333333333", "999999999999"],
            },
            "Null": {"aws:PrincipalOrgID": "true"},
        },
    ),
    (
        "of accounts by pattern",
        Refuted(OUTSIDER, ("of account 77",)),
        {"StringLike": {"kms:CallerAccount": "77*"}},
    ),
]


def _to_everyone(name: str, expected: Expectation, condition: Body) -> Mutant:
    edit = together(without("carla"), adding("carla", Principal="*", Action=DECRYPT, Condition=condition))
    return Mutant(f"open to everyone {name}", expected, edit)


def values() -> list[Mutant]:
    """What a caller can send."""
    anyone = Refuted(OUTSIDER, ("Decrypt",))
    context = "kms:EncryptionContext:n"
    return [
        *_open(
            [
                ("below a number", anyone, {"NumericLessThan": {context: "5"}}),
                ("above a number", anyone, {"NumericGreaterThan": {context: "5"}}),
                ("at any other number", anyone, {"NumericNotEquals": {context: "5"}}),
                (
                    "between two numbers",
                    anyone,
                    {"NumericGreaterThan": {context: "1"}, "NumericLessThan": {context: "2"}},
                ),
                ("after a date", anyone, {"DateGreaterThan": {context: "2026-01-01"}}),
                ("on a date", anyone, {"DateEquals": {context: "2026-01-01T00:00:00+02:00"}}),
                ("before a date that the caller names", anyone, {"DateLessThan": {context: "2020-01-01"}}),
                ("if true", anyone, {"Bool": {context: "true"}}),
                ("if some bytes", anyone, {"BinaryEquals": {context: "YWI="}}),
                ("if an address", anyone, {"IpAddress": {context: "10.0.0.0/8"}}),
                ("from a network", anyone, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
                ("from outside a network", anyone, {"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
                ("through an endpoint", anyone, {"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
                ("with MFA", anyone, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
                ("to whoever uses TLS", anyone, {"Bool": {"aws:SecureTransport": "true"}}),
                ("from today on", anyone, {"DateGreaterThan": {"aws:CurrentTime": "2026-06-01T00:00:00Z"}}),
                ("some day", anyone, {"DateGreaterThan": {"aws:EpochTime": "4102444800"}}),
                ("through a service", anyone, {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}),
                ("in one of two cases", anyone, {"StringEqualsIgnoreCase": {context: "Yes"}}),
                ("with any context", anyone, {"Null": {"kms:EncryptionContextKeys": "false"}}),
                ("with a key of the context", anyone, {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "n"}}),
                (
                    "with no other key of the context",
                    anyone,
                    {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "n"}},
                ),
                ("of a symmetric key", anyone, {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}),
                ("of a key of one Region", anyone, {"Bool": {"kms:MultiRegion": "false"}}),
                ("of a key with material of AWS", anyone, {"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}}),
                ("of a key of the organisation", anyone, {"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}),
                ("by a key of another service", _because("s3:prefix"), {"StringEquals": {"s3:prefix": "x"}}),
                (
                    "by a key that AWS does not have",
                    _because("aws:nosuchkey"),
                    {"StringEquals": {"aws:NoSuchKey": "x"}},
                ),
                (
                    "by numbers and patterns of one key",
                    _because("no classes of values"),
                    {"NumericLessThan": {context: "5"}, "StringLike": {context: "1*"}},
                ),
            ]
        ),
        Mutant(
            "three Denies that leave out what is no number",
            anyone,
            together(
                without("carla"),
                adding("carla", Principal=ROOT, Action=DECRYPT),
                *(
                    adding("carla", Sid=f"D{at}", Effect="Deny", Principal="*", Action="kms:*", Condition=condition)
                    for at, condition in enumerate(
                        (
                            {"NumericLessThanEquals": {context: "5"}},
                            {"NumericGreaterThan": {context: "5"}},
                            {"Null": {context: "true"}},
                        )
                    )
                ),
            ),
        ),
        Mutant(
            "Denies that leave out what lies between two numbers",
            anyone,
            together(
                without("carla"),
                adding("carla", Principal=ROOT, Action=DECRYPT),
                *(
                    adding("carla", Sid=f"D{at}", Effect="Deny", Principal="*", Action="kms:*", Condition=condition)
                    for at, condition in enumerate(
                        (
                            {"NumericLessThanEquals": {"aws:MultiFactorAuthAge": "5"}},
                            {"NumericGreaterThanEquals": {"aws:MultiFactorAuthAge": "6"}},
                            {"Null": {"aws:MultiFactorAuthAge": "true"}},
                        )
                    )
                ),
            ),
        ),
        Mutant(
            "Denies that leave out what is neither true nor false",
            anyone,
            together(
                without("carla"),
                adding("carla", Principal=ROOT, Action=DECRYPT),
                *(
                    adding("carla", Sid=f"D{at}", Effect="Deny", Principal="*", Action="kms:*", Condition=condition)
                    for at, condition in enumerate(
                        ({"Bool": {context: "true"}}, {"Bool": {context: "false"}}, {"Null": {context: "true"}})
                    )
                ),
            ),
        ),
        Mutant(
            "Denies that leave out what is no date",
            anyone,
            together(
                without("carla"),
                adding("carla", Principal=ROOT, Action=DECRYPT),
                *(
                    adding("carla", Sid=f"D{at}", Effect="Deny", Principal="*", Action="kms:*", Condition=condition)
                    for at, condition in enumerate(
                        (
                            {"DateLessThan": {context: "2026-01-01"}},
                            {"DateGreaterThanEquals": {context: "2026-01-01"}},
                            {"Null": {context: "true"}},
                        )
                    )
                ),
            ),
        ),
    ]


def hardening() -> list[Mutant]:
    """What takes nothing away from what is declared, and what does."""
    return _hardened(
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
            ("to whoever carries a tag", Harmless(), "kms:*", {"Null": {"aws:PrincipalTag/guest": "false"}}),
            ("of an asymmetric key", Harmless(), "kms:*", {"StringNotEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}),
            ("of imported material", Harmless(), "kms:*", {"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}}),
            (
                "without TLS and without context",
                Harmless(),
                "kms:*",
                {"Bool": {"aws:SecureTransport": "false"}, "Null": {"kms:EncryptionContextKeys": "true"}},
            ),
            ("directly", _dead("Decrypt"), "kms:*", {"StringNotLike": {"kms:ViaService": "s3.*"}}),
            ("not through a service", _dead("Decrypt"), "kms:*", {"Bool": {"aws:ViaAWSService": "false"}}),
            ("with TLS", _dead("Decrypt"), "kms:*", {"Bool": {"aws:SecureTransport": ["true", "false"]}}),
            (
                "from now on",
                _dead("Decrypt"),
                "kms:*",
                {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
            ),
            (
                "with the tenant in the context",
                _dead("Decrypt"),
                DECRYPT,
                {"Null": {"kms:EncryptionContext:tenant_id": "false"}},
            ),
            ("of a symmetric key", _dead("Decrypt"), DECRYPT, {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}),
            ("to whoever has no tag", _dead("Decrypt"), DECRYPT, {"Null": {"aws:PrincipalTag/guest": "true"}}),
            ("to roles", _dead("Decrypt"), "kms:*", {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}),
            (
                "to the organisation",
                _dead("Decrypt"),
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
                _open_question("aws:sourcevpce"),
                DECRYPT,
                {"StringNotEquals": {"aws:SourceVpce": "v"}},
            ),
            (
                "outside a network",
                _open_question("aws:sourceip"),
                DECRYPT,
                {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            ),
            (
                "without MFA",
                _open_question("aws:multifactorauthpresent"),
                "kms:ScheduleKeyDeletion",
                {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            ),
            (
                "some day",
                _open_question("aws:currenttime"),
                DECRYPT,
                {"DateGreaterThan": {"aws:CurrentTime": "2040-01-01"}},
            ),
            (
                "of a tagged key",
                _open_question("aws:resourcetag/env"),
                DECRYPT,
                {"StringEquals": {"aws:ResourceTag/env": "p"}},
            ),
            (
                "of old sessions",
                _open_question("aws:tokenissuetime"),
                DECRYPT,
                {"DateLessThan": {"aws:TokenIssueTime": "2030-01-01"}},
            ),
        ]
    )


def elements() -> list[Mutant]:
    """NotPrincipal, principals of other forms, and actions that are yet to come."""

    def denied(name: str, expected: Expectation, **statement: Any) -> Mutant:
        edit = together(
            without("carla"),
            adding("carla", Principal=ROOT, Action=DECRYPT),
            adding("carla", Sid="All", Effect="Deny", Action=DECRYPT, **statement),
        )
        return Mutant(f"open but for a Deny: {name}", expected, edit)

    def opened(name: str, expected: Expectation, **statement: Any) -> Mutant:
        return Mutant(f"open: {name}", expected, together(without("carla"), adding("carla", **statement)))

    anyone = Refuted(OUTSIDER, ("Decrypt",))
    user = f"arn:aws:iam::{CENTRAL}:user/bob"
    return [
        denied("that spares everyone", anyone, NotPrincipal="*"),
        denied("that spares every AWS principal", anyone, NotPrincipal={"AWS": "*"}),
        denied("that spares every AWS principal, in a list", anyone, NotPrincipal={"AWS": ["*"]}),
        denied("that spares the account", anyone, NotPrincipal=ROOT),
        denied(
            "that spares a user", Refuted(OUTSIDER, ("user/bob", "Decrypt")), NotPrincipal={"AWS": [user, ROOT["AWS"]]}
        ),
        denied("of another resource", anyone, Principal="*", Resource="arn:aws:s3:::x"),
        denied("of one user", anyone, Principal={"AWS": user}),
        denied("of a service", anyone, Principal={"Service": "logs.amazonaws.com"}),
        denied("of one session", anyone, Principal={"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/other/any-session"}),
        denied("by unique id", _because("AIDA"), Principal={"AWS": "AIDAEXAMPLE"}),
        denied("by canonical user", _because("CanonicalUser"), Principal={"CanonicalUser": "79a5"}),
        denied("by a wildcard in an ARN", _because("role/*"), Principal={"AWS": f"arn:aws:iam::{CENTRAL}:role/*"}),
        denied("of a federated provider", _because("Federated"), Principal={"Federated": "x.example.com"}),
        opened("to an account by its number", anyone, Principal={"AWS": CENTRAL}, Action=DECRYPT),
        opened("to a user", Refuted(OUTSIDER, ("user/bob",)), Principal={"AWS": user}, Action=DECRYPT),
        opened(
            "to a federated user",
            Refuted(OUTSIDER, ("federated-user/bob",)),
            Principal={"AWS": f"arn:aws:sts::{CENTRAL}:federated-user/bob"},
            Action=DECRYPT,
        ),
        opened(
            "to two services",
            Refuted(OUTSIDER, ("the service b.amazonaws.com",)),
            Principal={"Service": ["a.amazonaws.com", "b.amazonaws.com"]},
            Action=DECRYPT,
        ),
        opened(
            "to a role of every account, by wildcard",
            _because("iam::*"),
            Principal={"AWS": "arn:aws:iam::*:role/x"},
            Action=DECRYPT,
        ),
        opened("to a unique id", _because("AROA"), Principal={"AWS": "AROAEXAMPLE"}, Action=DECRYPT),
        opened("NotPrincipal with Allow, everyone", _because("NotPrincipal"), NotPrincipal="*", Action=DECRYPT),
        opened(
            "NotPrincipal with Allow, a service",
            _because("NotPrincipal"),
            NotPrincipal={"Service": "a.amazonaws.com"},
            Action=DECRYPT,
        ),
        opened(
            "actions that begin with Frob",
            Refuted(OUTSIDER, ("frob",)),
            Principal=ROOT,
            Action="kms:Frob*",
        ),
        opened(
            "actions that end in Plaintext",
            Refuted(OUTSIDER, ("GenerateDataKeyWithoutPlaintext",)),
            Principal=ROOT,
            Action="kms:*Plaintext",
        ),
        opened(
            "an action that stands for those to come",
            Refuted(OUTSIDER, ("AnOperationYetToCome",)),
            Principal=ROOT,
            Action="kms:AnOperationYetToCome",
        ),
        opened(
            "everything but what is known to come",
            Refuted(OUTSIDER, ("Decrypt",)),
            Principal=ROOT,
            NotAction=["kms:AnOperationYetToCome"],
        ),
    ]


def _equals(key: str, value: str) -> Body:
    return {"StringEquals": {key: value}}


def _arn(pattern: str) -> Body:
    return {"ArnLike": {"aws:PrincipalArn": pattern}}


def _outsider(words: str) -> Refuted:
    return Refuted(OUTSIDER, (words, "Decrypt"))


def _because(words: str) -> NotProvedBecause:
    return NotProvedBecause((words,))


def _dead(action: str) -> Refuted:
    return Refuted(DEAD, ("tenant dora through workload orders", action))


def _open_question(key: str) -> NotProvedBecause:
    return NotProvedBecause(("depends on", key))


MUTANTS = [*variables(), *principals(), *values(), *hardening(), *elements()]
