"""What is to be deployed: the assembly, with the ids that AWS chose in the place of those that it cannot know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.manifest import Estate, Lock
from tenant_keys.operations.verify.deployed_state import DeployedState
from tenant_keys.policy import names
from tenant_keys.review.assembly import UNRESOLVED
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.reviewed import ReviewedEstate

_ID: Final = re.compile(rf"(?:mrk-)?{re.escape(UNRESOLVED)}(\d{{12}})!([a-z0-9-]+)!([A-Za-z0-9-]+)!([A-Za-z0-9]+)")
KeyPlace = tuple[str, str]
"""Region and key id."""


class Expected:
    """The assembly beside what the accounts hold of it."""

    def __init__(self, reviewed: ReviewedEstate, state: DeployedState, lock: Lock | None) -> None:
        self.reviewed = reviewed
        self.estate: Estate = reviewed.estate
        self._state = state
        self.record_of: dict[KeyPlace, tuple[str, KeyRecord]] = {}
        """Tenant and record of each key that a stack of the estate made."""
        self.key_of: dict[tuple[str, str], str | None] = {}
        """Key id by tenant and Region; None where no stack says which key it made."""
        looked_at = {*state.scope.stacks}
        self.declared: set[tuple[str, str]] = set()
        """Tenant and Region of each key, those of stacks that are not looked at included."""
        self.others: dict[KeyPlace, KeyRecord] = {}
        """Records of the keys of stacks that are no tenant's."""
        for tenant, records in (*reviewed.inventory.keys.items(), (None, reviewed.inventory.audit_keys)):
            for record in records:
                if tenant is not None:
                    self.declared.add((tenant, record.region))
                if (record.account, record.region, record.stack) not in looked_at:
                    continue
                made = state.resources.get((record.account, record.region, record.stack), {})
                key_id = made.get(record.logical_id) or None
                if tenant is not None:
                    self.key_of[tenant, record.region] = key_id
                if key_id is not None and tenant is not None:
                    self.record_of[record.region, key_id] = (tenant, record)
                elif key_id is not None:
                    self.others[record.region, key_id] = record
        self.gone = frozenset(
            names.alias_name(tenant, self.estate.naming)
            for tenant, entry in (lock.entries.items() if lock else ())
            if entry.phase == "offboarded"
        )
        """Aliases of offboarded tenants: retained with their keys until the deletion."""

    def logical_id(self, region: str, key_id: str) -> str:
        record = self.record(region, key_id)
        return record.logical_id if record else key_id

    def deletion_window(self, region: str, key_id: str) -> int:
        record = self.record(region, key_id)
        return record.deletion_window_days if record else 30

    def record(self, region: str, key_id: str) -> KeyRecord | None:
        """The key as a stack of the estate makes it, a tenant's or another."""
        found = self.record_of.get((region, key_id))
        return found[1] if found else self.others.get((region, key_id))

    def is_of_space(self, alias: str) -> bool:
        """Whether an alias has the form of the estate's."""
        before, _, after = self.estate.naming.alias.partition("{id}")
        return alias.startswith(before) and alias.endswith(after) and len(alias) > len(before) + len(after)

    def is_ours(self, role_arn: str) -> bool:
        """Whether a role is declared, or has the path or the name of a role of the estate."""
        if role_arn in self.reviewed.inventory.roles:
            return True
        account, (path, _, name) = role_arn.split(":")[4], role_arn.partition(":role")[2].rpartition("/")
        naming = self.estate.naming
        if account == self.estate.central.account and f"{path}/".lower().startswith(naming.role_path.lower()):
            return True
        return name.lower().startswith(f"{naming.role_prefix}tenant-keys-".lower())

    def belonging(self) -> Mapping[KeyPlace, str]:
        """The stack of each key that is the estate's: its stacks made it, or an alias of its space points at it."""
        found = {place: record.stack for place, (_, record) in self.record_of.items()}
        found |= {place: record.stack for place, record in self.others.items()}
        for (region, name), key in self._state.aliases.items():
            if self.is_of_space(name) and name not in self.gone:
                found.setdefault((region, key), "no stack of the estate")
        # A replica that is not declared opens what its primary has sealed, by a key policy of its own.
        ids = {key for _, key in found}
        for place in self._state.keys:
            if place[1] in ids:
                found.setdefault(place, "no stack of the estate")
        return found

    def undeclared_replicas(self) -> Iterator[tuple[str, str]]:
        """Tenant and ARN of each key of a multi-Region key in a Region in which the tenant has none."""
        for place, (tenant, record) in self.record_of.items():
            key = self._state.keys.get(place)
            for arn in key.family if key is not None and not record.replica else ():
                if (tenant, arn.split(":")[3]) not in self.declared:
                    yield tenant, arn

    def resolved(self, value: Any) -> Any:
        """A value of the assembly with the ids that AWS chose."""
        if isinstance(value, str):
            return _ID.sub(self._physical, value) if UNRESOLVED in value else value
        if isinstance(value, Mapping):
            return {self.resolved(name): self.resolved(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolved(one) for one in value]
        return value

    def _physical(self, found: re.Match[str]) -> str:
        account, region, stack, logical_id = found.groups()
        made = self._state.resources.get((account, region, stack), {}).get(logical_id)
        return made.rpartition("/")[2] if made else found[0]
