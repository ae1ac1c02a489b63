"""Which keys and aliases there are, against which there should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenant_keys.aws_facts.quotas import ALIASES_A_KEY
from tenant_keys.manifest.stack_names import prefix_of
from tenant_keys.operations.verify.deployed_state import DeployedKey, DeployedState
from tenant_keys.operations.verify.expected import Expected, KeyPlace
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.policy import names


@dataclass(frozen=True, slots=True)
class InventoryComparison:
    """One comparison."""

    state: DeployedState
    expected: Expected

    def findings(self) -> Iterator[DriftFinding]:
        """All of them."""
        yield from self._aliases()
        yield from self._missing()
        account = self.state.scope.central
        for tenant, arn in self.expected.undeclared_replicas():
            region = arn.split(":")[3]
            what = f"a replica of the key of tenant {tenant}, which has none in {region}: it opens the same data"
            yield DriftFinding("key-unknown", account, region, arn, what, "", arn, tenant)
        known = {key for _, key in self.expected.record_of}
        for place, key in self.state.keys.items():
            # A replica that is not declared is named already; a key without metadata is unknown, by name.
            if self.expected.record(*place) is None and key.id not in known and key.metadata:
                yield from self._unexpected(place, key)

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
        promises = self.expected.reviewed.promises
        declared = {(region, promises[tenant].alias) for tenant, region in self.expected.declared}
        for (region, name), key in self.state.aliases.items():
            if (region, name) not in wanted:
                yield from self._undeclared_alias(region, name, key, another=(region, name) in declared)

    def _undeclared_alias(self, region: str, name: str, key: str, *, another: bool) -> Iterator[DriftFinding]:
        """`another`: the alias is of a tenant whose stack is not looked at."""
        account, owner = self.state.scope.central, self.expected.record_of.get((region, key))
        if self.state.scope.keys_alone and owner is None:
            return  # of a stack that is not looked at
        if name in self.expected.gone and owner is None:
            return  # of an offboarded tenant, on a key of no other tenant
        arn = f"arn:{self.expected.estate.central.partition}:kms:{region}:{account}:{name}"
        if another:
            what = f"{name} points at key {key}, which is not the key of its tenant"
            yield DriftFinding("alias-moved", account, region, arn, what, "", key, owner[0] if owner else None)
        elif self.expected.is_of_space(name):
            what = f"{name}, of no tenant of the manifest, points at key {key}"
            yield DriftFinding("alias-foreign", account, region, arn, what, "", key, owner[0] if owner else None)
        elif owner is not None:
            several = len(self.state.keys[region, key].aliases) if (region, key) in self.state.keys else 0
            what = f"the key of tenant {owner[0]} has the alias {name} too, {several} in all of at most {ALIASES_A_KEY}"
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
        arn = str(key.metadata["Arn"])
        if (key.account, key.region, key.stack) in self.state.scope.digests:
            what = f"made for stack {key.stack}, which does not hold it; {self._last_use(key)}"
            yield DriftFinding("orphan", key.account, place[0], arn, what, "", key.state)
            return
        if self._of_another_estate(key):
            return
        aliases = ", ".join(key.aliases) or "no alias"
        what = f"a customer managed key with {aliases}, state {key.state}, made {key.metadata.get('CreationDate')}"
        yield DriftFinding("key-unknown", key.account, place[0], arn, what, "", key.state)

    def _of_another_estate(self, key: DeployedKey) -> bool:
        """Whether a cell of an estate with another stack prefix, which is deployed in the account, made the key."""
        prefix = prefix_of(key.stack or "")
        deployed = (key.account, key.region, key.stack or "") in self.state.stacks
        return prefix is not None and prefix != self.expected.estate.naming.stack_prefix and deployed

    def _last_use(self, key: DeployedKey) -> str:
        used = key.last_usage.get("KeyLastUsage")
        if not key.last_usage:
            return "--last-usage shows whether it was used"
        return f"last used {used['Timestamp']}" if used else f"not used since {key.last_usage.get('TrackingStartDate')}"
