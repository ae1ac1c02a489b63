"""Each key of the estate as deployed against the assembly: state, policy, grants, rotation, material, tags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest import Tenant
from tenant_keys.operations.verify.deployed_state import DeployedKey, DeployedState
from tenant_keys.operations.verify.expected import Expected
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.errors import AssemblyUnreadable, MalformedPolicy
from tenant_keys.review.meaning import difference, meaning
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.marks import unmarked

_STATES: Final = frozenset({"Enabled", "Disabled", "PendingImport", "PendingDeletion", "PendingReplicaDeletion"})
"""Understood; any other is unknown (AWS KMS API, KeyMetadata, KeyState)."""


@dataclass(frozen=True, slots=True)
class KeyComparison:
    """One comparison, at one time, of the keys that stacks of the estate made."""

    state: DeployedState
    expected: Expected
    now: datetime
    expiring_within: timedelta
    """How long before its expiry imported material is a finding."""

    def findings(self) -> Iterator[DriftFinding]:
        """All of them."""
        for place, key in self.state.keys.items():
            known, other = self.expected.record_of.get(place), self.expected.others.get(place)
            if known is not None:
                yield from self._key(key, self.expected.estate.tenants[known[0]], known[1])
            elif other is not None:
                yield from self._other(key, other)

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
        yield from self._rotation(key, None, record)
        yield from self._beside(key, None)
        if key.metadata and not self._unread(key, "kms:ListResourceTags", key.id):
            yield from self._tags(key, None, record)

    def _beside(self, key: DeployedKey, tenant: Tenant | None) -> Iterator[DriftFinding]:
        """What allows beside the key policy."""
        if key.shared is not None:
            yield self._of(key, tenant, "policy-ram-share", "the key has a second policy, from AWS RAM", "", key.shared)
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
            what = f"the key is {key.state}; its tenant is {tenant.state}, so it must be {wanted}"
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

    def _rotation(self, key: DeployedKey, tenant: Tenant | None, record: KeyRecord) -> Iterator[DriftFinding]:
        if record.replica or key.imported or not key.rotation:
            return  # the primary rotates its replicas; imported keys do not rotate automatically
        days = key.rotation.get("RotationPeriodInDays", 365) if key.rotation.get("KeyRotationEnabled") else None
        if days != record.rotation_days:
            found, wanted = (f"every {one} days" if one else "off" for one in (days, record.rotation_days))
            yield self._of(key, tenant, "rotation", f"automatic rotation is {found}; expected {wanted}", wanted, found)
            return
        due = key.rotation.get("NextRotationDate")
        # A disabled key is not rotated until it is enabled again (AWS KMS guide, rotate-keys).
        if due and key.state == "Enabled" and datetime.fromisoformat(due) < self.now:
            yield self._of(key, tenant, "rotation", f"rotation was due {due}", "", due)

    def _materials(self, key: DeployedKey, tenant: Tenant) -> Iterator[DriftFinding]:
        if not key.imported:
            return
        model = key.metadata.get("ExpirationModel")
        if model == "KEY_MATERIAL_EXPIRES" and not tenant.material_expires:
            valid = str(key.metadata.get("ValidTo"))
            what = f"the key material expires {valid}; expected: it never expires"
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

    def _tags(self, key: DeployedKey, tenant: Tenant | None, record: KeyRecord) -> Iterator[DriftFinding]:
        difference = difference_of_tags(record.tags, key.tags)
        if difference:
            yield self._of(key, tenant, "tags", difference, json.dumps(dict(record.tags)), json.dumps(dict(key.tags)))


def difference_of_tags(expected: object, deployed: object) -> str:
    """Which tags differ, as a sentence; empty where none does."""
    before, after = dict(expected), dict(deployed)  # type: ignore[call-overload]
    differences = [
        f"{name} is {after.get(name)!r}; expected {value!r}"
        for name, value in before.items()
        if after.get(name) != value
    ]
    differences += [f"{name} is not declared" for name in sorted(after.keys() - before.keys())]
    return "; ".join(differences)


def changes(added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    """The first few of each, as a sentence."""
    shown = [f"added: {one}" for one in added[:3]] + [f"removed: {one}" for one in removed[:3]]
    more = len(added) + len(removed) - len(shown)
    return "; ".join([*shown, *([f"and {more} more"] if more else [])])
