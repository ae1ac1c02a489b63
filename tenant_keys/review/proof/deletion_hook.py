"""The CloudFormation Hook, against what is declared: its two Hooks, its function, its log group, and its two roles.

Nothing in it bears on a tenant's key: CloudFormation invokes a function that only says yes or no, and runs as a role
which writes to one log group. What could bear on one is anything else: another role, a layer, a network, a policy that
allows more. So each property is compared with the declared one. What the function says is not decided here: its code
has to be the file whose digest is written down here, followed by the lines that name the estate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import hook_stack
from tenant_keys.review.assembly import Resource
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.meaning import meaning, wider
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.spelled import spelled

_FREE: Final[Mapping[str, frozenset[str]]] = {
    "AWS::CloudFormation::LambdaHook": frozenset(),
    "AWS::Lambda::Function": frozenset({"Architectures", "Code", "Description", "MemorySize", "Tags"}),
    "AWS::Logs::LogGroup": frozenset({"Tags"}),
}
"""Properties that decide neither by whose permissions the function runs nor what it answers; code is compared apart."""
CODE_SHA256: Final = "949ed882ab63de7a459097b1b599e1186c2805cb494d60690b0d8eb84dbf3611"
"""Of the function's file, in UTF-8."""
_NAMED: Final = {
    "AWS::CloudFormation::LambdaHook": "Alias",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
}
_PREFIX_OF_HOOKS: Final = "TenantKeys::Deletion::"
_Place = tuple[str, str, str, str]
"""Account, Region, type, name."""


def check_deletion_hook(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """Everything of the Hook's stacks, both ways."""
    regions = estate.central.regions if estate.central.deletion_hook else ()
    declared = {place: each for region in regions for place, each in _resources(region, estate).items()}
    found: set[_Place] = set()
    for resource in inventory.hooks:
        where = f"{resource.stack} {resource.logical_id}"
        place = (resource.account, resource.region, resource.type, str(resource.properties.get(_NAMED[resource.type])))
        if place not in declared or place in found or resource.stack != hook_stack(resource.region, estate.naming):
            yield _unknown(f"{where}: {resource.type}")
            continue
        found.add(place)
        yield from _compare(where, resource, declared[place], estate)
    for place in sorted(declared.keys() - found):
        told = f"{place[2]} {place[3]} is declared and in no template of {place[1]} in {place[0]}"
        yield Finding(Kind.INVENTORY, told, "synthesize again")
    for region in regions:
        for arn, documents in _roles(region, estate).items():
            yield from _role(arn, documents, inventory, estate)


def _compare(where: str, resource: Resource, declared: Mapping[str, object], estate: Estate) -> Iterator[Finding]:
    properties = resource.properties
    for name in sorted(properties.keys() - declared.keys() - _FREE[resource.type]):
        yield _unknown(f"{where}: {resource.type} {name}")
    for name, expected in declared.items():
        if _unordered(spelled(properties.get(name))) != _unordered(spelled(expected)):
            told = f"{where}: {name} is {properties.get(name)!r:.120}, declared is {expected!r:.120}"
            yield Finding(Kind.INVENTORY, told, "synthesize again")
    if resource.type == "AWS::Lambda::Function" and not _is_shipped(properties.get("Code"), estate):
        told = f"{where}: the code of the function is not the one that was reviewed, for this estate"
        yield Finding(Kind.NOT_PROVED, told, "synthesize again, with the version of tenant-keys that reviews")


def _unordered(value: object) -> object:
    """Each list of a Hook is a set of names (CloudFormation template reference, AWS::CloudFormation::LambdaHook)."""
    if isinstance(value, Mapping):
        return {name: _unordered(one) for name, one in value.items()}
    return sorted(map(repr, value)) if isinstance(value, list) else value


def _is_shipped(code: object, estate: Estate) -> bool:
    if not isinstance(code, Mapping) or code.keys() != {"ZipFile"} or not isinstance(code["ZipFile"], str):
        return False
    naming = estate.naming
    whose = (naming.stack_prefix, naming.alias.removesuffix("{id}"), sorted(estate.offboarded))
    last = f"\n\nESTATE = Estate({whose[0]!r}, {whose[1]!r}, frozenset({whose[2]!r}))\n{_LAST_LINES}"
    text: str = code["ZipFile"]
    digest = hashlib.sha256(text.removesuffix(last).encode()).hexdigest()
    return text.endswith(last) and digest == CODE_SHA256


_LAST_LINES: Final = """

def handler(event: Any, context: object) -> dict[str, Any]:
    return answer(event, ESTATE, fetched)
"""


def _resources(region: str, estate: Estate) -> dict[_Place, dict[str, object]]:
    central, here = estate.central, (estate.central.account, region)
    name = f"{estate.naming.stack_prefix}-hook"
    runs_as, invoked_by = _roles(region, estate)
    function = f"arn:{central.partition}:lambda:{region}:{central.account}:function:{name}"
    common = {
        "ExecutionRole": invoked_by,
        "FailureMode": "FAIL",
        "HookStatus": "ENABLED",
        "LambdaFunction": function,
    }
    alias = _PREFIX_OF_HOOKS + estate.naming.stack_prefix.replace("-", "")
    own = {"FilteringCriteria": "ALL", "StackNames": {"Exclude": [hook_stack(region, estate.naming)]}}
    kinds = ["AWS::KMS::Alias", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"]
    return {
        (*here, "AWS::Logs::LogGroup", f"/aws/lambda/{name}"): {
            "LogGroupName": f"/aws/lambda/{name}",
            "RetentionInDays": 365,
        },
        (*here, "AWS::Lambda::Function", name): {
            "FunctionName": name,
            "Role": runs_as,
            "Handler": "index.handler",
            "Runtime": "python3.14",
            "Timeout": 25,
        },
        (*here, "AWS::CloudFormation::LambdaHook", f"{alias}Stacks"): {
            **common,
            "Alias": f"{alias}Stacks",
            "StackFilters": own,
            "TargetFilters": {"Actions": ["CREATE", "UPDATE"], "InvocationPoints": ["PRE_PROVISION"]},
            "TargetOperations": ["STACK", "CHANGE_SET"],
        },
        (*here, "AWS::CloudFormation::LambdaHook", f"{alias}Keys"): {
            **common,
            "Alias": f"{alias}Keys",
            "TargetFilters": {"Actions": ["DELETE"], "InvocationPoints": ["PRE_PROVISION"], "TargetNames": kinds},
            "TargetOperations": ["RESOURCE", "CLOUD_CONTROL"],
        },
    }


def _roles(region: str, estate: Estate) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Trust and policy by ARN: of the role that the function runs as, then of the one that invokes it."""
    central = estate.central
    partition, account = central.partition, central.account
    base = f"arn:{partition}:iam::{account}:role/{estate.naming.role_prefix}tenant-keys-hook.{region}"
    name = f"{estate.naming.stack_prefix}-hook"
    hooks = f"arn:{partition}:cloudformation:{region}:{account}:type/hook/TenantKeys-Deletion-*"
    own = {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": hooks}}
    return {
        base: (
            _statement(["sts:AssumeRole"], Principal={"Service": "lambda.amazonaws.com"}),
            _statement(
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                Resource=f"arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{name}:*",
            ),
        ),
        f"{base}.invoke": (
            _statement(["sts:AssumeRole"], Principal={"Service": "hooks.cloudformation.amazonaws.com"}, Condition=own),
            _statement(
                ["lambda:InvokeFunction"], Resource=f"arn:{partition}:lambda:{region}:{account}:function:{name}"
            ),
        ),
    }


def _statement(actions: list[str], **elements: object) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, **elements}]}


def _role(
    arn: str, documents: tuple[dict[str, Any], dict[str, Any]], inventory: Inventory, estate: Estate
) -> Iterator[Finding]:
    role = inventory.roles.get(arn)
    if role is None:
        yield Finding(Kind.INVENTORY, f"{arn}: the role is declared and is in no template", "synthesize again")
        return
    partition = estate.central.partition
    found = ([role.trust], [document for _, document in role.identity])
    for what, got, declared in zip(("trust policy", "permissions"), found, documents, strict=True):
        try:
            said, expected = meaning(got, arn, partition), meaning([declared], arn, partition)
            more = wider(said, expected)
        except MalformedPolicy:
            said, expected, more = frozenset(), None, True
        if said != expected or role.managed:
            kind = Kind.INVENTORY if more or role.managed else Kind.NOT_PROVED
            yield Finding(kind, f"{arn}: the {what} of the Hook's role differ from what is declared", _FIX)
    if role.boundary != estate.central.permissions_boundary:
        yield Finding(Kind.INVENTORY, f"{arn}: its permissions boundary is {role.boundary}", "synthesize again")


_FIX: Final = "synthesize again; the Hook needs no other permission"


def _unknown(what: str) -> Finding:
    return Finding(Kind.NOT_PROVED, f"{what}: the proof does not know what it grants", "take it out of the app")
