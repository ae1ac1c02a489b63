"""A manifest with broken fields, repaired just enough that the rules between the sound fields can be checked too."""

from __future__ import annotations

from typing import Any

import msgspec

from tenant_keys.manifest.consistency import inconsistencies
from tenant_keys.manifest.errors import Path, Problem
from tenant_keys.manifest.faults import Fault, faults
from tenant_keys.manifest.fields import fields_at
from tenant_keys.manifest.model import Manifest

_ROUNDS = 5
_REGIONS = {"region", "regions", "home_region"}
_TOGETHER = (
    {"runs_on", "access", "pod_identity", "irsa", "roles_anywhere", "role", "identity_provider", "audience"},
    {"key"},
)
"""Fields whose rules hang together: if one is broken, a rule between them may speak of that."""
_PLACEHOLDER = "placeholder"
_PLACEHOLDERS: dict[str, object] = {
    "central": {},
    "account": "000000000000",
    "home_region": "eu-west-1",
    "regions": ["eu-west-1"],
    "administrators": ["role/placeholder-administrator"],
    "break_glass": "role/placeholder-break-glass",
    "workloads": {"placeholder": {"account": "000000000001", "runs_on": "lambda"}},
    "tenants": {"placeholder": {}},
}
"""For required fields that are missing or broken: nothing that breaks a rule by itself."""


def problems_between_sound_fields(document: object, broken: list[Problem]) -> list[Problem]:
    """Problems between fields, without those that follow from what is broken already."""
    manifest = _partial_manifest(document)
    if manifest is None:
        return []
    paths = {problem.path for problem in broken}
    around = {path[:1] for path in paths}
    entities: dict[Path, list[Path]] = {}
    for path in paths:
        entities.setdefault(path[:2], []).append(path)
    regions = ("central",) in paths or any(path[:1] == ("central",) and _REGIONS & set(path[1:2]) for path in paths)
    return [
        problem
        for problem in inconsistencies(manifest)
        if problem.path not in around
        and problem.path[:1] not in paths
        and not (("workloads",) in paths and "workloads" in problem.path)  # names of what is not there
        and not any(_follows(problem.path, path) for path in entities.get(problem.path[:2], ()))
        and not (regions and _REGIONS.intersection(map(str, problem.path)))
        and not _names_broken(document, problem.path, paths)
        and _PLACEHOLDER not in problem.message  # what is filled in here is nobody's
    ]


def _follows(path: Path, broken: Path) -> bool:
    """Whether a problem between fields of one entry may come from what is broken in the same entry."""
    if path[: len(broken)] == broken or broken[: len(path)] == path:
        return True
    field, broken_field = set(map(str, path[2:])), set(map(str, broken[2:]))
    misspelt = not broken_field.intersection(fields_at(broken[:2]))
    return misspelt or any(group & field and group & broken_field for group in _TOGETHER)


def _names_broken(document: Any, path: Path, broken: set[Path]) -> bool:
    """Whether the place names a workload or provider that exists but is broken."""
    try:
        name = document
        for part in path:
            name = name[part]
        return any((container, name) in broken for container in ("workloads", "identity_providers"))
    except (KeyError, IndexError, TypeError):
        return False


def _partial_manifest(document: object) -> Manifest | None:
    if not isinstance(document, dict):
        return None
    copy = _thaw(document)
    for _ in range(_ROUNDS):
        found = list(faults(_freeze(copy), Manifest))
        if not found:
            return msgspec.convert(copy, Manifest)
        for fault in reversed(found):  # an entry of a list is removed after those that follow it
            _repair(copy, fault)
    return None


def _repair(document: Any, fault: Fault) -> None:
    """Fills in what is required and removes what is wrong."""
    here: Any = document
    parent: Any = None
    last = ""
    missing = fault.what == "missing"
    for step in fault.path[:-1] if missing else fault.path:
        if isinstance(here, dict) and step in here:
            parent, last, here = here, str(step), here[step]
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            del here[step]
            return
    field = fault.path[-1]
    if missing and isinstance(here, dict) and field in _PLACEHOLDERS:
        here[field] = _thaw(_PLACEHOLDERS[str(field)])
    elif missing and field == "issuer" and isinstance(here, dict):
        here[field] = f"https://{len(document)}-{last}.invalid"
    elif parent is not None:
        parent.pop(last, None)


def _thaw(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _thaw(below) for key, below in value.items()}
    return [_thaw(below) for below in value] if isinstance(value, list | tuple) else value


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _freeze(below) for key, below in value.items()}
    return tuple(_freeze(below) for below in value) if isinstance(value, list) else value
