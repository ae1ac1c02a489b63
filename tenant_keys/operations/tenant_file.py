"""Tenants from a system of record: a file of CSV or of JSON lines, in the words of the manifest."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest.errors import Problem, shortened, shown_key
from tenant_keys.manifest.json_line import parse_json_line
from tenant_keys.manifest.read_part import LARGEST
from tenant_keys.manifest.unseen_characters import find_unseen
from tenant_keys.operations.errors import OperationError

ID: Final = "id"
_LISTS: Final = ("workloads",)
_NUMBERS: Final = ("rotation_days", "deletion_window_days", "unused_days_before_deletion")
_PLAIN: Final = ("decrypt_by", "opaque")
_FLAGS: Final = ("multi_region", "opaque")
_OF_KEY: Final = ("origin", "multi_region", "region", "import_role", "expires")
_FIELDS: Final = (*_LISTS, *_NUMBERS, *_PLAIN, "key", "tags")
COLUMNS: Final = (ID, *_LISTS, *_NUMBERS, *_PLAIN, *(f"key.{name}" for name in _OF_KEY), "tags.NAME")
"""Of a CSV file; of JSON lines the fields are `id` and those of a tenant in the manifest, but for its state."""


class TenantFileRefused(OperationError):
    """Raised when lines of a file of tenants cannot be read or added; holds all of them, each with its line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class TenantFile:
    """What a file says of each tenant."""

    name: str
    tenants: Mapping[str, Mapping[str, object]]
    """Id to fields, as the manifest has them."""
    lines: Mapping[str, int]
    problems: tuple[Problem, ...] = ()
    """Of lines that are not understood; the tenants are those of the others."""

    def problem(self, tenant: str, message: str) -> Problem:
        """A problem of this tenant, with its line."""
        return Problem((tenant,), message, self.lines[tenant], self.name)


def read_tenants(path: Path) -> TenantFile:
    """The tenants in the file. A line that says the same of a tenant as an earlier one is no error.

    Raises:
        TenantFileRefused: the file is not text, or contains characters that editors do not show.
        OperationError: its name says neither of the two formats, or it is too large.
        OSError: it cannot be read.
    """
    readers = {".csv": _csv_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise OperationError(f"{path}: got {path.suffix or 'no extension'}; allowed: {', '.join(readers)}")
    text = _text(path)
    tenants: dict[str, Mapping[str, object]] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    rows = 0
    for line, row in reader(text, path.name, problems):
        rows += 1
        tenant = row.pop(ID, None)
        if not isinstance(tenant, str) or not tenant:
            problems.append(Problem((ID,), f"got {_shown(tenant)}; allowed: the tenant's id, as text", line, path.name))
            continue
        for unknown in [field for field in row if field not in _FIELDS]:
            message = f"is not a field of a new tenant; allowed: {', '.join(_FIELDS)}"
            problems.append(Problem((tenant, unknown), message, line, path.name))
            del row[unknown]
        if tenants.get(tenant, row) != row:
            problems.append(Problem((tenant,), f"differs from line {lines[tenant]}; keep one", line, path.name))
            continue
        tenants.setdefault(tenant, row)
        lines.setdefault(tenant, line)
    if not rows and not problems:
        problems.append(Problem((), "holds no tenant", 0, path.name))
    return TenantFile(path.name, tenants, lines, tuple(problems))


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OperationError(f"{path}: larger than {LARGEST // 1024 // 1024} MB; split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TenantFileRefused([Problem((), "not UTF-8; save the file as UTF-8", line, path.name)]) from None
    if unseen := find_unseen(text):
        raise TenantFileRefused([Problem((), unseen[1], unseen[0], path.name)])
    return text


_Rows = Iterator[tuple[int, dict[str, Any]]]


def _json_rows(text: str, name: str, problems: list[Problem]) -> _Rows:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = parse_json_line(line)
        except (ValueError, RecursionError) as error:
            reason = str(error) if type(error) is ValueError else "not one line of JSON"
            problems.append(Problem((), f"{reason}; write one object a line", number, name))
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            problems.append(Problem((), f"got {_shown(row)}; allowed: an object with id", number, name))


def _csv_rows(text: str, name: str, problems: list[Problem]) -> _Rows:
    """The first line names the columns; an empty cell says nothing; a list is separated by blanks or semicolons."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [column.strip() for column in next(reader, [])]
        known = {*COLUMNS}
        unknown = [column for column in columns if column not in known and not _is_tag(column)]
        problems += [
            Problem((column,), f"unknown column; allowed: {', '.join(COLUMNS)}", 1, name)
            for column in unknown + [each for each in {*columns} if columns.count(each) > 1 and each not in unknown]
        ]
        if ID not in columns:
            problems.append(Problem((), f"the first line has no column {ID}; it names the columns", 1, name))
        if problems:
            return
        line = reader.line_num
        for cells in reader:
            begins, line = line + 1, reader.line_num
            if not any(cells):
                continue
            if len(cells) != len(columns):
                problems.append(Problem((), f"got {len(cells)} cells for {len(columns)} columns", begins, name))
                continue
            yield begins, _fields({column: cell.strip() for column, cell in zip(columns, cells, strict=True)})
    except csv.Error as error:
        problems.append(Problem((), f"not CSV: {error}", reader.line_num, name))


def _is_tag(column: str) -> bool:
    return column.startswith("tags.") and column != "tags."


def _fields(cells: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, cell in cells.items():
        if not cell:
            continue
        group, dot, name = column.partition(".")
        if dot:
            found.setdefault(group, {})[name] = _value(name, cell) if group == "key" else cell
        elif column in _LISTS:
            found[column] = cell.replace(";", " ").split()
        else:
            found[column] = _value(column, cell)
    return found


def _value(column: str, cell: str) -> object:
    """What the manifest takes for text stays text; it is checked there."""
    if column in _NUMBERS and cell.isascii() and cell.isdigit():
        return int(cell)
    if column in _FLAGS:
        return {"true": True, "false": False}.get(cell.lower(), cell)
    return cell


def _shown(value: object) -> str:
    return "nothing" if value is None else shown_key(shortened(json.dumps(value)))
