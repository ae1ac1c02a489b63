"""Calls that are declared beside those on tenants' keys: does a control policy stop them?

What is asked: the deployment roles create the keys, roles, rules and topics of the templates and change them; the
services that publish use the key of the audit topic. Each call is allowed by everything but the control policies. Calls
on tenants' keys, and sessions, are decided with the control policies in place elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from tenant_keys.aws_facts.identity_center import example_of
from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.manifest.detection import RULE_IDS
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, role_session, service
from tenant_keys.review.proof.condition_keys import ABOUT_THE_KEY
from tenant_keys.review.proof.controls import RCP, SCP, Controls, control_policy
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_actions import carries, spelled
from tenant_keys.review.proof.key_records import SYMMETRIC, USAGE
from tenant_keys.review.proof.liveness import Works, works
from tenant_keys.review.proof.promise import DEPLOYMENT, READING
from tenant_keys.review.proof.requests import Target
from tenant_keys.review.proof.reserved import ALIASES, aliases_of
from tenant_keys.review.proof.world import RoleCase, World

_NEW_KEY: Final = "5c4d3e2f-1a0b-4c9d-8e7f-6a5b4c3d2e1f"
"""Any id will do: no pattern of resources that is understood names one."""
_MULTI_REGION: Final = "kms:replicatekey"
_OF_TOPIC_KEY: Final[Mapping[str, str]] = {
    "kms:keyorigin": "AWS_KMS",
    "kms:keyspec": SYMMETRIC,
    "kms:customermasterkeyspec": SYMMETRIC,
    "kms:keyusage": USAGE,
    "kms:customermasterkeyusage": USAGE,
    "kms:multiregion": "false",
}
"""As `audit` compares them with the template."""
_DELETION: Final = frozenset({"kms:cancelkeydeletion", "kms:schedulekeydeletion"})
_PUBLISHERS: Final = ("cloudwatch.amazonaws.com", "events.amazonaws.com")
_PUBLISHING: Final = ("kms:decrypt", "kms:generatedatakey")
_OF_RULES: Final = ("events:deleterule", "events:putrule", "events:puttargets", "events:removetargets")
_OF_TOPICS: Final = ("sns:deletetopic", "sns:settopicattributes")
_OF_TRAILS: Final = (
    *("cloudtrail:deletetrail", "cloudtrail:puteventselectors", "cloudtrail:stoplogging", "cloudtrail:updatetrail"),
)
"""What CloudFormation calls to create, change and delete them (permissions of the handlers in the resource schemas of
AWS::Events::Rule, AWS::SNS::Topic, AWS::SNS::TopicPolicy and AWS::CloudTrail::Trail)."""
_IAM_ANSWERS_IN: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""aws:RequestedRegion of a request to IAM (IAM guide, reference_policies_condition-keys; AWS general reference)."""
_OF_SERVICE: Final = ABOUT_THE_KEY | {
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:securetransport",
}
"""What is documented of the request of a service that acts for itself, and what the key decides (IAM guide,
reference_policies_condition-keys). Whether it brings an account, an organization, a source or an encryption context is
not: each condition on anything else may hold."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One action on one resource, and what goes with it."""

    action: str
    arn: str
    fixed: Mapping[str, Sequence[Value | None]]
    """What the caller does not choose, by condition key in lower case."""
    sent: Mapping[str, Value] = field(default_factory=dict)
    """What CloudFormation sends of the template."""


def check_stopped(inventory: Inventory, world: World) -> Iterator[Finding]:
    """Declared calls that the control policies of the templates stop, or of which it is not known."""
    controls = _controls(inventory, world)
    estate = world.estate
    calls = {role: list(_deployment(world)) for role in estate.central.deployers}
    for role, call in _administration_of_topic_keys(world) if estate.audit is not None else ():
        calls.setdefault(role, []).append(call)
    for role, several in calls.items():
        actor = role_session(example_of(role), organization=estate.organization)
        reported: set[tuple[str, str]] = set()
        for call in several:
            outcome = _works(actor, call, controls, world)
            if not outcome.always and (call.action, call.arn) not in reported:
                reported.add((call.action, call.arn))
                yield _finding(role, call, outcome)
    if estate.audit is not None:
        yield from _publishing(controls, world)


def _controls(inventory: Inventory, world: World) -> Controls:
    found = []
    for kind in (SCP, RCP):
        records = [one for one in inventory.controls if one.kind == kind]
        found.append(tuple(map(control_policy, records[:1])))
    return Controls(world.estate.central.account, *found)


def _works(actor: Actor, call: _Call, controls: Controls, world: World) -> Works:
    account = world.estate.central.account
    fixed = {**call.fixed, **world.of_account(account)}
    target = Target(call.arn, account, open_policy(), {}, fixed, controls=controls)
    return works(actor, (call.action,), target, carries, call.sent, {}, {})


def _finding(who: str, call: _Call, outcome: Works, *, open_keys: bool = False) -> Finding:
    deciders = outcome.decision.deciders if outcome.decision else ()
    statements = tuple(f"{one.policy}: {one.sid or one.index}" for one in deciders)
    open_too = outcome.sometimes or open_keys
    message = f"{who} may not {spelled(call.action)} on {_in_words(call.arn)}, which is declared"
    if open_too:
        message += f"; it depends on {outcome.depends_on or 'what AWS does not document of its requests'}"
    kind = Kind.NOT_PROVED if open_too else Kind.REFUSED
    return Finding(kind, message, "remove the Deny from the control policy", statements=statements)


def _in_words(arn: str) -> str:
    """A key has no id before it is created."""
    if not arn.endswith(_NEW_KEY):
        return arn
    _, _, _, region, account, _ = arn.split(":")
    return f"any key of account {account} in {region}"


def _deployment(world: World) -> Iterator[_Call]:
    """What CloudFormation calls with a deployment role, as far as a control policy that is understood can deny it."""
    central = world.estate.central
    for arn in aliases_of(world.estate):
        # An operation on an alias needs permission on the alias and on the key (KMS guide, alias-access); the alias
        # itself has no policy, and its requests hold no property of the key: kms:ResourceAliases is absent.
        without: dict[str, Sequence[Value | None]] = {key: [None] for key in ABOUT_THE_KEY}
        for action in sorted(ALIASES):
            yield _Call(action, arn, {**without, "aws:requestedregion": [arn.split(":")[3]]})
    for region in central.regions:
        yield from _new_keys(region, world)
    yield from _new_roles(world)
    yield from _detection(world.estate) if world.estate.audit is not None else ()


def _detection(estate: Estate) -> Iterator[_Call]:
    """Rules, topics and the trail of the key account."""
    central, prefix = estate.central, names.audit_prefix(estate.naming)
    for region in central.regions:
        here = f"{region}:{central.account}:"
        there: Mapping[str, Sequence[Value | None]] = {"aws:requestedregion": [region]}
        for action in _OF_RULES:
            for rule in sorted(RULE_IDS):
                yield _Call(action, f"arn:{central.partition}:events:{here}rule/{prefix}{rule}", there)
        for action in _OF_TOPICS:
            yield _Call(action, f"arn:{central.partition}:sns:{here}{prefix.removesuffix('-')}", there)
    if estate.audit is not None and estate.audit.own_trail:
        trail = f"{central.home_region}:{central.account}:trail/{names.trail(estate.naming)}"
        for action in _OF_TRAILS:
            arn = f"arn:{central.partition}:cloudtrail:{trail}"
            yield _Call(action, arn, {"aws:requestedregion": [central.home_region]})


def _new_keys(region: str, world: World) -> Iterator[_Call]:
    """Creation of each kind of key, and its settings while no alias points at it yet."""
    central = world.estate.central
    arn = f"arn:{central.partition}:kms:{region}:{central.account}:key/{_NEW_KEY}"
    forms: dict[object, tuple[Mapping[str, str], Mapping[str, str]]] = {}
    if world.estate.audit is not None:
        forms["topic"] = (_OF_TOPIC_KEY, {})
    for record in (case.record for case in world.keys):
        if record.region == region and not record.replica:
            forms.setdefault(
                (*sorted(record.properties.items()), *sorted(record.tags)), (record.properties, record.tags)
            )
    for properties, tags in forms.values():
        known = {key: [properties.get(key)] for key in ABOUT_THE_KEY if key != "kms:resourcealiases"}
        fixed: dict[str, Sequence[Value | None]] = {
            **known,
            "kms:resourcealiases": [None],
            "aws:requestedregion": [region],
        }
        yield _Call("kms:createkey", "*", fixed, _sent(tags))
        for action in sorted(DEPLOYMENT - ALIASES | {"kms:createalias"}):
            if action != _MULTI_REGION or properties.get("kms:multiregion") == "true":
                sent = _sent(tags) if action in ("kms:tagresource", _MULTI_REGION) else {}
                yield _Call(action, arn, fixed, sent)


def _administration_of_topic_keys(world: World) -> Iterator[tuple[str, _Call]]:
    """Who reads and deletes the keys of the audit topics, as `audit` declares it, but for what deployment calls.

    Auditors have service-linked roles, which no control policy limits (Organizations guide,
    orgs_manage_policies_scps and orgs_manage_policies_rcps).
    """
    central = world.estate.central
    fixed: dict[str, Sequence[Value | None]] = {key: [_OF_TOPIC_KEY.get(key)] for key in ABOUT_THE_KEY}
    for region in central.regions:
        arn = f"arn:{central.partition}:kms:{region}:{central.account}:key/{_NEW_KEY}"
        there = {**fixed, "aws:requestedregion": [region]}
        for role in dict.fromkeys((*central.deployers, *central.administrators, central.break_glass, *central.readers)):
            for action in sorted(READING | (_DELETION if role == central.break_glass else set())):
                yield role, _Call(action, arn, there)


def _new_roles(world: World) -> Iterator[_Call]:
    """Roles of the key account, by the names of their tags."""
    central = world.estate.central
    fixed = {"aws:requestedregion": [_IAM_ANSWERS_IN.get(central.partition)]}
    own = [case for cases in world.own_roles.values() for case in cases]
    found: dict[object, RoleCase] = {}
    for case in (*(one for several in world.tenant_roles for one in several), *own, *world.other_roles):
        if case.arn.split(":")[4] == central.account:
            found.setdefault((*sorted(case.tags), case.tenant is None), case)
    for case in found.values():
        yield _Call("iam:createrole", case.arn, fixed, _sent(case.tags))
        if case.tags:
            yield _Call("iam:tagrole", case.arn, fixed, _sent(case.tags))


def _sent(tags: Mapping[str, str]) -> dict[str, Value]:
    sent: dict[str, Value] = {f"aws:requesttag/{name.lower()}": value for name, value in tags.items()}
    return {**sent, "aws:tagkeys": tuple(tags)} if tags else {}


def _publishing(controls: Controls, world: World) -> Iterator[Finding]:
    """CloudWatch and EventBridge encrypt what they publish, with the key of the topic (SNS guide, key management).

    RCPs limit service principals, but for service-linked roles (Organizations guide, orgs_manage_policies_rcps).
    """
    central = world.estate.central
    certain = replace(controls, rcps=tuple(map(_without_open_conditions, controls.rcps)))
    for region in central.regions:
        arn = f"arn:{central.partition}:kms:{region}:{central.account}:key/{_NEW_KEY}"
        fixed: dict[str, Sequence[Value | None]] = {key: [_OF_TOPIC_KEY.get(key)] for key in ABOUT_THE_KEY}
        fixed["aws:requestedregion"] = [region]
        for name in _PUBLISHERS:
            for action in _PUBLISHING:
                call = _Call(action, arn, fixed)
                if not (surely := _works(service(name), call, certain, world)).always:
                    whole = _works(service(name), call, controls, world)
                    yield _finding(name, call, surely if whole.always else whole, open_keys=whole.sometimes)


def _without_open_conditions(document: Document) -> Document:
    """Each Deny as if every condition held that may hold of a service's request."""
    statements = document.raw["Statement"]
    found = []
    for statement in [statements] if isinstance(statements, dict) else statements:
        kept: dict[str, Any] = {}
        for operator, conditions in statement.get("Condition", {}).items():
            known = {key: values for key, values in conditions.items() if key.lower() in _OF_SERVICE}
            kept |= {operator: known} if known else {}
        rest = {name: element for name, element in statement.items() if name != "Condition"}
        found.append({**rest, **({"Condition": kept} if kept else {})})
    raw = {**document.raw, "Statement": found}
    return Document.parse(raw, name=document.policy.name, kind="rcp")


@cache
def open_policy() -> Document:
    """A resource policy that allows everything."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    raw = {"Version": "2012-10-17", "Statement": [statement]}
    return Document.parse(raw, name="a policy that allows everything", kind="resource")
