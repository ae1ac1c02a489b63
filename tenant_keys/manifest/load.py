"""Reads `tenants.yaml` with its lock into an `Estate`, or raises every error at once."""

from __future__ import annotations

from pathlib import Path as FilePath

from tenant_keys.manifest.errors import LockError
from tenant_keys.manifest.estate import Estate
from tenant_keys.manifest.garbage_collection import collection_paused
from tenant_keys.manifest.lock_text import parse_lock, read_lock_text
from tenant_keys.manifest.read_manifest import named_key_account, parse_each, several_key_accounts
from tenant_keys.manifest.several_locks import resolve_each
from tenant_keys.manifest.written import read_written


def load_estate(path: str | FilePath) -> Estate:
    """The estate of a manifest and of the lock beside it (`tenants.yaml`, `tenants.lock`).

    Of a manifest with several key accounts, `tenants.yaml#NAME` is the estate of one of them.

    Raises:
        SeveralKeyAccounts: the manifest lists several, and the path names none of them.
        EstateError: manifest and lock do not make an estate.
    """
    estates = load_estates(path)
    if len(estates) > 1:
        raise several_key_accounts(FilePath(path), [estate.key_account for estate in estates], None)
    return estates[0]


def load_estates(path: str | FilePath) -> tuple[Estate, ...]:
    """The estate of each key account of the manifest, in the order of its list, or of the one that the path names.

    Raises:
        EstateError: manifest and lock do not make an estate, or the path names no key account of it.
    """
    with collection_paused():
        file, name = named_key_account(path)
        written = read_written(file)
        manifests = parse_each(written)
        lock_file = file.with_suffix(".lock")
        lock_text = read_lock_text(lock_file)
        lock = parse_lock(lock_text, lock_file.name)
        try:
            estates = resolve_each(manifests, lock)
        except LockError as error:
            raise written.lock_error(error, lock_file.name, lock_text) from None
    found = tuple(estate for estate in estates if name in (None, estate.key_account))
    if not found:
        raise several_key_accounts(file, [estate.key_account for estate in estates], name)
    return found


def load_estate_of(path: str | FilePath, tenant: str) -> Estate:
    """The estate of the key account that holds the key of a tenant: by its id or alias; of an unknown one, any.

    Raises:
        EstateError: as for `load_estates`.
    """
    estates = load_estates(path)
    return next((estate for estate in estates if estate.called(tenant) or estate.with_alias(tenant)), estates[0])
