"""The stacks of audit and trail, against what is declared: policies, rules and alarms, each by what it means.

Nothing in them bears on a tenant's key. What could is anything else: a rule that runs a function or passes a role, a
topic that strangers read, a bus to which any principal sends, a key that is no tenant's and opens for strangers. So
each property is compared with the declared one, and what differs is reported by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.manifest.detection import ALARM_IDS, RULE_IDS
from tenant_keys.review.assembly import Resource
from tenant_keys.review.proof.detection import (
    ALL,
    alarm_differences,
    declared_state,
    message_difference,
    pattern_difference,
)
from tenant_keys.review.proof.exact import (
    AGAIN,
    Place,
    check_policy,
    check_resources,
    check_role,
    differs,
    expected_resources,
    place_of,
    undeclared,
)
from tenant_keys.review.proof.expected_documents import filled, read_expected
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import TRAIL_TYPES, Inventory
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.stack_set import expected_instances
from tenant_keys.review.proof.value_differences import described

_Resources = dict[Place, Mapping[str, object]]


def check_audit(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """Everything of the stacks of audit and trail, both ways."""
    regions = estate.central.regions if estate.audit else ()
    for record in inventory.audit_keys:
        if record.region not in regions or record.stack != names.audit_stack(record.region, estate.naming):
            yield undeclared(f"{record.where}: a key that no tenant's alias names")
    expected: _Resources = {}
    for region in regions:
        expected |= _of_region(region, inventory, estate)
    expected |= _of_home(estate)
    yield from check_resources(inventory.audit, expected)
    for resource in inventory.audit:
        if (place := place_of(resource)) in expected:
            yield from _watches(resource, place[3].removeprefix(names.audit_prefix(estate.naming)), estate)
            kept = resource.deletion_policy == resource.update_replace_policy == "Retain"
            if resource.type in TRAIL_TYPES and not kept:
                message = f"{resource.where}: is deleted with its stack; expected Retain"
                yield Finding(Kind.INVENTORY, message, AGAIN)
    for region in regions:
        yield from _key(region, inventory, estate)
        for account in _reporting(region, estate):
            yield from _forwarder(account, region, inventory, estate)


def _values(region: str, estate: Estate) -> dict[str, object]:
    """What the placeholders of the expected documents represent."""
    central, topic = estate.central, names.audit_prefix(estate.naming).removesuffix("-")
    people = [*central.deployers, *central.administrators, central.break_glass, *central.readers]
    return {
        "partition": central.partition,
        "account": central.account,
        "organization": estate.organization,
        "topic": topic,
        "prefix": f"{topic}-",
        "topic_arn": f"arn:{central.partition}:sns:{region}:{central.account}:{topic}",
        "bus": f"arn:{central.partition}:events:{region}:{central.account}:event-bus/default",
        "any_forwarder": _forwarder_arn("*", region, estate),
        "deployers": list(central.deployers),
        "break_glass": central.break_glass,
        "readers": list(dict.fromkeys([*people, *central.auditors.values()])),
    }


def _of_region(region: str, inventory: Inventory, estate: Estate) -> _Resources:
    """The audit stack of a Region, and the rule that forwards to it from each account of a workload."""
    keys = [one.arn for one in inventory.audit_keys if one.region == region]
    values = {**_values(region, estate), "topic_key": keys[0] if len(keys) == 1 else None}
    reporting = _reporting(region, estate)
    by_organization = bool(reporting) and estate.audit is not None and bool(estate.audit.forward_from)
    parts = [("topic", ""), *(("rule", one) for one in RULE_IDS), *(("alarm", one) for one in ALARM_IDS)]
    parts += [("organization_reports", "")] if by_organization else [("account_reports", one) for one in reporting]
    found: _Resources = {}
    for part, name in parts:
        found |= expected_resources("audit", part, estate.central.account, region, {**values, "id": name})
    for account in reporting:
        forwarder = _forwarder_arn(account, region, estate)
        found |= expected_resources("audit", "forwarding_rule", account, region, {**values, "forwarder": forwarder})
    return found


def _of_home(estate: Estate) -> _Resources:
    """What is in the home Region alone: the key account's own trail, and the stack set that forwards."""
    central, audit, found = estate.central, estate.audit, dict[Place, Mapping[str, object]]()
    if audit is None:
        return found
    here = (central.account, central.home_region)
    if audit.own_trail:
        trail = names.trail(estate.naming)
        values = {
            **_values(central.home_region, estate),
            "trail": trail,
            "trail_arn": f"arn:{central.partition}:cloudtrail:{central.home_region}:{central.account}:trail/{trail}",
            "bucket": names.trail_bucket(central.account, estate.naming),
            "readers": list(dict.fromkeys([*central.readers, central.break_glass])),
        }
        found |= expected_resources("trail", "trail", *here, values)
    reporting = {region: _reporting(region, estate) for region in central.regions}
    if audit.forward_from and any(reporting.values()):
        stack_set = names.forwarding_stack_set(central.account, estate.naming)
        targets = expected_instances(reporting, audit.forward_from)
        found |= expected_resources("audit", "stack_set", *here, {"stack_set": stack_set, "instances": targets})
    return found


def _watches(resource: Resource, known_as: str, estate: Estate) -> Iterator[Finding]:
    """Whether a rule or an alarm can tell what it is declared to tell. `known_as` is its id."""
    properties, where = resource.properties, resource.where
    if resource.type == "AWS::CloudWatch::Alarm":
        yield from (differs(where, how) for how in alarm_differences(known_as, properties))
    if resource.type != "AWS::Events::Rule":
        return
    state, declared = properties.get("State", "ENABLED"), declared_state(known_as)
    if state == ALL != declared:
        yield differs(where, described("State", state, declared))
    elif state != declared:
        found = f"{where}: the rule detects nothing: {described('State', state, declared)}"
        yield Finding(Kind.INVENTORY, found, AGAIN)
    if how := pattern_difference(known_as, properties.get("EventPattern"), estate):
        yield differs(where, how)
    targets = properties.get("Targets")
    for at, target in enumerate(targets if isinstance(targets, list) else ()):
        message = target.get("InputTransformer") if isinstance(target, Mapping) else None
        if isinstance(target, Mapping) and "RoleArn" in target:  # the event as it is
            different = None if message is None else described("InputTransformer", message, None)
        else:
            different = message_difference(known_as, message)
        if different:
            yield differs(where, f"Targets[{at}].{different}")


def _key(region: str, inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    records = [one for one in inventory.audit_keys if one.region == region]
    if len(records) != 1:
        found = f"{len(records)} keys encrypt the topic of {region}; expected one"
        yield Finding(Kind.INVENTORY, found, AGAIN)
    policy = filled(read_expected("audit")["key_policy"], _values(region, estate))
    for record in records:
        named = f"{record.where}: the policy of the key that encrypts the topic"
        yield from check_policy(named, [record.policy], policy, region, wider=Kind.ADMINISTRATION, idle_denies=True)
        yield from _facts(record, record.where, estate)


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
            yield Finding(Kind.INVENTORY, f"{where}: {described(name, got, declared)}", AGAIN)


def _reporting(region: str, estate: Estate) -> list[str]:
    """Accounts whose refusals are forwarded to the key account's bus of the Region."""
    return sorted({w.account for w in estate.workloads.values() if region in w.regions})


def _forwarder(account: str, region: str, inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """The role with which EventBridge of the account reports."""
    documents = filled(read_expected("audit")["forwarder"], {**_values(region, estate), "id": account})
    demanded = {w.permissions_boundary for w in estate.workloads.values() if w.account == account}
    arn, whose = _forwarder_arn(account, region, estate), "the role that forwards refusals"
    yield from check_role(inventory, arn, whose, documents, sorted(filter(None, demanded)) or [None], region)


def _forwarder_arn(account: str, region: str, estate: Estate) -> str:
    audit = f"tenant-keys-audit-{estate.further}" if estate.further else "tenant-keys-audit"
    name = f"{estate.naming.role_prefix}{audit}.{region}"
    return f"arn:{estate.central.partition}:iam::{account}:role/{name}"
