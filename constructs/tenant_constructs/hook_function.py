"""What the CloudFormation Hook of the key account runs in AWS Lambda: this file alone, with Python's own library.

CloudFormation asks before it creates a change set, before it updates a stack and before it deletes a resource. Refused
is what would remove or replace a tenant's key, its replica or its alias, or give up their retention, whoever asks; and
everything that is not understood. Nothing is said of stacks that hold no keys of the estate.

Sources: CloudFormation Hooks user guide, lambda-hooks-create-lambda-function (requests, payloads, answers) and
hooks-concepts; CloudFormation template reference, AWS::KMS::Key, AWS::KMS::ReplicaKey and AWS::KMS::Alias ("Update
requires").
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

IN_PLACE: Final[Mapping[str, frozenset[str]]] = {
    "AWS::KMS::Key": frozenset(
        {
            *("BypassPolicyLockoutSafetyCheck", "Description", "EnableKeyRotation", "Enabled", "KeyPolicy"),
            *("PendingWindowInDays", "RotationPeriodInDays", "Tags"),
        }
    ),
    "AWS::KMS::ReplicaKey": frozenset({"Description", "Enabled", "KeyPolicy", "PendingWindowInDays", "Tags"}),
    "AWS::KMS::Alias": frozenset(),
}
"""Properties that change without another key or alias taking the place of this one. An alias is never re-pointed."""
RETAINED: Final[Mapping[str, tuple[str, ...]]] = {
    "DeletionPolicy": ("Retain", "RetainExceptOnCreate"),
    "UpdateReplacePolicy": ("Retain",),
}
TENANT_TAG: Final = "tenant-keys:tenant"
LONGEST_MESSAGE: Final = 1024
"""Characters; CloudFormation keeps 4,096, and Cloud Control API 1,024."""
SECONDS_TO_FETCH: Final = 15

Fetch = Callable[[str], bytes]
"""Answers what a presigned URL names."""


class Estate(NamedTuple):
    """Whose keys are kept."""

    prefix: str
    """Of the names of stacks."""
    alias: str
    """Begins the names of the aliases."""
    offboarded: frozenset[str]
    """Tenants whose keys may leave their stacks, where they are retained."""


class NotUnderstood(Exception):
    """Raised when a request, a template or a change is none of those that are known to lose nothing."""


def answer(event: Any, estate: Estate, fetch: Fetch) -> dict[str, Any]:
    """What CloudFormation is to do: SUCCESS, or FAILED with every reason.

    An exception is a reason too: what could not be judged does not pass.
    """
    token = None
    try:
        token = event.get("clientRequestToken", event.get("clientRequesttoken"))
        reasons, code = list(refusals(event, estate, fetch)), "NonCompliant"
    except Exception as problem:  # noqa: BLE001 - the answer says it, and CloudFormation stops
        reasons, code = [f"not understood, so refused: {type(problem).__name__}: {problem}"], "InternalFailure"
    if not reasons:
        return {"hookStatus": "SUCCESS", "message": "no tenant's key is lost", "clientRequestToken": token}
    message = "; ".join(reasons)[:LONGEST_MESSAGE]
    return {"hookStatus": "FAILED", "errorCode": code, "message": message, "clientRequestToken": token}


def refusals(event: Mapping[str, Any], estate: Estate, fetch: Fetch) -> Iterator[str]:
    """Why the operation must not happen; nothing where it loses no key.

    Raises:
        NotUnderstood: the request is of no kind that is known.
    """
    data, point = event["requestData"], event.get("actionInvocationPoint")
    target, stack = data["targetName"], _stack(event)
    holds_keys = re.match(rf"{re.escape(estate.prefix)}-(cell|replica|audit)-", stack) is not None
    if target in ("CHANGE_SET", "STACK"):
        if not stack:
            raise NotUnderstood(f"the operation {target} on a stack that is not named")
        if holds_keys:
            yield from _of_stack(f"{target} at {point}", _read(fetch(data["payload"])), estate)
    elif target.startswith("AWS::KMS::"):
        if point == "DELETE_PRE_PROVISION":
            yield from _of_deletion(target, data, estate, stack=stack, holds_keys=holds_keys)
        elif point != "CREATE_PRE_PROVISION":
            raise NotUnderstood(f"an operation on {target} at {point}")
    else:
        raise NotUnderstood(f"an operation on {target}")


def _of_stack(operation: str, payload: Mapping[str, Any], estate: Estate) -> Iterator[str]:
    after = _resources(payload["template"])
    yield from _not_retained(after)
    if operation == "CHANGE_SET at CREATE_PRE_PROVISION":
        yield from _of_changes(payload["changedResources"], estate)
    elif operation == "STACK at UPDATE_PRE_PROVISION":
        yield from _of_update(_resources(payload["previousTemplate"]), after, estate)
    elif operation != "STACK at CREATE_PRE_PROVISION":
        raise NotUnderstood(f"the operation {operation}")


def _stack(event: Mapping[str, Any]) -> str:
    """The name in the stack's ARN; empty where Cloud Control API asks, which has no stack."""
    told = [event[name] for name in ("stackId", "stackID") if event.get(name)]
    if not told:
        return ""
    arn = told[0]
    if any(one != arn for one in told):
        raise NotUnderstood(f"a request of two stacks, {arn} and {told[1]}")
    found = re.fullmatch(r"arn:[^:]+:cloudformation:[^:]+:\d{12}:stack/([^/]+)/.+", arn)
    if found is None:
        raise NotUnderstood(f"the stack {arn}")
    return found[1]


def _resources(text: str) -> dict[str, dict[str, Any]]:
    """Resources of a template; the estate's are JSON, without anything that makes others of them at deployment."""
    template = _read(text)
    if "Transform" in template:
        raise NotUnderstood("a template with a transform")
    resources: dict[str, dict[str, Any]] = template["Resources"]
    for logical_id, resource in resources.items():
        if re.fullmatch("[A-Za-z0-9]+", logical_id) is None:
            raise NotUnderstood(f"{logical_id} among the resources of a template")
        kind, properties = resource["Type"], resource.get("Properties", {})
        _check_type(kind, logical_id)
        if not kind.startswith("AWS::KMS::"):
            continue
        names = [name for name in properties if name.startswith("Fn::")] + sorted(resource.keys() - _ATTRIBUTES)
        if names:
            raise NotUnderstood(f"{names[0]} of {kind} {logical_id}")
    return resources


_ATTRIBUTES: Final = frozenset({"DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"})
"""Of a resource of AWS KMS. Not among them is `Condition`, by which a resource leaves an unchanged template."""


def _check_type(kind: str, logical_id: str) -> None:
    """A module or a nested stack of a stack with keys could hold keys that nothing here sees.

    Raises:
        NotUnderstood: the type is not one resource of AWS (user guide, modules: names end in `::MODULE`).
    """
    if re.fullmatch("AWS::[A-Za-z0-9]+::[A-Za-z0-9]+", kind) is None or kind == "AWS::CloudFormation::Stack":
        raise NotUnderstood(f"{logical_id} of the type {kind} in a stack with keys")


def _read(text: str | bytes) -> Any:
    return json.loads(text, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members of one name, readers of JSON keep one or the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotUnderstood("JSON with a name twice")
    return found


def _not_retained(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for logical_id, resource in resources.items():
        for attribute, kept in RETAINED.items() if resource["Type"].startswith("AWS::KMS::") else ():
            if resource.get(attribute) not in kept:
                told = f"{attribute} of {resource['Type']} {logical_id} is {resource.get(attribute, 'left out')}"
                yield f"{told}: a later change could delete it; keep {kept[0]}"


def _of_changes(changes: list[Mapping[str, Any]], estate: Estate) -> Iterator[str]:
    """Of a change set, which says of each resource what is to be done with it, and its properties before and after."""
    for change in changes:
        kind, logical_id, action = change["resourceType"], change["logicalResourceId"], change["action"]
        _check_type(kind, logical_id)
        if not kind.startswith("AWS::KMS::"):
            continue
        if action == "CREATE":
            if change.get("beforeContext"):
                raise NotUnderstood(f"the creation of {kind} {logical_id}, which was there before")
        elif action == "DELETE":
            yield from _removal(kind, logical_id, _read(change["beforeContext"])["Properties"], estate)
        elif action == "UPDATE":
            before, after = (_read(change[name])["Properties"] for name in ("beforeContext", "afterContext"))
            yield from _replacement(kind, logical_id, before, after)
        else:
            raise NotUnderstood(f"the action {action} on {kind} {logical_id}")


def _of_update(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]], estate: Estate
) -> Iterator[str]:
    """Of a stack's update, by its templates before and after."""
    stays = {
        name
        for name in before.keys() & after.keys()
        if before[name]["Type"] == after[name]["Type"] and after[name]["Type"].startswith("AWS::KMS::")
    }
    for logical_id, old in before.items():
        kind, new = old["Type"], after.get(logical_id)
        if not kind.startswith("AWS::KMS::"):
            continue
        if new is None or new["Type"] != kind:
            yield from _removal(kind, logical_id, old.get("Properties", {}), estate)
            continue
        properties = new.get("Properties", {})
        yield from _replacement(kind, logical_id, old.get("Properties", {}), properties)
        for name in sorted(properties.keys() - IN_PLACE.get(kind, frozenset())):
            if not _is_fixed(properties[name], stays):
                yield f"{kind} {logical_id} could be replaced: something beside the template decides {name}"


def _removal(kind: str, logical_id: str, properties: Mapping[str, Any], estate: Estate) -> Iterator[str]:
    """Logical ids have an `X` for each hyphen of a tenant's id. What is retained leaves its stack and stays.

    Whose it is, a key's tag must say too, and an alias's name.
    """
    owner = re.sub(r"^(Key|Alias|Replica)", "", logical_id).replace("X", "-")
    if owner not in estate.offboarded:
        yield f"{kind} {logical_id} would leave its stack, and its tenant was not offboarded"
    elif kind == "AWS::KMS::Alias":
        if properties.get("AliasName") != estate.alias + owner:
            yield f"{kind} {logical_id} would leave its stack, and its name is not that of {owner}"
    elif _tenants(properties) != [owner]:
        yield f"{kind} {logical_id} would leave its stack, and its tag {TENANT_TAG} is not {owner}"


def _tenants(properties: Mapping[str, Any]) -> list[Any]:
    """Whom the tags of a key name."""
    return [tag["Value"] for tag in properties.get("Tags", ()) if tag["Key"] == TENANT_TAG]


def _replacement(kind: str, logical_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    for name in sorted(changed - IN_PLACE.get(kind, frozenset())):
        yield f"{kind} {logical_id} would be replaced, because {name} changes"


def _is_fixed(value: Any, stays: set[str]) -> bool:
    """Whether an unchanged text means what it meant: no parameter, import, map or dynamic reference is in it.

    `stays`: logical ids of resources of AWS KMS before and after. What another resource returns changes with it.
    """
    if isinstance(value, dict):
        if value.keys() == {"Ref"}:
            return value["Ref"] in stays
        if value.keys() == {"Fn::GetAtt"}:
            named = value["Fn::GetAtt"]
            return isinstance(named, list) and named[0] in stays
        return not any(name == "Ref" or name.startswith("Fn::") for name in value) and all(
            _is_fixed(one, stays) for one in value.values()
        )
    if isinstance(value, list):
        return all(_is_fixed(one, stays) for one in value)
    # A pattern, since CloudFormation takes the plain text for such a reference wherever a template has it.
    return not (isinstance(value, str) and re.search(r"\{\{resolve:", value))


def _of_deletion(kind: str, data: Mapping[str, Any], estate: Estate, *, stack: str, holds_keys: bool) -> Iterator[str]:
    """Of one resource, with a stack that is deleted or by Cloud Control API: no other deletion is asked about."""
    model = data["targetModel"]
    told = [model[name] for name in ("previousResourceProperties", "resourceProperties") if model.get(name)]
    names = {name for properties in told for name in properties}
    if kind == "AWS::KMS::Alias":
        known = "AliasName" in names
        ours = any(one["AliasName"].startswith(estate.alias) for one in told if "AliasName" in one)
    else:
        # Without a stack, the properties are those that the key has, or no more than what finds it.
        known = bool(names - _IDENTIFIERS if stack else names & {"KeyPolicy", "Tags"})
        ours = any(tag["Key"] == TENANT_TAG for properties in told for tag in properties.get("Tags", ()))
    if not known:
        raise NotUnderstood(f"the deletion of {kind} {data.get('targetLogicalId')}, whose properties do not say whose")
    if ours or holds_keys:
        yield f"{kind} {data.get('targetLogicalId')} of a tenant would be deleted"


_IDENTIFIERS: Final = frozenset({"Arn", "KeyId"})
"""Of a key, and all that its read-only properties are (template reference, AWS::KMS::Key, return values)."""


def fetched(url: str) -> bytes:
    """What CloudFormation keeps for the Hook in Amazon S3, by the presigned URL that it sends."""
    if not url.startswith("https://"):
        raise NotUnderstood(f"a payload at {url.partition('?')[0]}")
    with urllib.request.urlopen(url, timeout=SECONDS_TO_FETCH) as response:  # noqa: S310 - https alone
        body: bytes = response.read()
        return body
