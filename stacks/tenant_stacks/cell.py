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

NAMES: Final = ("id", "manifest_id", "multi_region_key_id")
"""Fields of a tenant that are names; with opaque names, no resource has the id of the manifest."""
PLACES: Final = ("cell", "role_cells")
"""Fields of a tenant that say in which stack it is, and are in no resource of another."""
_ALIKE: Final = tuple(field.name for field in fields(Tenant) if field.name not in (*NAMES, *PLACES, "tags"))

CDK_METADATA: Final = "AWS::CDK::Metadata"
"""The last resource of each template, which the CDK's command line has it add: the kinds of constructs in the stack."""
ID: Final = "\0"
"""Represents the tenant's id: no string of a manifest has it."""

_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Member:
    """One tenant in one stack."""

    construct_id: str
    names: Names
    logical_ids: tuple[str, ...]
    """Of its resources, as they follow each other in the template."""
    alike: Hashable
    """Equal for members that differ by their names and by the values of their tags alone."""
    tags: Mapping[str, str]
    """Sorted by key; the tenant's id in a value is written as `ID`."""


class Cell:
    """Members of one stack, in order, of which some are real constructs."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._names: dict[str, Names] = {}
        self._class_of: dict[str, Hashable] = {}
        self._examples: dict[Hashable, tuple[Member, Member]] = {}
        self._real: set[str] = set()
        for those in _grouped(members, lambda member: (member.alike, tuple(member.tags))).values():
            self._classify(those)

    def _classify(self, members: Sequence[Member]) -> None:
        """A tag that has another value for each of them, such as a customer's number, is one of their names."""
        own = [key for key in members[0].tags if _identifies([member.tags[key] for member in members])]

        def shared(member: Member) -> Hashable:
            tags = tuple((key, value) for key, value in member.tags.items() if key not in own)
            return member.alike, tuple(own), tags

        for kind, those in _grouped(members, shared).items():
            for member in those:
                tags = (_compact({"Key": key, "Value": member.tags[key]}) for key in own)
                self._names[member.construct_id] = (*member.names, *tags)
                self._class_of[member.construct_id] = kind
            # The longest ids: they are least likely to be words of a policy too.
            examples = sorted(those, key=lambda member: -len(member.names[0]))[:2]
            if len(those) > len(examples):
                self._examples[kind] = examples[0], examples[1]
            self._real |= {member.construct_id for member in examples}

    @property
    def stamped(self) -> bool:
        """Whether any member has no construct."""
        return bool(self._examples)

    @property
    def real(self) -> list[str]:
        """Construct ids of the members that are real constructs, in order."""
        return [member.construct_id for member in self._members if member.construct_id in self._real]

    def complete(self, template: str) -> str:
        """The template with the resources of every member, each where its construct would have put it.

        Raises:
            NotOnlyNames: the members of a class differ by more than their names, or the template has a resource that is
                no member's.
        """
        document: dict[str, Any] = json.loads(template)
        resources: dict[str, Any] = dict(document["Resources"])
        texts = {
            member.construct_id: _text(resources, member)
            for member in self._members
            if member.construct_id in self._real
        }
        others = [name for name, resource in resources.items() if resource["Type"] != CDK_METADATA]
        if others:
            raise NotOnlyNames(f"{', '.join(others)}: no resource of a tenant")
        patterns = {
            kind: Pattern.of(*(Example(self._names[each.construct_id], texts[each.construct_id]) for each in examples))
            for kind, examples in self._examples.items()
        }
        written = ",".join(
            texts[name] if name in self._real else patterns[self._class_of[name]].filled(self._names[name])
            for name in (member.construct_id for member in self._members)
        )
        if resources:
            written += f",{_compact(resources)[1:-1]}"
        return "{" + ",".join(_section(key, value, written) for key, value in document.items()) + "}"


def _section(key: str, value: Any, resources: str) -> str:
    return f'"Resources":{{{resources}}}' if key == "Resources" else f"{_compact(key)}:{_compact(value)}"


def _text(resources: dict[str, Any], member: Member) -> str:
    """The member's resources, which leave the mapping."""
    missing = [name for name in member.logical_ids if name not in resources]
    if missing:
        raise NotOnlyNames(f"{member.construct_id}: {', '.join(missing)} is not in the template")
    return _compact({name: resources.pop(name) for name in member.logical_ids})[1:-1]


def alike(tenant: Tenant) -> Hashable:
    """Equal for tenants whose resources in one stack differ by names and by values of tags alone.

    Workloads count by their names, which are theirs alone. In the role that imports material, the tenant's id is a name
    too. An id with a hyphen has another form in logical ids. Tags are apart (`tags_of`).
    """
    return ("-" in tenant.id, *(_hashable(getattr(tenant, name), tenant.id) for name in _ALIKE))


def tags_of(tenant: Tenant) -> dict[str, str]:
    """The tenant's own tags, sorted by key, with `ID` for its id."""
    return {key: value.replace(tenant.id, ID) for key, value in sorted(tenant.tags.items())}


def _identifies(values: Sequence[str]) -> bool:
    return len(set(values)) == len(values) and not any(ID in value for value in values)


def _grouped(members: Sequence[Member], kind: Callable[[Member], Hashable]) -> dict[Hashable, list[Member]]:
    groups: dict[Hashable, list[Member]] = {}
    for member in members:
        groups.setdefault(kind(member), []).append(member)
    return groups


def _hashable(value: object, tenant_id: str) -> Hashable:
    """Equal only for equal values; what is not understood equals nothing."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return value.replace(tenant_id, ID)
        case Workload():
            return value.name
        case Custodian():
            return value
        case HeldKey():
            return value.arns  # all that roles say of it; no two tenants share one
        case tuple():
            return tuple(_hashable(part, tenant_id) for part in value)
        case _:
            return object()
