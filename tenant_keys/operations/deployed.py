"""The templates that CloudFormation holds, downloaded into a folder that the proof reads like a cloud assembly.

An assembly shows what was to be deployed. The object in S3 could be another one, and a stack can be changed past the
pipeline; CloudFormation alone knows which template it applied last.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ClientError
from botocore.handlers import json_decode_template_body

from tenant_keys.manifest.stack_names import prefix_of
from tenant_keys.operations.errors import NotDeployed, WrongAccount
from tenant_keys.review.assembly import Assembly, Environment, StackArtifact
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.assembly.manifest import NEWEST_SCHEMA, STACK
from tenant_keys.review.assembly.template import deployed_bytes
from tenant_keys.review.errors import AssemblyUnreadable

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackTypeDef

ClientOf = Callable[[Environment], "CloudFormationClient"]
"""A CloudFormation client of an account and Region."""

_FINAL: Final = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)
"""States in which a stack's resources are those of its template (CloudFormation user guide, stack status codes)."""
_GONE: Final = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"})
"""States of a stack that has no resources: deleted, not yet created, or created in vain. Keys that a failed creation
retained are in no stack; `tenant-keys verify` lists them."""


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack of the account, and how it differs from the assembly."""

    name: str
    region: str
    differences: tuple[str, ...]
    """Empty: CloudFormation holds what the assembly holds."""


@dataclass(frozen=True, slots=True)
class _Found:
    artifact: StackArtifact
    template: bytes


def download(assembly: Path, account: str, output: Path, client_of: ClientOf | None = None) -> list[DeployedStack]:
    """Write the assembly with this account's stacks as CloudFormation holds them, those of other accounts as they are.

    Args:
        assembly: what was deployed.
        account: whose stacks are asked for.
        output: the folder to write; an earlier download is replaced whole.
        client_of: makes clients; by default with the lookup role of `cdk bootstrap`, or the caller's own credentials.

    Raises:
        ReviewError: the assembly cannot be read, or is not consistent.
        NotDeployed: the assembly has no stack in the account, or one is still in progress or has failed.
        WrongAccount: the credentials are of another account.
        botocore.exceptions.ClientError: AWS refuses; nothing is written.
    """
    artifacts = Assembly.open(assembly).artifacts
    own = [artifact for artifact in artifacts if artifact.account == account]
    prefixes = {prefix for artifact in artifacts if (prefix := prefix_of(artifact.name))}
    if not own:
        raise NotDeployed(f"{assembly}: contains no stack of account {account}; name an account of the assembly")
    make = client_of or _Clients(own)
    found = [_Found(one, deployed_bytes(one)) for one in artifacts if one.account != account]
    stacks: list[DeployedStack] = []
    for artifact in own:
        client = make(Environment(account, artifact.region))
        stack = _described(client, artifact.name)
        if stack is None:
            stacks.append(DeployedStack(artifact.name, artifact.region, ("it is not deployed",)))
            continue
        held = _held(client, stack, Environment(account, artifact.region))
        found.append(held)
        stacks.append(DeployedStack(artifact.name, artifact.region, tuple(_differences(artifact, held))))
    for region in sorted({artifact.region for artifact in own}):
        known = {artifact.name for artifact in own if artifact.region == region}
        place = Environment(account, region)
        for name in _left_over(make(place), known, prefixes):
            stack = _described(make(place), name)
            if stack is not None:
                found.append(_held(make(place), stack, place))
                stacks.append(DeployedStack(name, region, ("the assembly no longer holds it; delete the stack",)))
    _write(found, output)
    return stacks


def _described(client: CloudFormationClient, name: str) -> StackTypeDef | None:
    try:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        # CloudFormation has no error code of its own for a stack that does not exist (API_DescribeStacks).
        if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    status = stack["StackStatus"]
    if status in _GONE:
        return None
    if status not in _FINAL:
        raise NotDeployed(f"stack {name}: {status}; what is deployed is known once it is {' or '.join(sorted(_FINAL))}")
    return stack


def _held(client: CloudFormationClient, stack: StackTypeDef, place: Environment) -> _Found:
    """What CloudFormation holds of a stack: its template after all transforms, and who it deploys it as."""
    name = stack["StackName"]
    # botocore would parse the template, and of two equal names in an object keep the last alone.
    client.meta.events.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
    body = client.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    artifact = StackArtifact(
        name=name,
        account=place.account,
        region=place.region,
        template_path=Path(f"{place.region}.{name}.template.json"),
        termination_protection=stack.get("EnableTerminationProtection", False),
        tags={tag["Key"]: tag["Value"] for tag in stack.get("Tags", ())},
        asset=None,
        deploy_role=None,
        execution_role=stack.get("RoleARN"),
    )
    return _Found(artifact, str(body).encode())


def _left_over(client: CloudFormationClient, known: set[str], prefixes: set[str]) -> Iterator[str]:
    for page in client.get_paginator("list_stacks").paginate():
        for summary in page["StackSummaries"]:
            name = summary["StackName"]
            # A nested stack is no stack of ours, and the template of its parent is refused.
            if prefix_of(name) in prefixes and name not in known and summary["StackStatus"] not in _GONE:
                yield name


def _differences(wanted: StackArtifact, held: _Found) -> Iterator[str]:
    expected = parse_json(wanted.template_path, deployed_bytes(wanted))
    try:
        same = parse_json(held.artifact.template_path, held.template) == expected
    except AssemblyUnreadable:
        same = False
    if not same:
        yield "its template differs"
    for what, before, after in (
        ("execution role", wanted.execution_role, held.artifact.execution_role),
        ("termination protection", wanted.termination_protection, held.artifact.termination_protection),
        ("tags", dict(wanted.tags), dict(held.artifact.tags)),
    ):
        if before != after:
            yield f"its {what}: got {after}; the assembly has {before}"


def _write(found: list[_Found], output: Path) -> None:
    """Replace the folder whole, so that no template of an earlier download stays."""
    if output.exists() and not (output / "manifest.json").is_file():
        raise NotDeployed(f"{output}: exists and is not an earlier download; name another folder")
    output.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    try:
        artifacts: dict[str, Any] = {}
        for one in found:
            artifact = one.artifact
            file = f"{artifact.account}.{artifact.region}.{artifact.name}.template.json"
            (folder / file).write_bytes(one.template)
            artifacts[f"{artifact.account}.{artifact.region}.{artifact.name}"] = {
                "type": STACK,
                "environment": f"aws://{artifact.account}/{artifact.region}",
                "properties": _properties(artifact, file),
            }
        manifest = {"version": f"{NEWEST_SCHEMA}.0.0", "artifacts": artifacts}
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        if output.exists():
            shutil.rmtree(output)
        folder.chmod(0o755)
        folder.rename(output)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _properties(artifact: StackArtifact, file: str) -> Mapping[str, object]:
    given = {
        "templateFile": file,
        "stackName": artifact.name,
        "terminationProtection": artifact.termination_protection,
        "tags": dict(artifact.tags),
        "assumeRoleArn": artifact.deploy_role,
        "cloudFormationExecutionRoleArn": artifact.execution_role,
    }
    return {name: value for name, value in given.items() if value is not None}


class _Clients:
    """Clients with the lookup role of `cdk bootstrap`, as `cdk diff` has; else with the caller's own credentials."""

    def __init__(self, artifacts: list[StackArtifact]) -> None:
        self._qualifiers = {one.region: one.asset.qualifier for one in artifacts if one.asset is not None}
        self._made: dict[str, CloudFormationClient] = {}

    def __call__(self, place: Environment) -> CloudFormationClient:
        if place.region not in self._made:
            self._made[place.region] = self._session(place).client("cloudformation", region_name=place.region)
        return self._made[place.region]

    def _session(self, place: Environment) -> boto3.Session:
        own = boto3.Session()
        sts = own.client("sts", region_name=place.region)
        qualifier = self._qualifiers.get(place.region)
        if qualifier is not None:
            role = place.bootstrap_role(qualifier, "lookup")
            try:
                given = sts.assume_role(RoleArn=role, RoleSessionName="tenant-keys-deployed")["Credentials"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "AccessDenied":
                    raise
            else:
                return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        account = sts.get_caller_identity()["Account"]
        if account != place.account:
            raise WrongAccount(
                f"the credentials are of account {account}; expected {place.account}, whose stacks are asked"
            )
        return own
