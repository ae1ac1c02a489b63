"""What a stack operation has to do: the steps of each resource, and which resource waits for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import holds_replicas, is_hook_stack, key_stack
from tenant_keys.operations.rollout.calls import Bucket, Call, Step, change, creation, removal
from tenant_keys.review.assembly import Assembly, StackArtifact
from tenant_keys.review.assembly.json_file import compact
from tenant_keys.review.assembly.references import waits_for
from tenant_keys.review.assembly.template import deployed_template
from tenant_keys.review.errors import TemplateRefused

Resources = Mapping[str, dict[str, Any]]
"""`Resources` of a template, by logical id."""
HOOK, MAIN, REPLICAS = range(3)
"""Phases: the Hook that judges the others' changes, all else, and replicas, which need the ids of their primaries."""
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
    """Types of the resources whose calls are not known."""

    @property
    def phase(self) -> int:
        """Stacks of a phase need nothing of each other, and all stacks of the phase before."""
        if is_hook_stack(self.name):
            return HOOK
        return REPLICAS if holds_replicas(self.name) else MAIN

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
    held = {_place(one): one for one in Assembly.open(deployed).artifacts} if deployed else {}
    found = []
    for artifact in Assembly.open(assembly).artifacts:
        is_held = held.get(_place(artifact))
        before = deployed_template(is_held).resources if is_held else None
        after = deployed_template(artifact).resources
        work = stack_work(artifact.name, artifact.account, artifact.region, before, after)
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
    """What it takes to bring a stack from one template to another; `before` is None where the stack is created.

    Raises:
        TemplateRefused: resources wait for each other.
    """
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
    try:
        TopologicalSorter({place: one.after for place, one in enumerate(linked)}).prepare()
    except CycleError as problem:
        circle = ", ".join(made[place][0] for place in problem.args[1])
        raise TemplateRefused(f"{name}: resources depend on each other in a circle: {circle}") from None
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


def _needs(body: dict[str, Any] | None) -> tuple[str, ...]:
    """Logical ids that a resource refers to, sorted."""
    if body is None:
        return ()
    text = compact(body)
    if '"Ref"' not in text and '"Fn::' not in text and "DependsOn" not in body:
        return ()
    return tuple(sorted(waits_for(body)))


def _place(artifact: StackArtifact) -> tuple[str, str, str]:
    return artifact.account, artifact.region, artifact.name
