"""Adds the tenants of a system of record: those that are new, all of them or none; repeating it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tenant_keys.manifest import EstateError, load_manifests
from tenant_keys.manifest.errors import Problem, dotted
from tenant_keys.manifest.model import Tenant
from tenant_keys.operations.tenant_edit import Edit, plan_additions
from tenant_keys.operations.tenant_file import TenantFile, TenantFileRefused


@dataclass(frozen=True, slots=True)
class Import:
    """What a file adds."""

    edit: Edit
    unchanged: tuple[str, ...]
    """Ids that the manifest has already, as the file says."""


def plan_import(manifest_path: Path, file: TenantFile) -> Import:
    """The edit that adds every tenant of the file that is not in the manifest yet.

    A tenant that is there must have the values that the file gives; what the file does not say, such as its state, is
    the manifest's own affair.

    Raises:
        TenantFileRefused: tenants that are there with other values, or that the manifest would not accept; all at once.
        EstateError: manifest and lock have errors of their own.
    """
    there = {name: tenant for one in load_manifests(manifest_path).values() for name, tenant in one.tenants.items()}
    new = {tenant: fields for tenant, fields in file.tenants.items() if tenant not in there}
    same = tuple(tenant for tenant in file.tenants if tenant in there)
    problems = [*file.problems] + [
        file.problem(tenant, f"is in {manifest_path.name} with another {field}: {was}; tenants are edited there")
        for tenant in same
        for field, was in _differences(there[tenant], file.tenants[tenant])
    ]
    try:
        edit = plan_additions(manifest_path, new)
    except EstateError as error:
        of_the_file = [(problem, _tenant_of(problem)) for problem in error.problems]
        if not all(tenant in new for _, tenant in of_the_file):
            raise
        problems += [_moved(file, problem, tenant) for problem, tenant in of_the_file]
    if problems:
        raise TenantFileRefused(problems)
    return Import(edit, same)


def _differences(tenant: Tenant, fields: Mapping[str, object]) -> list[tuple[str, object]]:
    """Fields that the file gives and the manifest has otherwise, with the manifest's value."""
    written = _flat(msgspec.to_builtins(tenant))
    return [
        (name, "none" if was is None else was)
        for name, wanted in _flat(fields).items()
        if (was := written.get(name)) != wanted
    ]


def _flat(fields: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{below}": each for below, each in value.items()}
        else:
            found[name] = sorted(map(str, value)) if isinstance(value, list | tuple) else value
    return found


def _tenant_of(problem: Problem) -> str:
    """The tenant that a problem of the manifest or of the lock is about, or nothing."""
    path = problem.path[1:] if problem.path[:1] == ("tenants",) else problem.path
    return str(path[0]) if path else ""


def _moved(file: TenantFile, problem: Problem, tenant: str) -> Problem:
    """The manifest's problem, at the line of the file."""
    rest = problem.path[problem.path.index(tenant) + 1 :]
    field = f"{dotted(rest)}: " if rest else ""
    return file.problem(tenant, f"{field}{problem.message}")
