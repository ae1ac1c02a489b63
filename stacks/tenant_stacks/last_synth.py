"""Brings the last assembly up to date where a few cells changed, without the CDK; any doubt means a full synth.

A cell's template is a function of its tenants, of all else that the manifest declares, of the code and the libraries.
A full synth leaves a record of these beside the templates, with a hash of every file, and of each cell the template
that the CDK wrote from its examples. Where nothing else changed, an unchanged cell's files are what a full synth would
write, and a changed cell whose examples are the same is completed from the same text, as a full synth does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.manifest.replace_file import replace_file
from tenant_keys.policy.access_role import shared_role_policy
from tenant_keys.policy.guardrails import resource_control_policy, service_control_policy
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_keys.policy.workload_configuration import workload_configuration
from tenant_keys.review.proof.changed_cells import Classes, classes_if_proved, proves_changed_cells
from tenant_keys.review.proof.record import RECORD as PROOF
from tenant_keys.review.proof.record import recorded_verdict, write_record
from tenant_stacks.cell import Cell
from tenant_stacks.members import CellStack, Resident, cell_stacks
from tenant_stacks.pattern import NotOnlyNames
from tenant_stacks.template_limits import check_text

RECORD: Final = "tenant-keys-synth.json"
_OF_THE_ASSEMBLY: Final = ("cdk.out", "manifest.json", "validation-report.json", PROOF)
_OF_A_STACK: Final = (".assets.json", ".metadata.json", ".template.json")


@dataclass(frozen=True, slots=True)
class _Cell:
    """What is kept of a cell."""

    residents: str
    """Digest of all that its template depends on, but for what the whole estate has in common."""
    examples: Sequence[str]
    """The same of each member that is a real construct."""
    template: str
    """As the CDK wrote it from these; empty where every member is a real construct."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What a synth leaves for the next."""

    surroundings: str
    shared: str
    files: Mapping[str, str]
    """SHA-256 of each file of the assembly, by its name."""
    cells: Mapping[str, _Cell]
    classes: Classes


def forget(folder: Path) -> None:
    """Remove the record: what follows changes the assembly, and may fail."""
    (folder / RECORD).unlink(missing_ok=True)


def record(
    folder: Path, estate: Estate, surroundings: str, templates: Mapping[str, str], classes: Classes | None
) -> None:
    """Leave what the next synth needs to take this one's cells, where the assembly was proved and validated.

    Args:
        folder: the assembly.
        estate: what the manifest declares.
        surroundings: digest of code, libraries and environment.
        templates: of each cell with members that have no constructs, the template as the CDK wrote it.
        classes: those of the proof.
    """
    if classes is None or recorded_verdict(folder) != "proved" or not _validated(folder):
        return
    cells = {}
    for stack in cell_stacks(estate):
        template = templates[stack.name]
        real = Cell([resident.member for resident in stack.residents]).real if template else []
        cells[stack.name] = _Cell(_residents(stack), _examples(stack, real), template)
    _write(folder, _Record(surroundings, _shared(estate), _files(folder), cells, classes))


def bring_up_to_date(folder: Path, estate: Estate, surroundings: str) -> list[str] | None:
    """Write the cells that changed since the last synth, and prove the estate.

    Returns:
        The stacks whose templates are new; None where a full synth is needed. The record is gone then.
    """
    last = _read(folder)
    if last is None or (last.surroundings, last.shared) != (surroundings, _shared(estate)):
        return None
    stacks = {stack.name: stack for stack in cell_stacks(estate)}
    if stacks.keys() != last.cells.keys():
        return None
    changed = {name: stack for name, stack in stacks.items() if _residents(stack) != last.cells[name].residents}
    completed: dict[str, tuple[_Cell, bytes]] = {}
    for name, stack in changed.items():
        if (new := _completed(stack, last.cells[name])) is None:
            return None
        completed[name] = new
    if _files(folder) != last.files:  # last, because it reads every template
        return None
    if not completed:
        return []
    forget(folder)
    if not _replace(folder, {name: text for name, (_, text) in completed.items()}):
        return None
    residents = {name: {one.tenant.id for one in stack.residents} for name, stack in stacks.items()}
    classes: Classes | None = last.classes
    if not proves_changed_cells(folder, estate, last.classes, completed, residents):
        classes = classes_if_proved(folder, estate)
    if classes is None:
        return None
    write_record(folder, "proved")
    cells = {**last.cells, **{name: cell for name, (cell, _) in completed.items()}}
    new_files = _files(folder, [*_OF_THE_ASSEMBLY, *(f"{name}{end}" for name in completed for end in _OF_A_STACK)])
    _write(folder, replace(last, cells=cells, files={**last.files, **new_files}, classes=classes))
    return list(completed)


def _validated(folder: Path) -> bool:
    """Whether no validation failed: the CDK's command line may be left to say so."""
    report = json.loads((folder / "validation-report.json").read_bytes())
    return all(one["conclusion"] == "success" for one in report["pluginReports"])


def _completed(stack: CellStack, last: _Cell) -> tuple[_Cell, bytes] | None:
    """The cell and its template, where all of its examples were examples before."""
    cell = Cell([resident.member for resident in stack.residents])
    examples = _examples(stack, cell.real)
    if not cell.stamped or not last.template or examples != last.examples:
        return None
    try:
        text = cell.complete(last.template).encode()
        check_text(text, stack.name)
    except (NotOnlyNames, PolicyTooLarge):
        return None
    return _Cell(_residents(stack), examples, last.template), text


def _replace(folder: Path, templates: Mapping[str, bytes]) -> bool:
    """Write templates, and their hashes where the assembly has them; whether it has them where it is known to."""
    manifest = (folder / "manifest.json").read_bytes().decode()
    for stack, text in templates.items():
        template, assets = folder / f"{stack}.template.json", folder / f"{stack}.assets.json"
        old, new = sha256(template.read_bytes()).hexdigest(), sha256(text).hexdigest()
        published = _published(assets.read_bytes().decode(), old, new)
        if published is None or manifest.count(old) != 1:
            return False
        manifest = manifest.replace(old, new)
        replace_file(template, text)
        replace_file(assets, published.encode())
    replace_file(folder / "manifest.json", manifest.encode())
    return True


def _published(text: str, old: str, new: str) -> str | None:
    """The asset manifest of a stack whose only asset is its template, with the template's new hash.

    The CDK names each destination by a hash of what it is (`AssetManifestBuilder.addFileAsset`); None where it did not.
    """
    document = json.loads(text)
    if json.dumps(document, indent=2) != text or list(document["files"]) != [old] or document["dockerImages"]:
        return None
    asset = document["files"].pop(old)
    destinations = {}
    for name, destination in asset["destinations"].items():
        place, _, digest = name.rpartition("-")
        if digest != _short(destination) or destination["objectKey"] != f"{old}.json":
            return None
        moved = {**destination, "objectKey": f"{new}.json"}
        destinations[f"{place}-{_short(moved)}"] = moved
    document["files"][new] = {**asset, "destinations": destinations}
    return json.dumps(document, indent=2)


def _short(destination: Mapping[str, Any]) -> str:
    text = json.dumps(destination, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:8]


def _shared(estate: Estate) -> str:
    """Digest of what the estate has in common, and of what stacks that are no cells hold of its tenants.

    Tenants with names that are more than their ids are in it: where one of them changes, all is written anew.
    """
    workloads = estate.workloads.values()
    reported = [
        workload_configuration(workload, estate, region) for workload in workloads for region in workload.regions
    ]
    shared = [shared_role_policy(workload, estate) for workload in workloads if workload.access != "tenant-role"]
    controls = [service_control_policy(estate), resource_control_policy(estate)] if estate.guardrails else []
    special = [_text(tenant) for tenant in estate.tenants.values() if _has_other_names(tenant)]
    declared = replace(estate, tenants={})
    return sha256(repr((declared, reported, shared, controls, special)).encode()).hexdigest()


def _has_other_names(tenant: Tenant) -> bool:
    names = tenant.import_role, tenant.custodian, tenant.held, tenant.multi_region_key_id
    return tenant.manifest_id != tenant.id or any(name is not None for name in names)


def _residents(stack: CellStack) -> str:
    """The stack's name decides what else its template holds, in an estate that has the same in common."""
    return sha256(repr([_own(resident) for resident in stack.residents]).encode()).hexdigest()


def _examples(stack: CellStack, real: Sequence[str]) -> list[str]:
    chosen = set(real)
    return [
        sha256(_own(resident).encode()).hexdigest() for resident in stack.residents if resident.construct_id in chosen
    ]


def _own(resident: Resident) -> str:
    return f"{resident.construct_id} {_text(resident.tenant)}"


def _text(tenant: Tenant) -> str:
    """Every field; workloads by their names, since they are in what the estate has in common."""
    values = (getattr(tenant, field.name) for field in fields(tenant) if field.name != "workloads")
    return repr((tuple(workload.name for workload in tenant.workloads), *values))


def _files(folder: Path, names: Sequence[str] | None = None) -> dict[str, str]:
    """SHA-256 of the assembly's files, or of some of them, by name."""
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if (path.name.endswith(_OF_A_STACK) or path.name in _OF_THE_ASSEMBLY)
        and (names is None or path.name in names)
        and path.is_file()
    }


def _write(folder: Path, record: _Record) -> None:
    document = {
        **{field.name: getattr(record, field.name) for field in fields(record)},
        "cells": {
            name: {field.name: getattr(cell, field.name) for field in fields(cell)}
            for name, cell in record.cells.items()
        },
    }
    replace_file(folder / RECORD, json.dumps(document).encode())


def _read(folder: Path) -> _Record | None:
    """The record; None where there is none, or another program wrote it."""
    try:
        document: Any = json.loads((folder / RECORD).read_bytes())
        cells = {name: _Cell(**cell) for name, cell in document.pop("cells").items()}
        return _Record(cells=cells, **document)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None
