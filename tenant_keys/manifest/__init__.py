"""`tenants.yaml` and `tenants.lock` to a frozen estate, or to all errors at once."""

from __future__ import annotations

from pathlib import Path

from tenant_keys.manifest.errors import EstateError, LockError, ManifestError, Problem
from tenant_keys.manifest.estate import Central, Estate, Tenant, Workload
from tenant_keys.manifest.lines import with_lines
from tenant_keys.manifest.load import load_manifest, parse_manifest, read_text, without_garbage_collection
from tenant_keys.manifest.lock import Lock
from tenant_keys.manifest.lock_file import parse_lock, read_lock, read_lock_text
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.settle import settle

__all__ = [
    "Central",
    "Estate",
    "EstateError",
    "Lock",
    "LockError",
    "Manifest",
    "ManifestError",
    "Problem",
    "Tenant",
    "Workload",
    "load_estate",
    "load_manifest",
    "parse_lock",
    "parse_manifest",
    "read_lock",
    "settle",
]


def load_estate(path: str | Path) -> Estate:
    """The estate of a manifest and of the lock beside it (`tenants.yaml`, `tenants.lock`); raises `EstateError`."""
    with without_garbage_collection():
        file = Path(path)
        text = read_text(file)
        manifest = parse_manifest(text, file.name)
        lock_file = file.with_suffix(".lock")
        lock_text = read_lock_text(lock_file)
        lock = parse_lock(lock_text, lock_file.name)
        try:
            return settle(manifest, lock)
        except LockError as error:
            raise with_lines(error, (file.name, text), (lock_file.name, lock_text)) from None
