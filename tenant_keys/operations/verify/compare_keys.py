"""Keys, aliases and grants as deployed against the assembly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest import Tenant
from tenant_keys.manifest.stack_names import prefix_of
from tenant_keys.operations.verify.deployed_state import DeployedKey, DeployedState
from tenant_keys.operations.verify.expected import Expected, KeyPlace
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.operations.verify.meaning import difference, meaning
from tenant_keys.policy import names
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.errors import AssemblyUnreadable, MalformedPolicy
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
        account = self.state.scope.central
        for tenant, arn in self.expected.undeclared_replicas():
            region = arn.split(":")[3]
            what = f"a replica of the key of tenant {tenant}, which has none in {region}: it opens the same data"
            yield DriftFinding("key-unknown", account, region, arn, what, "", arn, tenant)
        for place, key in self.state.keys.items():
            known, other = self.expected.record_of.get(place), self.expected.others.get(place)
            if known is not None:
                yield from self._key(key, self.expected.estate.tenants[known[0]], known[1])
            elif other is not None:
                yield from self._other(key, other)
            else:
                yield from self._unexpected(place, key)

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
            if (region, name) not in wanted:
                yield from self._undeclared_alias(region, name, key)

    def _undeclared_alias(self, region: str, name: str, key: str) -> Iterator[DriftFinding]:
        account, owner = self.state.scope.central, self.expected.record_of.get((region, key))
        if name in self.expected.gone and owner is None:
            return  # of an offboarded tenant, on a key that is nobody else's
        arn = f"arn:{self.expected.estate.central.partition}:kms:{region}:{account}:{name}"
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
        if any(key.id == known for _, known in self.expected.record_of):
            return  # a replica that nobody declared, named already
        if not key.metadata:
            return  # unknown already, by name
        arn = str(key.metadata["Arn"])
        own = {(account, region, name) for account, region, name in self.state.scope.stacks}
        if key.stack is not None and (key.account, key.region, key.stack) in own:
            what = f"made for stack {key.stack}, which does not hold it; {self._last_use(key)}"
            yield DriftFinding("orphan", key.account, place[0], arn, what, "", key.state)
            return
        if self._of_another_estate(key):
            return
        told = ", ".join(key.aliases) or "no alias"
        what = f"a customer managed key with {told}, state {key.state}, made {key.metadata.get('CreationDate')}"
        yield DriftFinding("key-unknown", key.account, place[0], arn, what, "", key.state)

    def _of_another_estate(self, key: DeployedKey) -> bool:
        """Whether a cell of an estate with another stack prefix, which is deployed in the account, made the key."""
        prefix = prefix_of(key.stack or "")
        deployed = (key.account, key.region, key.stack or "") in self.state.stacks
        return prefix is not None and prefix != self.expected.estate.naming.stack_prefix and deployed

    def _last_use(self, key: DeployedKey) -> str:
        used = key.last_usage.get("KeyLastUsage")
        if not key.last_usage:
            return "whether it was used is told with --last-usage"
        return f"last used {used['Timestamp']}" if used else f"not used since {key.last_usage.get('TrackingStartDate')}"

    # --- one key

    def _key(self, key: DeployedKey, tenant: Tenant, record: KeyRecord) -> Iterator[DriftFinding]:
        if not key.metadata and not self._unread(key, "kms:DescribeKey", key.id):
            what = f"the key of tenant {tenant.id} was listed and is gone"
            yield self._of(key, tenant, "replica-missing" if record.replica else "key-missing", what, key.id, "")
        elif key.policy is None and not self._unread(key, "kms:GetKeyPolicy", f"{key.id} default"):
            yield self._of(key, tenant, "unknown", "the key has no key policy of the name default", "", "")
        if key.metadata:
            yield from self._state(key, tenant, record)
            yield from self._rotation(key, tenant, record)
            yield from self._materials(key, tenant)
        if key.policy is not None:
            promise = self.expected.reviewed.promises[tenant.id]
            kind = "replica-policy" if record.replica else "policy-changed"
            yield from self._policy(key, key.policy, tenant, kind, unmarked(record.policy, promise))
        yield from self._beside(key, tenant)
        if key.metadata and not self._unread(key, "kms:ListResourceTags", key.id):
            yield from self._tags(key, tenant, record)

    def _other(self, key: DeployedKey, record: KeyRecord) -> Iterator[DriftFinding]:
        """A key that a stack of the estate made for no tenant."""
        wanted = "Enabled" if record.enabled else "Disabled"
        if key.metadata and key.state != wanted:
            yield self._of(key, None, "key-state", f"the key is {key.state}", wanted, key.state)
        if key.policy is not None:
            yield from self._policy(key, key.policy, None, "policy-changed", json.loads(record.policy))
        yield from self._beside(key, None)

    def _beside(self, key: DeployedKey, tenant: Tenant | None) -> Iterator[DriftFinding]:
        """What allows beside the key policy."""
        if key.shared is not None:
            yield self._of(key, tenant, "policy-ram-share", "AWS RAM gave the key a policy of its own", "", key.shared)
        arn, whose = str(key.metadata.get("Arn", key.id)), tenant.id if tenant else None
        for grant in key.grants:
            who = grant.get("GranteePrincipal") or grant.get("GranteeServicePrincipal") or "an unnamed grantee"
            what = f"grant {grant['GrantId']} lets {who} {', '.join(grant.get('Operations', ()))}"
            found = json.dumps(grant, sort_keys=True)
            place = f"{arn}/{grant['GrantId']}"
            yield DriftFinding("grant", key.account, key.region, place, what, "", found, whose)

    def _unread(self, key: DeployedKey, api: str, subject: str) -> bool:
        return self.state.is_unknown(key.account, key.region, api, subject)

    def _of(
        self, key: DeployedKey, tenant: Tenant | None, kind: str, what: str, expected: str, found: str
    ) -> DriftFinding:
        arn, whose = str(key.metadata.get("Arn", key.id)), tenant.id if tenant else None
        return DriftFinding(kind, key.account, key.region, arn, what, expected, found, whose)

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

    def _policy(
        self, key: DeployedKey, text: str, tenant: Tenant | None, kind: str, policy: Mapping[str, Any]
    ) -> Iterator[DriftFinding]:
        partition = self.expected.estate.central.partition
        try:
            found = parse_json(Path("GetKeyPolicy"), text.encode())
            if json.dumps(found) == json.dumps(policy):
                return  # as it almost always is; in Python true equals 1, in JSON it does not
            deployed = meaning([found], "the key policy", partition)
        except (MalformedPolicy, AssemblyUnreadable) as problem:
            yield self._of(key, tenant, "unknown", f"the key policy is not understood: {problem}", "", text)
            return
        wanted = self.expected.resolved(policy)
        differs = difference(meaning([wanted], "the key policy", partition), deployed)
        if differs is not None:
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
