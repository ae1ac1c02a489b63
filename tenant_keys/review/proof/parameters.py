"""Whether each workload is given its own roles and aliases: the SSM parameters, compared with the manifest.

A workload reads `/tenant-keys/NAME` in its own account and Region, and assumes the role and names the alias that it
finds there. IAM would refuse it another workload's; it would be sent elsewhere all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.review.errors import as_json
from tenant_keys.review.proof.binding_records import ParameterRecord
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.promise import Promise, access_role_arn, alias_of
from tenant_keys.review.proof.value_differences import first_difference

_TENANT: Final = "{tenant_id}"
"""Represents the id of a tenant."""


def check_parameters(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> Iterator[Finding]:
    """Compare the parameters of each account and Region with the manifest, both ways."""
    served: dict[str, list[Tenant]] = {}
    for tenant in estate.tenants.values():
        for workload in tenant.workloads:
            served.setdefault(workload.name, []).append(tenant)
    declared = {
        (workload.account, region, f"{estate.naming.role_path}{workload.name}"): workload
        for workload in estate.workloads.values()
        for region in workload.regions
    }
    found: set[tuple[str, str, str]] = set()
    for record in inventory.parameters:
        place = (record.account, record.region, record.name)
        expected = declared.get(place)
        if place in found:
            yield _finding(Kind.INVENTORY, record, "the parameter is there twice in one Region", "remove one of them")
        elif expected is not None:
            aliases = {
                tenant.id: _alias(tenant.id, _nearest(promises[tenant.id], tenant, record.region), estate)
                for tenant in served.get(expected.name, ())
                if tenant.held is None
            }
            ids = {
                tenant.manifest_id: tenant.id
                for tenant in served.get(expected.name, ())
                if tenant.manifest_id != tenant.id and expected.access != "web-identity"
            }
            held = dict(_held(served.get(expected.name, ()), record.region))
            if difference := _difference(record.value, expected, aliases, held, ids, estate):
                yield _finding(
                    Kind.INVENTORY,
                    record,
                    f"the parameter of workload {expected.name} contains {difference}",
                    "synthesize again, or correct the manifest",
                )
        elif record.name.lower().startswith(estate.naming.role_path.lower()):
            what = "a parameter of a workload that the manifest does not declare there"
            yield _finding(Kind.INVENTORY, record, what, "remove it, or declare it")
        found.add(place)
    for (account, region, name), workload in declared.items():
        if (account, region, name) not in found:
            yield Finding(
                Kind.REFUSED,
                f"parameter {name} of account {account} in {region}: it is in no template, and workload "
                f"{workload.name} needs it to find its roles and aliases",
                "synthesize again, or correct the manifest",
            )


def _held(tenants: Iterable[Tenant], region: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The keys of tenants who hold theirs themselves: that of the Region, else of the first by name."""
    for tenant in tenants:
        if tenant.held is not None and tenant.held.active:
            where = region if region in tenant.held.active else min(tenant.held.active)
            grace = tenant.held.grace_minutes * 60
            yield tenant.id, {"key_arn": tenant.held.active[where], "grace_seconds": grace}


def _difference(
    value: str,
    workload: Workload,
    aliases: Mapping[str, str],
    held: Mapping[str, object],
    ids: Mapping[str, str],
    estate: Estate,
) -> str | None:
    """The first thing that a value says and the manifest does not; by the effect on each tenant."""
    try:
        document = json.loads(value, object_pairs_hook=_object)
    except (ValueError, RecursionError) as problem:
        return f"what is not understood: {problem}"
    role = access_role_arn(_TENANT, workload, estate)
    wanted_names = _NAMES | {"held"} if held else _NAMES
    if not isinstance(document, dict) or document.keys() - {_IDS} != wanted_names:
        return f"something other than {', '.join(sorted(wanted_names))}: {value:.80}"
    if different := first_difference("held", document.get("held", {}), dict(held), _alike):
        return f"held, which differs: {different}"
    expected = {"version": 1, "workload": workload.name, "access": workload.access, "role_arn": role}
    for name, wanted in expected.items():
        if different := first_difference(name, document[name], wanted, _alike):
            return f"{name}, which differs: {different}"
    if different := first_difference(_IDS, document.get(_IDS, {}), dict(ids), _alike):
        return f"{_IDS}, which differs: {different}"
    operations = document["operations"]
    if not isinstance(operations, list) or sorted(map(str, operations)) != sorted(workload.operations):
        return f"operations {as_json(operations)}; expected {', '.join(workload.operations)}"
    return _misnamed(document["alias_arn"], document["exceptions"], aliases, estate)


def _alike(got: object, declared: object) -> bool:
    """1, 1.0 and true are equal in Python, and three values in JSON."""
    return json.dumps(got, sort_keys=True) == json.dumps(declared, sort_keys=True)


def _misnamed(usual: object, exceptions: object, aliases: Mapping[str, str], estate: Estate) -> str | None:
    """The first tenant whose alias is not the one that is declared."""
    if not isinstance(usual, str) or usual not in {
        _alias(_TENANT, region, estate) for region in estate.central.regions
    }:
        return f"alias_arn {as_json(usual)}, which is not the alias pattern of the key account"
    if not isinstance(exceptions, dict):
        return f"exceptions {as_json(exceptions)}, which is not an object"
    if others := sorted(exceptions.keys() - aliases.keys()):
        return f"an alias for tenant {as_json(others[0])}, which it does not serve"
    for tenant, alias in aliases.items():
        named = exceptions.get(tenant, usual.replace(_TENANT, tenant))
        if named != alias:
            return f"the alias {as_json(named)} for tenant {tenant}; expected {alias}"
    return None


_NAMES: Final = frozenset({"version", "workload", "access", "role_arn", "alias_arn", "operations", "exceptions"})


_IDS: Final = "ids"
"""What tenants with an opaque name are called, by their ids in the manifest."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError where a name occurs twice: readers of JSON differ on which of the values counts."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return document


def _nearest(promise: Promise, tenant: Tenant, region: str) -> str:
    """The workload's own Region where the tenant's key or a replica is in it, else the Region of the tenant's key."""
    return region if region in promise.regions else tenant.primary_region


def _alias(tenant: str, region: str, estate: Estate) -> str:
    return f"arn:{estate.central.partition}:kms:{region}:{estate.central.account}:{alias_of(tenant, estate)}"


def _finding(kind: Kind, record: ParameterRecord, what: str, fix: str) -> Finding:
    return Finding(kind, f"{record.where}: parameter {record.name} in {record.region}: {what}", fix)
