"""Reads `tenants.yaml` into a `Manifest`, and with its lock into an `Estate`, or raises every error at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath

from pydantic import ValidationError

from tenant_keys.manifest.consistency import inconsistencies
from tenant_keys.manifest.errors import LockError, ManifestError, Problem
from tenant_keys.manifest.estate import Estate
from tenant_keys.manifest.explain import MOST_DETAILS, explain
from tenant_keys.manifest.garbage_collection import collection_paused
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.partial_validation import problems_between_sound_fields
from tenant_keys.manifest.read_lock import parse_lock, read_lock_text
from tenant_keys.manifest.read_part import LARGEST, part_of, read_text
from tenant_keys.manifest.resolve import resolve
from tenant_keys.manifest.warnings import warnings
from tenant_keys.manifest.written import EXTENDS, TENANTS_FROM, Written, read_written

__all__ = [
    "LARGEST",
    "load_estate",
    "load_manifest",
    "located_warnings",
    "parse_manifest",
    "parse_written",
    "read_text",
]


def load_estate(path: str | FilePath) -> Estate:
    """The estate of a manifest and of the lock beside it (`tenants.yaml`, `tenants.lock`); raises `EstateError`."""
    with collection_paused():
        file = FilePath(path)
        written = read_written(file)
        manifest = parse_written(written)
        lock_file = file.with_suffix(".lock")
        lock_text = read_lock_text(lock_file)
        lock = parse_lock(lock_text, lock_file.name)
        try:
            return resolve(manifest, lock)
        except LockError as error:
            raise written.lock_error(error, lock_file.name, lock_text) from None


def load_manifest(path: str | FilePath) -> Manifest:
    """The manifest in the file, with the files that it names; raises `ManifestError` with all that is wrong."""
    with collection_paused():
        return parse_written(read_written(FilePath(path)))


def located_warnings(path: str | FilePath) -> list[Problem]:
    """What the manifest in the file accepts and a reviewer should know, each with its line; raises `ManifestError`."""
    written = read_written(FilePath(path))
    return written.locate(warnings(parse_written(written)))


def parse_manifest(text: str, name: str = "tenants.yaml") -> Manifest:
    """The manifest in a text that names no other file; raises `ManifestError` with all that is wrong."""
    with collection_paused():
        return parse_written(Written(part_of(text, name)))


def parse_written(written: Written) -> Manifest:
    """The manifest in its files; raises `ManifestError` with all that is wrong in any of them."""
    problems = [replace(each, file=part.name) for part in written.parts for each in part.problems]
    problems += written.problems
    if written.main.path is None:
        named = written.main.document if isinstance(written.main.document, dict) else {}
        message = "names another file, and a text has none beside it; read the manifest from its file"
        problems += [Problem((field,), message) for field in (EXTENDS, TENANTS_FROM) if field in named]
    document = written.document
    more = 0
    try:
        manifest = Manifest.model_validate(document)
        if not problems:
            problems = inconsistencies(manifest)
            if not problems:
                return manifest
    except ValidationError as error:
        reported = {problem.path for problem in problems}
        problems += [problem for problem in explain(error, document) if problem.path not in reported]
        more = max(0, error.error_count() - MOST_DETAILS)
    if not more:
        reported = {problem.path for problem in problems}
        problems += [
            problem for problem in problems_between_sound_fields(document, problems) if problem.path not in reported
        ]
    raise ManifestError(written.locate(problems), more)
