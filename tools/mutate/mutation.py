"""One change of a module of ours, and the id by which it is known when line numbers have moved."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

SHOWN = 40
"""Characters of a statement that are shown before and after what changed in it."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One thing changed in a module."""

    id: str
    """`file function: text {old → new} text`, unique in the project."""
    file: str
    """The module, from the root of the repository."""
    kind: str
    """What was changed: `Compare`, `str`, `Return`, …"""
    lines: range | None
    """Lines of the statement that changed; None where it runs when the module is imported."""
    index: int
    """Which of the changes of its module it is."""


def reported(before: str, after: str) -> str:
    """The difference of two statements in one line: `if size {> → >=} limit:`."""
    old, new = _words(before), _words(after)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    head, tail = "".join(old[:start]), "".join(old[len(old) - end :])
    removed, added = "".join(old[start : len(old) - end]), "".join(new[start : len(new) - end])
    return f"{head[-SHOWN:]}{{{_short(removed)} → {_short(added)}}}{tail[:SHOWN]}".strip()


def header(statement: ast.stmt) -> str:
    """A statement in one line, without the statements in it."""
    bare = {name: [ast.Pass()] if name == "body" else [] for name in ("body", "orelse", "finalbody", "handlers")}
    fields = {name: bare.get(name, value) for name, value in ast.iter_fields(statement)}
    if isinstance(statement, ast.Match):
        fields["cases"] = [ast.match_case(pattern=ast.MatchAs(), body=[ast.Pass()])]
    if "handlers" in fields:
        fields["finalbody"] = [ast.Pass()]
    text = ast.unparse(ast.fix_missing_locations(type(statement)(**fields)))
    return re.sub(r"\s+", " ", text).removesuffix(" pass")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]+", text)


def _short(text: str) -> str:
    return text if len(text) <= 2 * SHOWN else f"{text[:SHOWN]}…{text[-SHOWN:]}"
