"""Corrects a Region that does not exist in a lock: no key can be in it, so what it holds is placed anew."""

from __future__ import annotations

from dataclasses import replace

from tenant_keys.aws_facts.regions import is_region, partition_of
from tenant_keys.manifest.errors import LOCK_FILE, LockError, Problem
from tenant_keys.manifest.lock import Lock
from tenant_keys.manifest.lock_text import with_entries
from tenant_keys.manifest.places import Places, Sizes


def corrected(lock: Lock, wrong: str, right: str, sizes: Sizes) -> tuple[Lock, list[str]]:
    """The lock with one Region for another, and what was done; tenants of the wrong one get new places in the right.

    Raises:
        LockError: the wrong Region exists or is not in the lock, the right one does not exist, or a key of the wrong
            Region was recorded, so that it was deployed by a version that knows the Region.
    """
    moving = [tenant for tenant, entry in lock.entries.items() if entry.primary_region == wrong]
    if is_region(wrong):
        raise _refused(f"got {wrong}, which is an AWS Region; keys in it never move")
    if not is_region(right):
        raise _refused(f"got {right}, which is not an AWS Region that this version knows; give the intended Region")
    if lock.home_region != wrong and not moving:
        raise _refused(f"got {wrong}, which the lock does not contain; nothing to correct")
    home = right if lock.home_region == wrong else lock.home_region
    if is_region(home) and partition_of(home) != partition_of(right):
        raise _refused(f"got {right} of the partition {partition_of(right)}; the home Region is {home}; give another")
    recorded = [tenant for tenant in moving if lock.entries[tenant].key_id is not None]
    if recorded:
        raise _refused(f"the key of {recorded[0]} in {wrong} was recorded, so it is deployed; upgrade this program")
    staying = {tenant: entry for tenant, entry in lock.entries.items() if entry.primary_region != wrong}
    places, entries = Places(with_entries(lock, staying), sizes), dict(lock.entries)
    done = [f"corrected the home Region {wrong} to {right}"] if home != lock.home_region else []
    for tenant in moving:
        entry = entries[tenant]
        # The id of a tenant that left stays reserved, and takes no place.
        cell = entry.cell if entry.phase == "offboarded" else places.key(right, tenant)
        entries[tenant] = replace(entry, primary_region=right, cell=cell)
        done.append(f"moved {tenant} from {wrong}, which does not exist, to key cell {cell} of {right}")
    return replace(with_entries(lock, entries), home_region=home), done


def _refused(message: str) -> LockError:
    return LockError([Problem((), message, 0, LOCK_FILE)])
