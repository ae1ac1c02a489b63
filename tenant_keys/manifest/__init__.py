"""`tenants.yaml` and `tenants.lock` to a frozen estate, or to all errors at once.

Each name is imported from its module on first access: a command that reads the manifest alone waits for
nothing that reads the lock.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tenant_keys.manifest.errors import EstateError, LockError, ManifestError, Problem
    from tenant_keys.manifest.estate import Central, Custodian, Estate, HeldKey, Tenant, Workload
    from tenant_keys.manifest.load import load_estate, load_estate_of, load_estates
    from tenant_keys.manifest.lock import Lock
    from tenant_keys.manifest.lock_text import parse_lock, read_lock
    from tenant_keys.manifest.model import Manifest
    from tenant_keys.manifest.read_manifest import (
        load_manifest,
        load_manifests,
        manifests_and_warnings,
        parse_manifest,
    )
    from tenant_keys.manifest.resolution import resolve

_MODULES = {
    "errors": ("EstateError", "LockError", "ManifestError", "Problem"),
    "estate": ("Central", "Custodian", "Estate", "HeldKey", "Tenant", "Workload"),
    "load": ("load_estate", "load_estate_of", "load_estates"),
    "lock": ("Lock",),
    "model": ("Manifest",),
    "lock_text": ("parse_lock", "read_lock"),
    "read_manifest": ("load_manifest", "load_manifests", "manifests_and_warnings", "parse_manifest"),
    "resolution": ("resolve",),
}

__all__ = [
    "Central",
    "Custodian",
    "Estate",
    "EstateError",
    "HeldKey",
    "Lock",
    "LockError",
    "Manifest",
    "ManifestError",
    "Problem",
    "Tenant",
    "Workload",
    "load_estate",
    "load_estate_of",
    "load_estates",
    "load_manifest",
    "load_manifests",
    "manifests_and_warnings",
    "parse_lock",
    "parse_manifest",
    "read_lock",
    "resolve",
]


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            found: object = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
