"""What a prepared change set would do to keys, before anything executes it.

A change set says of each resource what CloudFormation will do (API_ResourceChange): `Add` and `Import` lose nothing;
`Modify` loses nothing where its `Replacement` is False. Everything else that concerns a key, a replica or an alias is
refused, `Conditional` and actions that are not known included. A deletion that a later rollback or update would make is
in the template's policies, not in the change set, so those are read too: `Retain` must stay.

A change of existing keys that the templates show to be right can still go wrong in the account. `canary` picks the
stack that is deployed and verified before the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from botocore.handlers import json_decode_template_body

from tenant_keys.manifest import Lock
from tenant_keys.manifest.stack_names import holds_primaries, holds_replicas
from tenant_keys.operations.bootstrap_session import bootstrap_session
from tenant_keys.operations.errors import NotDeployed
from tenant_keys.review.assembly import Assembly, Environment, StackArtifact
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.assembly.template import deployed_bytes
from tenant_keys.review.errors import AssemblyUnreadable
from tenant_keys.review.proof.record import recorded_verdict

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

ClientOf = Callable[[Environment], "CloudFormationClient"]
"""A CloudFormation client of an account and Region."""
CHANGE_SET: Final = "tenant-keys"
"""Name of the change sets that `scripts/pipeline.sh` prepares."""
_KMS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey", "AWS::KMS::Alias")
_RETAINED: Final[Mapping[str, frozenset[str]]] = {
    "DeletionPolicy": frozenset({"Retain", "RetainExceptOnCreate"}),
    "UpdateReplacePolicy": frozenset({"Retain"}),
}
"""`RetainExceptOnCreate` deletes what a failed creation made, and nothing that was in use (CloudFormation guide,
aws-attribute-deletionpolicy)."""
_UNCHANGED: Final = ("didn't contain changes", "No updates are to be performed")
"""How CloudFormation says that a change set is empty: it has no code for it (API_DescribeChangeSet, StatusReason)."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One stack before the gate."""

    stack: str
    region: str
    changes: int
    """Resources that the change set changes; 0 where there is nothing to execute."""
    refusals: tuple[str, ...]
    """Why the change set must not be executed."""
    existing_keys: int = 0
    """Keys and replicas that are deployed already and that the change set changes, by their policies or otherwise."""


@dataclass(frozen=True, slots=True)
class Canary:
    """What comes before the other stacks of a deployment."""

    verify: tuple[str, ...]
    """Key stacks that are deployed already, to verify before anything is executed. Sorted."""
    execute: str | None
    """The stack whose change set is executed first, and verified before the others; None where no stack must be."""


def canary(passages: Sequence[Passage]) -> Canary:
    """The key stack with the fewest changed keys, where existing keys of several stacks change.

    Where any stack changes existing keys, all key stacks that have nothing to execute are verified before: a deployment
    that is repeated after its canary has failed must not go on, and no change set says which of them the canary was.
    """
    changing = sorted((one.existing_keys, one.stack) for one in passages if one.existing_keys)
    first = changing[0][1] if len(changing) > 1 else None
    deployed = [one.stack for one in passages if changing and not one.changes and _holds_keys(one.stack)]
    return Canary(tuple(sorted(deployed)), first)


def _holds_keys(stack: str) -> bool:
    return holds_primaries(stack) or holds_replicas(stack)


def gate(
    assembly: Path,
    account: str,
    *,
    change_set: str = CHANGE_SET,
    stacks: tuple[str, ...] = (),
    lock: Lock | None = None,
    client_of: ClientOf | None = None,
) -> list[Passage]:
    """Judge the change sets of an account's stacks; nothing is executed, created or deleted.

    Args:
        assembly: what was proved, and is to be deployed.
        account: whose stacks are asked for.
        change_set: the name of the change sets.
        stacks: names, where not all of the account's stacks have one.
        lock: says which tenants were offboarded: their keys alone may leave a stack.
        client_of: makes clients; by default with the lookup role of `cdk bootstrap`, or the caller's own credentials.

    Raises:
        NotDeployed: the assembly has no such stack in the account, or was not proved when it was synthesized.
        ReviewError: the assembly cannot be read, or is not consistent.
        botocore.exceptions.ClientError: AWS refuses to answer: what is not known does not pass.
    """
    artifacts = [one for one in Assembly.open(assembly).artifacts if one.account == account]
    missing = sorted({*stacks} - {one.name for one in artifacts})
    if missing or not artifacts:
        what = f"no stack {', '.join(missing)}" if missing else "no stack"
        raise NotDeployed(f"{assembly}: holds {what} of account {account}; name what the assembly holds")
    verdict = recorded_verdict(assembly)
    if verdict != "proved":
        message = "was not proved when it was synthesized" if verdict is None else f"is {verdict}"
        raise NotDeployed(f"{assembly}: {message}; run cdk synth with its validations, and deploy what it proves")
    make = client_of or _clients(artifacts)
    left = {tenant for tenant, entry in lock.entries.items() if entry.phase == "offboarded"} if lock else set()
    return [_passage(one, make, change_set, left) for one in artifacts if not stacks or one.name in stacks]


def _passage(artifact: StackArtifact, make: ClientOf, change_set: str, left: set[str]) -> Passage:
    client = make(Environment(artifact.account, artifact.region))
    described = _described(client, artifact.name, change_set)
    if described is None:
        refusals: tuple[str, ...] = (f"there is no change set {change_set}; prepare one",)
        return Passage(artifact.name, artifact.region, 0, refusals)
    status, reason, changes = described
    if status == "FAILED" and any(text in reason for text in _UNCHANGED):
        return Passage(artifact.name, artifact.region, 0, ())
    if status != "CREATE_COMPLETE":
        message = f"the change set {change_set} is {status} {reason}".strip()
        return Passage(artifact.name, artifact.region, len(changes), (f"{message}; prepare another",))
    template = _template(client, artifact.name, ChangeSetName=change_set)
    deployed = _deployed(client, artifact.name)
    found = [*_another_template(artifact, template), *_lost_retention(deployed, template), *_losses(changes, left)]
    return Passage(artifact.name, artifact.region, len(changes), tuple(found), _existing_keys(artifact.name, changes))


def _described(
    client: CloudFormationClient, stack: str, change_set: str
) -> tuple[str, str, list[Mapping[str, Any]]] | None:
    """Status, its reason and the changes of all pages; None where there is no such change set."""
    changes: list[Mapping[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        try:
            page = client.describe_change_set(StackName=stack, ChangeSetName=change_set, **token)  # type: ignore[arg-type]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("ChangeSetNotFound", "ChangeSetNotFoundException") or (
                code == "ValidationError" and "does not exist" in str(error)
            ):
                return None
            raise
        changes += page.get("Changes", [])
        if not page.get("NextToken"):
            return str(page["Status"]), str(page.get("StatusReason", "")), changes
        token = {"NextToken": page["NextToken"]}


def _deployed(client: CloudFormationClient, stack: str) -> bytes | None:
    """The template that the stack has today; None where the change set is to create it."""
    status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    return None if status == "REVIEW_IN_PROGRESS" else _template(client, stack)


def _template(client: CloudFormationClient, stack: str, **change_set: str) -> bytes:
    # botocore would parse the template, and of two equal names in an object keep the last alone.
    client.meta.events.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
    answer = client.get_template(StackName=stack, TemplateStage="Original", **change_set)
    return str(answer["TemplateBody"]).encode()


def _another_template(artifact: StackArtifact, template: bytes) -> Iterator[str]:
    expected = parse_json(artifact.template_path, deployed_bytes(artifact))
    try:
        same = parse_json(Path(f"change set of {artifact.name}"), template) == expected
    except AssemblyUnreadable:
        same = False
    if not same:
        yield "its template is not the one that was proved; prepare the change set from this assembly"


def _lost_retention(before: bytes | None, after: bytes) -> Iterator[str]:
    """Keys and aliases that the stack retains today, and would not retain any more."""
    old, new = _resources(before), _resources(after)
    for logical_id, resource in new.items():
        was = old.get(logical_id, {})
        for attribute, kept in _RETAINED.items() if resource.get("Type") in _KMS else ():
            if was.get(attribute) in kept and resource.get(attribute) not in kept:
                message = f"{attribute} of {resource['Type']} {logical_id}: {was[attribute]} becomes"
                yield f"{message} {resource.get(attribute, 'Delete')}; a later change could schedule its deletion"


def _resources(template: bytes | None) -> Mapping[str, Mapping[str, Any]]:
    """Of a template that cannot be read, none: then it is not the one that was proved either."""
    if template is None:
        return {}
    try:
        found = parse_json(Path("template"), template).get("Resources", {})
    except (AssemblyUnreadable, AttributeError):
        return {}
    return {name: one for name, one in found.items() if isinstance(one, Mapping)}


def _losses(changes: list[Mapping[str, Any]], left: set[str]) -> Iterator[str]:
    for change in changes:
        resource = change.get("ResourceChange")
        if not isinstance(resource, Mapping):
            yield f"a change of type {change.get('Type')}, which is not of a resource"
            continue
        kind, action = str(resource.get("ResourceType")), str(resource.get("Action"))
        if not kind.startswith("AWS::KMS::") or action in ("Add", "Import"):
            continue
        logical_id = str(resource.get("LogicalResourceId"))
        replacement = str(resource.get("Replacement", "not said"))
        what = f"{kind} {logical_id} ({resource.get('PhysicalResourceId', 'no id')})"
        if action == "Modify" and replacement == "False":
            continue
        if action == "Remove" and resource.get("PolicyAction") == "Retain" and _owner(logical_id) in left:
            continue
        if action == "Modify":
            yield f"{what} would be replaced (Replacement: {replacement})"
        elif action == "Remove":
            yield f"{what} would leave the stack, and tenants.lock does not record its tenant as offboarded"
        else:
            yield f"{what}: CloudFormation would {action} it, which this version does not know to be harmless"


def _existing_keys(stack: str, changes: list[Mapping[str, Any]]) -> int:
    """Of a stack of tenants' keys; whatever is not created or imported exists."""
    resources = [change.get("ResourceChange") or {} for change in changes] if _holds_keys(stack) else []
    kinds = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
    return sum(one.get("ResourceType") in kinds and one.get("Action") not in ("Add", "Import") for one in resources)


def _owner(logical_id: str) -> str | None:
    """The tenant of a key, a replica or an alias: logical ids have an `X` for each hyphen of its id."""
    for kind in ("Replica", "Alias", "Key"):
        if logical_id.startswith(kind):
            return logical_id.removeprefix(kind).replace("X", "-")
    return None


def _clients(artifacts: list[StackArtifact]) -> ClientOf:
    qualifiers = {one.region: one.asset.qualifier for one in artifacts if one.asset is not None}
    made: dict[Environment, CloudFormationClient] = {}

    def client(place: Environment) -> CloudFormationClient:
        if place not in made:
            session = bootstrap_session(place, qualifiers.get(place.region), "lookup")
            made[place] = session.client("cloudformation")
        return made[place]

    return client
