"""An edit of manifest and lock together: planned in memory, checked as a whole, shown, then written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches, unified_diff
from pathlib import Path
from typing import TypeVar

import msgspec

from tenant_keys.manifest import Estate, LockError, Manifest, parse_lock
from tenant_keys.manifest.key_accounts import Manifests
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.lock_text import read_lock_text
from tenant_keys.manifest.read_manifest import parse_each
from tenant_keys.manifest.read_part import Part
from tenant_keys.manifest.replace_file import replace_file
from tenant_keys.manifest.several_locks import resolve_each, update_each
from tenant_keys.manifest.written import USUAL, read_written
from tenant_keys.operations.consequences import describe_change
from tenant_keys.operations.errors import EditRefused, OperationError, UnknownTenant
from tenant_keys.operations.manifest_edit import with_state, with_tenant, with_tenants
from tenant_keys.operations.transitions import Verb, next_state
from tenant_keys.policy.template_size import reserved_sizes

T = TypeVar("T")

_MARK = b"\xef\xbb\xbf"
"""A byte-order mark, which some editors write; the text is read without it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What would be written, and what it means."""

    tenants: tuple[str, ...]
    before: Estate
    after: Estate
    files: Mapping[Path, tuple[str, str]]
    """Manifest, then lock: text before and after."""
    done: tuple[str, ...]
    """What the lock records."""

    @property
    def consequences(self) -> list[str]:
        """What changes in AWS at the next deployment."""
        return describe_change(self.before, self.after)

    @property
    def diff(self) -> str:
        """A unified diff of both files."""
        lines: list[str] = []
        for path, (old, new) in self.files.items():
            lines += unified_diff(old.splitlines(), new.splitlines(), f"a/{path.name}", f"b/{path.name}", "", "", 1, "")
        return "\n".join(lines)

    def write(self) -> None:
        """Write both files. Stopped between them, the next command says: run tenant-keys lock."""
        for path, (old, new) in self.files.items():
            if new != old:
                _replace(path, new)


def plan_state(path: Path, tenant: str, verb: Verb) -> Edit:
    """The edit that a command makes.

    Raises:
        UnknownTenant, TransitionRefused, EditRefused: with the way out.
        EstateError: manifest and lock do not match before, or would not after.
    """

    def change(text: str, manifest: Manifest) -> str:
        return with_state(text, tenant, next_state(tenant, known(tenant, manifest.tenants).state, verb))

    return _plan(path, (tenant,), change)


def plan_addition(path: Path, tenant: str, fields: Mapping[str, object]) -> Edit:
    """The edit that adds a tenant; `fields` are those of the manifest, without what is left to the defaults."""
    return _plan(path, (tenant,), lambda text, _: with_tenant(text, tenant, fields))


def plan_additions(path: Path, tenants: Mapping[str, Mapping[str, object]]) -> Edit:
    """The edit that adds several tenants at once, none where a single one cannot be added."""
    return _plan(path, tuple(tenants), lambda text, _: with_tenants(text, tenants))


def known(tenant: str, tenants: Mapping[str, T]) -> T:
    """The tenant of this id.

    Raises:
        UnknownTenant: there is none; names the nearest id.
    """
    if tenant not in tenants:
        near = get_close_matches(tenant[:100], list(tenants), n=1)
        hint = f"did you mean {near[0]}?" if near else "see: tenant-keys tenant list"
        raise UnknownTenant(f"tenants.yaml tenants: no tenant {tenant}; {hint}")
    return tenants[tenant]


def _plan(path: Path, tenants: tuple[str, ...], change: Callable[[str, Manifest], str]) -> Edit:
    """An edit of one file: the one that holds the tenant, which is the manifest itself for a new one."""
    written, lock_path = read_written(path), path.with_suffix(".lock")
    manifests = parse_each(written)
    whose = _key_account(tenants, manifests)
    manifest = manifests[whose]
    lock_text = read_lock_text(lock_path)
    lock = parse_lock(lock_text, lock_path.name)
    edited = spoken_of = written
    part = written.holder(tenants[0]) if tenants else written.main
    try:
        before = _estate(resolve_each(manifests, lock), whose)
        edited = spoken_of = written.with_text(part, _changed(part, manifest, change))
        after = parse_each(edited)
        _check_the_rest(manifests, after, tenants)
        new_lock, done = update_each(after, lock, reserved_sizes)
    except LockError as error:
        raise spoken_of.lock_error(error, lock_path.name, lock_text) from None
    changed = edited.parts[written.parts.index(part)]
    files = {part.path or path: (part.text, changed.text), lock_path: (lock_text, render_lock(new_lock))}
    return Edit(tenants, before, _estate(resolve_each(after, new_lock), whose), files, tuple(done))


def _key_account(tenants: tuple[str, ...], manifests: Manifests) -> str | None:
    """The key account of the tenant; of a new one, which names none, the first of the list."""
    holding = (name for name, one in manifests.items() if tenants and tenants[0] in one.tenants)
    return next(holding, next(iter(manifests)))


def _estate(estates: tuple[Estate, ...], key_account: str | None) -> Estate:
    return next(one for one in estates if one.key_account == key_account)


def _changed(part: Part, manifest: Manifest, change: Callable[[str, Manifest], str]) -> str:
    """The text after the change; what refuses it names the file that it is about."""
    try:
        return change(part.text, manifest)
    except OperationError as error:
        raise type(error)(str(error).replace(USUAL, part.name)) from None


def _check_the_rest(old: Manifests, new: Manifests, edited: tuple[str, ...]) -> None:
    """Whatever the layout, an edit of some tenants changes nothing else."""
    those = frozenset(edited)
    before, after = (
        {
            name: msgspec.structs.replace(one, tenants={i: each for i, each in one.tenants.items() if i not in those})
            for name, one in manifests.items()
        }
        for manifests in (old, new)
    )
    if before != after:
        first = edited[0] if edited else ""
        raise EditRefused(f"tenants.yaml tenants.{first}: its layout cannot be edited safely; edit it by hand")


def _replace(path: Path, text: str) -> None:
    """Keeps a byte order mark that the file begins with."""
    mark = _MARK if path.read_bytes().startswith(_MARK) else b""
    replace_file(path, mark + text.encode("utf-8"))
