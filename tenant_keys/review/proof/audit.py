"""The audit stack, against what is declared: policies, rules and alarms, each by what it means.

Nothing in it bears on a tenant's key. What could is anything else: a rule that runs a function or passes a role, a
topic that strangers read, a bus on which anybody speaks, a key that is no tenant's and opens for somebody. So each
property is compared with the declared one, and what differs is told by name. A policy that lets more through than the
declared one is a breach; one that is merely written otherwise, or lets less through, is not proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.manifest.detection import ALARM_IDS, RULE_IDS
from tenant_keys.review.assembly import Resource
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.iam.wildcards import glob
from tenant_keys.review.meaning import Clause, meaning, wider
from tenant_keys.review.proof.detection import (
    ALL,
    alarm_differences,
    declared_state,
    message_differs,
    pattern_differs,
)
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.proof.spelled import spelled
from tenant_keys.review.proof.stack_set import PLAIN_OF_STACK_SET, declared_stack_set
from tenant_keys.review.proof.trail import declared_trail, removable, with_defaults

_AGAIN: Final = "synthesize again"
_APART: Final = "take it out of the app"
_FREE: Final[Mapping[str, frozenset[str]]] = {
    "AWS::CloudWatch::Alarm": frozenset(
        [
            "AlarmDescription",
            "ComparisonOperator",
            "EvaluationPeriods",
            "Metrics",
            "Tags",
            "Threshold",
            "TreatMissingData",
        ]
    ),
    "AWS::CloudFormation::StackSet": frozenset({"Description", "Tags"}),
    "AWS::CloudTrail::Trail": frozenset({"Tags"}),
    "AWS::Events::Rule": frozenset({"Description", "EventPattern", "State", "Tags"}),
    "AWS::S3::Bucket": frozenset({"Tags"}),
    "AWS::SNS::Topic": frozenset({"DisplayName", "Tags"}),
}
"""Properties that decide what is told, and not to whom or by whose permissions; `detection` compares what it can."""


class _Said(Enum):
    """What a policy says, compared with the declared one."""

    SAME = "the same"
    WIDER = "more"
    OTHERWISE = "less, or what is not understood"


def check_audit(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """Everything of the audit stacks, both ways."""
    regions = estate.central.regions if estate.audit else ()
    for record in inventory.audit_keys:
        if record.region not in regions or record.stack != names.audit_stack(record.region, estate.naming):
            yield _undeclared(f"{record.stack} {record.logical_id}: a key that no tenant's alias names")
    declared = {place: each for region in regions for place, each in _declared(region, inventory, estate)}
    declared |= dict(declared_trail(estate))
    declared |= dict(declared_stack_set({region: _reporting(region, estate) for region in regions}, estate))
    found: set[tuple[str, str, str, str]] = set()
    for resource in inventory.audit:
        place = (resource.account, resource.region, resource.type, _name(resource))
        if place in found:
            yield _undeclared(f"{_where(resource)}: a second {resource.type} {place[3]}")
        found.add(place)
        if place not in declared:
            yield _unknown(f"{_where(resource)}: {resource.type}")
            continue
        yield from _compare(resource, declared[place])
        if removable(resource):
            yield Finding(Kind.INVENTORY, f"{_where(resource)}: goes with its stack, declared is Retain", _AGAIN)
        yield from _watches(resource, place[3].removeprefix(names.audit_prefix(estate.naming)), estate)
    for place in sorted(declared.keys() - found):
        yield Finding(
            Kind.INVENTORY, f"{place[2]} {place[3]} is declared and in no template of {place[1]} in {place[0]}", _AGAIN
        )
    for region in regions:
        yield from _key(region, inventory, estate)
        for account in _reporting(region, estate):
            yield from _forwards(account, region, inventory, estate)


def _declared(
    region: str, inventory: Inventory, estate: Estate
) -> Iterator[tuple[tuple[str, str, str, str], Mapping[str, object]]]:
    central, prefix = estate.central, names.audit_prefix(estate.naming)
    topic = f"arn:{central.partition}:sns:{region}:{central.account}:{prefix.removesuffix('-')}"
    keys = [one.arn for one in inventory.audit_keys if one.region == region]
    here = (central.account, region)
    yield (
        (*here, "AWS::SNS::Topic", prefix.removesuffix("-")),
        {"TopicName": prefix.removesuffix("-"), "KmsMasterKeyId": keys[0] if len(keys) == 1 else None},
    )
    yield (
        (*here, "AWS::SNS::TopicPolicy", topic),
        {"Topics": [topic], "PolicyDocument": _topic_policy(topic, central.account)},
    )
    for one in RULE_IDS:
        yield (*here, "AWS::Events::Rule", prefix + one), {"Name": prefix + one, "Targets": [{"Arn": topic}]}
    for one in ALARM_IDS:
        yield (
            (*here, "AWS::CloudWatch::Alarm", prefix + one),
            {"AlarmName": prefix + one, "AlarmActions": [topic]},
        )
    bus = f"arn:{central.partition}:events:{region}:{central.account}:event-bus/default"
    reporting = _reporting(region, estate)
    statements = {account: _bus_statement(bus, account, central.partition) for account in reporting}
    if reporting and _by_stack_set(estate):
        statements = {"organization": _bus_statement_of_organization(bus, region, estate)}
    for whom, statement in statements.items():
        yield (
            (*here, "AWS::Events::EventBusPolicy", prefix + whom),
            {"EventBusName": "default", "StatementId": prefix + whom, "Statement": statement},
        )
    for account in reporting:
        forwarder = _forwarder(account, region, inventory, estate)
        yield (
            (account, region, "AWS::Events::Rule", f"{prefix}access-refused"),
            {"Name": f"{prefix}access-refused", "Targets": [{"Arn": bus, "RoleArn": forwarder}]},
        )


def _compare(resource: Resource, declared: Mapping[str, object]) -> Iterator[Finding]:
    properties, where = resource.properties, _where(resource)
    for name in sorted(properties.keys() - declared.keys() - _FREE.get(resource.type, frozenset())):
        yield _unknown(f"{where}: {resource.type} {name}")
    for name, expected in declared.items():
        got = properties.get(name)
        if name in ("PolicyDocument", "Statement"):
            whole = (lambda one: one) if name == "PolicyDocument" else _policy
            said = _said(whole(got), whole(expected), resource.region)
        else:
            said = _Said.SAME if expected is not None and _same(name, got, expected) else _Said.WIDER
        if said is _Said.WIDER:
            yield Finding(Kind.INVENTORY, f"{where}: {name} is {_short(got)}, declared is {_short(expected)}", _AGAIN)
        elif said is _Said.OTHERWISE:
            yield _differs(where, name)


def _same(name: str, got: object, expected: object) -> bool:
    return spelled(_plain(name, got)) == spelled(_plain(name, expected))


def _plain(name: str, value: object) -> object:
    """The value without what decides nothing. A key is named by its ARN or its id (SNS API reference, CreateTopic)."""
    if name in PLAIN_OF_STACK_SET:
        return PLAIN_OF_STACK_SET[name](value)
    if name == "KmsMasterKeyId" and isinstance(value, str) and not value.startswith("alias/"):
        return value.rpartition("/")[2]
    if name == "Targets" and isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        return [{key: below for key, below in one.items() if key not in _MESSAGE} for one in value]
    return with_defaults(name, value)


def _watches(resource: Resource, known_as: str, estate: Estate) -> Iterator[Finding]:
    """Whether a rule or an alarm can tell what it is declared to tell. `known_as` is its id."""
    properties, where = resource.properties, _where(resource)
    if resource.type == "AWS::CloudWatch::Alarm":
        yield from (_differs(where, name) for name in alarm_differences(known_as, properties))
    if resource.type != "AWS::Events::Rule":
        return
    state, declared = properties.get("State", "ENABLED"), declared_state(known_as)
    if state == ALL != declared:
        yield _differs(where, "State")
    elif state != declared:
        found = f"{where}: the rule is {state!r:.40}, and detects nothing; declared is {declared}"
        yield Finding(Kind.INVENTORY, found, _AGAIN)
    if pattern_differs(known_as, properties.get("EventPattern"), estate):
        yield _differs(where, "EventPattern")
    targets = properties.get("Targets")
    for target in targets if isinstance(targets, list) else ():
        message = target.get("InputTransformer") if isinstance(target, Mapping) else None
        forwards = isinstance(target, Mapping) and "RoleArn" in target  # the event as it is
        if message is not None if forwards else message_differs(known_as, message):
            yield _differs(where, "InputTransformer")


def _said(got: object, declared: object, region: str, *, idle_denies: bool = False) -> _Said:
    """`idle_denies`: whether a Deny of actions that nothing allows changes nothing, as in a key policy."""
    partition = partition_of(region)
    try:
        deployed, expected = (meaning([one], "", partition) for one in (got, declared))  # type: ignore[list-item]
    except MalformedPolicy:
        return _Said.OTHERWISE
    if wider(deployed, expected):
        return _Said.WIDER
    allowed = {clause.action for clause in expected if clause.effect == "Allow"} if idle_denies else None
    return _Said.SAME if {one for one in deployed if not _idle(one, allowed)} == expected else _Said.OTHERWISE


def _idle(clause: Clause, allowed: set[str] | None) -> bool:
    """Whether a clause denies nothing that is allowed. An Allow by a pattern is never the same as its actions of today.

    It allows what the service adds under that name, too (IAM guide, reference_policies_elements_action).
    """
    if allowed is None or clause.effect != "Deny" or not clause.action or " " in clause.action:
        return False
    return not any(map(glob(((clause.action, False),)), allowed))


_MESSAGE: Final = frozenset({"Id", "InputTransformer"})
"""Of a target: what the message says."""


def _key(region: str, inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    records = [one for one in inventory.audit_keys if one.region == region]
    if len(records) != 1:
        found = f"{len(records)} keys encrypt the topic of {region}, declared is one"
        yield Finding(Kind.INVENTORY, found, _AGAIN)
    for record in records:
        where = f"{record.stack} {record.logical_id}"
        said = _said(record.policy, _key_policy(estate), region, idle_denies=True)
        if said is _Said.OTHERWISE:
            yield _differs(where, "the policy of the key that encrypts the topic")
        elif said is _Said.WIDER:
            yield Finding(
                Kind.ADMINISTRATION,
                f"{where}: the policy of the key that encrypts the topic lets more through than is declared",
                _AGAIN,
            )
        yield from _facts(record, where, estate)


def _facts(record: KeyRecord, where: str, estate: Estate) -> Iterator[Finding]:
    expected: Mapping[str, tuple[object, object]] = {
        "account": (record.account, estate.central.account),
        "Enabled": (record.enabled, True),
        "Retain": (record.retained, True),
        "ReplicaKey": (record.replica, False),
        "RotationPeriodInDays": (record.rotation_days, 365),
        "kms:MultiRegion": (record.properties.get("kms:multiregion"), "false"),
        "kms:KeySpec": (record.properties.get("kms:keyspec"), "SYMMETRIC_DEFAULT"),
        "kms:KeyUsage": (record.properties.get("kms:keyusage"), "ENCRYPT_DECRYPT"),
        "kms:KeyOrigin": (record.properties.get("kms:keyorigin"), "AWS_KMS"),
    }
    for name, (got, declared) in expected.items():
        if got != declared:
            yield Finding(Kind.INVENTORY, f"{where}: {name} is {got}, declared is {declared}", _AGAIN)


def _key_policy(estate: Estate) -> dict[str, Any]:
    central = estate.central
    root = {"AWS": f"arn:{central.partition}:iam::{central.account}:root"}
    read = "DescribeKey GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus ListGrants ListKeyPolicies"
    read += " ListKeyRotations ListResourceTags"
    deploy = "DisableKeyRotation EnableKey EnableKeyRotation PutKeyPolicy TagResource UntagResource"
    deploy += " UpdateKeyDescription"
    people = [*central.deployers, *central.administrators, central.break_glass, *central.readers]
    readers = list(dict.fromkeys([*people, *central.auditors.values()]))
    return _policy(
        _statement("Read", root, read, _by(readers)),
        _statement("Deploy", root, deploy, _by(central.deployers)),
        _statement("ScheduleDeletion", root, "CancelKeyDeletion ScheduleKeyDeletion", _by([central.break_glass])),
        _statement(
            "PublishEncrypted",
            {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
            "Decrypt GenerateDataKey",
            None,
        ),
    )


def _statement(sid: str, principal: object, actions: str, condition: object) -> dict[str, object]:
    body = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Resource": "*",
        "Action": [f"kms:{one}" for one in actions.split()],
    }
    return body | ({} if condition is None else {"Condition": condition})


def _by(roles: Sequence[str]) -> dict[str, object]:
    # The roles of a permission set are a pattern; in AWS both operators mean the same.
    return {"ArnLike" if any("?" in role for role in roles) else "ArnEquals": {"aws:PrincipalArn": list(roles)}}


def _policy(*statements: object) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _topic_policy(topic: str, account: str) -> dict[str, Any]:
    publish: dict[str, object] = {"Resource": topic, "Action": ["sns:Publish"]}
    return _policy(
        {
            "Sid": "PublishAlarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            **publish,
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        },
        {"Sid": "PublishEvents", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, **publish},
        {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            **publish,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def _bus_statement(bus: str, account: str, partition: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "events:PutEvents",
        "Resource": bus,
        "Condition": {
            "ForAllValues:StringEquals": {
                "events:detail-type": "AWS API Call via CloudTrail",
                "events:source": "aws.sts",
            },
            "Null": {"events:detail-type": "false", "events:source": "false"},
        },
    }


def _bus_statement_of_organization(bus: str, region: str, estate: Estate) -> dict[str, Any]:
    """The forwarders of the organization's accounts: by the role's name in any account, and the organization's id."""
    central = estate.central
    statement = _bus_statement(bus, central.account, central.partition) | {"Principal": "*"}
    forwarders = {
        "ArnLike": {"aws:PrincipalArn": _forwarder_arn("*", region, estate)},
        "StringEquals": {"aws:PrincipalOrgID": estate.organization},
    }
    return statement | {"Condition": statement["Condition"] | forwarders}


def _by_stack_set(estate: Estate) -> bool:
    return estate.audit is not None and bool(estate.audit.forward_from)


def _reporting(region: str, estate: Estate) -> list[str]:
    """Accounts whose refusals are forwarded to the key account's bus of the Region."""
    return sorted({w.account for w in estate.workloads.values() if region in w.regions})


def _forwarder(account: str, region: str, inventory: Inventory, estate: Estate) -> str | None:
    """The role with which EventBridge of the account reports; None where it is not there, or may do more."""
    role = inventory.roles.get(_forwarder_arn(account, region, estate))
    if role is None or role.managed or _Said.WIDER in _forwarding(role, region, estate):
        return None
    boundaries = {w.permissions_boundary for w in estate.workloads.values() if w.account == account}
    return role.arn if role.boundary in (boundaries - {None} or {None}) else None


def _forwards(account: str, region: str, inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    role = inventory.roles.get(_forwarder_arn(account, region, estate))
    if role is not None and _Said.OTHERWISE in _forwarding(role, region, estate):
        yield _differs(role.arn, "a policy of the role that forwards refusals")


def _forwarder_arn(account: str, region: str, estate: Estate) -> str:
    audit = f"tenant-keys-audit-{estate.further}" if estate.further else "tenant-keys-audit"
    name = f"{estate.naming.role_prefix}{audit}.{region}"
    return f"arn:{estate.central.partition}:iam::{account}:role/{name}"


def _forwarding(role: RoleRecord, region: str, estate: Estate) -> set[_Said]:
    """What trust and policies of a forwarding role say."""
    central = estate.central
    bus = f"arn:{central.partition}:events:{region}:{central.account}:event-bus/default"
    trust = _policy(
        {
            "Sid": "Forward",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["sts:AssumeRole"],
            "Condition": {"StringEquals": {"aws:SourceAccount": role.account}},
        }
    )
    report = _policy({"Sid": "ReportRefusals", "Effect": "Allow", "Resource": bus, "Action": ["events:PutEvents"]})
    if len(role.identity) != 1:
        return {_Said.WIDER}
    return {_said(role.trust, trust, region), _said(role.identity[0][1], report, region)}


def _name(resource: Resource) -> str:
    properties = resource.properties
    if resource.type == "AWS::SNS::TopicPolicy":
        topics = properties.get("Topics")
        return ", ".join(map(str, topics)) if isinstance(topics, list) else str(topics)
    of = {
        "AWS::CloudFormation::StackSet": "StackSetName",
        "AWS::CloudWatch::Alarm": "AlarmName",
        "AWS::Events::EventBusPolicy": "StatementId",
        "AWS::CloudTrail::Trail": "TrailName",
        "AWS::Events::Rule": "Name",
        "AWS::S3::Bucket": "BucketName",
        "AWS::S3::BucketPolicy": "Bucket",
        "AWS::SNS::Topic": "TopicName",
    }
    return str(properties.get(of[resource.type], f"{resource.stack} {resource.logical_id}"))


def _where(resource: Resource) -> str:
    return f"{resource.stack} {resource.logical_id}"


def _short(value: object) -> str:
    return f"{value!r:.120}"


def _differs(where: str, what: str) -> Finding:
    return Finding(Kind.NOT_PROVED, f"{where}: {what} is written differently from what is declared", _AGAIN)


def _unknown(what: str) -> Finding:
    return Finding(Kind.NOT_PROVED, f"{what}: the proof does not know what it grants", _APART)


def _undeclared(what: str) -> Finding:
    return Finding(Kind.INVENTORY, what, f"{_APART}, or declare it")
