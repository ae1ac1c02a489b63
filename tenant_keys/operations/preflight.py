"""What would stop a deployment, named before it starts: stacks that failed, and names that are taken.

A first deployment that failed leaves a stack in ROLLBACK_COMPLETE, which holds nothing and can only be deleted. The CDK
CLI does that, but turns termination protection on before it executes the first change set, and CloudFormation deletes
no protected stack: the second deployment would fail for ever. `repair` turns the protection of such a stack off; the
deployment that follows makes the stack anew, with protection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from tenant_keys.manifest import Lock
from tenant_keys.manifest.model import Naming
from tenant_keys.operations.bootstrap_session import bootstrap_session
from tenant_keys.operations.errors import NotDeployed
from tenant_keys.policy.names import alias_name
from tenant_keys.review.assembly import Assembly, Environment, StackArtifact
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.assembly.template import deployed_bytes

ClientOf = Callable[[Environment, str, str], Any]
"""A boto3 client in a place, of a service, with the session of an office: `lookup` reads, `deploy` repairs."""

CREATION_FAILED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})
"""The CDK CLI deletes a stack in one of these states and creates it again."""
PAUSED: Final = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"})
"""`cdk rollback` brings a stack out of these: an update that could not be undone, or a deployment without rollback."""
GONE: Final = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})
"""No stack, or one of which nothing was made yet."""
SOUND: Final = frozenset(
    {
        *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
        *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"),
    }
)
"""States from which an update starts (CloudFormation user guide, stack status codes)."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stops the deployment of a stack."""

    stack: str
    what: str
    """What was found, and the way out."""
    repaired: bool = False
    """It stops nothing any more."""


def preflight(
    assembly: Path, account: str, *, repair: bool, lock: Lock | None = None, client_of: ClientOf | None = None
) -> list[Obstacle]:
    """Every obstacle to deploying the account's stacks; `repair` removes what holds a failed creation in place.

    `lock` says which tenants have been offboarded: the key of any other may not leave its stack.

    Raises:
        NotDeployed: the assembly has no stack in the account.
        ReviewError: the assembly cannot be read.
        botocore.exceptions.ClientError: AWS refuses to answer: what is not known is not free.
    """
    artifacts = [one for one in Assembly.open(assembly).artifacts if one.account == account]
    if not artifacts:
        raise NotDeployed(f"{assembly}: contains no stack of account {account}; name an account of the assembly")
    make = client_of or _clients(artifacts)
    naming = lock.naming if lock else Naming()
    gone = {entry.id_in_aws for entry in lock.entries.values() if entry.phase == "offboarded"} if lock else set()
    return [obstacle for artifact in artifacts for obstacle in _of_stack(artifact, make, gone, naming, repair=repair)]


def _of_stack(
    artifact: StackArtifact, make: ClientOf, gone: set[str], naming: Naming, *, repair: bool
) -> Iterator[Obstacle]:
    place, name = Environment(artifact.account, artifact.region), artifact.name
    cloudformation = make(place, "cloudformation", "lookup")
    stack = _described(cloudformation, name)
    status = "" if stack is None else str(stack["StackStatus"])
    own: dict[str, str] = {}
    if stack is None or status in GONE:
        pass
    elif status in CREATION_FAILED:
        if stack.get("EnableTerminationProtection"):
            yield _protected(make, place, name, status, repair=repair)
    elif status in SOUND:
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        own = {
            each["LogicalResourceId"]: each.get("PhysicalResourceId", "")
            for page in pages
            for each in page["StackResourceSummaries"]
        }
    elif status.endswith("_IN_PROGRESS"):
        yield Obstacle(name, f"{status}: an operation is running; wait for its end, and deploy again")
        return
    elif status in PAUSED:
        fix = f"fix the causes that its events name, then run cdk rollback {name}, and deploy again"
        yield Obstacle(name, f"{status}: the last operation was not undone; {fix}")
        return
    else:
        yield Obstacle(name, f"{status}: no deployment can start from this status; see the stack's events")
        return
    known: dict[str, dict[str, str]] = {}
    template = parse_json(artifact.template_path, deployed_bytes(artifact))
    yield from _leaving(name, own, template["Resources"], gone, alias_name("", naming))
    for logical_id, resource in template["Resources"].items():
        if logical_id not in own:
            yield from _taken(name, logical_id, resource, lambda service: make(place, service, "lookup"), known)


def _leaving(
    stack: str, own: dict[str, str], resources: dict[str, Any], gone: set[str], prefix: str
) -> Iterator[Obstacle]:
    """Tenants whose key the deployment would take out of its stack though they were not offboarded: retained, and lost
    to the estate. An assembly of another branch than the one that adopted the key does that.
    """
    for logical_id, physical_id in own.items():
        tenant = physical_id.removeprefix(prefix)
        if logical_id not in resources and physical_id.startswith(prefix) and tenant not in gone:
            what = f"the key of {tenant} would leave the stack, though {tenant} was not offboarded"
            yield Obstacle(stack, f"{logical_id}: {what}; deploy an assembly whose lock has the tenant")


def _protected(make: ClientOf, place: Environment, name: str, status: str, *, repair: bool) -> Obstacle:
    found = f"{status}: its creation failed, and termination protection keeps the deployment from creating it again"
    if not repair:
        return Obstacle(name, f"{found}; run tenant-keys preflight --repair, and deploy again")
    cloudformation = make(place, "cloudformation", "deploy")
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    return Obstacle(name, f"{found}; turned the protection off, the deployment turns it on again", repaired=True)


def _described(cloudformation: Any, name: str) -> dict[str, Any] | None:
    try:
        return dict(cloudformation.describe_stacks(StackName=name)["Stacks"][0])
    except ClientError as error:
        # CloudFormation has no error code of its own for a stack that does not exist (API_DescribeStacks).
        if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
            return None
        raise


Known = dict[str, dict[str, str]]
"""What was listed for a stack already, by operation: one listing serves all its resources."""


def _taken(
    stack: str, logical_id: str, resource: dict[str, Any], client: Callable[[str], Any], known: Known
) -> Iterator[Obstacle]:
    """A name that AWS would refuse with AlreadyExists."""
    properties, kind = resource.get("Properties", {}), resource["Type"]
    if kind not in _LOOKUPS:
        return
    named, service, exists, way_out = _LOOKUPS[kind]
    name = properties.get(named)
    if isinstance(name, str) and (found := exists(client(service), name, known)):
        yield Obstacle(stack, f"{logical_id}: {found} exists already and does not belong to this stack; {way_out}")


def _alias(kms: Any, name: str, known: Known) -> str:
    """By ListAliases, which IAM alone decides: key policies keep DescribeKey from the lookup role."""
    aliases = _listed(kms, "list_aliases", "Aliases", ("AliasName", "TargetKeyId"), known)
    return f"{name}, of key {aliases[name]}," if name in aliases else ""


def _role(iam: Any, name: str, _: Known) -> str:
    return _found(f"role {name}", "NoSuchEntity", lambda: iam.get_role(RoleName=name))


def _profile(iam: Any, name: str, _: Known) -> str:
    found = f"instance profile {name}"
    return _found(found, "NoSuchEntity", lambda: iam.get_instance_profile(InstanceProfileName=name))


def _policy(iam: Any, name: str, known: Known) -> str:
    policies = _listed(iam, "list_policies", "Policies", ("PolicyName", "Arn"), known, Scope="Local")
    return f"policy {name}" if name in policies else ""


def _provider(iam: Any, url: str, _: Known) -> str:
    end = f":oidc-provider/{url.removeprefix('https://')}"
    arns = (provider["Arn"] for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"])
    return next((f"provider {arn}" for arn in arns if arn.endswith(end)), "")


def _parameter(ssm: Any, name: str, _: Known) -> str:
    return _found(f"parameter {name}", "ParameterNotFound", lambda: ssm.get_parameter(Name=name))


def _listed(
    client: Any, operation: str, members: str, names: tuple[str, str], known: Known, **parameters: str
) -> dict[str, str]:
    if operation not in known:
        pages = client.get_paginator(operation).paginate(**parameters)
        known[operation] = {each[names[0]]: each.get(names[1], "?") for page in pages for each in page[members]}
    return known[operation]


def _found(what: str, absent: str, ask: Callable[[], object]) -> str:
    """What is there, or nothing; only the service's own code for absence is a no."""
    try:
        ask()
    except ClientError as error:
        if error.response["Error"]["Code"] == absent:
            return ""
        raise
    return what


_DELETE: Final = "delete it, or rename yours"
_LOOKUPS: Final[dict[str, tuple[str, str, Callable[[Any, str, Known], str], str]]] = {
    "AWS::KMS::Alias": ("AliasName", "kms", _alias, "delete the alias if nobody uses its key, or adopt the key"),
    "AWS::IAM::Role": ("RoleName", "iam", _role, _DELETE),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName", "iam", _profile, _DELETE),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "iam", _policy, _DELETE),
    "AWS::IAM::OIDCProvider": ("Url", "iam", _provider, "set existing: true for the identity provider"),
    "AWS::SSM::Parameter": ("Name", "ssm", _parameter, _DELETE),
}
"""By type: the property that names it, its service, how it is looked for, and the way out."""


def _clients(artifacts: list[StackArtifact]) -> ClientOf:
    qualifiers = {one.region: one.asset.qualifier for one in artifacts if one.asset is not None}
    made: dict[tuple[Environment, str, str], Any] = {}

    def client(place: Environment, service: str, office: str) -> Any:
        key = (place, service, office)
        if key not in made:
            session = bootstrap_session(place, qualifiers.get(place.region), office)
            made[key] = session.client(service)  # type: ignore[call-overload]
        return made[key]

    return client
