"""Stops one customer now: disables the tenant's key in every Region, without waiting for a deployment.

DisableKey works in every Region's key by itself, on imported keys too, and the key policies let administrators,
break-glass and deployment roles call it whenever the key was last used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.operations.errors import KeyMismatch, OperationError
from tenant_keys.operations.owner import check_owner
from tenant_keys.policy import names

ClientOf = Callable[[str], Any]
"""A KMS client of a Region."""
STOPPED: Final = {
    "Disabled": "is disabled already",
    "PendingImport": "has no key material: nobody can use it",
    "PendingDeletion": "is to be deleted: nobody can use it",
    "PendingReplicaDeletion": "is to be deleted: nobody can use it",
}
"""Key states in which no cryptographic operation works (AWS KMS guide, key-state)."""


class RevocationIncomplete(OperationError):
    """Raised when a key may still be usable in some Region; the message names every one of them."""


def revoke(tenant: Tenant, estate: Estate, client_of: ClientOf, *, say: Callable[[str], None]) -> None:
    """Disable the tenant's key in every Region where AWS KMS has it. A second time it does nothing.

    A Region that fails does not keep the others from being stopped.

    Raises:
        RevocationIncomplete: AWS refused in a Region, or has no such key; the rest is disabled.
    """
    if tenant.held is not None:
        raise RevocationIncomplete(
            f"{', '.join(tenant.held.arns)}: held by tenant {tenant.id}, and only its owner can disable it; "
            "`tenant-keys tenant suspend` takes it out of our roles at the next deployment"
        )
    problems: list[str] = []
    with _kept(names.alias_arn(tenant.id, tenant.primary_region, estate), problems):
        alias = names.alias_arn(tenant.id, tenant.primary_region, estate)
        found = client_of(tenant.primary_region).describe_key(KeyId=alias)["KeyMetadata"]
        replicas = found.get("MultiRegionConfiguration", {}).get("ReplicaKeys", ())
        for arn in (found["Arn"], *(replica["Arn"] for replica in replicas)):
            with _kept(arn, problems):
                _disable(arn, tenant.id, client_of(arn.split(":")[3]), say)
    if problems:
        raise RevocationIncomplete("\n".join(problems))


def _disable(arn: str, tenant: str, kms: Any, say: Callable[[str], None]) -> None:
    check_owner(arn, tenant, kms)
    state = kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
    if state in STOPPED:
        say(f"{arn} {STOPPED[state]}")
        return
    kms.disable_key(KeyId=arn)
    say(f"{arn} is disabled")


@contextmanager
def _kept(where: str, problems: list[str]) -> Iterator[None]:
    """Keep what AWS refuses, and go on with the next Region."""
    try:
        yield
    except ClientError as problem:
        code, said = problem.response["Error"]["Code"], problem.response["Error"].get("Message", "")
        problems.append(
            f"{where}: {code}: {said}; the key may still be usable there: use credentials of an administrator or "
            "break-glass, and run the same command again"
        )
    except KeyMismatch as problem:
        problems.append(f"{problem}; the tenant's own key may still be usable")
    except BotoCoreError as problem:
        problems.append(f"{where}: {problem}; the key may still be usable there: run the same command again")
