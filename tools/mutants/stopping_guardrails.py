"""Policies of the organization that stop declared access, the deployment or the audit."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.guardrail_edits import ARN, RCP, SCP, conditioned, statement, to
from tools.mutants.mutant import Edit, Expectation, Harmless, Mutant, NotProvedBecause, Refuted, together
from tools.mutants.original import CENTRAL, Body


def stopping() -> list[Mutant]:
    """What would stop a declared call, or the roles that the manifest names."""
    trap = {"ForAllValues:StringLike": {"kms:ResourceAliases": "alias/other-*"}}
    refused = Kind.REFUSED
    found: list[Mutant] = []
    for kind in (SCP, RCP):
        found += [
            Mutant(
                f"{kind}: ForAllValues without Null stops every deletion of an alias",
                Refuted(refused, ("kms:DeleteAlias on arn:aws:kms", "which is declared")),
                to(kind, Action=["kms:DeleteAlias", "kms:ScheduleKeyDeletion"], Condition=trap),
            ),
            Mutant(
                f"{kind}: deletion for nobody",
                Refuted(refused, ("KeyBreakGlass", "ScheduleKeyDeletion")),
                statement(kind, "KeepDeletion", lambda one: one.pop("Condition")),
            ),
            Mutant(
                f"{kind}: no stop by an administrator",
                Refuted(refused, ("KeyAdministrator", "DisableKey")),
                sparing_none(kind, "KeepDisabling", "KeyAdministrator"),
            ),
            Mutant(
                f"{kind}: the deployment role of one Region forgotten",
                Refuted(refused, ("cfn-exec-role", "PutKeyPolicy")),
                sparing_none(kind, "KeepSettings", "eu-central-1"),
            ),
            Mutant(
                f"{kind}: material for roles of another path",
                Refuted(refused, ("hugo-key-import", "ImportKeyMaterial")),
                conditioned(kind, "KeepMaterial", {"ArnNotLike": {ARN: f"arn:aws:iam::{CENTRAL}:role/keys/*"}}),
            ),
        ]
    found += [
        Mutant(
            f"{RCP}: use by principals of another organization alone",
            Refuted(refused, ("Decrypt", "which is declared")),
            conditioned(RCP, "DenyUseFromOutside", {"StringNotEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}}),
        ),
        Mutant(
            f"{RCP}: the tenant's tag for no role at all",
            Refuted(refused, ("cannot obtain a session", "shared.billing")),
            statement(RCP, "ReserveTenantTag", lambda one: one.update(Resource="*") or one.pop("NotResource")),
        ),
        Mutant(
            f"{RCP}: sessions for people with a second factor",
            NotProvedBecause(("aws:multifactorauthpresent",)),
            to(RCP, Action="sts:AssumeRole", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
        ),
    ]
    return found


def naming_sessions() -> list[Mutant]:
    """Conditions on the name of a session, which anyone who calls AssumeRole chooses (STS API, RoleSessionName)."""
    name, network = "sts:RoleSessionName", {"aws:SourceIp": "10.0.0.0/8"}
    orders = (Kind.REFUSED, ("cannot obtain a session of", "tenant-alma.orders"))

    def sessions(**condition: Body) -> Edit:
        return to(RCP, Action="sts:AssumeRole", Condition=condition)

    inside = sessions(StringNotEquals={name: "inside"}, IpAddress=network)
    outside = sessions(StringNotEquals={name: "outside"}, NotIpAddress=network)
    rows: list[tuple[str, Expectation, Edit]] = [
        ("no session of one name", Harmless(), sessions(StringEquals={name: "forbidden"})),
        ("sessions of some names alone", Harmless(), sessions(StringNotLike={name: "orders-*"})),
        ("no session of one name from one network", Harmless(), sessions(StringEquals={name: "no"}, IpAddress=network)),
        ("one name inside of a network, another outside", Harmless(), together(inside, outside)),
        ("no session of any name", Refuted(*orders), sessions(StringLike={name: "??*"})),
        ("no session that has a name", Refuted(*orders), sessions(Null={name: "false"})),
        ("sessions of a name that is too long", Refuted(*orders), sessions(StringNotEquals={name: 65 * "x"})),
        ("sessions of a name of one letter", Refuted(*orders), sessions(StringNotEquals={name: "x"})),
    ]
    return [Mutant(f"{RCP}: {what}", expected, edit) for what, expected, edit in rows]


def stopping_deployment() -> list[Mutant]:
    """What would stop the deployment roles from making what the templates hold."""
    deployer = "cfn-exec-role"
    rows: list[tuple[str, str, Body]] = [
        ("no new key", "kms:CreateKey on *", {"Action": "kms:CreateKey"}),
        (
            "no new key in one Region",
            "kms:CreateKey on *",
            {"Action": "kms:CreateKey", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
        ),
        (
            "no new key with tags",
            "kms:CreateKey on *",
            {"Action": "kms:CreateKey", "Condition": {"Null": {"aws:TagKeys": "false"}}},
        ),
        (
            "no new key of imported material",
            "kms:CreateKey on *",
            {"Action": "kms:CreateKey", "Condition": {"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}}},
        ),
        (
            "no settings of a key before its alias points at it",
            "kms:EnableKeyRotation on any key of account 111111111111 in eu-west-1",
            {"Action": "kms:EnableKeyRotation", "Condition": {"Null": {"kms:ResourceAliases": "true"}}},
        ),
        (
            "no role with tags",
            "iam:CreateRole on arn:aws:iam::111111111111:role/tenant-keys/",
            {"Action": ["iam:CreateRole", "iam:TagRole"], "Condition": {"Null": {"aws:TagKeys": "false"}}},
        ),
        (
            "no role by requests to another Region",
            "iam:CreateRole on arn:aws:iam::111111111111:role/tenant-keys/",
            {"Action": "iam:CreateRole", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}},
        ),
    ]
    found = [
        Mutant(f"{SCP}: {name}", Refuted(Kind.REFUSED, (deployer, words)), to(SCP, **elements))
        for name, words, elements in rows
    ]
    for sid, words in (
        ("KeepRules", "events:PutRule on arn:aws:events"),
        ("KeepTopic", "sns:SetTopicAttributes on"),
        ("KeepTrail", "cloudtrail:UpdateTrail on"),
    ):
        found.append(
            Mutant(
                f"{SCP}: {sid} for the deployment roles too",
                Refuted(Kind.REFUSED, (deployer, words)),
                statement(SCP, sid, lambda one: one.pop("Condition")),
            )
        )
    return found


def stopping_administration_of_topic_keys() -> list[Mutant]:
    """What break-glass, administrators and readers are to do with the key of a topic, at which no alias points."""
    without_alias = {"Null": {"kms:ResourceAliases": "true"}}
    rows: list[tuple[str, str, str]] = [
        (SCP, "kms:ScheduleKeyDeletion", "KeyBreakGlass"),
        (RCP, "kms:ScheduleKeyDeletion", "KeyBreakGlass"),
        (RCP, "kms:CancelKeyDeletion", "KeyBreakGlass"),
        (SCP, "kms:*", "SecurityAudit"),
    ]
    return [
        Mutant(
            f"{kind}: {role} may not {action} on the key of the topic",
            Refuted(Kind.REFUSED, (f"role/{role} may not", "which is declared")),
            to(
                kind,
                Action=action,
                Condition={**without_alias, "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{CENTRAL}:role/{role}"}},
            ),
        )
        for kind, action, role in rows
    ]


def stopping_publishers() -> list[Mutant]:
    """What would stop CloudWatch or EventBridge from using the key of the audit topic."""
    certain: list[tuple[str, str, Body]] = [
        ("services", "cloudwatch", {"Bool": {"aws:PrincipalIsAWSService": "true"}}),
        ("anyone who has no ARN", "events", {"Null": {"aws:PrincipalArn": "true"}}),
        ("EventBridge", "events", {"StringEquals": {"aws:PrincipalServiceName": "events.amazonaws.com"}}),
    ]
    open_ones: list[tuple[str, Body]] = [
        ("services on behalf of the key account", {"StringEquals": {"aws:SourceAccount": CENTRAL}}),
        (
            "anyone who is outside and came through no service",
            {
                "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "BoolIfExists": {"aws:ViaAWSService": "false"},
            },
        ),
        ("a principal of the account of a service", {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}),
        ("one encryption context", {"Null": {"kms:EncryptionContext:aws:sns:topicArn": "false"}}),
    ]
    gone = "kms:GenerateDataKey on any key of account"
    return [
        Mutant(
            f"{RCP}: use from outside by services too",
            Refuted(Kind.REFUSED, ("events.amazonaws.com", gone)),
            statement(RCP, "DenyUseFromOutside", lambda one: one["Condition"].pop("BoolIfExists")),
        ),
        Mutant(  # a request that has no aws:SourceAccount is denied as well, such as the deployment roles'
            f"{RCP}: no use but on behalf of the key account",
            Refuted(Kind.REFUSED, ("may not kms:CreateKey on *",)),
            to(RCP, Action="kms:*", Condition={"StringNotEqualsIfExists": {"aws:SourceAccount": CENTRAL}}),
        ),
        *(
            Mutant(
                f"{RCP}: no use by {name}",
                Refuted(Kind.REFUSED, (f"{who}.amazonaws.com", gone)),
                to(RCP, Action="kms:*", Condition=condition),
            )
            for name, who, condition in certain
        ),
        *(
            Mutant(
                f"{RCP}: no use by {name}",
                NotProvedBecause(("events.amazonaws.com", gone)),
                to(RCP, Action="kms:*", Condition=condition),
            )
            for name, condition in open_ones
        ),
    ]


def sparing_none(kind: str, sid: str, part: str) -> Edit:
    """Take a principal out of those whom the Deny spares."""

    def edit(one: Body) -> None:
        found = one["Condition"]["ArnNotEquals"]
        found[ARN] = [arn for arn in found[ARN] if part not in arn]

    return statement(kind, sid, edit)
