"""The sample estate that a checkout of this tool holds, as its lock shows it: nothing of it was ever deployed."""

from __future__ import annotations

from typing import Final

from tenant_keys.manifest.lock import Lock

ACCOUNT: Final = "111111111111"
"""The sample's key account."""
TENANTS: Final = frozenset({"acme", "globex", "initech", "umbrella", "wayne", "wonka"})


def is_sample(lock: Lock) -> bool:
    """Whether a lock is the sample's: its account, tenants of the sample alone, and no id of a deployed key."""
    return (
        lock.account == ACCOUNT
        and lock.entries.keys() <= TENANTS
        and all(entry.key_id is None for entry in lock.entries.values())
    )


def replaces_sample(base: Lock, lock: Lock) -> bool:
    """Whether a lock is the first of an estate that took the sample's place: its keys are in another account."""
    return is_sample(base) and lock.account != ACCOUNT
