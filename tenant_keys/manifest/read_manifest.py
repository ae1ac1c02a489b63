"""Reads `tenants.yaml` into a `Manifest`, one for each key account, or raises every error at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath

import msgspec
from msgspec.structs import replace

from tenant_keys.manifest.consistency import inconsistencies
from tenant_keys.manifest.errors import ManifestError, Path, Problem
from tenant_keys.manifest.garbage_collection import collection_paused
from tenant_keys.manifest.key_accounts import Manifests, check_together, lists_key_accounts, shares_of
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.read_part import part_of
from tenant_keys.manifest.warnings import warnings
from tenant_keys.manifest.written import EXTENDS, TENANTS_FROM, Written, read_written


class SeveralKeyAccounts(ManifestError):
    """Raised when a manifest lists several key accounts where one is wanted."""


def load_manifest(path: str | FilePath) -> Manifest:
    """The manifest in the file, with the files that it names, of one key account as for `load_estate`.

    Raises:
        SeveralKeyAccounts: it lists several, and the path names none of them.
        ManifestError: with all that is wrong.
    """
    file, name = named_key_account(path)
    manifests = load_manifests(file)
    if name is None and len(manifests) == 1:
        return next(iter(manifests.values()))
    if name is not None and name in manifests:
        return manifests[name]
    raise several_key_accounts(file, list(manifests), name)


def load_manifests(path: str | FilePath) -> Manifests:
    """The manifest of each key account in the file; raises `ManifestError` with all that is wrong."""
    with collection_paused():
        return parse_each(read_written(FilePath(path)))


def manifests_and_warnings(path: str | FilePath) -> tuple[Manifests, list[Problem]]:
    """The manifest of each key account in the file, and what they accept and a reviewer should know, with its line.

    Raises:
        ManifestError: with all that is wrong.
    """
    with collection_paused():
        written = read_written(FilePath(path))
        manifests = parse_each(written)
    found: list[Problem] = []
    for index, (name, manifest) in enumerate(manifests.items()):
        found += [replace(one, path=_of_list(one.path, index)) if name else one for one in warnings(manifest)]
    return manifests, written.locate(found)


def _of_list(path: Path, index: int) -> Path:
    return ("central", index, *path[1:]) if path[:1] == ("central",) else path


def parse_manifest(text: str, name: str = "tenants.yaml") -> Manifest:
    """The manifest in a text that names no other file; raises `ManifestError` with all that is wrong."""
    with collection_paused():
        return parse_written(Written(part_of(text, name)))


def parse_written(written: Written) -> Manifest:
    """The manifest of the one key account in its files; raises `ManifestError` with all that is wrong in any."""
    manifests = parse_each(written)
    if len(manifests) > 1:
        raise several_key_accounts(FilePath(written.main.name), list(manifests), None)
    return next(iter(manifests.values()))


def parse_each(written: Written) -> Manifests:
    """The manifest of each key account in its files; raises `ManifestError` with all that is wrong in any of them."""
    problems = [replace(each, file=part.name) for part in written.parts for each in part.problems]
    problems += written.problems
    if written.main.path is None:
        named = written.main.document if isinstance(written.main.document, dict) else {}
        message = "names another file, and a text has none beside it; read the manifest from its file"
        problems += [Problem((field,), message) for field in (EXTENDS, TENANTS_FROM) if field in named]
    document = written.document
    if not lists_key_accounts(document):
        manifest, problems, more = _checked(document, problems)
        if manifest is not None:
            return {None: manifest}
        raise ManifestError(written.locate(problems), more)
    return _several_checked(written, document, problems)


def _several_checked(written: Written, document: dict[str, object], problems: list[Problem]) -> Manifests:
    shares, found = shares_of(document)
    manifests: dict[str | None, Manifest] = {}
    problems, more = [*problems, *found], 0
    for share in shares:
        manifest, wrong, further = _checked(share.document, [])
        if manifest is not None:
            manifests[share.name] = manifest
        problems += [replace(one, path=share.path_in_whole(one.path)) for one in wrong]
        more += further
    if shares and len(manifests) == len(shares):
        problems += check_together(manifests)
    if problems:
        # What all shares have in common is wrong in each of them.
        raise ManifestError(written.locate(dict.fromkeys(problems)), more)
    return manifests


def _checked(document: object, problems: list[Problem]) -> tuple[Manifest | None, list[Problem], int]:
    """The manifest in a document with one key account, or all that is wrong, and how much more is."""
    try:
        manifest = msgspec.convert(document, Manifest)
    except msgspec.ValidationError:
        pass
    else:
        problems = problems or inconsistencies(manifest)
        if not problems:
            return manifest, [], 0
    from tenant_keys.manifest.explain import explain  # with what it needs, which a sound manifest does without

    return None, *explain(document, problems)


def manifest_file(path: str | FilePath) -> FilePath:
    """The file of a manifest that is given as `tenants.yaml` or `tenants.yaml#NAME`."""
    return named_key_account(path)[0]


def named_key_account(path: str | FilePath) -> tuple[FilePath, str | None]:
    """The file, and the key account after a `#`."""
    file = FilePath(path)
    before, hash_, name = file.name.rpartition("#")
    return (file.with_name(before), name) if hash_ and before and not file.exists() else (file, None)


def several_key_accounts(file: FilePath, names: Sequence[str | None], wanted: str | None) -> SeveralKeyAccounts:
    listed = ", ".join(str(name) for name in names if name is not None)
    if wanted is not None:
        message = f"got {wanted}, which is not a key account of it; allowed: {listed or 'none, central is one account'}"
        return SeveralKeyAccounts([Problem(("central",), message, 0, file.name)])
    message = f"lists the key accounts {listed}, and this command takes one; name it: {file.name}#{names[0]}"
    return SeveralKeyAccounts([Problem(("central",), message, 0, file.name)])
