"""`tenants.yaml` and `tenants.lock` to a frozen estate, or to all errors at once."""

from __future__ import annotations

from tenant_keys.manifest.errors import EstateError, LockError, ManifestError, Problem
from tenant_keys.manifest.estate import Central, Custodian, Estate, HeldKey, Tenant, Workload
from tenant_keys.manifest.load import (
    load_estate,
    load_estate_of,
    load_estates,
    load_manifest,
    load_manifests,
    located_warnings,
    parse_manifest,
)
from tenant_keys.manifest.lock import Lock
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.read_lock import parse_lock, read_lock
from tenant_keys.manifest.resolve import resolve

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
    "located_warnings",
    "parse_lock",
    "parse_manifest",
    "read_lock",
    "resolve",
]
