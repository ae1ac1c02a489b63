"""The manifest of a cloud assembly: which stacks the CDK CLI deploys from it, where to, by which roles.

Read as aws-cdk 2.1148.1 reads it (`CloudAssembly` and `CloudFormationStackArtifact` in lib/index.js), stages included.
What the CLI would not notice is refused here: a field, an artifact or an asset without a known effect on a deployment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final

from tenant_keys.review.assembly.assets import Environment, TemplateAsset, known, template_asset
from tenant_keys.review.assembly.json_file import parse_json, read_bytes, read_object
from tenant_keys.review.errors import (
    AssemblyInconsistent,
    AssemblyNotFound,
    AssemblyTooNew,
    AssemblyUnreadable,
    EnvironmentUnknown,
    as_json,
)

NEWEST_SCHEMA = 55  # written by aws-cdk-lib 2.275.0

STACK: Final = "aws:cloudformation:stack"
_ASSETS: Final = "cdk:asset-manifest"
_NESTED: Final = "cdk:cloud-assembly"
_ENVIRONMENT: Final = re.compile(r"aws://([0-9]{12})/([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)")
_MANIFEST: Final = frozenset({"version", "artifacts", "runtime", "missing", "minimumCliVersion"})
_ARTIFACT: Final = frozenset(
    {"type", "environment", "metadata", "additionalMetadataFile", "dependencies", "displayName", "properties"}
)
_PROPERTIES: Final[Mapping[str, frozenset[str]]] = {
    STACK: frozenset(
        {"templateFile", "stackName", "terminationProtection", "tags", "parameters", "stackTemplateAssetObjectUrl"}
        | {"assumeRoleArn", "cloudFormationExecutionRoleArn", "lookupRole"}
        # Neither changes what is deployed: whether the CLI warns, and which version of the bootstrap stack it asks for.
        | {"validateOnSynth", "requiresBootstrapStackVersion", "bootstrapStackVersionSsmParameter"}
        # aws-cdk-lib repeats the dependencies here; the CLI does not read it.
        | {"additionalDependencies"}
    ),
    _ASSETS: frozenset({"file", "requiresBootstrapStackVersion", "bootstrapStackVersionSsmParameter"}),
    _NESTED: frozenset({"directoryName", "displayName"}),
    # What the CLI shows and does not deploy.
    "cdk:tree": frozenset({"file"}),
    "cdk:feature-flag-report": frozenset({"module", "flags"}),
}
_LOOKUP: Final = frozenset({"arn", "requiresBootstrapStackVersion", "bootstrapStackVersionSsmParameter"})
_STACK_NAME: Final = re.compile(r"[A-Za-z][-A-Za-z0-9]{0,127}")
"""CloudFormation API reference, CreateStack, StackName."""
_LEGACY_ASSET: Final = b"aws:cdk:asset"


@dataclass(frozen=True, slots=True)
class StackArtifact:
    """A stack as the manifest announces it; its template is not read yet."""

    name: str
    account: str
    region: str
    template_path: Path
    termination_protection: bool
    tags: Mapping[str, str]
    """Of the stack; CloudFormation passes them on to its resources."""
    asset: TemplateAsset | None
    """None where the CLI sends `template_path` itself to CloudFormation."""
    deploy_role: str | None
    """The role that the CLI calls CloudFormation with; None: the caller's own credentials."""
    execution_role: str | None
    """The role that CloudFormation creates resources with; None: the deploying principal."""
    after: frozenset[str] = frozenset()
    """Names of the stacks that the CLI deploys before: those it depends on, and those that they depend on."""


def read_artifacts(directory: Path, within: tuple[Path, ...] = ()) -> Iterator[StackArtifact]:
    """Yield the stacks of an assembly in the order of its manifest; `within`: the assemblies that hold it.

    Raises:
        ReviewError: the manifest, or an asset manifest that it names, is not as the CDK CLI needs it, or would have the
            CLI deploy something other than the templates that it names.
    """
    path = directory / "manifest.json"
    if directory.resolve() in within:
        raise AssemblyUnreadable(f"{path}: the assembly holds itself; run cdk synth again")
    artifacts = {name: _Artifact(name, body, path) for name, body in _read_manifest(path)["artifacts"].items()}
    _check_dependencies(artifacts, path)
    for artifact in artifacts.values():
        match artifact.kind:
            case "cdk:cloud-assembly":
                nested = directory / artifact.required("directoryName")
                yield from read_artifacts(nested, (*within, directory.resolve()))
            case "aws:cloudformation:stack":
                yield _stack(artifact, artifacts)


class _Artifact:
    """One artifact, its fields known."""

    def __init__(self, name: str, body: Mapping[str, Any], manifest: Path) -> None:
        self.name, self.body, self.directory = name, body, manifest.parent
        self.where = f"{manifest} artifacts.{name}"
        self.kind = str(body.get("type"))
        if self.kind not in _PROPERTIES:
            raise AssemblyInconsistent(
                f"{self.where}.type: got {self.kind}, which may change a deployment; known: {', '.join(_PROPERTIES)}"
            )
        known(body, _ARTIFACT, self.where)
        self.properties = body.get("properties", {})
        if not isinstance(self.properties, dict):
            raise AssemblyUnreadable(
                f"{self.where}.properties: got {as_json(self.properties)}; expected an object; run cdk synth again"
            )
        known(self.properties, _PROPERTIES[self.kind], f"{self.where}.properties")
        self.dependencies = body.get("dependencies", [])
        if not isinstance(self.dependencies, list) or not all(isinstance(one, str) for one in self.dependencies):
            raise AssemblyUnreadable(
                f"{self.where}.dependencies: got {as_json(self.dependencies)}; expected a list of names"
            )

    def required(self, name: str) -> str:
        """A property that must be text, and not empty: the CLI takes an empty one for none."""
        value = self.text(name)
        if value is None:
            raise AssemblyUnreadable(f"{self.where}.properties.{name}: got nothing; expected text; run cdk synth again")
        return value

    def text(self, name: str) -> str | None:
        value = self.properties.get(name)
        if value is not None and (not isinstance(value, str) or not value):
            raise AssemblyUnreadable(
                f"{self.where}.properties.{name}: got {as_json(value)}; expected text; run cdk synth again"
            )
        return value

    def texts(self, name: str) -> dict[str, str]:
        value = self.properties.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise AssemblyUnreadable(
                f"{self.where}.properties.{name}: got {as_json(value)}; expected an object of texts"
            )
        return value


def _check_dependencies(artifacts: Mapping[str, _Artifact], path: Path) -> None:
    used = {one for artifact in artifacts.values() if artifact.kind == STACK for one in artifact.dependencies}
    for artifact in artifacts.values():
        for name in artifact.dependencies:
            if name not in artifacts:
                raise AssemblyInconsistent(f"{artifact.where}.dependencies: {name} is not an artifact of {path}")
        if artifact.kind == _ASSETS and artifact.name not in used:
            raise AssemblyInconsistent(
                f"{artifact.where}: no stack depends on this asset manifest, so its files are uploaded for none; "
                "run cdk synth again"
            )
    try:
        TopologicalSorter({name: one.dependencies for name, one in artifacts.items()}).prepare()
    except CycleError as circle:
        shown = " depends on ".join(reversed(circle.args[1]))
        raise AssemblyInconsistent(
            f"{path} artifacts: {shown}: the CDK CLI finds no order to deploy them in; run cdk synth again"
        ) from None


def _stack(artifact: _Artifact, artifacts: Mapping[str, _Artifact]) -> StackArtifact:
    properties, where = artifact.properties, artifact.where
    environment = _environment(artifact.body.get("environment"), where)
    if artifact.texts("parameters"):
        raise AssemblyInconsistent(
            f"{where}.properties.parameters: got {', '.join(sorted(properties['parameters']))}; a parameter gives a "
            "template values that the review does not see; write the value literally"
        )
    protection = properties.get("terminationProtection", False)
    if not isinstance(protection, bool):
        raise AssemblyUnreadable(
            f"{where}.properties.terminationProtection: got {as_json(protection)}; expected true or false"
        )
    _check_lookup(artifact, environment)
    _check_metadata(artifact)
    template = artifact.directory / artifact.required("templateFile")
    manifests = [
        one.directory / one.required("file")
        for one in (artifacts[name] for name in dict.fromkeys(artifact.dependencies))
        if one.kind == _ASSETS
    ]
    url, asset = artifact.text("stackTemplateAssetObjectUrl"), None
    if url is not None:
        asset = template_asset(url, manifests, template, environment)
    elif manifests:
        raise AssemblyInconsistent(
            f"{where}: the stack uploads {manifests[0].name} and is deployed from {template.name}; expected "
            "properties.stackTemplateAssetObjectUrl; run cdk synth again"
        )
    return StackArtifact(
        name=_stack_name(artifact),
        account=environment.account,
        region=environment.region,
        template_path=template,
        termination_protection=protection,
        tags=artifact.texts("tags"),
        asset=asset,
        deploy_role=_role(artifact.text("assumeRoleArn"), f"{where}.properties.assumeRoleArn", environment),
        execution_role=_role(
            artifact.text("cloudFormationExecutionRoleArn"),
            f"{where}.properties.cloudFormationExecutionRoleArn",
            environment,
        ),
        after=frozenset(_before(artifact, artifacts)),
    )


def _before(artifact: _Artifact, artifacts: Mapping[str, _Artifact]) -> Iterator[str]:
    seen, waiting = {artifact.name}, list(artifact.dependencies)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            other = artifacts[name]
            waiting += other.dependencies
            if other.kind == STACK:
                yield _stack_name(other)


def _stack_name(artifact: _Artifact) -> str:
    name = artifact.text("stackName") or artifact.name
    if not _STACK_NAME.fullmatch(name):
        raise AssemblyInconsistent(
            f"{artifact.where}.properties.stackName: got {as_json(name)}, of length {len(name)}; CloudFormation allows "
            "1 to 128 letters, digits and hyphens, a letter first; run cdk synth again"
        )
    return name


def _role(arn: str | None, where: str, environment: Environment) -> str | None:
    if arn is None:
        return None
    filled, own = environment.filled(arn), environment.filled("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/")
    if not filled.startswith(own):
        raise AssemblyInconsistent(
            f"{where}: got {arn}; expected a role of the stack's own account, {own}...: the CDK CLI reads and deploys "
            "the stack in the account of that role"
        )
    return filled


def _check_lookup(artifact: _Artifact, environment: Environment) -> None:
    """Refuse a role of another account: `cdk diff` would compare with what is deployed there."""
    lookup, where = artifact.properties.get("lookupRole"), f"{artifact.where}.properties.lookupRole"
    if lookup is not None:
        known(lookup, _LOOKUP, where)
        if not isinstance(lookup.get("arn"), str):
            raise AssemblyUnreadable(f"{where}.arn: got {as_json(lookup.get('arn'))}; expected text")
        _role(lookup["arn"], f"{where}.arn", environment)


def _check_metadata(artifact: _Artifact) -> None:
    """Refuse assets that are announced in metadata: the CLI uploads them and sets parameters (`prepareAsset`)."""
    metadata, name = artifact.body.get("metadata", {}), artifact.body.get("additionalMetadataFile")
    if name is not None:
        if not isinstance(name, str):
            raise AssemblyUnreadable(f"{artifact.where}.additionalMetadataFile: got {as_json(name)}; expected text")
        path = artifact.directory / name
        data = read_bytes(path)
        # A long file, of no interest but for these letters; written as escapes they show once it is parsed.
        if (_LEGACY_ASSET in data or b"\\u" in data) and _announces_asset(parse_json(path, data)):
            raise AssemblyInconsistent(f"{path}: announces an asset; the review reads templates only; remove it")
    if _announces_asset(metadata):
        raise AssemblyInconsistent(f"{artifact.where}.metadata: announces an asset; remove it")


def _announces_asset(metadata: object) -> bool:
    entries = [one for several in metadata.values() for one in several] if isinstance(metadata, dict) else [None]
    return any(not isinstance(one, dict) or one.get("type") == _LEGACY_ASSET.decode() for one in entries)


def _read_manifest(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise AssemblyNotFound(f"{path}: no such file; expected the manifest of a cloud assembly; run cdk synth")
    manifest = read_object(path)
    version = manifest.get("version")
    if not isinstance(version, str) or not version.split(".")[0].isdecimal():
        raise AssemblyUnreadable(f"{path} version: got {as_json(version)}; expected a schema version such as 55.0.0")
    if int(version.split(".")[0]) > NEWEST_SCHEMA:
        raise AssemblyTooNew(
            f"{path} version: got {version}; known up to {NEWEST_SCHEMA}.x; "
            "synthesize with the pinned aws-cdk-lib, or try the review with the new schema and raise its limit"
        )
    known(manifest, _MANIFEST, str(path))
    if manifest.get("missing"):
        raise AssemblyInconsistent(f"{path} missing: the app lacks values of an AWS account; give them as context")
    artifacts = manifest.setdefault("artifacts", {})
    if not isinstance(artifacts, dict) or not all(isinstance(artifact, dict) for artifact in artifacts.values()):
        raise AssemblyUnreadable(f"{path} artifacts: expected an object of objects; run cdk synth again")
    return manifest


def _environment(environment: object, where: str) -> Environment:
    match = _ENVIRONMENT.fullmatch(environment) if isinstance(environment, str) else None
    if match is None:
        raise EnvironmentUnknown(
            f"{where}.environment: got {as_json(environment)}; expected aws://<account>/<region>; "
            "give the stack an env with account and region"
        )
    return Environment(match[1], match[2])
