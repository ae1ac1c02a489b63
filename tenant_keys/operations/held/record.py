"""What the lock records of keys that tenants hold: the nonce of a registration, what was verified, what is active."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tenant_keys.manifest import Estate, HeldKey, Tenant, load_estate_of, read_lock
from tenant_keys.manifest.lock import Registration, write_lock
from tenant_keys.manifest.lock_text import with_entries
from tenant_keys.operations.held.errors import HeldKeyError
from tenant_keys.operations.tenant_edit import known

NONCE_BYTES = 16


def held_key(manifest: Path, tenant_id: str) -> tuple[Estate, Tenant, HeldKey]:
    """The estate, the tenant and its own key.

    Raises:
        EstateError: manifest and lock do not match, or another tenant names the same key.
        UnknownTenant: no such tenant.
        HeldKeyError: its key is ours.
    """
    estate = load_estate_of(manifest, tenant_id)
    tenant = estate.called(tenant_id) or known(tenant_id, estate.by_manifest_id)
    if tenant.held is None:
        raise HeldKeyError(f"{manifest} tenants.{tenant_id}.key.held_by: missing; its key is in the central account")
    return estate, tenant, tenant.held


def register(manifest: Path, tenant_id: str) -> str:
    """The nonce of the registration under way; one is drawn and recorded where there is none.

    Raises:
        HeldKeyError: what the manifest names is active already.
    """
    _, _, held = held_key(manifest, tenant_id)
    if dict(held.registered) == dict(held.active):
        raise HeldKeyError(f"tenants.{tenant_id}.key.arns: active already; name another key to register one")
    if held.nonce is not None:
        return held.nonce
    nonce = secrets.token_hex(NONCE_BYTES)
    _write(manifest, tenant_id, lambda was: replace(was, nonce=nonce, verified={}))
    return nonce


def record_verified(manifest: Path, tenant_id: str) -> None:
    """Record that the tenant has shown control of each key that the manifest names."""
    _, _, held = held_key(manifest, tenant_id)
    _write(manifest, tenant_id, lambda was: replace(was, verified=dict(held.registered)))


def activate(manifest: Path, tenant_id: str, *, replacing: bool) -> HeldKey:
    """Make the verified keys those that workloads are given at the next deployment. Returns what was there before.

    Raises:
        HeldKeyError: not all of them are verified, or other keys are active and `replacing` is not said.
    """
    _, _, held = held_key(manifest, tenant_id)
    if held.registered == held.active:
        return held
    unverified = [arn for region, arn in held.registered.items() if held.verified.get(region) != arn]
    if unverified or held.nonce is None:
        shown = ", ".join(unverified or held.registered.values())
        raise HeldKeyError(
            f"{shown}: control of the key was not verified; run `tenant-keys held register` and `held verify` first"
        )
    lost = sorted(set(held.active.values()) - set(held.registered.values()))
    if lost and not replacing:
        message = f"{', '.join(lost)} is active, and what it encrypted opens under no other key; re-encrypt it"
        raise HeldKeyError(f"tenants.{tenant_id}: {message}, then confirm with --replace")
    _write(manifest, tenant_id, lambda _: Registration(active=dict(held.registered)))
    return held


def deregister(manifest: Path, tenant_id: str) -> bool:
    """Forget the registration under way, and nothing of what is active. Returns whether there was one."""
    _, _, held = held_key(manifest, tenant_id)
    if held.nonce is None and not held.verified:
        return False
    _write(manifest, tenant_id, lambda was: Registration(active=was.active))
    return True


def _write(manifest: Path, tenant_id: str, change: Callable[[Registration], Registration]) -> None:
    path = manifest.with_suffix(".lock")
    lock = read_lock(path)
    _, tenant, _ = held_key(manifest, tenant_id)
    entry = lock.entries[tenant.manifest_id]
    changed = replace(entry, held=change(entry.held or Registration()))
    write_lock(path, with_entries(lock, {**lock.entries, entry.tenant: changed}))
