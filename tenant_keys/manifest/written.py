"""A manifest as it is written: the file itself, the base that it extends, and files with tenants beside it.

Merged it is one document; an error points at the file and the line in which the value is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

import msgspec
from msgspec.structs import replace

from tenant_keys.manifest.errors import LOCK_FILE, LockError, Path, Problem
from tenant_keys.manifest.lines import locate
from tenant_keys.manifest.model import FILES_BELOW
from tenant_keys.manifest.read_part import Part, part_of, read_part

USUAL = "tenants.yaml"
EXTENDS, TENANTS, TENANTS_FROM = "extends", "tenants", "tenants_from"


class Written(msgspec.Struct, frozen=True):
    """The files of one manifest."""

    main: Part
    base: Part | None = None
    tenants: tuple[Part, ...] = ()
    """Files that hold tenants and nothing else."""
    problems: tuple[Problem, ...] = ()
    """Of the files together, each with its file; those of one file are in its part."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every file, the manifest first."""
        return (self.main, *([self.base] if self.base else []), *self.tenants)

    @property
    def document(self) -> object:
        """The whole: fields of the manifest over those of the base, and the tenants of all files."""
        whole = self.main.document
        if not isinstance(whole, dict) or not (self.base or self.tenants):
            return whole
        if self.base is not None and isinstance(self.base.document, dict):
            whole = _over(self.base.document, whole)
        if not self.tenants:
            return whole
        merged = dict(_mapping(whole.get(TENANTS)))
        for part in self.tenants:
            for tenant, fields in _mapping(_mapping(part.document).get(TENANTS)).items():
                merged.setdefault(tenant, fields)
        return {**whole, TENANTS: merged}

    def with_text(self, part: Part, text: str) -> Written:
        """The same with another text of one file."""
        new = part_of(text, part.name, part.path)
        if part is self.main:
            return replace(self, main=new)
        return replace(self, tenants=tuple(new if each is part else each for each in self.tenants))

    def holder(self, tenant: str) -> Part:
        """The file in which a tenant is; the manifest itself where it is in none."""
        for part in self.tenants:
            if tenant in _mapping(_mapping(part.document).get(TENANTS)):
                return part
        return self.main

    def locate(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems in their order, with file and line: where the value is, or the nearest thing around it."""
        found = list(problems)
        by_part: dict[str, list[int]] = {}
        for number, problem in enumerate(found):
            if not problem.file:
                by_part.setdefault(self._part(problem.path).name, []).append(number)
        for part in self.parts:
            numbers = by_part.get(part.name, [])
            located = locate(part.text, [found[number] for number in numbers])
            for number, problem in zip(numbers, located, strict=True):
                found[number] = replace(problem, file=part.name)
        return found

    def lock_error(self, error: LockError, lock_name: str, lock_text: str) -> LockError:
        """An error of the lock with the lines of all the files that it speaks of."""
        problems = []
        for located in self.locate(error.problems):
            problem = replace(located, message=self._of_this_estate(located.message, lock_name))
            if problem.line or not problem.path or not problem.file.endswith(".lock"):
                problems.append(replace(problem, file=lock_name) if problem.file.endswith(".lock") else problem)
                continue
            start = lock_text.find(f'{{"tenant": "{problem.path[0]}",')
            line = lock_text.count("\n", 0, start) + 1 if start >= 0 else 0
            problems.append(replace(problem, file=lock_name, line=line))
        return LockError(problems)

    def _of_this_estate(self, message: str, lock_name: str) -> str:
        """A message names the files of `tenants.yaml`, and commands that read it; another estate has its own."""
        if self.main.name == USUAL:
            return message
        option = f"tenant-keys lock --manifest {self.main.path or self.main.name}"
        return message.replace(LOCK_FILE, lock_name).replace("tenant-keys lock", option)

    def _part(self, path: Path) -> Part:
        if path[:1] == (TENANTS,) and len(path) > 1:
            return self.holder(str(path[1]))
        if self.base is not None and _depth(self.base.document, path) > _depth(self.main.document, path):
            return self.base
        return self.main


def read_written(file: FilePath) -> Written:
    """The manifest in a file, with the files that it names.

    Raises:
        ManifestError: a file cannot be read, or is no document of YAML.
    """
    main = read_part(file, file.name or str(file))
    document = _mapping(main.document)
    base = _base(file, document.get(EXTENDS))
    tenants = tuple(_tenant_files(file, document.get(TENANTS_FROM)))
    written = Written(main, base, tenants)
    return replace(written, problems=(*_unusable(file, main), *_misplaced(written), *_given_twice(written)))


def _unusable(file: FilePath, main: Part) -> Iterator[Problem]:
    """Names of files that are not there, or lead out of the folder: what decides about keys is in one place."""
    document = _mapping(main.document)
    patterns = document.get(TENANTS_FROM)
    named: list[tuple[Path, object]] = [((EXTENDS,), document.get(EXTENDS))]
    named += [((TENANTS_FROM, number), each) for number, each in enumerate(patterns if type(patterns) is tuple else ())]
    for path, name in named:
        if not _is_name(name):
            continue  # the model says what a name is
        if not _inside(file.parent, str(name)):
            yield from _in(main, path, f"got {name}, a link that leads out of the folder; put the file there")
        elif "*" not in str(name) and not (file.parent / str(name)).is_file():
            yield from _in(main, path, f"got {name}, which is not a file beside or below {main.name}; correct the name")


def _base(file: FilePath, named: object) -> Part | None:
    """Only what can be read is read."""
    if not (_is_name(named) and _inside(file.parent, str(named)) and (file.parent / str(named)).is_file()):
        return None
    return read_part(file.parent / str(named), str(named))


def _tenant_files(file: FilePath, patterns: object) -> Iterator[Part]:
    seen: set[str] = set()
    for pattern in patterns if isinstance(patterns, tuple) else ():
        if not (_is_name(pattern) and _inside(file.parent, str(pattern))):
            continue
        paths = [path for path in file.parent.glob(str(pattern)) if path.is_file()]
        for name in sorted(path.relative_to(file.parent).as_posix() for path in paths):
            if name not in seen:
                seen.add(name)
                yield read_part(file.parent / name, name)


def _is_name(value: object) -> bool:
    """Whether the model takes it for a name or a pattern: neither absolute, nor above the folder."""
    return isinstance(value, str) and re.fullmatch(FILES_BELOW, value) is not None


def _inside(folder: FilePath, name: str) -> bool:
    """Whether what a name represents is in the folder of the manifest, links followed."""
    return all(each.resolve().is_relative_to(folder.resolve()) for each in folder.glob(name))


def _misplaced(written: Written) -> Iterator[Problem]:
    """What a base or a file of tenants may not hold."""
    if written.base is not None:
        for field in (TENANTS, EXTENDS, TENANTS_FROM):
            if field in _mapping(written.base.document):
                message = f"is in the base of {written.main.name}; write it there: a base has what estates share"
                yield from _in(written.base, (field,), message)
    for part in written.tenants:
        document = part.document
        if not isinstance(document, dict) or not isinstance(document.get(TENANTS), dict):
            yield Problem((), "got no tenants; this file holds one mapping, `tenants:`", 1, part.name)
            continue
        for field in document:
            if field != TENANTS:
                yield from _in(part, (field,), f"is not a tenant; write it in {written.main.name}")


def _given_twice(written: Written) -> Iterator[Problem]:
    own = _mapping(_mapping(written.main.document).get(TENANTS))
    first = dict.fromkeys(own, written.main.name)
    for part in written.tenants:
        for tenant in _mapping(_mapping(part.document).get(TENANTS)):
            if tenant in first:
                yield from _in(part, (TENANTS, tenant), f"is in {first[tenant]} too; keep one of the two")
            first.setdefault(tenant, part.name)


def _in(part: Part, path: Path, message: str) -> Iterator[Problem]:
    for problem in locate(part.text, [Problem(path, message)]):
        yield replace(problem, file=part.name)


def _over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged field by field; a list or a plain value of the estate's own takes the base's place."""
    merged = dict(base)
    for name, value in own.items():
        below = merged.get(name)
        merged[name] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _depth(document: object, path: Path) -> int:
    """How many steps of a path a document has."""
    here: Any = document
    steps: tuple[Any, ...] = path
    for number, step in enumerate(steps):
        if (isinstance(here, dict) and step in here) or (
            isinstance(here, tuple) and isinstance(step, int) and step < len(here)
        ):
            here = here[step]
        else:
            return number
    return len(path)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
