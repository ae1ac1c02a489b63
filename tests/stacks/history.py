"""A small estate whose manifest is edited, one synth after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tenant_keys.manifest import Estate, parse_manifest, resolve
from tenant_keys.manifest.lock import Lock
from tenant_keys.manifest.update import new_lock, update
from tests.policy.estates import manifest

CELL, ROLES = "tenant-keys-cell-eu-west-1-001", "tenant-keys-roles-001"
AROUND = "code, libraries and environment"
WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag}"""
PLAIN = "workloads: [orders]"
KINDS = (
    PLAIN,
    "workloads: [orders, billing]",
    "workloads: [billing], rotation_days: 90",
    "workloads: [orders], state: suspended",
    "workloads: [orders], tags: {plan: trial}",
    "workloads: [orders], decrypt_by: key",
    "workloads: [billing], key: {region: eu-central-1}",
    "workloads: [orders], key: {origin: imported, import_role: role/Import}",
    "workloads: [orders], opaque: true",
)


@dataclass
class History:
    """A manifest that is edited, and its lock, which keeps the cells of all that were there before."""

    tenants: dict[str, str] = field(default_factory=dict)
    readers: str = "[role/SecurityAudit]"
    workloads: str = WORKLOADS
    lock: Lock | None = None

    def estate(self) -> Estate:
        lines = "\n".join(f"  {name}: {{{kind}}}" for name, kind in self.tenants.items())
        text = manifest(self.workloads, lines).replace("[role/SecurityAudit]", self.readers)
        text += "identity_providers: {users: {issuer: https://login.example.com}}\n" if "users" in text else ""
        model = parse_manifest(text)
        self.lock, _ = update(model, self.lock or new_lock(model))
        return resolve(model, self.lock)


def begun() -> History:
    """Three tenants of four kinds, and five of the first: classes of which two are examples."""
    tenants = {f"t-{kind}{n}": KINDS[kind] for kind in (0, 1, 2, 6) for n in range(3)}
    return History({**tenants, "t-03": PLAIN, "t-04": PLAIN})


def add(name: str, kind: str = PLAIN) -> Callable[[History], None]:
    return lambda history: history.tenants.update({name: kind})
