"""Key policies whose conditions are of every kind: who may have which value, and what a condition makes of it."""

from __future__ import annotations

from typing import Any

from tools.mutants.hardened_policies import hardening
from tools.mutants.mutant import (
    Expectation,
    Mutant,
    Refuted,
    adding,
    together,
    without,
)
from tools.mutants.original import CENTRAL, Body
from tools.mutants.request_statements import (
    DECRYPT,
    OUTSIDER,
    ROOT,
    Row,
    arn_like,
    equals,
    not_proved_because,
    opened,
    outsider,
)
from tools.mutants.request_values import values, variables


def principals() -> list[Mutant]:
    """Who can have which name, account and organization."""
    arn = f"arn:aws:iam::{CENTRAL}"
    return opened(
        [
            ("to roles of a path with a colon", outsider("role/team:"), arn_like(f"{arn}:role/team:*")),
            (
                "to roles of a path with a star",
                outsider("role/a*b/"),
                equals("aws:PrincipalArn", f"{arn}:role/a*b/x"),
            ),
            ("to roles of a path with a brace", outsider("role/{x}/"), arn_like(f"{arn}:role/{{x}}/*")),
            ("to users of a path", outsider("user/ops/"), arn_like(f"{arn}:user/ops/*")),
            ("to roles of one letter", outsider("role/"), arn_like(f"{arn}:role/?")),
            ("to federated users", outsider("federated-user/"), arn_like(f"arn:aws:sts::{CENTRAL}:federated-user/*")),
            ("to the root user", outsider("root user"), equals("aws:PrincipalArn", f"{arn}:root")),
            ("to users by type", outsider("the user"), equals("aws:PrincipalType", "User")),
            ("to federated users by type", outsider("federated-user/"), equals("aws:PrincipalType", "FederatedUser")),
            ("to users by name", outsider("user/bob"), equals("aws:username", "bob")),
            ("to users by the pattern of a name", outsider("the user"), {"StringLike": {"aws:username": "b?b*"}}),
            ("to anyone who is no AWS service", outsider(""), {"Bool": {"aws:PrincipalIsAWSService": "false"}}),
            (
                "to users of a path and a name",
                outsider("user/ops/"),
                {"ArnLike": {"aws:PrincipalArn": f"{arn}:user/ops/*"}, "StringEquals": {"aws:username": "bob"}},
            ),
            (
                "without regard to case",
                not_proved_because("aws:principalarn"),
                {"StringEqualsIgnoreCase": {"aws:PrincipalArn": f"{arn}:role/x"}},
            ),
        ]
    ) + [_to_everyone(*row) for row in _EVERYONE]


_EVERYONE: list[Row] = [
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
        "of another organization",
        Refuted(OUTSIDER, ("Decrypt",)),
        {"StringEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}},
    ),
    ("of organizations by pattern", Refuted(OUTSIDER, ("Decrypt",)), {"StringLike": {"aws:PrincipalOrgID": "o-z*"}}),
    ("without an organization", Refuted(OUTSIDER, ("Decrypt",)), {"Null": {"aws:PrincipalOrgID": "true"}}),
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
        denied("by unique id", not_proved_because("AIDA"), Principal={"AWS": "AIDAEXAMPLE"}),
        denied("by canonical user", not_proved_because("CanonicalUser"), Principal={"CanonicalUser": "79a5"}),
        denied(
            "by a wildcard in an ARN", not_proved_because("role/*"), Principal={"AWS": f"arn:aws:iam::{CENTRAL}:role/*"}
        ),
        denied("of a federated provider", not_proved_because("Federated"), Principal={"Federated": "x.example.com"}),
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
            not_proved_because("iam::*"),
            Principal={"AWS": "arn:aws:iam::*:role/x"},
            Action=DECRYPT,
        ),
        opened("to a unique id", not_proved_because("AROA"), Principal={"AWS": "AROAEXAMPLE"}, Action=DECRYPT),
        opened(
            "NotPrincipal with Allow, everyone", not_proved_because("NotPrincipal"), NotPrincipal="*", Action=DECRYPT
        ),
        opened(
            "NotPrincipal with Allow, a service",
            not_proved_because("NotPrincipal"),
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
            "an action that represents those to come",
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


MUTANTS = [*variables(), *principals(), *values(), *hardening(), *elements()]
