"""Reads one file of a manifest into a plain document, or raises what is wrong with its form."""

from __future__ import annotations

from pathlib import Path as FilePath

import msgspec
import yaml
from msgspec.structs import replace

from tenant_keys.manifest.document import Reader, Stopped, Unusable
from tenant_keys.manifest.errors import ManifestError, Problem
from tenant_keys.manifest.lines import locate
from tenant_keys.manifest.shown import show
from tenant_keys.manifest.unseen_characters import find_unseen

LARGEST = 16 * 1024 * 1024
"""Bytes of a manifest; 10,000 tenants take about one megabyte."""


class Part(msgspec.Struct, frozen=True):
    """One file, read."""

    name: str
    """As errors name it."""
    text: str
    document: object
    problems: tuple[Problem, ...] = ()
    """Of its form, each with its line."""
    path: FilePath | None = None
    """None of a text that is in no file."""


def read_part(file: FilePath, name: str) -> Part:
    """A file of a manifest; raises `ManifestError` for what is no document."""
    return part_of(read_text(file, name), name, file)


def part_of(text: str, name: str, path: FilePath | None = None) -> Part:
    """A text of a manifest; raises `ManifestError` for what is no document."""
    problems, document = _read(text, name)
    return Part(name, text, document, tuple(problems), path)


def read_text(file: FilePath, name: str = "") -> str:
    """The text of a file that a person wrote; raises `ManifestError` for what is not text."""
    name = name or file.name or str(file)
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
    if unseen := find_unseen(text):
        line, message = unseen
        raise ManifestError([Problem((), message, line, name)])
    reader: Reader | None = None
    try:
        reader = Reader(text)
        document = reader.read()
    except Stopped:
        raise _located(text, reader.problems if reader else [], name) from None
    except yaml.YAMLError as error:
        raise _located(text, [*(reader.problems if reader else []), _syntax(error, text)], name) from None
    if not isinstance(document, dict) and not reader.problems:
        message = "got an empty document" if isinstance(document, Unusable) else f"got {show(document)}"
        message += "; a manifest is a mapping with at least central, workloads and tenants"
        raise _located(text, [Problem((), message, 1)], name)
    return reader.problems, document


def _syntax(error: Exception, text: str) -> Problem:
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
