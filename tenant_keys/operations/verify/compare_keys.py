"""Keys, aliases and grants as deployed against the assembly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tenant_keys.manifest import Tenant
from tenant_keys.operations.verify.deployed_state import DeployedKey, DeployedState
from tenant_keys.operations.verify.expected import Expected, KeyPlace
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.operations.verify.meaning import difference, meaning
from tenant_keys.policy import names
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.proof.inventory import KeyRecord, unmarked

_STATES: Final = frozenset({"Enabled", "Disabled", "PendingImport", "PendingDeletion", "PendingReplicaDeletion"})
"""Understood; any other is unknown (AWS KMS API, KeyMetadata, KeyState)."""
_MOST: Final = 50
"""Aliases of a key (AWS KMS guide, resource-limits)."""


@dataclass(frozen=True, slots=True)
class KeyComparison:
    """One comparison, at one time."""

    state: DeployedState
    expected: Expected
    now: datetime
    expiring_within: timedelta
    """How long before its expiry imported material is a finding."""

    def findings(self) -> Iterator[DriftFinding]:
        """All of them."""
        yield from self._aliases()
        yield from self._missing()
        for place, key in self.state.keys.items():
            known = self.expected.record_of.get(place)
            if known is None:
                yield from self._unexpected(place, key)
            else:
                yield from self._key(key, self.expected.estate.tenants[known[0]], known[1])

    # --- which keys and aliases there are

    def _aliases(self) -> Iterator[DriftFinding]:
        account = self.state.scope.central
        wanted: dict[tuple[str, str], tuple[str, str | None]] = {}
        for (tenant, region), key in self.expected.key_of.items():
            wanted[region, self.expected.reviewed.promises[tenant].alias] = (tenant, key)
        for (region, name), (tenant, key) in wanted.items():
            if self.state.is_unknown(account, region, "kms:ListAliases"):
                continue
            found = self.state.aliases.get((region, name))
            arn = names.alias_arn(tenant, region, self.expected.estate)
            if found is None:
                what = f"{name} does not exist in {region}"
                yield DriftFinding("alias-missing", account, region, arn, what, str(key or ""), "", tenant)
            elif key is not None and found != key:
                what = f"{name} points at key {found}, not at {key}"
                yield DriftFinding("alias-moved", account, region, arn, what, key, found, tenant)
        for (region, name), key in self.state.aliases.items():
            if (region, name) in wanted or name in self.expected.gone:
                continue
            arn = f"arn:{self.expected.estate.central.partition}:kms:{region}:{account}:{name}"
            owner = self.expected.record_of.get((region, key))
            if self.expected.is_of_space(name):
                what = f"{name}, of no tenant of the manifest, points at key {key}"
                yield DriftFinding("alias-foreign", account, region, arn, what, "", key, owner[0] if owner else None)
            elif owner is not None:
                several = len(self.state.keys[region, key].aliases) if (region, key) in self.state.keys else 0
                what = f"the key of tenant {owner[0]} has the alias {name} too, {several} in all of at most {_MOST}"
                yield DriftFinding("aliases-too-many", account, region, arn, what, "", name, owner[0])

    def _missing(self) -> Iterator[DriftFinding]:
        account = self.state.scope.central
        for (tenant, region), key in self.expected.key_of.items():
            record = next(one for one in self.expected.reviewed.inventory.keys[tenant] if one.region == region)
            if self.state.is_unknown(account, region, "kms:ListKeys"):
                continue
            if self.state.is_unknown(account, region, "cloudformation:ListStackResources", record.stack):
                continue
            if key is None or (region, key) not in self.state.keys:
                kind = "replica-missing" if record.replica else "key-missing"
                where = (
                    f"stack {record.stack} made no {record.logical_id}" if key is None else "ListKeys does not list it"
                )
                what = f"the key of tenant {tenant} is not in {region}: {where}"
                yield DriftFinding(kind, account, region, key or record.logical_id, what, key or "", "", tenant)

    def _unexpected(self, place: KeyPlace, key: DeployedKey) -> Iterator[DriftFinding]:
        if any(name in self.expected.gone for name in key.aliases):
            return
        if not key.metadata:
            return  # unknown already, by name
        arn = str(key.metadata["Arn"])
        own = {(account, region, name) for account, region, name in self.state.scope.stacks}
        if key.stack is not None and (key.account, key.region, key.stack) in own:
            what = f"made for stack {key.stack}, which does not hold it; {self._last_use(key)}"
            yield DriftFinding("orphan", key.account, place[0], arn, what, "", key.state)
            return
        told = ", ".join(key.aliases) or "no alias"
        what = f"a customer managed key with {told}, state {key.state}, made {key.metadata.get('CreationDate')}"
        yield DriftFinding("key-unknown", key.account, place[0], arn, what, "", key.state)

    def _last_use(self, key: DeployedKey) -> str:
        used = key.last_usage.get("KeyLastUsage")
        if not key.last_usage:
            return "whether it was used is told with --last-usage"
        return f"last used {used['Timestamp']}" if used else f"not used since {key.last_usage.get('TrackingStartDate')}"

    # --- one key

    def _key(self, key: DeployedKey, tenant: Tenant, record: KeyRecord) -> Iterator[DriftFinding]:
        if key.metadata:
            yield from self._state(key, tenant, record)
            yield from self._rotation(key, tenant, record)
            yield from self._materials(key, tenant)
        if key.policy is not None:
            yield from self._policy(key, key.policy, tenant, record)
        if key.shared is not None:
            yield self._of(key, tenant, "policy-ram-share", "AWS RAM gave the key a policy of its own", "", key.shared)
        for grant in key.grants:
            who = grant.get("GranteePrincipal") or grant.get("GranteeServicePrincipal") or "an unnamed grantee"
            what = f"grant {grant['GrantId']} lets {who} {', '.join(grant.get('Operations', ()))}"
            found = json.dumps(grant, sort_keys=True)
            yield DriftFinding(
                "grant",
                key.account,
                key.region,
                f"{key.metadata.get('Arn', key.id)}/{grant['GrantId']}",
                what,
                "",
                found,
                tenant.id,
            )
        if not self.state.is_unknown(key.account, key.region, "kms:ListResourceTags", key.id):
            yield from self._tags(key, tenant, record)

    def _of(self, key: DeployedKey, tenant: Tenant, kind: str, what: str, expected: str, found: str) -> DriftFinding:
        arn = str(key.metadata.get("Arn", key.id))
        return DriftFinding(kind, key.account, key.region, arn, what, expected, found, tenant.id)

    def _state(self, key: DeployedKey, tenant: Tenant, record: KeyRecord) -> Iterator[DriftFinding]:
        if key.state not in _STATES:
            yield self._of(key, tenant, "unknown", f"the key is in the state {key.state}", "", key.state)
            return
        wanted = "Enabled" if record.enabled else "Disabled"
        waits = tenant.origin == "imported" and key.state == "PendingImport" and not key.materials
        if key.state != wanted and not waits:
            what = f"the key is {key.state}; its tenant is {tenant.state}, so that it must be {wanted}"
            yield self._of(key, tenant, "key-state", what, wanted, key.state)
        several = key.metadata.get("MultiRegionConfiguration") or {}
        for name, declared in self._kind_of_key(record).items():
            got = key.metadata.get(name)
            if got != declared:
                yield self._of(key, tenant, "key-state", f"{name} of the key is {got}", str(declared), str(got))
        primary = str((several.get("PrimaryKey") or {}).get("Region", tenant.primary_region))
        if primary != tenant.primary_region and not record.replica:
            what = f"the primary of the key is in {primary}, not in {tenant.primary_region}"
            yield self._of(key, tenant, "primary-moved", what, tenant.primary_region, primary)

    def _kind_of_key(self, record: KeyRecord) -> dict[str, object]:
        """A replica shares these with its primary (AWS KMS guide, multi-Region keys)."""
        if record.replica:
            return {"MultiRegion": True}
        given = record.properties
        return {
            "KeySpec": given["kms:keyspec"],
            "KeyUsage": given["kms:keyusage"],
            "Origin": given["kms:keyorigin"],
            "MultiRegion": given["kms:multiregion"] == "true",
        }

    def _rotation(self, key: DeployedKey, tenant: Tenant, record: KeyRecord) -> Iterator[DriftFinding]:
        if record.replica or key.imported or not key.rotation:
            return  # the primary rotates its replicas; imported keys do not rotate automatically
        days = key.rotation.get("RotationPeriodInDays", 365) if key.rotation.get("KeyRotationEnabled") else None
        if days != record.rotation_days:
            told, wanted = (f"every {one} days" if one else "off" for one in (days, record.rotation_days))
            yield self._of(key, tenant, "rotation", f"automatic rotation is {told}, declared is {wanted}", wanted, told)
            return
        due = key.rotation.get("NextRotationDate")
        # A disabled key is not rotated until it is enabled again (AWS KMS guide, rotate-keys).
        if due and key.state == "Enabled" and datetime.fromisoformat(due) < self.now:
            yield self._of(key, tenant, "rotation", f"rotation was due {due}", "", due)

    def _materials(self, key: DeployedKey, tenant: Tenant) -> Iterator[DriftFinding]:
        if not key.imported:
            return
        told = key.metadata.get("ExpirationModel")
        if told == "KEY_MATERIAL_EXPIRES" and not tenant.material_expires:
            valid = str(key.metadata.get("ValidTo"))
            what = f"the key material expires {valid}; declared is that it never does"
            yield self._of(key, tenant, "material-expiring", what, "never", valid)
            return
        limit = self.now + self.expiring_within
        for one in key.materials:
            until = one.get("ValidTo") if one.get("ImportState") == "IMPORTED" else None
            if until and datetime.fromisoformat(until) < limit:
                what = f"material {str(one.get('KeyMaterialId'))[:12]}… ({one.get('KeyMaterialState')}) expires {until}"
                yield self._of(key, tenant, "material-expiring", what, f"after {limit.date()}", until)

    def _policy(self, key: DeployedKey, text: str, tenant: Tenant, record: KeyRecord) -> Iterator[DriftFinding]:
        promise = self.expected.reviewed.promises[tenant.id]
        partition = self.expected.estate.central.partition
        try:
            deployed = meaning([json.loads(text)], "the key policy", partition)
        except (MalformedPolicy, ValueError) as problem:
            yield self._of(key, tenant, "unknown", f"the key policy is not understood: {problem}", "", text)
            return
        wanted = self.expected.resolved(unmarked(record.policy, promise))
        differs = difference(meaning([wanted], "the key policy", partition), deployed)
        if differs is not None:
            kind = "replica-policy" if record.replica else "policy-changed"
            what = changes(differs.added, differs.removed)
            yield self._of(key, tenant, kind, what, "\n".join(differs.removed), "\n".join(differs.added))

    def _tags(self, key: DeployedKey, tenant: Tenant, record: KeyRecord) -> Iterator[DriftFinding]:
        told = difference_of_tags(record.tags, key.tags)
        if told:
            yield self._of(key, tenant, "tags", told, json.dumps(dict(record.tags)), json.dumps(dict(key.tags)))


def difference_of_tags(expected: object, deployed: object) -> str:
    """Which tags differ, as a sentence; empty where none does."""
    before, after = dict(expected), dict(deployed)  # type: ignore[call-overload]
    told = [
        f"{name} is {after.get(name)!r}, declared is {value!r}"
        for name, value in before.items()
        if after.get(name) != value
    ]
    told += [f"{name} is not declared" for name in sorted(after.keys() - before.keys())]
    return "; ".join(told)


def changes(added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    """The first few of each, as a sentence."""
    told = [f"added: {one}" for one in added[:3]] + [f"removed: {one}" for one in removed[:3]]
    more = len(added) + len(removed) - len(told)
    return "; ".join([*told, *([f"and {more} more"] if more else [])])
