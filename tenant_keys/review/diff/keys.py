"""What happens to keys and aliases. A loss always blocks: CloudFormation cannot take a deletion back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tenant_keys.review.assembly import Assembly
from tenant_keys.review.diff.change import Change, Severity

_IMMUTABLE: Final = ("KeySpec", "KeyUsage", "Origin", "MultiRegion")
"""CloudFormation fails an update of these (AWS::KMS::Key)."""
_KEPT: Final = ("Retain", "RetainExceptOnCreate")

Place = tuple[str, str, str, str]
"""Account, Region, stack, logical id: what makes a resource the same resource to CloudFormation."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key or replica as its template describes it."""

    place: Place
    tenant: str | None
    properties: Mapping[str, Any]
    retained: bool


@dataclass(frozen=True, slots=True)
class AliasRow:
    """An alias, and the place of the key it points at."""

    place: Place
    name: str
    key: Place | None
    retained: bool


def key_changes(old: Path, new: Path, *, leaving: frozenset[str]) -> Iterator[Change]:
    """Compare the keys and aliases of two assemblies; `leaving` are tenants that are offboarded on purpose."""
    old_keys, old_aliases = _read(old)
    new_keys, new_aliases = _read(new)
    by_tenant = {(row.tenant, row.place[1]): row for row in new_keys.values()}
    for place, row in old_keys.items():
        after = new_keys.get(place)
        yield from _lost(row, by_tenant, leaving) if after is None else _changed(row, after)
    for place, row in new_keys.items():
        if place not in old_keys:
            yield Change(
                Severity.NOTE,
                "key-created",
                f"key created for tenant {row.tenant} in {place[1]}",
                _one(row.tenant),
                stack=place[2],
            )
    for name, alias in old_aliases.items():
        yield from _alias(name, alias, new_aliases.get(name), leaving)
    for name, alias in new_aliases.items():
        if name not in old_aliases and alias.key in old_keys:
            tenant = old_keys[alias.key].tenant
            yield Change(
                Severity.REVIEW,
                "alias-added",
                f"{alias.name} in {name[1]} also leads to the key of tenant {tenant}",
                _one(tenant),
                stack=alias.place[2],
                fix="one alias a key",
            )


def _read(directory: Path) -> tuple[dict[Place, KeyRow], dict[tuple[str, str, str], AliasRow]]:
    keys: dict[Place, KeyRow] = {}
    aliases: dict[tuple[str, str, str], AliasRow] = {}
    for stack in Assembly.open(directory).stacks():
        here: dict[str, Place] = {}
        owners: dict[str, str] = {}
        resources = [r for r in stack.resources.values() if r.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")]
        for resource in resources:
            primary = str(resource.properties.get("PrimaryKeyArn", ""))
            mark = "mrk-" if resource.properties.get("MultiRegion") in (True, "true") else ""
            token = f"{mark}unborn!{stack.account}!{stack.region}!{stack.name}!{resource.logical_id}"
            key_id = primary.rpartition("/")[2] if primary else token
            here[key_id] = (stack.account, stack.region, stack.name, resource.logical_id)
        for resource in stack.resources.values():
            if resource.type != "AWS::KMS::Alias":
                continue
            target = str(resource.properties["TargetKeyId"]).rpartition("/")[2]
            name = str(resource.properties["AliasName"])
            owners.setdefault(target, name.removeprefix("alias/tenant-"))
            place = (stack.account, stack.region, stack.name, resource.logical_id)
            retained = resource.deletion_policy in _KEPT and resource.update_replace_policy == "Retain"
            aliases[stack.account, stack.region, name] = AliasRow(place, name, here.get(target), retained)
        for key_id, place in here.items():
            resource = stack.resources[place[3]]
            retained = resource.deletion_policy == "Retain" and resource.update_replace_policy == "Retain"
            keys[place] = KeyRow(place, owners.get(key_id), resource.properties, retained)
    return keys, aliases


def _lost(row: KeyRow, after: Mapping[tuple[str | None, str], KeyRow], leaving: frozenset[str]) -> Iterator[Change]:
    tenant, region = row.tenant, row.place[1]
    if tenant in leaving:
        yield Change(
            Severity.REVIEW,
            "key-left",
            f"the key of tenant {tenant} in {region} leaves its stack and is retained; break-glass may then delete it",
            _one(tenant),
            stack=row.place[2],
        )
        return
    moved = after.get((tenant, region))
    where = f"moved to {moved.place[2]} {moved.place[3]}" if moved else "deleted from the templates"
    yield Change(
        Severity.BLOCKED,
        "key-lost",
        f"the key of tenant {tenant} in {region} is {where} ({row.place[2]} {row.place[3]} before)",
        _one(tenant),
        stack=row.place[2],
        fix="a key keeps its stack and logical id for ever; a tenant leaves through state offboarding, then offboarded",
    )


def _changed(before: KeyRow, after: KeyRow) -> Iterator[Change]:
    tenant, region = after.tenant, after.place[1]
    whose = f"of tenant {tenant} in {region}"

    def change(severity: Severity, rule: str, what: str, fix: str | None = None) -> Change:
        return Change(severity, rule, what, _one(tenant), stack=after.place[2], fix=fix)

    if before.tenant != tenant:
        yield change(
            Severity.BLOCKED,
            "key-swapped",
            f"the key of tenant {before.tenant} in {region} becomes that of {tenant}",
            "every alias stays on its own key",
        )
    for name in (*_IMMUTABLE, "PrimaryKeyArn"):
        if before.properties.get(name) != after.properties.get(name):
            yield change(
                Severity.BLOCKED,
                "key-replaced",
                f"{name} of the key {whose} changes from {before.properties.get(name)} to {after.properties.get(name)}",
                "birth properties never change; a new key needs a new tenant id and its data encrypted again",
            )
    if before.retained and not after.retained:
        yield change(
            Severity.BLOCKED, "key-unretained", f"the key {whose} is no longer retained", "DeletionPolicy: Retain"
        )
    enabled = [row.properties.get("Enabled", True) in (True, "true") for row in (before, after)]
    if enabled[0] != enabled[1]:
        state = "enabled again" if enabled[1] else "disabled"
        yield change(Severity.REVIEW if enabled[1] else Severity.NOTE, "key-state", f"the key {whose} is {state}")
    for name, label in (
        ("EnableKeyRotation", "automatic rotation"),
        ("RotationPeriodInDays", "rotation period in days"),
        ("PendingWindowInDays", "deletion window in days"),
    ):
        if before.properties.get(name) != after.properties.get(name):
            yield change(
                Severity.NOTE,
                "key-setting",
                f"{label} of the key {whose}: {before.properties.get(name)} becomes {after.properties.get(name)}",
            )
    if _text(before.properties.get("KeyPolicy")) != _text(after.properties.get("KeyPolicy")):
        yield change(Severity.NOTE, "key-policy", f"the policy of the key {whose} is written differently")


def _alias(
    name: tuple[str, str, str], before: AliasRow, after: AliasRow | None, leaving: frozenset[str]
) -> Iterator[Change]:
    tenant = before.name.removeprefix("alias/tenant-")
    fix = "losing the alias is losing access: it keeps its name, its stack and its key"
    if after is None:
        if tenant not in leaving:
            yield Change(
                Severity.BLOCKED,
                "alias-lost",
                f"{before.name} in {name[1]} is dropped or renamed",
                _one(tenant),
                fix=fix,
            )
        return
    if after.key != before.key:
        yield Change(
            Severity.BLOCKED,
            "alias-repointed",
            f"{before.name} in {name[1]} points at another key",
            _one(tenant),
            fix=fix,
        )
    elif after.place != before.place:
        yield Change(
            Severity.BLOCKED,
            "alias-moved",
            f"{before.name} in {name[1]} moves to {after.place[2]}",
            _one(tenant),
            fix=fix,
        )
    if before.retained and not after.retained:
        yield Change(
            Severity.BLOCKED,
            "alias-unretained",
            f"{before.name} in {name[1]} is no longer retained",
            _one(tenant),
            fix=fix,
        )


def _one(tenant: str | None) -> tuple[str, ...]:
    return (tenant,) if tenant else ()


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
