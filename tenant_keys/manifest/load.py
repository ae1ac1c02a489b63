"""Reads `tenants.yaml` into a `Manifest`, and with its lock into an `Estate`, or raises every error at once."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path as FilePath

import yaml
from pydantic import ValidationError

from tenant_keys.manifest.consistency import inconsistencies
from tenant_keys.manifest.document import Reader, Stopped, Unusable
from tenant_keys.manifest.errors import LockError, ManifestError, Problem
from tenant_keys.manifest.estate import Estate
from tenant_keys.manifest.explain import MOST_DETAILS, explain, show
from tenant_keys.manifest.garbage_collection import collection_paused
from tenant_keys.manifest.lines import locate, with_lines
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.partial_validation import problems_between_sound_fields
from tenant_keys.manifest.read_lock import parse_lock, read_lock_text
from tenant_keys.manifest.resolve import resolve
from tenant_keys.manifest.warnings import warnings

LARGEST = 16 * 1024 * 1024
"""Bytes of a manifest; 10,000 tenants take about one megabyte."""
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def load_estate(path: str | FilePath) -> Estate:
    """The estate of a manifest and of the lock beside it (`tenants.yaml`, `tenants.lock`); raises `EstateError`."""
    with collection_paused():
        file = FilePath(path)
        text = read_text(file)
        manifest = parse_manifest(text, file.name)
        lock_file = file.with_suffix(".lock")
        lock_text = read_lock_text(lock_file)
        lock = parse_lock(lock_text, lock_file.name)
        try:
            return resolve(manifest, lock)
        except LockError as error:
            raise with_lines(error, (file.name, text), (lock_file.name, lock_text)) from None


def load_manifest(path: str | FilePath) -> Manifest:
    """The manifest in the file; raises `ManifestError` with all that is wrong."""
    file = FilePath(path)
    return parse_manifest(read_text(file), file.name)


def located_warnings(path: str | FilePath) -> list[Problem]:
    """What the manifest in the file accepts and a reviewer should know, each with its line; raises `ManifestError`."""
    file = FilePath(path)
    text = read_text(file)
    found = warnings(parse_manifest(text, file.name))
    return [replace(problem, file=file.name) for problem in locate(text, found)]


def parse_manifest(text: str, name: str = "tenants.yaml") -> Manifest:
    """The manifest in a text; raises `ManifestError` with all that is wrong."""
    with collection_paused():
        problems, document = _read(text, name)
        more = 0
        try:
            manifest = Manifest.model_validate(document)
            if not problems:
                problems = inconsistencies(manifest)
                if not problems:
                    return manifest
        except ValidationError as error:
            told = {problem.path for problem in problems}
            problems += [problem for problem in explain(error, document) if problem.path not in told]
            more = max(0, error.error_count() - MOST_DETAILS)
        if not more:
            told = {problem.path for problem in problems}
            problems += [
                problem for problem in problems_between_sound_fields(document, problems) if problem.path not in told
            ]
        raise _located(text, problems, name, more)


def read_text(file: FilePath) -> str:
    """The text of a file that a person wrote; raises `ManifestError` for what is not text."""
    name = file.name or str(file)
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise ManifestError([Problem((), f"{reason}; give the path of the manifest", 0, name)]) from None
    if len(data) > LARGEST:
        size = f"larger than {LARGEST // 1024 // 1024} MB"
        raise ManifestError([Problem((), f"{size}; 10,000 tenants take about one", 0, name)])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ManifestError([Problem((), "got UTF-16; save it as UTF-8", 1, name)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"got the byte 0x{data[error.start]:02x}, which is not UTF-8; save the file as UTF-8"
        raise ManifestError([Problem((), message, line, name)]) from None


def _read(text: str, name: str) -> tuple[list[Problem], object]:
    """The document, and what is wrong with its form."""
    reader: Reader | None = None
    try:
        reader = Reader(text)
        document = reader.read()
    except Stopped:
        raise _located(text, reader.problems if reader else [], name) from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise _located(text, [*(reader.problems if reader else []), _syntax(error, text)], name) from None
    if not isinstance(document, dict) and not reader.problems:
        message = "got an empty document" if isinstance(document, Unusable) else f"got {show(document)}"
        message += "; a manifest is a mapping with at least central, workloads and tenants"
        raise _located(text, [Problem((), message, 1)], name)
    return reader.problems, document


def _syntax(error: Exception, text: str) -> Problem:
    unprintable = _UNPRINTABLE.search(text)
    if isinstance(error, yaml.reader.ReaderError | UnicodeEncodeError) and unprintable:
        line = text.count("\n", 0, unprintable.start()) + 1
        return Problem((), f"got the character U+{ord(unprintable[0]):04X}, which YAML does not allow; remove it", line)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = min(mark.line + 1, text.count("\n") + 1) if mark else 1
    found = getattr(error, "problem", None) or str(error).splitlines()[0]
    context = getattr(error, "context", None)
    hint = "; indent with spaces, not tabs" if "cannot start any token" in found else ""
    return Problem((), f"not YAML: {context + ', ' if context else ''}{found}{hint}", line)


def _located(text: str, problems: list[Problem], name: str, more: int = 0) -> ManifestError:
    """The error to raise, each problem with its line."""
    problems = [replace(problem, file=name) for problem in locate(text, problems)]
    return ManifestError(problems, more)
