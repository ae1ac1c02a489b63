"""Room in cells: a cell is full by the number of its tenants or by the bytes of its template, whichever comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tenant_keys.manifest.compare import occupancy
from tenant_keys.manifest.estate import Estate
from tenant_keys.manifest.lock import Lock


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes in a template that each tenant may come to take, and the bytes that a template has for them."""

    room: int
    keys: Mapping[str, int] = field(default_factory=dict)
    """Key and alias, by tenant."""
    roles: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By tenant and workload."""


Measure = Callable[[Estate], Sizes]
"""Policies are no concern of the manifest, so anyone who knows them measures."""


class Places:
    """Finds room: the first cell that is not full. An empty cell takes anything."""

    def __init__(self, lock: Lock, sizes: Sizes) -> None:
        self._sizes = sizes
        self._fill_keys, self._fill_roles = lock.keys.fill, lock.roles.fill
        self._keys, self._roles = occupancy(lock)
        self._key_bytes: Counter[tuple[str, int]] = Counter()
        self._role_bytes: Counter[int] = Counter()
        for tenant, entry in lock.entries.items():
            if entry.phase != "offboarded":
                self._key_bytes[entry.primary_region, entry.cell] += sizes.keys.get(tenant, 0)
                for workload, cell in entry.roles.items():
                    self._role_bytes[cell] += sizes.roles.get((tenant, workload), 0)
        self._least_key = min(sizes.keys.values(), default=0)
        self._least_role = min(sizes.roles.values(), default=0)
        self._from: dict[str, int] = {}
        self._from_role = 1

    def key(self, region: str, tenant: str) -> int:
        """A place for the tenant's key, created in the Region."""
        size, cell = self._sizes.keys.get(tenant, 0), self._from.get(region, 1)
        while self._full(self._keys[region, cell], self._fill_keys, self._key_bytes[region, cell], self._least_key):
            cell += 1
        self._from[region] = cell  # no tenant fits into the cells before this one
        while self._full(self._keys[region, cell], self._fill_keys, self._key_bytes[region, cell], size):
            cell += 1
        self._keys[region, cell] += 1
        self._key_bytes[region, cell] += size
        return cell

    def role(self, tenant: str, workload: str) -> int:
        """A place for the role of a tenant and a workload."""
        size, cell = self._sizes.roles.get((tenant, workload), 0), self._from_role
        while self._full(self._roles[cell], self._fill_roles, self._role_bytes[cell], self._least_role):
            cell += 1
        self._from_role = cell
        while self._full(self._roles[cell], self._fill_roles, self._role_bytes[cell], size):
            cell += 1
        self._roles[cell] += 1
        self._role_bytes[cell] += size
        return cell

    def _full(self, held: int, most: int, taken: int, size: int) -> bool:
        return held >= most or (held > 0 and taken + size > self._sizes.room)
