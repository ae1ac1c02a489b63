"""The lock's lines of adopted keys: a key was created elsewhere, and the lock records how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from tenant_keys.manifest import Lock, Manifest
from tenant_keys.manifest.lock_text import with_entries
from tenant_keys.manifest.model import Key, RotationDays
from tenant_keys.manifest.places import Measure
from tenant_keys.manifest.update import record_key_ids, update
from tenant_keys.operations.adopt.found_key import FoundKey
from tenant_keys.operations.adopt.plan import AdoptionRefused


def with_adopted(
    manifest: Manifest, lock: Lock, keys: Mapping[str, FoundKey], measure: Measure
) -> tuple[Lock, list[str]]:
    """The lock with a line for each adopted key, and what was done.

    Raises:
        AdoptionRefused: the lock has the tenant with other creation properties.
        LockError: the manifest contradicts what the key is.
    """
    tenants = dict(manifest.tenants)
    for tenant, key in keys.items():
        written = tenants[tenant]
        creation = {"origin": _origin(key), "multi_region": key.multi_region, "region": key.region}
        if tenant not in lock.entries:
            given = {
                name: value for name, value in msgspec.structs.asdict(written.key).items() if value not in (None, {})
            }
            tenants[tenant] = msgspec.structs.replace(written, key=Key(**{**creation, **given}))
    after, done = update(msgspec.structs.replace(manifest, tenants=tenants), lock, measure)
    entries = dict(after.entries)
    for tenant, key in keys.items():
        entry = entries[tenant]
        found = (_origin(key), key.multi_region, key.region)
        recorded = (entry.origin, entry.multi_region, entry.primary_region)
        if found != recorded:
            raise AdoptionRefused(f"{tenant}: the key is {_words(found)}, but manifest and lock say {_words(recorded)}")
        if manifest.tenants[tenant].state != "active" and not key.imported:
            held: RotationDays = key.rotation_days or "off"
            entries[tenant] = replace(entry, rotation_days=held)
    after = with_entries(after, entries)
    return record_key_ids(after, {tenant: key.id for tenant, key in keys.items() if key.multi_region}), done


def _origin(key: FoundKey) -> str:
    return "imported" if key.imported else "aws-kms"


def _words(creation: tuple[str, bool, str]) -> str:
    return f"{creation[0]}, {'multi-Region' if creation[1] else 'single-Region'}, in {creation[2]}"
