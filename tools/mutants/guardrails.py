"""Control policies of the organization with one thing broken; and what means the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import Edit, Harmless, Mutant, NotProvedBecause, Refuted, adding_resource, together
from tools.mutants.original import CENTRAL, GUARDRAILS, Body, Templates

SCP, RCP = "ServiceControlPolicy", "ResourceControlPolicy"
ARN: Final = "aws:PrincipalArn"
GUARDRAIL = Kind.GUARDRAIL


def control(kind: str, edit: Callable[[Body], object]) -> Edit:
    """Edit the document of a control policy."""

    def edited(templates: Templates) -> None:
        edit(templates.resources(GUARDRAILS)[kind]["Properties"]["Content"])

    return edited


def statement(kind: str, sid: str, edit: Callable[[Body], object]) -> Edit:
    """Edit one statement."""
    return control(kind, lambda document: edit(next(one for one in document["Statement"] if one["Sid"] == sid)))


def gone(kind: str, sid: str) -> Edit:
    def edit(document: Body) -> None:
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] != sid]

    return control(kind, edit)


def under(kind: str, sid: str, **condition: Any) -> Edit:
    """Ask for more before the Deny holds."""

    def edit(one: Body) -> None:
        for operator, keys in condition.items():
            one.setdefault("Condition", {}).setdefault(operator.replace("__", ":"), {}).update(keys)

    return statement(kind, sid, edit)


def conditioned(kind: str, sid: str, condition: Body) -> Edit:
    """Replace all conditions."""
    return statement(kind, sid, lambda one: one.update(Condition=condition))


def property_of(kind: str, **changed: object) -> Edit:
    return lambda templates: templates.resources(GUARDRAILS)[kind]["Properties"].update(changed)


def sparing(kind: str, sid: str, arn: str, operator: str = "ArnNotEquals") -> Edit:
    """Let one principal more through."""

    def edit(one: Body) -> None:
        found = one["Condition"][operator]
        found[ARN] = [*([found[ARN]] if isinstance(found[ARN], str) else found[ARN]), arn]

    return statement(kind, sid, edit)


KEPT: Final = {
    "KeepDeletion": "does not keep deletion",
    "KeepCancellation": "does not keep cancelling a deletion",
    "KeepDisabling": "does not keep disabling",
    "KeepSettings": "does not keep policies and settings of keys",
    "KeepAliases": "does not keep aliases",
    "KeepOpenings": "does not keep grants, alias targets and the primary Region",
    "KeepMaterial": "does not keep key material",
    "KeepLockoutCheck": "does not keep the lockout check",
    "ReserveTenantTag": "does not keep the tag tenant_id",
}
"""What is told of either policy without the statement."""
OF_PRINCIPALS: Final = {
    "KeepTrail": "does not keep the trail",
    "KeepRules": "does not keep the rules",
    "KeepTopic": "does not keep the topic",
}
OF_RESOURCES: Final = {
    "DenyUseFromOutside": "does not keep use from inside the organization",
    "DenySessionsFromOutside": "does not keep sessions from inside the organization",
}


def without_statement() -> list[Mutant]:
    rows = [(SCP, sid, words) for sid, words in (KEPT | OF_PRINCIPALS).items()]
    rows += [(RCP, sid, words) for sid, words in (KEPT | OF_RESOURCES).items()]
    return [
        Mutant(f"{kind} without {sid}", Refuted(GUARDRAIL, (kind, words)), gone(kind, sid)) for kind, sid, words in rows
    ]


def weaker() -> list[Mutant]:
    """Each Deny, under a condition that somebody can leave unmet, or for one principal less."""
    tags = {"aws:ResourceTag/tenant-keys:project": "tenant-keys"}
    administrator = f"arn:aws:iam::{CENTRAL}:role/KeyAdministrator"
    found = []
    for kind in (SCP, RCP):
        rows: list[tuple[str, str, Edit]] = [
            (
                "a Deny that a tag of the key switches on",
                KEPT["KeepDeletion"],
                under(kind, "KeepDeletion", StringEquals=tags),
            ),
            (
                "a Deny only with multi-factor authentication absent",
                KEPT["KeepSettings"],
                under(kind, "KeepSettings", BoolIfExists={"aws:MultiFactorAuthPresent": "false"}),
            ),
            (
                "a Deny only in one Region",
                KEPT["KeepDisabling"],
                under(kind, "KeepDisabling", StringEquals={"aws:RequestedRegion": "eu-west-1"}),
            ),
            (
                "a Deny only of calls by the console",
                KEPT["KeepAliases"],
                under(kind, "KeepAliases", StringLike={"aws:UserAgent": "console*"}),
            ),
            (
                "an administrator among those who delete",
                KEPT["KeepDeletion"],
                sparing(kind, "KeepDeletion", administrator),
            ),
            (
                "any role of the account among those who change policies",
                KEPT["KeepSettings"],
                conditioned(kind, "KeepSettings", {"ArnNotLike": {ARN: f"arn:aws:iam::{CENTRAL}:role/*"}}),
            ),
            (
                "the root user among those who grant",
                KEPT["KeepOpenings"],
                sparing(kind, "KeepOpenings", f"arn:aws:iam::{CENTRAL}:root"),
            ),
            (
                "roles of any path import material",
                KEPT["KeepMaterial"],
                conditioned(kind, "KeepMaterial", {"ArnNotLike": {ARN: f"arn:aws:iam::{CENTRAL}:role/*key-import*"}}),
            ),
            (
                "a lockout check kept where nobody bypasses it",
                KEPT["KeepLockoutCheck"],
                statement(
                    kind,
                    "KeepLockoutCheck",
                    lambda one: one["Condition"].update(Bool={"kms:BypassPolicyLockoutSafetyCheck": "false"}),
                ),
            ),
            (
                "the tenant's tag in lower case alone",
                KEPT["ReserveTenantTag"],
                conditioned(kind, "ReserveTenantTag", {"ForAnyValue:StringEquals": {"aws:TagKeys": "tenant_id"}}),
            ),
            (
                "the tenant's tag beside no other",
                KEPT["ReserveTenantTag"],
                conditioned(
                    kind, "ReserveTenantTag", {"ForAllValues:StringEqualsIgnoreCase": {"aws:TagKeys": ["tenant_id"]}}
                ),
            ),
            (
                "a Deny by ForAnyValue on aliases that a key may not have",
                KEPT["KeepDeletion"],
                under(kind, "KeepDeletion", ForAnyValue__StringLike={"kms:ResourceAliases": "alias/tenant-*"}),
            ),
        ]
        found += [Mutant(f"{kind}: {name}", Refuted(GUARDRAIL, (kind, words)), edit) for name, words, edit in rows]
    return found


def outside() -> list[Mutant]:
    another, outsiders = "o-zzzzzzzzzz", OF_RESOURCES["DenyUseFromOutside"]
    rows: list[tuple[str, str, Edit]] = [
        (
            "use from another organization",
            outsiders,
            under(RCP, "DenyUseFromOutside", StringNotEquals={"aws:PrincipalOrgID": ["o-a1b2c3d4e5", another]}),
        ),
        (
            "use from no organization",
            outsiders,
            conditioned(
                RCP,
                "DenyUseFromOutside",
                {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:PrincipalOrgID": "false"}},
            ),
        ),
        (
            "use through a service on behalf of outsiders",
            outsiders,
            under(RCP, "DenyUseFromOutside", BoolIfExists={"aws:ViaAWSService": "false"}),
        ),
        (
            "sessions of every access role for another account",
            OF_RESOURCES["DenySessionsFromOutside"],
            under(RCP, "DenySessionsFromOutside", StringNotEquals={"aws:PrincipalAccount": "999999999999"}),
        ),
    ]
    return [Mutant(f"{RCP}: {name}", Refuted(GUARDRAIL, (RCP, words)), edit) for name, words, edit in rows]


def to(kind: str, **elements: object) -> Edit:
    """Add a Deny."""
    everyone = {"Principal": "*"} if kind == RCP else {}
    body = {"Sid": "Added", "Effect": "Deny", "Resource": "*", **everyone, **elements}
    return control(kind, lambda document: document["Statement"].append(body))


def stopping() -> list[Mutant]:
    """What would stop a declared call, or the roles that the manifest names."""
    trap = {"ForAllValues:StringLike": {"kms:ResourceAliases": "alias/other-*"}}
    refused = Kind.REFUSED
    found: list[Mutant] = []
    for kind in (SCP, RCP):
        found += [
            Mutant(
                f"{kind}: ForAllValues without Null stops every deletion of an alias",
                Refuted(refused, ("kms:deletealias on arn:aws:kms", "which is declared")),
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


def stopping_deployment() -> list[Mutant]:
    """What would stop the deployment roles from making what the templates hold."""
    deployer = "cfn-exec-role"
    rows: list[tuple[str, str, Body]] = [
        ("no new key", "kms:createkey on *", {"Action": "kms:CreateKey"}),
        (
            "no new key in one Region",
            "kms:createkey on *",
            {"Action": "kms:CreateKey", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
        ),
        (
            "no new key with tags",
            "kms:createkey on *",
            {"Action": "kms:CreateKey", "Condition": {"Null": {"aws:TagKeys": "false"}}},
        ),
        (
            "no new key of imported material",
            "kms:createkey on *",
            {"Action": "kms:CreateKey", "Condition": {"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}}},
        ),
        (
            "no settings of a key before its alias points at it",
            "kms:enablekeyrotation on arn:aws:kms:eu-west-1",
            {"Action": "kms:EnableKeyRotation", "Condition": {"Null": {"kms:ResourceAliases": "true"}}},
        ),
        (
            "no role with tags",
            "iam:createrole on arn:aws:iam::111111111111:role/tenant-keys/",
            {"Action": ["iam:CreateRole", "iam:TagRole"], "Condition": {"Null": {"aws:TagKeys": "false"}}},
        ),
        (
            "no role by requests to another Region",
            "iam:createrole on arn:aws:iam::111111111111:role/tenant-keys/",
            {"Action": "iam:CreateRole", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}},
        ),
    ]
    found = [
        Mutant(f"{SCP}: {name}", Refuted(Kind.REFUSED, (deployer, words)), to(SCP, **elements))
        for name, words, elements in rows
    ]
    for sid, words in (("KeepRules", "events:putrule on arn:aws:events"), ("KeepTopic", "sns:settopicattributes on")):
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
        ("whoever has no ARN", "events", {"Null": {"aws:PrincipalArn": "true"}}),
        ("EventBridge", "events", {"StringEquals": {"aws:PrincipalServiceName": "events.amazonaws.com"}}),
    ]
    open_ones: list[tuple[str, Body]] = [
        ("services on behalf of the key account", {"StringEquals": {"aws:SourceAccount": CENTRAL}}),
        ("services on behalf of other accounts", {"StringNotEqualsIfExists": {"aws:SourceAccount": CENTRAL}}),
        (
            "whoever is outside and came through no service",
            {
                "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "BoolIfExists": {"aws:ViaAWSService": "false"},
            },
        ),
        ("a principal of the account of a service", {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}),
        ("one encryption context", {"Null": {"kms:EncryptionContext:aws:sns:topicArn": "false"}}),
    ]
    gone = "kms:generatedatakey on arn:aws:kms"
    return [
        Mutant(
            f"{RCP}: use from outside by services too",
            Refuted(Kind.REFUSED, ("events.amazonaws.com", gone)),
            statement(RCP, "DenyUseFromOutside", lambda one: one["Condition"].pop("BoolIfExists")),
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


def misplaced() -> list[Mutant]:
    inventory, where = Kind.INVENTORY, "tenant-keys-guardrails"
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'
    found = []
    for kind, policy_type in ((SCP, "SERVICE_CONTROL_POLICY"), (RCP, "RESOURCE_CONTROL_POLICY")):
        rows: list[tuple[str, Refuted | NotProvedBecause, Edit]] = [
            (
                "attached to nothing",
                Refuted(inventory, (where, "attached to nothing")),
                property_of(kind, TargetIds=[]),
            ),
            (
                "attached to a workload account",
                Refuted(inventory, (where, "attached to 222222222222")),
                property_of(kind, TargetIds=["222222222222"]),
            ),
            ("gone", Refuted(inventory, (policy_type, "no template holds")), _removed(kind)),
            (
                "too long",
                Refuted(inventory, ("AWS Organizations accepts",)),
                lambda t, kind=kind: property_of(kind, Content=_spaced(t, kind))(t),  # type: ignore[misc]
            ),
            (
                "a Statement twice in the text, of which AWS may take either",
                NotProvedBecause(("AWS::Organizations::Policy", "no name twice")),
                lambda t, kind=kind: property_of(kind, Content=_twice(t, kind))(t),  # type: ignore[misc]
            ),
            (
                "a second one",
                NotProvedBecause(("AWS::Organizations::Policy", f"a second {policy_type}")),
                adding_resource(
                    GUARDRAILS,
                    "AWS::Organizations::Policy",
                    Name="x",
                    Type=policy_type,
                    Content=document,
                    TargetIds=[CENTRAL],
                ),
            ),
            (
                "a Deny on one key",
                NotProvedBecause(("does not know the resources",)),
                statement(kind, "KeepDeletion", lambda one: one.update(Resource=f"arn:aws:kms:*:{CENTRAL}:key/mrk-*")),
            ),
            (
                "a Deny of what nothing is said of",
                NotProvedBecause(("denies kms:ListKeys",)),
                statement(kind, "KeepDeletion", lambda one: one["Action"].append("kms:ListKeys")),
            ),
            (
                "a Deny of all other actions",
                Refuted(Kind.REFUSED, ("KeyAdministrator", "which is declared")),
                statement(kind, "KeepDeletion", lambda one: one.update(NotAction=one.pop("Action"))),
            ),
            (
                "an Allow",
                NotProvedBecause(("FullAWSAccess",)),
                statement(kind, "KeepDeletion", lambda one: one.update(Effect="Allow")),
            ),
        ]
        found += [Mutant(f"{kind}: {name}", expected, edit) for name, expected, edit in rows]
    tags = Mutant(
        "a policy of the organization that enforces tags",
        NotProvedBecause(("AWS::Organizations::Policy", "TAG_POLICY")),
        adding_resource(
            GUARDRAILS, "AWS::Organizations::Policy", Name="x", Type="TAG_POLICY", Content={}, TargetIds=[CENTRAL]
        ),
    )
    return [*found, tags]


def _removed(kind: str) -> Edit:
    def edit(templates: Templates) -> None:
        del templates.resources(GUARDRAILS)[kind]

    return edit


def _spaced(templates: Templates, kind: str) -> str:
    return _text(templates, kind) + " " * 10_240


def same() -> list[Mutant]:
    """Written otherwise."""

    def split(document: Body) -> None:
        statements = document["Statement"]
        several = next(one for one in statements if one["Sid"] == "KeepSettings")
        parts = several["Action"][:3], several["Action"][3:]
        statements += [{**several, "Sid": f"Keep{number}", "Action": part} for number, part in enumerate(parts)]
        statements.remove(several)

    found = []
    for kind in (SCP, RCP):
        rows: list[tuple[str, Edit]] = [
            ("statements in another order", control(kind, lambda document: document["Statement"].reverse())),
            ("actions in two statements", control(kind, split)),
            ("a document as text", lambda t, kind=kind: property_of(kind, Content=_text(t, kind))(t)),  # type: ignore[misc]
            (
                "ArnNotLike for ArnNotEquals",
                statement(
                    kind,
                    "KeepDeletion",
                    lambda one: one.update(Condition={"ArnNotLike": one["Condition"]["ArnNotEquals"]}),
                ),
            ),
            (
                "a Deny of the bypass for break-glass too",
                statement(kind, "KeepLockoutCheck", lambda one: one["Condition"].pop("ArnNotEquals")),
            ),
            ("another name and description", property_of(kind, Name="keys", Description="of tenants")),
        ]
        found += [Mutant(f"{kind}: {name}", Harmless(), edit) for name, edit in rows]
    no_declared_call: list[tuple[str, str, Body]] = [
        (RCP, "plain HTTP", {"Bool": {"aws:SecureTransport": "false"}}),
        (SCP, "calls through a service", {"Bool": {"aws:ViaAWSService": "true"}}),
        (SCP, "calls by a service for an account", {"StringEquals": {"aws:SourceAccount": CENTRAL}}),
        (SCP, "calls to other Regions", {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}),
    ]
    found += [
        Mutant(f"{kind}: a Deny of {name}", Harmless(), to(kind, Action="kms:*", Condition=condition))
        for kind, name, condition in no_declared_call
    ]
    both = together(*(control(kind, lambda document: document["Statement"].reverse()) for kind in (SCP, RCP)))
    return [*found, Mutant("both control policies in another order", Harmless(), both)]


def _twice(templates: Templates, kind: str) -> str:
    return _text(templates, kind).replace('{"Version"', '{"Statement": [], "Version"', 1)


def _text(templates: Templates, kind: str) -> str:
    return json.dumps(templates.resources(GUARDRAILS)[kind]["Properties"]["Content"])


MUTANTS = [*without_statement(), *weaker(), *outside(), *stopping(), *stopping_deployment(), *stopping_publishers()]
MUTANTS += [*stopping_administration_of_topic_keys(), *misplaced(), *same()]
