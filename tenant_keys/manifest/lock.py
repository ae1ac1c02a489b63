"""`tenants.lock`: where each tenant lives and how its key was created. One line a tenant; nothing ever moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec

from tenant_keys.manifest.model import KeySource, Naming, RotationDays
from tenant_keys.manifest.replace_file import replace_file

VERSION = 1

DEFAULT_NAMING = Naming()

Phase = Literal["offboarding", "offboarded"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """Places in a cell (a stack), which CloudFormation limits to 500 resources."""

    fill: int
    """A cell is filled up to here."""
    most: int
    """Two merged branches may fill it up to here."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What is recorded of a key that its tenant holds: by `tenant-keys held`, never by hand."""

    nonce: str | None = None
    """What the tenant's key policy must name, of the registration under way."""
    verified: Mapping[str, str] = field(default_factory=dict)
    """ARNs by Region of which the tenant has shown control."""
    active: Mapping[str, str] = field(default_factory=dict)
    """ARNs by Region that workloads use."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tenant's line."""

    tenant: str
    cell: int
    """Key cell, numbered from 1 in the primary Region."""
    origin: KeySource
    multi_region: bool
    primary_region: str
    roles: Mapping[str, int] = field(default_factory=dict)
    """Workload to role cell, for each role of this tenant alone; numbered from 1 over the estate."""
    key_id: str | None = None
    """`mrk-...`: the multi-Region key's id, once recorded."""
    phase: Phase | None = None
    """Only of a tenant that is leaving; `offboarded` is the tombstone, which stays for ever."""
    rotation_days: RotationDays | None = None
    """Only while its key is disabled: rotation as it was, since CloudFormation cannot change it before the key is
    enabled again, and one tenant's failure would roll back its whole cell (AWS::KMS::Key, EnableKeyRotation)."""
    name: str | None = None
    """`x-...`: drawn when the tenant was added, in place of its id in AWS."""
    held: Registration | None = None
    """Only with origin held."""
    key_account: str | None = None
    """Name of the key account that holds its key; None: the one that the lock began with."""

    @property
    def id_in_aws(self) -> str:
        """What aliases, roles, tags and the encryption context call the tenant."""
        return self.name or self.tenant


@dataclass(frozen=True, slots=True)
class KeyAccount:
    """An account that holds keys, and the Region of its stacks with roles."""

    account: str
    home_region: str


KEY_CELL: Final = Capacity(80, 100)
"""Of a lock that is new: a template has room for the keys and aliases of 100 tenants."""
ROLE_CELL: Final = Capacity(240, 300)


@dataclass(frozen=True, slots=True)
class Lock:
    """The file as a whole."""

    account: str
    """The key account that the lock began with."""
    home_region: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """By tenant id, sorted."""
    keys: Capacity = KEY_CELL
    roles: Capacity = ROLE_CELL
    naming: Naming = DEFAULT_NAMING
    """What its aliases, roles and stacks are called; written down where it is not the default."""
    further: Mapping[str, KeyAccount] = field(default_factory=dict)
    """Key accounts beside the one that the lock began with, by name, sorted; written down where there are any. The name
    is in the names of the account's stacks, and stays."""

    def holder(self, entry: Entry) -> KeyAccount:
        """The key account that holds the tenant's key, with the Region of its roles' stacks."""
        return self.further[entry.key_account] if entry.key_account else KeyAccount(self.account, self.home_region)


def render_lock(lock: Lock) -> str:
    """The canonical text: header, then one line a tenant, sorted by id."""
    lines = [header_line(lock)]
    lines += [entry_line(lock.entries[tenant]) for tenant in sorted(lock.entries)]
    return "\n".join(lines) + "\n"


def header_line(lock: Lock) -> str:
    """The first line."""
    header: dict[str, object] = {
        "version": VERSION,
        "account": lock.account,
        "home_region": lock.home_region,
        "capacity": {
            "keys": {"fill": lock.keys.fill, "most": lock.keys.most},
            "roles": {"fill": lock.roles.fill, "most": lock.roles.most},
        },
    }
    if lock.naming != DEFAULT_NAMING:
        header["naming"] = msgspec.structs.asdict(lock.naming)
    if lock.further:
        header["key_accounts"] = {
            name: {"account": one.account, "home_region": one.home_region} for name, one in lock.further.items()
        }
    return json.dumps(header)


def entry_line(entry: Entry) -> str:
    """The line of one tenant."""
    line: dict[str, object] = {
        "tenant": entry.tenant,
        "cell": entry.cell,
        "origin": entry.origin,
        "multi_region": entry.multi_region,
        "primary_region": entry.primary_region,
        "roles": {workload: entry.roles[workload] for workload in sorted(entry.roles)},
    }
    if entry.key_id is not None:
        line["key_id"] = entry.key_id
    if entry.phase is not None:
        line["phase"] = entry.phase
    if entry.rotation_days is not None:
        line["rotation_days"] = entry.rotation_days
    if entry.name is not None:
        line["name"] = entry.name
    if entry.held is not None:
        held = {"nonce": entry.held.nonce, "verified": dict(entry.held.verified), "active": dict(entry.held.active)}
        line["held"] = {name: value for name, value in held.items() if value}
    if entry.key_account is not None:
        line["key_account"] = entry.key_account
    return json.dumps(line)


def write_lock(path: Path, lock: Lock) -> None:
    """Writes the file whole or not at all."""
    replace_file(path, render_lock(lock).encode("utf-8"))
