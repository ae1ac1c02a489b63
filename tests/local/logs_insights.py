"""The part of Logs Insights QL that the questions use, run on records; anything else is an error.

No library runs the language: ministack leaves `stats` out. From the CloudWatch Logs guide, CWL_QuerySyntax-Filter,
-Stats, -Sort, -Fields and -operations-functions: a field that a record does not have makes a comparison false, `like`
searches, `and` binds closer than `or`. A name that no record has is an error here, where AWS answers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]
Test = Callable[[Record], bool]
_AGGREGATES: dict[str, Callable[[list[str]], Any]] = {"count": len, "sortsFirst": min, "sortsLast": max}
_TOKEN = re.compile(r'\s*(/(?:[^/\\]|\\.)*/|"[^"]*"|[A-Za-z][\w.@]*|[()\[\],=*])')
_CLAUSE = re.compile(r"(count|sortsFirst|sortsLast)\((\*|[\w.]+)\) as (\w+)")


def run(query: str, records: list[Record]) -> list[Record]:
    """Rows by the names of their columns, in order."""
    rows = records
    for command in query.split("\n| "):
        name, _, rest = command.strip().partition(" ")
        rows = _COMMANDS[name](rest.replace("\n", " "), rows)
    return rows


def value(record: Record, path: str) -> Any:
    """Of a field with dots, as Logs Insights names what is below another in JSON; None where it is missing."""
    if path in record:
        return record[path]
    for part in path.split("."):
        record = record.get(part) if isinstance(record, dict) else None  # type: ignore[assignment]
    return record


def _filter(text: str, rows: list[Record]) -> list[Record]:
    tokens = _tokens(text)
    test = _either(tokens, rows)
    if tokens:
        raise ValueError(f"not understood: {tokens}")
    return [row for row in rows if test(row)]


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not understood: {text[at:]}")
        found.append(match[1])
        at = match.end()
    return found


def _either(tokens: list[str], rows: list[Record]) -> Test:
    tests = [_all(tokens, rows)]
    while tokens[:1] == ["or"]:
        tokens.pop(0)
        tests.append(_all(tokens, rows))
    return lambda row: any(test(row) for test in tests)


def _all(tokens: list[str], rows: list[Record]) -> Test:
    tests = [_one(tokens, rows)]
    while tokens[:1] == ["and"]:
        tokens.pop(0)
        tests.append(_one(tokens, rows))
    return lambda row: all(test(row) for test in tests)


def _one(tokens: list[str], rows: list[Record]) -> Test:
    if tokens[0] == "not":
        tokens.pop(0)
        inner = _one(tokens, rows)
        return lambda row: not inner(row)
    if tokens[0] == "ispresent":
        _, opening, field, closing = (tokens.pop(0) for _ in range(4))
        if (opening, closing) != ("(", ")"):
            raise ValueError(f"not understood: ispresent {opening} {field} {closing}")
        return lambda row: value(row, field) is not None
    field, operator = tokens.pop(0), tokens.pop(0)
    if not any(value(row, field) is not None for row in rows):
        raise KeyError(field)
    if operator == "=":
        wanted = tokens.pop(0).strip('"')
        return lambda row: value(row, field) == wanted
    if operator == "like":
        pattern = re.compile(tokens.pop(0)[1:-1])
        return lambda row: value(row, field) is not None and pattern.search(str(value(row, field))) is not None
    if operator == "in":
        end = tokens.index("]")
        listed = [one.strip('"') for one in tokens[1:end] if one != ","]
        del tokens[: end + 1]
        return lambda row: value(row, field) in listed
    raise ValueError(f"not understood: {field} {operator}")


def _stats(text: str, rows: list[Record]) -> list[Record]:
    clauses, _, names = text.partition(" by ")
    asked = [_CLAUSE.fullmatch(one) for one in clauses.split(", ")]
    by = names.split(", ")
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for row in rows:
        groups.setdefault(tuple(value(row, name) for name in by), []).append(row)
    found = []
    for key, members in groups.items():
        row = dict(zip(by, key, strict=True))
        for clause in asked:
            if clause is None:
                raise ValueError(f"not understood: {clauses}")
            row[clause[3]] = _AGGREGATES[clause[1]]([str(value(one, clause[2])) for one in members])
        found.append(row)
    return found


def _sort(text: str, rows: list[Record]) -> list[Record]:
    field, direction = text.split(" ")
    return sorted(rows, key=lambda row: value(row, field), reverse={"asc": False, "desc": True}[direction])


def _fields(text: str, rows: list[Record]) -> list[Record]:
    return [{name: value(row, name) for name in text.split(", ")} | {"eventTime": row["eventTime"]} for row in rows]


_COMMANDS: dict[str, Callable[[str, list[Record]], list[Record]]] = {
    "filter": _filter,
    "stats": _stats,
    "sort": _sort,
    "fields": _fields,
}
