"""Whether a denial means that the tenant is suspended. KMS asks the key policy before it looks at the key's state.

A suspended tenant's key policy denies its use (`DenyUseWhileSuspended`), so KMS answers AccessDenied, which has many
causes. `DescribeKey` tells: the key policy answers it to the tenant's own roles alone, also while the tenant is
suspended, and with the key's state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tenant_keys.client.errors import AccessDenied, ServiceUnavailable, TenantKeysError, TenantSuspended, Throttled
from tenant_keys.client.refusals import code_of

OPERATION = "kms:DescribeKey"

BY_KEY_POLICY = "explicit deny in a resource-based policy"
"""In the message of AWS (IAM guide, troubleshoot_access-denied)."""

_STOPPED = {
    "Disabled": "the tenant's key is disabled: suspended, or revoked by the tenant",
    "PendingImport": "the tenant's key has no imported material: suspended, or revoked by the tenant",
    "PendingDeletion": "the tenant's key is scheduled for deletion",
    "PendingReplicaDeletion": "the tenant's key is scheduled for deletion",
}
"""Key states in which nothing is encrypted or decrypted (AWS KMS guide, key-state)."""


def or_unreachable(stopped: TenantKeysError, describe: Callable[[], Any]) -> TenantKeysError:
    """What KMSInvalidStateException means for a key that the tenant holds, which may be in an external key store.

    KMS answers it also where the store's proxy does not answer (AWS KMS guide, xks-troubleshooting). DescribeKey tells:
    a key in one of the states above is stopped; any other state, `Unavailable` among them, is no refusal by the owner.
    """
    why = stopped.__cause__
    if not isinstance(why, ClientError) or code_of(why) != "KMSInvalidStateException":
        return stopped
    where = str(stopped).partition(": ")[0]
    try:
        state = describe()["KeyMetadata"]["KeyState"]
    except (ServiceUnavailable, Throttled) as error:
        return error
    except TenantKeysError:
        return stopped
    if state in _STOPPED:
        return TenantSuspended(f"{where}: {_STOPPED[state]} (KeyState {state})")
    return ServiceUnavailable(f"{where}: the tenant's key store does not answer (KeyState {state})")


def cause_of(denial: TenantKeysError, describe: Callable[[], Any]) -> TenantKeysError:
    """`TenantSuspended` in place of a denial that is due to it; else the denial.

    An imported key is suspended by its policy alone, since it cannot be disabled while material is pending, so a key
    with imported material that its own roles may describe and not use is a suspended tenant's.
    """
    if not isinstance(denial, AccessDenied) or BY_KEY_POLICY not in str(denial):
        return denial
    try:
        key = describe()["KeyMetadata"]
    except TenantKeysError:  # also denied: the role is none of this tenant's
        return denial
    where = str(denial).partition(": ")[0]
    if cause := _STOPPED.get(key["KeyState"]):
        return TenantSuspended(f"{where}: {cause} (KeyState {key['KeyState']})")
    if key.get("Origin") == "EXTERNAL":
        return TenantSuspended(
            f"{where}: the key policy denies every use of this imported key: the tenant is suspended"
        )
    return denial
