"""Names of stacks. They are part of what must never change: a key whose stack is renamed is a key that is lost."""

from __future__ import annotations

from typing import Final

SHARED_ACCESS: Final = "tenant-keys-shared-access"


def key_cell(primary_region: str, number: int) -> str:
    """A cell of keys, as tags and descriptions call it."""
    return f"{primary_region}-{number:03d}"


def key_stack(primary_region: str, number: int) -> str:
    return f"tenant-keys-cell-{key_cell(primary_region, number)}"


def replica_stack(region: str, primary_region: str, number: int) -> str:
    """Replicas in `region` of the keys of one cell: KMS creates a primary's id when the primary is deployed."""
    return f"tenant-keys-replica-{region}-of-{key_cell(primary_region, number)}"


def role_cell(number: int) -> str:
    """A cell of access roles, as tags and descriptions call it."""
    return f"roles-{number:03d}"


def role_stack(number: int) -> str:
    return f"tenant-keys-{role_cell(number)}"


def workload_stack(account: str, region: str) -> str:
    return f"tenant-keys-workload-{account}-{region}"


def holds_primaries(stack: str) -> bool:
    """Whether the stack holds primary keys, whose ids are recorded after a deployment."""
    return stack.startswith("tenant-keys-cell-")


def holds_replicas(stack: str) -> bool:
    """Whether the stack holds replicas, which are deployed after the ids of their primaries are recorded."""
    return stack.startswith("tenant-keys-replica-")
