"""Control policies of the organization with one thing broken; and what means the same."""

from __future__ import annotations

import json

from tenant_keys.review.proof import Kind
from tools.mutants.guardrail_edits import (
    ARN,
    GUARDRAIL,
    KEPT,
    OF_PRINCIPALS,
    OF_RESOURCES,
    RCP,
    SCP,
    conditioned,
    control,
    gone,
    property_of,
    sparing,
    statement,
    to,
    under,
)
from tools.mutants.mutant import Edit, Harmless, Mutant, NotProvedBecause, Refuted, adding_resource, together
from tools.mutants.original import CENTRAL, GUARDRAILS, Body, Templates
from tools.mutants.stopping_guardrails import (
    naming_sessions,
    stopping,
    stopping_administration_of_topic_keys,
    stopping_deployment,
    stopping_publishers,
)


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
                "a Deny that spares whoever has the account as a tag",
                KEPT["KeepDeletion"],
                under(kind, "KeepDeletion", StringNotEquals={"aws:ResourceAccount": "${aws:PrincipalTag/home}"}),
            ),
            (
                "a Deny that spares a user with the account as a name",
                KEPT["KeepOpenings"],
                under(kind, "KeepOpenings", StringNotLike={"aws:ResourceAccount": "${aws:username, 'nobody'}"}),
            ),
            (
                "the tenant's tag but for whoever has its value as a tag",
                KEPT["ReserveTenantTag"],
                under(kind, "ReserveTenantTag", StringNotEquals={"aws:RequestTag/tenant_id": "${aws:PrincipalTag/a}"}),
            ),
            (
                "the tenant's tag but for whoever has its name as a tag",
                KEPT["ReserveTenantTag"],
                under(kind, "ReserveTenantTag", ForAllValues__StringNotEquals={"aws:TagKeys": "${aws:PrincipalTag/a}"}),
            ),
            *(
                (
                    f"the tenant's tag of some values alone, {operator} {value or 'the empty text'}",
                    KEPT["ReserveTenantTag"],
                    under(kind, "ReserveTenantTag", **{operator: {"aws:RequestTag/tenant_id": value}}),
                )
                for operator, value in (
                    ("StringLike", "a*"),
                    ("StringLike", "?*"),
                    ("StringNotEquals", "umbrella"),
                    ("StringNotEquals", ""),
                    ("StringNotLike", "?"),
                )
            ),
            *(
                (
                    f"the tenant's tag but for whoever has its value as {variable}",
                    KEPT["ReserveTenantTag"],
                    under(kind, "ReserveTenantTag", StringNotEquals={"aws:RequestTag/tenant_id": f"${{{variable}}}"}),
                )
                for variable in ("aws:username", "aws:PrincipalAccount", "aws:PrincipalType")
            ),
            (
                "the tenant's tag but for whoever passes the account as a tag",
                KEPT["ReserveTenantTag"],
                under(
                    kind, "ReserveTenantTag", ForAllValues__StringNotLike={"aws:TagKeys": ["${aws:PrincipalAccount}"]}
                ),
            ),
            (
                "the tenant's tag under other names too",
                KEPT["ReserveTenantTag"],
                under(kind, "ReserveTenantTag", ForAllValues__StringNotEquals={"aws:TagKeys": ["team", "plan"]}),
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
MUTANTS += [*naming_sessions(), *stopping_administration_of_topic_keys(), *misplaced(), *same()]
