"""What a stack operation has to do: the steps of each resource, and which resource waits for which."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import holds_replicas, key_stack
from tenant_keys.operations.rollout.calls import Bucket, Call, Step, change, creation, removal
from tenant_keys.review.assembly import Assembly, StackArtifact
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.assembly.template import deployed_bytes

Resources = Mapping[str, Mapping[str, Any]]
"""`Resources` of a template, by logical id."""
_RETAINING: Final = frozenset({"Retain", "RetainExceptOnCreate"})


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource that the operation creates, changes or removes."""

    steps: tuple[Step, ...]
    after: tuple[int, ...] = ()
    """Places, in the stack's list, of the resources that must be complete before."""


@dataclass(frozen=True, slots=True)
class StackWork:
    """One stack that an operation changes."""

    name: str
    account: str
    region: str
    is_new: bool
    resources: tuple[Resource, ...]
    unknown: tuple[str, ...] = ()
    """Types whose calls are not known, once for each resource."""

    @property
    def last(self) -> bool:
        """Whether the stack needs the ids of keys that another stack creates."""
        return holds_replicas(self.name)

    def requests(self) -> Counter[Bucket]:
        """What the stack's calls take of each bucket of its account."""
        found: Counter[Bucket] = Counter()
        for resource in self.resources:
            for step in resource.steps:
                if isinstance(step, Call):
                    found[step.api, step.region] += 1
                    for bucket, requests in step.also:
                        found[bucket] += requests
        return found

    def calls(self) -> Counter[str]:
        """Calls by API."""
        return Counter(step.api for one in self.resources for step in one.steps if isinstance(step, Call))


def work_of_assembly(assembly: Path, deployed: Path | None = None) -> list[StackWork]:
    """The stacks of an assembly that differ from what is deployed, in the assembly's order.

    Args:
        assembly: what `cdk synth` wrote.
        deployed: a folder that `tenant-keys deployed` wrote; None where nothing is deployed.

    Raises:
        ReviewError: either cannot be read, or is not consistent.
    """
    held = {_place(one): _resources(one) for one in Assembly.open(deployed).artifacts} if deployed else {}
    found = []
    for artifact in Assembly.open(assembly).artifacts:
        before = held.get(_place(artifact))
        work = stack_work(artifact.name, artifact.account, artifact.region, before, _resources(artifact))
        if before is None or work.resources or work.unknown:
            found.append(work)
    return found


def missing_cells(estate: Estate, assembly: Path) -> list[str]:
    """Stacks in which the lock places keys, and which the assembly does not have: it was synthesized before."""
    held = {artifact.name for artifact in Assembly.open(assembly).artifacts}
    wanted = {
        key_stack(tenant.primary_region, tenant.cell, estate.naming)
        for tenant in estate.tenants.values()
        if tenant.held is None
    }
    return sorted(wanted - held)


def stack_work(name: str, account: str, region: str, before: Resources | None, after: Resources) -> StackWork:
    """What it takes to bring a stack from one template to another; `before` is None where the stack is created."""
    old = before or {}
    made: list[tuple[str, Resource]] = []
    unknown = []
    for logical_id, kind, steps in _differences(old, after, region):
        if steps is None:
            unknown.append(kind)
        else:
            made.append((logical_id, Resource(steps)))
    places = {logical_id: place for place, (logical_id, _) in enumerate(made)}
    linked = tuple(
        Resource(one.steps, tuple(places[name] for name in _needs(after.get(logical_id)) if name in places))
        for logical_id, one in made
    )
    return StackWork(name, account, region, before is None, linked, tuple(unknown))


def _differences(old: Resources, new: Resources, region: str) -> Iterator[tuple[str, str, tuple[Step, ...] | None]]:
    for logical_id, body in new.items():
        was, kind = old.get(logical_id), str(body["Type"])
        properties = body.get("Properties", {})
        if was is None or was["Type"] != kind:
            yield logical_id, kind, creation(kind, properties, region)
        elif was.get("Properties", {}) != properties:
            yield logical_id, kind, change(kind, was.get("Properties", {}), properties, region)
    for logical_id, body in old.items():
        if logical_id not in new:
            kind, retained = str(body["Type"]), body.get("DeletionPolicy") in _RETAINING
            if steps := removal(kind, body.get("Properties", {}), region, retained=retained):
                yield f"removed {logical_id}", kind, steps
            elif steps is None:
                yield f"removed {logical_id}", kind, None


def _needs(body: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Logical ids that a resource refers to, sorted."""
    if body is None:
        return ()
    text = json.dumps(body)
    if '"Ref"' not in text and '"Fn::' not in text and "DependsOn" not in body:
        return ()
    given = body.get("DependsOn", ())
    return tuple(sorted({*_referred(body), *([given] if isinstance(given, str) else given)}))


def _referred(node: Any) -> Iterator[str]:
    """Logical ids, and other words: whatever a reference may name."""
    if isinstance(node, list):
        for each in node:
            yield from _referred(each)
    elif isinstance(node, dict):
        if isinstance(reference := node.get("Ref"), str):
            yield reference
        if attribute := node.get("Fn::GetAtt"):
            yield attribute.partition(".")[0] if isinstance(attribute, str) else str(attribute[0])
        if text := node.get("Fn::Sub"):
            template = text if isinstance(text, str) else str(text[0])
            yield from (part.partition("}")[0].partition(".")[0] for part in template.split("${")[1:])
        for each in node.values():
            yield from _referred(each)


def _place(artifact: StackArtifact) -> tuple[str, str, str]:
    return artifact.account, artifact.region, artifact.name


def _resources(artifact: StackArtifact) -> Resources:
    found: Resources = parse_json(artifact.template_path, deployed_bytes(artifact)).get("Resources", {})
    return found
