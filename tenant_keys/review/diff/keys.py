"""What happens to keys and aliases. A loss always blocks: CloudFormation cannot take a deletion back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.review.diff.change import Change, Severity
from tenant_keys.review.diff.settings import default_of, settings_of
from tenant_keys.review.diff.tag_changes import changed_tags, in_words
from tenant_keys.review.errors import as_json
from tenant_keys.review.proof.key_records import key_id_of
from tenant_keys.review.proof.reviewed import Place, ReviewedEstate

_IMMUTABLE: Final = ("KeySpec", "KeyUsage", "Origin", "MultiRegion")
"""CloudFormation fails an update of these (AWS::KMS::Key)."""
_KEPT: Final = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key or replica as its template describes it."""

    place: Place
    tenant: str | None
    properties: Mapping[str, Any]
    retained: bool

    @property
    def called(self) -> str:
        """The key in words: by its tenant, or by its stack and logical id, such as the key of an audit topic."""
        _, region, stack, logical_id = self.place
        return f"key of tenant {self.tenant} in {region}" if self.tenant else f"key {stack} {logical_id} in {region}"


@dataclass(frozen=True, slots=True)
class AliasRow:
    """An alias, and the place of the key it points at."""

    place: Place
    name: str
    tenant: str
    """Whose it is by its name; a name that is no tenant's represents itself."""
    key: Place | None
    retained: bool


def key_changes(old: ReviewedEstate, new: ReviewedEstate, *, leaving: frozenset[str]) -> Iterator[Change]:
    """Compare the keys and aliases of two estates; `leaving` are tenants that are offboarded on purpose."""
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
                f"key created for tenant {row.tenant} in {place[1]}" if row.tenant else f"{row.called} is created",
                _one(row.tenant),
                stack=place[2],
            )
    for name, alias in old_aliases.items():
        yield from _alias(name, alias, new_aliases.get(name), leaving)
    for name, alias in new_aliases.items():
        if name not in old_aliases and alias.key in old_keys:
            key = old_keys[alias.key]
            yield Change(
                Severity.REVIEW,
                "alias-added",
                f"{alias.name} in {name[1]} also leads to the {_without_region(key)}",
                _one(key.tenant),
                stack=alias.place[2],
                fix="one alias a key",
            )


def _read(reviewed: ReviewedEstate) -> tuple[dict[Place, KeyRow], dict[tuple[str, str, str], AliasRow]]:
    keys: dict[tuple[str, str, str], Place] = {}
    owners: dict[Place, str] = {}
    aliases: dict[tuple[str, str, str], AliasRow] = {}
    rows: dict[Place, KeyRow] = {}
    before, _, after = reviewed.estate.naming.alias.partition("{id}")
    for place, resource in reviewed.resources.items():
        if resource.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
            keys[resource.account, resource.region, key_id_of(resource)] = place
    for place, resource in reviewed.resources.items():
        if resource.type == "AWS::KMS::Alias":
            name = str(resource.properties["AliasName"])
            tenant = name.removeprefix(before).removesuffix(after)
            target = str(resource.properties["TargetKeyId"]).rpartition("/")[2]
            key = keys.get((resource.account, resource.region, target))
            if key is not None:
                owners.setdefault(key, tenant)
            retained = resource.deletion_policy in _KEPT and resource.update_replace_policy == "Retain"
            aliases[resource.account, resource.region, name] = AliasRow(place, name, tenant, key, retained)
    for place in keys.values():
        resource = reviewed.resources[place]
        retained = resource.deletion_policy == "Retain" and resource.update_replace_policy == "Retain"
        rows[place] = KeyRow(place, owners.get(place), settings_of(resource), retained)
    return rows, aliases


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
    moved = after.get((tenant, region)) if tenant else None
    where = f"moved to {moved.place[2]} {moved.place[3]}" if moved else "deleted from the templates"
    yield Change(
        Severity.BLOCKED,
        "key-lost",
        f"the {row.called} is {where} ({row.place[2]} {row.place[3]} before)",
        _one(tenant),
        stack=row.place[2],
        fix="a key keeps its stack and logical id for ever; a tenant leaves through state offboarding, then offboarded",
    )


def _changed(before: KeyRow, after: KeyRow) -> Iterator[Change]:
    tenant = after.tenant
    whose = after.called.removeprefix("key ")

    def change(severity: Severity, rule: str, what: str, fix: str | None = None) -> Change:
        return Change(severity, rule, what, _one(tenant), stack=after.place[2], fix=fix)

    if before.tenant != tenant:
        yield change(
            Severity.BLOCKED,
            "key-swapped",
            f"the {before.called} becomes that of {_owner(after)}",
            "every alias stays on its own key",
        )
    for name in (*_IMMUTABLE, "PrimaryKeyArn"):
        if before.properties.get(name) != after.properties.get(name):
            yield change(
                Severity.BLOCKED,
                "key-replaced",
                f"{name} of the key {whose} changes from {_said(before, name)} to {_said(after, name)}",
                "what is fixed at creation never changes; a new key needs a new tenant id and its data encrypted again",
            )
    if before.retained and not after.retained:
        yield change(
            Severity.BLOCKED, "key-unretained", f"the key {whose} is no longer retained", "DeletionPolicy: Retain"
        )
    for name in sorted((before.properties.keys() | after.properties.keys()) - {*_IMMUTABLE, "PrimaryKeyArn"}):
        one, other = before.properties.get(name), after.properties.get(name)
        if one != other:
            severity, message = _setting(name, one, other)
            yield change(
                severity,
                "key-setting" if name != "Enabled" else "key-state",
                message.replace("{key}", f"the key {whose}"),
            )


def _without_region(row: KeyRow) -> str:
    return row.called.removesuffix(f" in {row.place[1]}")


def _owner(row: KeyRow) -> str:
    return row.tenant or "no tenant"


def _said(row: KeyRow, name: str) -> str:
    """A property of a key, or its default."""
    return _in_words(row.properties.get(name, default_of("AWS::KMS::Key", name)))


def _in_words(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else as_json(value)


_LABELS: Final = {
    "PendingWindowInDays": ("deletion window in days", 30),
    "RotationPeriodInDays": ("rotation period in days", 365),
}


_SWITCHES: Final = frozenset({"EnableKeyRotation", "Enabled"})


def _setting(name: str, one: Any, other: Any) -> tuple[Severity, str]:
    """What a changed property of a key asks of a reviewer; `{key}` represents the key."""
    if name in _SWITCHES and not all(
        value in (None, "true", "false") for value in (one, other)
    ):  # CloudFormation knows no other boolean
        usual = "true" if name == "Enabled" else "false"
        return Severity.REVIEW, f"{name} of {{key}}: {_in_words(one or usual)} becomes {_in_words(other or usual)}"
    match name:
        case "Enabled":
            enabled = other is None  # true is the default
            return (Severity.REVIEW, "{key} is enabled again") if enabled else (Severity.NOTE, "{key} is disabled")
        case "EnableKeyRotation":
            on = other is not None  # false is the default
            severity = Severity.NOTE if on else Severity.REVIEW
            return severity, f"automatic rotation of {{key}} is switched {'on' if on else 'off'}"
        case "PendingWindowInDays" | "RotationPeriodInDays":
            label, default = _LABELS[name]
            days = int(one or default), int(other or default)
            # Less time to notice a deletion that is scheduled by mistake; how often a key rotates opens nothing.
            shorter = name == "PendingWindowInDays" and days[1] < days[0]
            return (Severity.REVIEW if shorter else Severity.NOTE), f"{label} of {{key}}: {days[0]} becomes {days[1]}"
        case "Description":
            return Severity.NOTE, "Description of {key} changes"
        case "Tags":
            return Severity.NOTE, f"Tags of {{key}}: {in_words(changed_tags(one, other))}"
    return Severity.REVIEW, f"{name} of {{key}}: {_in_words(one)} becomes {_in_words(other)}"


def _alias(
    name: tuple[str, str, str], before: AliasRow, after: AliasRow | None, leaving: frozenset[str]
) -> Iterator[Change]:
    tenant = before.tenant
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
