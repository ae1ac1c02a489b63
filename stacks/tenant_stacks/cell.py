"""The tenants of one stack, in classes of those that differ by their names alone.

Two members of each class become real constructs, which Aspects, cdk-nag and the CDK's validations see. The others are
written into the template from the text of these two (`tenant_stacks.pattern`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from tenant_keys.manifest import Custodian, HeldKey, Tenant, Workload
from tenant_stacks.pattern import Example, Names, NotOnlyNames, Pattern

NAMES: Final = ("id", "multi_region_key_id")
"""Fields of a tenant that are names."""
PLACES: Final = ("cell", "role_cells")
"""Fields of a tenant that say in which stack it is, and are in no resource of another."""
_ALIKE: Final = tuple(field.name for field in fields(Tenant) if field.name not in (*NAMES, *PLACES))

CDK_METADATA: Final = "AWS::CDK::Metadata"
"""The last resource of each template, which the CDK's command line has it add: the kinds of constructs in the stack."""
_ID: Final = "\0"
"""Stands for the tenant's id: no string of a manifest has it."""

_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Member:
    """One tenant in one stack."""

    construct_id: str
    names: Names
    logical_ids: tuple[str, ...]
    """Of its resources, as they follow each other in the template."""
    alike: Hashable
    """Equal for members that differ by their names alone."""
    construct: Callable[[], object]
    """Makes the real construct."""


class Cell:
    """Members of one stack, in order, of which some are real constructs."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        classes: dict[Hashable, list[Member]] = {}
        for member in members:
            classes.setdefault(member.alike, []).append(member)
        self._examples: dict[Hashable, tuple[Member, Member]] = {}
        real: set[str] = set()
        for alike, those in classes.items():
            # The longest names: they are least likely to be words of a policy too.
            examples = sorted(those, key=lambda member: -len(member.names[0]))[:2]
            if len(those) > len(examples):
                self._examples[alike] = examples[0], examples[1]
            real |= {member.construct_id for member in examples}
        self._real = real

    @property
    def stamped(self) -> bool:
        """Whether any member has no construct."""
        return bool(self._examples)

    def add_constructs(self) -> list[str]:
        """Make the real constructs; returns the construct ids of all other members."""
        for member in self._members:
            if member.construct_id in self._real:
                member.construct()
        return [member.construct_id for member in self._members if member.construct_id not in self._real]

    def complete(self, template: str) -> str:
        """The template with the resources of every member, each where its construct would have put it.

        Raises:
            NotOnlyNames: the members of a class differ by more than their names, or the template has a resource that is
                no member's.
        """
        document: dict[str, Any] = json.loads(template)
        resources: dict[str, Any] = dict(document["Resources"])
        texts = {member.construct_id: _text(resources, member) for member in self._members if self._is_real(member)}
        others = [name for name, resource in resources.items() if resource["Type"] != CDK_METADATA]
        if others:
            raise NotOnlyNames(f"{', '.join(others)}: no resource of a tenant")
        patterns = {
            alike: Pattern.of(*(Example(member.names, texts[member.construct_id]) for member in examples))
            for alike, examples in self._examples.items()
        }
        written = ",".join(
            texts[member.construct_id] if self._is_real(member) else patterns[member.alike].filled(member.names)
            for member in self._members
        )
        if resources:
            written += f",{_compact(resources)[1:-1]}"
        return "{" + ",".join(_section(key, value, written) for key, value in document.items()) + "}"

    def _is_real(self, member: Member) -> bool:
        return member.construct_id in self._real


def _section(key: str, value: Any, resources: str) -> str:
    return f'"Resources":{{{resources}}}' if key == "Resources" else f"{_compact(key)}:{_compact(value)}"


def _text(resources: dict[str, Any], member: Member) -> str:
    """The member's resources, which leave the mapping."""
    missing = [name for name in member.logical_ids if name not in resources]
    if missing:
        raise NotOnlyNames(f"{member.construct_id}: {', '.join(missing)} is not in the template")
    return _compact({name: resources.pop(name) for name in member.logical_ids})[1:-1]


def alike(tenant: Tenant) -> Hashable:
    """Equal for tenants whose resources in one stack differ by names alone.

    Workloads count by their names, which are theirs alone. In the values of tags and in the role that imports material,
    the tenant's id is a name too. An id with a hyphen has another form in logical ids.
    """
    return ("-" in tenant.id, *(_hashable(getattr(tenant, name), tenant.id) for name in _ALIKE))


def _hashable(value: object, tenant_id: str) -> Hashable:
    """Equal only for equal values; what is not understood equals nothing."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return value.replace(tenant_id, _ID)
        case Workload():
            return value.name
        case Custodian():
            return value
        case HeldKey():
            return value.arns  # all that roles say of it; no two tenants share one
        case tuple():
            return tuple(_hashable(part, tenant_id) for part in value)
        case Mapping():
            return tuple((key, _hashable(value[key], tenant_id)) for key in sorted(value))
        case _:
            return object()
