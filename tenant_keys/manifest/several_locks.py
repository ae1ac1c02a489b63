"""Several key accounts in one lock: each account's share of it, which is a lock of one account, and what never moves.

The account that the lock began with has its tenants' lines as before there was a second one, and stacks of the names
that they always had. Each further account has its name in its tenants' lines and in the names of its stacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from tenant_keys.manifest.errors import LOCK_FILE, LockError, Path, Problem
from tenant_keys.manifest.estate import Estate
from tenant_keys.manifest.key_accounts import KEY_ACCOUNT, Manifests, stack_prefix
from tenant_keys.manifest.lock import KeyAccount, Lock
from tenant_keys.manifest.lock_text import with_entries
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.places import Measure
from tenant_keys.manifest.refusals import check_held
from tenant_keys.manifest.resolution import resolve
from tenant_keys.manifest.rules import Problems
from tenant_keys.manifest.update import new_lock, update

_FIX: Final = "run tenant-keys lock"


@dataclass(frozen=True, slots=True)
class Share:
    """A key account's manifest and lock, by which it is an estate like any other."""

    name: str | None
    recorded: str | None
    """What the lines of its tenants call it; None of the account that the lock began with."""
    manifest: Manifest
    lock: Lock


def first_lock(manifests: Manifests) -> Lock:
    """The lock of a manifest that is yet to be deployed; it begins with the first key account."""
    return new_lock(next(iter(manifests.values())))


def only(manifests: Manifests, option: str) -> Manifest:
    """The manifest of the one key account; raises `LockError` where there are several, which the option cannot take."""
    if len(manifests) > 1:
        message = f"{option} takes no manifest with several key accounts; restore {LOCK_FILE} of the merge base, then"
        raise LockError([Problem(("central",), f"{message} {_FIX}")])
    return next(iter(manifests.values()))


def of_key_account(lock: Lock, estate: Estate) -> Lock:
    """The lock with the lines of one key account's tenants alone."""
    return with_entries(lock, {name: one for name, one in lock.entries.items() if one.key_account == estate.further})


def resolve_each(manifests: Manifests, lock: Lock) -> tuple[Estate, ...]:
    """The estate of each key account; raises `LockError` with every way in which manifest and lock do not match."""
    shares, problems = _shares(manifests, lock)
    found: list[Estate] = []
    for index, share in enumerate(shares):
        if share.recorded is not None and share.recorded not in lock.further:
            problems.append(Problem(("central", index), f"{share.name} is not in {LOCK_FILE} yet; {_FIX}"))
            continue
        try:
            estate = resolve(share.manifest, share.lock)
            found.append(replace(estate, key_account=share.name, further=share.recorded))
        except LockError as error:
            problems += _in_whole(error, index, share)
    if problems:
        raise LockError(_without_consequences(problems))
    return tuple(replace(one, siblings=tuple(two for two in found if two is not one)) for one in found)


def update_each(manifests: Manifests, lock: Lock, measure: Measure | None = None) -> tuple[Lock, list[str]]:
    """The lock that matches, and what was done; raises `LockError` with all that no command may do."""
    shares, problems = _shares(manifests, lock)
    entries, further, done = dict(lock.entries), dict(lock.further), []
    for index, share in enumerate(shares):
        try:
            updated, reported = update(share.manifest, share.lock, measure)
        except LockError as error:
            problems += _in_whole(error, index, share)
            continue
        if share.recorded is not None and share.recorded not in further:
            further[share.recorded] = KeyAccount(updated.account, updated.home_region)
            done.append(f"recorded the key account {share.name}, {updated.account}")
        for name, one in updated.entries.items():
            entries[name] = one if one.key_account == share.recorded else replace(one, key_account=share.recorded)
        done += [f"{share.name}: {one}" if share.name and len(shares) > 1 else one for one in reported]
    if problems:
        raise LockError(_without_consequences(problems))
    return replace(with_entries(lock, entries), further=dict(sorted(further.items()))), done


def _without_consequences(problems: list[Problem]) -> list[Problem]:
    """Each problem once; of a tenant that would move nothing else, such as that one account misses it."""
    moved = {one.path[1] for one in problems if one.path[2:] == (KEY_ACCOUNT,)}
    return [
        one
        for one in dict.fromkeys(problems)
        if one.path[2:] == (KEY_ACCOUNT,) or not ({*one.path[:1], *one.path[1:2]} & moved)
    ]


def _in_whole(error: LockError, index: int, share: Share) -> list[Problem]:
    """The problems of a share with their places in the whole manifest."""
    if share.name is None:
        return list(error.problems)
    return [
        msgspec.structs.replace(one, path=("central", index, *one.path[1:])) if one.path[:1] == ("central",) else one
        for one in error.problems
    ]


def _shares(manifests: Manifests, lock: Lock) -> tuple[list[Share], list[Problem]]:
    """The share of each key account, and every tenant that would leave its own.

    Raises:
        LockError: key accounts of the lock are gone, or are others.
    """
    if lost := _lost(manifests, lock):
        raise LockError(lost)  # whatever else could be said follows from it
    problems = [*_moved(manifests, lock), *_held_by_two(manifests, lock)]
    shares = []
    for name, manifest in manifests.items():
        if manifest.central.account == lock.account or name is None:
            own = {tenant: one for tenant, one in lock.entries.items() if one.key_account is None}
            shares.append(Share(name, None, manifest, with_entries(lock, own)))
            continue
        recorded = lock.further.get(name, KeyAccount(manifest.central.account, manifest.central.home_region))
        naming = msgspec.structs.replace(manifest.naming, stack_prefix=stack_prefix(manifest.naming, name))
        own = {tenant: one for tenant, one in lock.entries.items() if one.key_account == name}
        # That the naming stays as it was is checked in the share of the account that the lock began with.
        of_account = replace(lock, account=recorded.account, home_region=recorded.home_region, naming=naming)
        shares.append(
            Share(name, name, msgspec.structs.replace(manifest, naming=naming), with_entries(of_account, own))
        )
    return shares, problems


def _lost(manifests: Manifests, lock: Lock) -> list[Problem]:
    """Key accounts of the lock that the manifest does not have, or has by another name."""
    problems: list[Problem] = []
    if None in manifests:
        accounts: Mapping[str, tuple[Path, str | None]] = {}
    else:
        accounts = {one.central.account: (("central", n), name) for n, (name, one) in enumerate(manifests.items())}
    for name, further in lock.further.items():
        path, called = accounts.get(further.account, (("central",), None))
        if called == name:
            continue
        if called is not None:
            message = f"got {called}, but {LOCK_FILE} has {further.account} as {name}, which is in names of stacks"
            problems.append(Problem((*path, "name"), f"{message}; restore it"))
        elif name in manifests:
            index = list(manifests).index(name)
            got = manifests[name].central.account
            message = f"got {got}, but the keys of {name} are in {further.account}; restore it"
            problems.append(Problem(("central", index, "account"), message))
        else:
            keys = sum(one.key_account == name and one.phase != "offboarded" for one in lock.entries.values())
            if keys:
                created = "1 key was created there" if keys == 1 else f"{keys:,} keys were created there"
                message = f"the key account {name}, {further.account}, is gone, but {created}; restore it"
                problems.append(Problem(("central",), message))
    if None not in manifests and lock.account not in accounts:
        # Whichever account the lock began with: its tenants' lines do not name it.
        message = f"lists no key account {lock.account}, but {LOCK_FILE} was created with it; restore it"
        problems.append(Problem(("central",), message))
    return problems


def _moved(manifests: Manifests, lock: Lock) -> list[Problem]:
    """Tenants that another key account would hold: a key cannot leave the account in which it was created."""
    names = {None: next((n for n, one in manifests.items() if one.central.account == lock.account), None)}
    problems = []
    for name, manifest in manifests.items():
        recorded = None if manifest.central.account == lock.account or name is None else name
        for tenant in manifest.tenants:
            entry = lock.entries.get(tenant)
            if entry is None or entry.key_account == recorded:
                continue
            was = entry.key_account or names[None] or lock.account
            if entry.phase == "offboarded":
                message = f"{tenant} was offboarded in the key account {was}, and an id is never reused"
                problems.append(Problem(("tenants", tenant, KEY_ACCOUNT), f"{message}; choose another id"))
                continue
            message = f"got {name or manifest.central.account}, but its key was created in {was}, and a key cannot move"
            fix = f"write key_account: {was}, or move its data to the key of a new tenant id (docs/reencryption.md)"
            problems.append(Problem(("tenants", tenant, KEY_ACCOUNT), f"{message} to another account; {fix}"))
    return problems


def _held_by_two(manifests: Manifests, lock: Lock) -> list[Problem]:
    """A tenant's own key that a tenant of another key account has in use."""
    findings = Problems()
    if len(manifests) == 1:
        return []  # the account's own refusals have it
    tenants = {name: tenant for one in manifests.values() for name, tenant in one.tenants.items()}
    check_held(msgspec.structs.replace(next(iter(manifests.values())), tenants=tenants), lock, findings.report)
    return findings.problems
