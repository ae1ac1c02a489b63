"""Reads a cloud assembly stack by stack, so that no more than one template is in memory.

A stack set is followed by the stacks that it makes, one in each account and Region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final

from tenant_keys.review.assembly.bootstrap_version import PARAMETER
from tenant_keys.review.assembly.exports import Exports
from tenant_keys.review.assembly.intrinsics import Resolver
from tenant_keys.review.assembly.manifest import StackArtifact, read_artifacts
from tenant_keys.review.assembly.model import HIDING_TYPES, READ_TYPES, Resource, Stack
from tenant_keys.review.assembly.references import awaited, waits_for
from tenant_keys.review.assembly.stack_sets import STACK_SET, instances
from tenant_keys.review.assembly.template import Template, deployed_template
from tenant_keys.review.errors import (
    AssemblyInconsistent,
    AssemblyNotFound,
    DuplicateStack,
    EmptyAssembly,
    NotExported,
    TemplateRefused,
    UnresolvedIntrinsic,
    as_json,
)

_TAGGED: Final = frozenset({STACK_SET, "AWS::IAM::Role", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"})
"""The types whose tags a policy can ask for, and the one that passes its tags on to them."""


class Assembly:
    """A cloud assembly on disk."""

    def __init__(self, directory: Path, artifacts: tuple[StackArtifact, ...]) -> None:
        self.directory = directory
        self.artifacts = artifacts
        self._exports = Exports(artifacts)

    @classmethod
    def open(cls, directory: str | Path) -> Assembly:
        """Read the manifest of an assembly; the templates are read by `stacks`."""
        path = Path(directory)
        if not path.is_dir():
            raise AssemblyNotFound(f"{path}: no such directory; expected a cloud assembly; run cdk synth")
        artifacts = tuple(read_artifacts(path))
        if not artifacts:
            raise EmptyAssembly(f"{path}: holds 0 stacks, which proves nothing; expected at least one; run cdk synth")
        seen: set[tuple[str, str, str]] = set()
        for artifact in artifacts:
            key = (artifact.account, artifact.region, artifact.name)
            if key in seen:
                raise DuplicateStack(f"{path}: two stacks {artifact.name} in {key[0]} {key[1]}; rename one")
            seen.add(key)
        return cls(path, artifacts)

    def stacks(self) -> Iterator[Stack]:
        """Yield the stacks one at a time, in the order of the manifest, each before those of its stack sets."""
        exported: dict[tuple[str, str, object], str] = {}
        for artifact in self.artifacts:
            stack = self._read(artifact, deployed_template(artifact), READ_TYPES)
            _check_exports(stack, exported)
            yield stack
            for resource in stack.resources.values():
                if resource.type == STACK_SET:
                    for instance, template in instances(resource, artifact):
                        yield self._read(instance, template, READ_TYPES - {STACK_SET})

    def _read(self, artifact: StackArtifact, template: Template, read: frozenset[str]) -> Stack:
        path = artifact.template_path
        resolver = Resolver(artifact, template, self._exports.importer(artifact))
        resources: dict[str, Resource] = {}
        left_raw: list[str] = []
        for logical_id, body in template.resources.items():
            kind = body["Type"]
            if kind in HIDING_TYPES - read:
                raise TemplateRefused(
                    f"{path} {logical_id}: {kind} creates resources that are not in the template; declare them in it"
                )
            properties = body.get("Properties", {})
            if logical_id in template.unresolved or "Condition" in body:
                known = _resolved(resolver, logical_id, body, must=kind in read)
                if known is None:
                    left_raw.append(logical_id)
                else:
                    properties = known
            refers = logical_id in template.unresolved
            resources[logical_id] = _resource(artifact, logical_id, body, properties, refers=refers)
        _check_references(path, resources, left_raw)
        _check_order(path, resources)
        _check_tags(artifact, resources)
        return Stack(
            name=artifact.name,
            account=artifact.account,
            region=artifact.region,
            template_path=path,
            resources=resources,
            termination_protection=artifact.termination_protection,
            raw=tuple(left_raw),
            beside=_beside(resolver, template),
            after=artifact.after,
        )


def _beside(resolver: Resolver, template: Template) -> dict[str, Any]:
    """What is beside the properties of resources; outputs and metadata as AWS will hold them, where that is known."""
    found = dict(template.sections)
    if "Outputs" in found:
        found["Outputs"] = {name: _known(resolver, name, output) for name, output in found["Outputs"].items()}
    for name, body in template.resources.items():
        if "Metadata" in body:
            found[f"Metadata of {name}"] = _known(resolver, name, body["Metadata"])
    return found


def _known(resolver: Resolver, name: str, value: object) -> object:
    try:
        return resolver.output(name, "", value)
    except NotExported:
        raise  # as CloudFormation refuses it
    except UnresolvedIntrinsic:
        return value


def _check_exports(stack: Stack, exported: dict[tuple[str, str, object], str]) -> None:
    """Refuse a second export of one name in an account and Region, as CloudFormation does.

    An output under a condition may not be there.
    """
    for name, output in stack.beside.get("Outputs", {}).items():
        if "Export" in output and "Condition" not in output:
            where, export = f"{stack.name} Outputs.{name}", output["Export"]["Name"]
            key = (stack.account, stack.region, export if isinstance(export, str) else as_json(export))
            if key in exported:
                raise TemplateRefused(
                    f"{stack.template_path} Outputs.{name}: exports {as_json(export)}, which {exported[key]} exports "
                    "already: CloudFormation refuses it"
                )
            exported[key] = where


def _check_references(path: Path, resources: Mapping[str, Resource], left_raw: list[str]) -> None:
    """Refuse references to nothing; those of a resource whose values are resolved lead somewhere.

    A template has no parameter but the one of the CDK (`bootstrap_version`), to which no resource refers.
    """
    for logical_id in left_raw:
        for name in sorted(resources[logical_id].depends_on - resources.keys()):
            if not name.startswith("AWS::") and name != PARAMETER:
                raise TemplateRefused(f"{path} {logical_id}: refers to {name}, which the template does not hold")


def _check_order(path: Path, resources: Mapping[str, Resource]) -> None:
    """Refuse resources of which each has to be created before the other, or before itself.

    CloudFormation refuses a circle of dependencies, whether by DependsOn or by a reference (CloudFormation guide,
    troubleshooting, circular dependency errors).
    """
    graph = {name: one.depends_on & resources.keys() for name, one in resources.items() if one.depends_on}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as problem:
        circle = ", ".join(dict.fromkeys(problem.args[1]))
        raise TemplateRefused(f"{path}: resources depend on each other in a circle: {circle}") from problem


def _check_tags(artifact: StackArtifact, resources: Mapping[str, Resource]) -> None:
    """Refuse tags of the stack that its roles and keys do not carry themselves.

    CloudFormation passes the tags of a stack on to its resources (user guide, "Resource tag"), and a tag of a role is a
    tag of its sessions: `aws:PrincipalTag` would have a value that the template does not show.
    """
    for resource in resources.values() if artifact.tags else ():
        if resource.type not in _TAGGED:
            continue
        own = resource.properties.get("Tags")
        pairs = [(one.get("Key"), one.get("Value")) for one in own or () if isinstance(one, Mapping)]
        for tag in artifact.tags.items():
            if tag not in pairs:
                raise AssemblyInconsistent(
                    f"{artifact.template_path} {resource.logical_id}: the stack's tag {tag[0]}={tag[1]} would become a "
                    "tag of this resource; write it into the resource, or remove it from the stack"
                )


def _resolved(resolver: Resolver, logical_id: str, body: Mapping[str, Any], *, must: bool) -> dict[str, Any] | None:
    """Resolve a resource's properties; None if they cannot be known and need not be."""
    try:
        if "Condition" in body:
            raise UnresolvedIntrinsic(
                resolver.artifact.name,
                logical_id,
                "Condition",
                f"got {body['Condition']}; the resource may not exist; decide it in the app, not at deployment",
            )
        return resolver.properties(logical_id)
    except UnresolvedIntrinsic:
        if must:
            raise
        return None


def _resource(
    artifact: StackArtifact,
    logical_id: str,
    body: Mapping[str, Any],
    properties: Mapping[str, Any],
    *,
    refers: bool,
) -> Resource:
    return Resource(
        artifact.name,
        artifact.account,
        artifact.region,
        logical_id,
        body["Type"],
        properties,
        body.get("DeletionPolicy"),
        body.get("UpdateReplacePolicy"),
        waits_for(body) if refers else awaited(body),
    )
