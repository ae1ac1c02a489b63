"""From CreateKey to ScheduleKeyDeletion. Source: AWS KMS API reference; AWS KMS guide, key-state."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from typing import Any

from tenant_keys.local.cloudtrail import event_id
from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms import conditions
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.due_changes import apply_due_changes
from tenant_keys.local.kms.key import Key, KeyState
from tenant_keys.local.kms.material import Materials, generate
from tenant_keys.local.kms.pages import page
from tenant_keys.local.kms.policies import check_policy, default_policy
from tenant_keys.local.kms.tags import parse_tags

WINDOW = range(7, 31)
"""Days that a deletion may wait (API reference, ScheduleKeyDeletion)."""


def create_key(call: Call) -> dict[str, Any]:
    origin = call.one_of("Origin", ("AWS_KMS", "EXTERNAL"), "AWS_KMS")
    multi_region = call.parameters.get("MultiRegion") is True
    tags = parse_tags(call)
    context = {
        **conditions.of_new_key(origin, multi_region=multi_region),
        **conditions.of_tags(tags),
        **conditions.of_lockout_check(call.parameters),
    }
    call.authorize_account("kms:CreateKey", "*", context)
    if tags:
        call.authorize_account("kms:TagResource", "*", conditions.of_tags(tags))
    _only_symmetric(call)
    key = Key(
        account=call.account,
        region=call.region,
        id=new_key_id(multi_region=multi_region),
        policy=default_policy(call.account),
        materials=Materials([generate(call.now)] if origin == "AWS_KMS" else []),
        created=call.now,
        origin=origin,
        description=str(call.parameters.get("Description") or ""),
        tags=tags,
        multi_region=multi_region,
        primary_region=call.region if multi_region else None,
    )
    policy = call.parameters.get("Policy")
    if policy:
        check_policy(call, key, policy)
        key.policy = policy
    call.store.add(key)
    return {"KeyMetadata": key.metadata()}


def new_key_id(*, multi_region: bool) -> str:
    return f"mrk-{secrets.token_hex(16)}" if multi_region else str(uuid.uuid4())


def describe_key(call: Call) -> dict[str, Any]:
    named, key = call.named(aliases=True)
    call.authorize(key, named)
    return {"KeyMetadata": key.metadata(call.store.family(key))}


def list_keys(call: Call) -> dict[str, Any]:
    call.authorize_account("kms:ListKeys")
    keys = [
        key for key in call.store.keys(call.account, call.region) if not apply_due_changes(key, call.store, call.now)
    ]
    return page(call, "Keys", [{"KeyId": key.id, "KeyArn": key.arn} for key in keys])


def enable_key(call: Call) -> dict[str, Any]:
    key = call.managed_key()
    key.require(KeyState.ENABLED, KeyState.DISABLED)
    key.disabled = False
    return {}


def disable_key(call: Call) -> dict[str, Any]:
    key = call.managed_key(lambda found: _days_unused(call, found))
    key.require(KeyState.ENABLED, KeyState.DISABLED)
    key.disabled = True
    return {}


def update_key_description(call: Call) -> dict[str, Any]:
    key = call.managed_key()
    key.require_not_deleting()
    key.description = str(call.parameters.get("Description") or "")
    return {}


def schedule_key_deletion(call: Call) -> dict[str, Any]:
    days = int(call.parameters.get("PendingWindowInDays") or 30)
    window = {"kms:ScheduleKeyDeletionPendingWindowInDays": str(days)}
    key = call.managed_key(lambda found: {**window, **_days_unused(call, found)})
    if days not in WINDOW:
        raise invalid(
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
            "Member must have value between 7 and 30"
        )
    key.require_not_deleting()
    key.pending_days = days
    key.disabled = True  # a key whose deletion is cancelled comes back disabled (API reference, CancelKeyDeletion)
    if key.primary and call.store.family(key):
        key.waits_for_replicas = True
        return {"KeyId": key.arn, "KeyState": key.state.value, "PendingWindowInDays": days}
    key.deletion = call.now + timedelta(days=days)
    return {
        "KeyId": key.arn,
        "DeletionDate": key.deletion.timestamp(),
        "KeyState": key.state.value,
        "PendingWindowInDays": days,
    }


def cancel_key_deletion(call: Call) -> dict[str, Any]:
    key = call.managed_key()
    key.require(KeyState.PENDING_DELETION, KeyState.PENDING_REPLICA_DELETION)
    key.deletion, key.waits_for_replicas, key.pending_days = None, False, None
    return {"KeyId": key.arn}


def get_key_last_usage(call: Call) -> dict[str, Any]:
    """Tracking starts with the key, since this KMS has none that are older."""
    key = call.managed_key()
    answer: dict[str, Any] = {
        "KeyId": key.arn,
        "KeyCreationDate": key.created.timestamp(),
        "TrackingStartDate": key.created.timestamp(),
    }
    if key.last_use is not None:
        operation, at, request_id = key.last_use
        answer["KeyLastUsage"] = {
            "Operation": operation,
            "Timestamp": at.timestamp(),
            "CloudTrailEventId": event_id(request_id, key.account),
            "KmsRequestId": request_id,
        }
    return answer


def _days_unused(call: Call, key: Key) -> dict[str, str]:
    since = key.last_use[1] if key.last_use else key.created
    return {"kms:TrailingDaysWithoutKeyUsage": str((call.now - since).days)}


def _only_symmetric(call: Call) -> None:
    spec = call.parameters.get("KeySpec") or call.parameters.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    usage = call.parameters.get("KeyUsage") or "ENCRYPT_DECRYPT"
    if spec != "SYMMETRIC_DEFAULT" or usage != "ENCRYPT_DECRYPT":
        raise Fault("UnsupportedOperationException", f"The local AWS has symmetric encryption keys only, not {spec}.")
    if call.parameters.get("CustomKeyStoreId") or call.parameters.get("XksKeyId"):
        raise Fault("UnsupportedOperationException", "The local AWS has no custom key stores.")
