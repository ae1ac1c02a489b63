"""What time does to a key: imported material expires, keys rotate, scheduled deletions happen."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.store import Store


def apply_due_changes(key: Key, store: Store, now: datetime) -> bool:
    """Bring a key up to date. Returns whether it is gone."""
    if key.waits_for_replicas:  # the end of the last of them starts its own waiting period
        for replica in store.family(key):
            apply_due_changes(replica, store, now)
    if key.deletion is not None and key.deletion <= now:
        store.remove(key, key.deletion)
        for other in store.family(key):
            _release_primary(other, store, key.deletion)
        return True
    fresh = key.materials.pending
    if fresh is not None and fresh.expires is not None and fresh.expires <= now:
        key.materials.pending = None  # not yet permanently associated: nothing waits for the same bytes
        store.note("DeleteExpiredKeyMaterial", key, fresh.expires, {"keyMaterialId": fresh.id})
    for version in key.materials.versions:
        if version.secret is not None and version.expires is not None and version.expires <= now:
            version.secret = None
            store.note("DeleteExpiredKeyMaterial", key, version.expires, {"keyMaterialId": version.id})
    _rotate(key, store, now)
    return False


def rotate(key: Key, store: Store, now: datetime, rotated_by: str) -> None:
    """Put new material first in use. AWS records RotateKey beside the call that asked for it (AWS KMS guide,
    ct-rotatekey).
    """
    before = key.materials.current
    key.materials.rotate(now, rotated_by)
    after = key.materials.current
    details = {
        "rotationType": rotated_by,
        "keyOrigin": key.origin,
        "previousKeyMaterialId": before.id if before else "",
        "currentKeyMaterialId": after.id if after else "",
    }
    store.note("RotateKey", key, now, details)


def _rotate(key: Key, store: Store, now: datetime) -> None:
    """Automatic rotation, counted from when it was switched on (AWS KMS guide, rotate-keys)."""
    if not key.rotation or key.rotation_from is None or (key.multi_region and not key.primary):
        return
    while next_rotation(key) <= now:
        due = next_rotation(key)
        rotate(key, store, due, "AUTOMATIC")
        key.rotation_from = due


def next_rotation(key: Key) -> datetime:
    return (key.rotation_from or key.created) + timedelta(days=key.rotation_days)


def _release_primary(primary: Key, store: Store, at: datetime) -> None:
    """A primary's waiting period starts when its last replica is gone (AWS KMS guide, multi-region-keys-delete)."""
    if primary.waits_for_replicas and not store.family(primary):
        primary.waits_for_replicas = False
        primary.deletion = at + timedelta(days=primary.pending_days or 30)
