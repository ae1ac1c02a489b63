"""Rotation in place: new material, same key, same alias; what was sealed before goes on opening (rotate-keys)."""

from __future__ import annotations

from typing import Any

from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.due_changes import next_rotation, rotate
from tenant_keys.local.kms.key import DEFAULT_ROTATION_DAYS, ON_DEMAND_LIMIT, Key
from tenant_keys.local.kms.pages import page

PERIODS = range(90, 2561)
"""Days (API reference, EnableKeyRotation)."""


def enable_key_rotation(call: Call) -> dict[str, Any]:
    days = int(call.parameters.get("RotationPeriodInDays") or DEFAULT_ROTATION_DAYS)
    key = call.managed_key({"kms:RotationPeriodInDays": str(days)})
    if days not in PERIODS:
        raise invalid(
            f"1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to satisfy constraint: "
            "Member must have value between 90 and 2560"
        )
    _automatic(key)
    key.require_enabled()
    if not key.rotation:
        key.rotation_from = call.now
    key.rotation, key.rotation_days = True, days
    return {}


def disable_key_rotation(call: Call) -> dict[str, Any]:
    key = call.managed_key()
    _automatic(key)
    key.require_enabled()
    key.rotation, key.rotation_from = False, None
    return {}


def get_key_rotation_status(call: Call) -> dict[str, Any]:
    key = call.managed_key(across_accounts=True)
    answer: dict[str, Any] = {"KeyId": key.arn, "KeyRotationEnabled": key.rotation}
    if key.rotation:
        answer["RotationPeriodInDays"] = key.rotation_days
        answer["NextRotationDate"] = next_rotation(key).timestamp()
    return answer


def rotate_key_on_demand(call: Call) -> dict[str, Any]:
    key = call.managed_key()
    if key.multi_region and not key.primary:
        raise Fault("UnsupportedOperationException", f"{key.arn} is a replica; rotate the primary key.")
    key.require_enabled()
    done = sum(1 for version in key.materials.versions if version.rotated_by == "ON_DEMAND")
    if done >= ON_DEMAND_LIMIT:
        raise Fault("LimitExceededException", f"{key.arn} was rotated on demand {ON_DEMAND_LIMIT} times already.")
    if key.origin == "EXTERNAL":
        if key.materials.pending is None:
            raise Fault(
                "KMSInvalidStateException", f"No available key material pending rotation for the key: {key.arn}."
            )
        for replica in call.store.family(key):
            if replica.materials.named(key.materials.pending.id) is None:
                raise Fault("KMSInvalidStateException", f"{replica.arn} does not have the new key material.")
        for replica in call.store.family(key):
            rotate(replica, call.store, call.now, "ON_DEMAND")
    rotate(key, call.store, call.now, "ON_DEMAND")
    return {"KeyId": key.arn}


def list_key_rotations(call: Call) -> dict[str, Any]:
    include = call.one_of("IncludeKeyMaterial", ("ALL_KEY_MATERIAL", "ROTATIONS_ONLY"), "ROTATIONS_ONLY")
    key = call.managed_key()
    history = _history(key, pending=_pending_state(call, key))
    return page(
        call, "Rotations", [entry for entry in history if include != "ROTATIONS_ONLY" or "RotationDate" in entry]
    )


def _pending_state(call: Call, key: Key) -> str:
    """Of new material: whether every Region of the key has it (API reference, RotationsListEntry)."""
    fresh = key.materials.pending
    if fresh is None or all(other.materials.named(fresh.id) for other in call.store.family(key)):
        return "PENDING_ROTATION"
    return "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"


def _history(key: Key, *, pending: str) -> list[dict[str, Any]]:
    entries = []
    versions = [*key.materials.versions, *([key.materials.pending] if key.materials.pending else [])]
    for version in versions:
        state = "CURRENT" if version is key.materials.current else "NON_CURRENT"
        entry: dict[str, Any] = {
            "KeyId": key.arn,
            "KeyMaterialId": version.id,
            "KeyMaterialState": pending if version is key.materials.pending else state,
        }
        if version.rotated_by is not None:
            entry |= {"RotationDate": version.created.timestamp(), "RotationType": version.rotated_by}
        if key.origin == "EXTERNAL":
            entry["ImportState"] = "IMPORTED" if version.secret is not None else "PENDING_IMPORT"
            entry["ExpirationModel"] = "KEY_MATERIAL_EXPIRES" if version.expires else "KEY_MATERIAL_DOES_NOT_EXPIRE"
            if version.expires:
                entry["ValidTo"] = version.expires.timestamp()
            if version.description:
                entry["KeyMaterialDescription"] = version.description
        entries.append(entry)
    return entries


def _automatic(key: Key) -> None:
    """Automatic rotation is for key material made by KMS; a multi-Region key rotates through its primary."""
    if key.origin != "AWS_KMS":
        raise Fault(
            "UnsupportedOperationException", f"{key.arn} origin is EXTERNAL which is not valid for this operation."
        )
    if key.multi_region and not key.primary:
        raise Fault("UnsupportedOperationException", f"{key.arn} is a replica; set rotation on the primary key.")
