"""Mutations that change nothing anybody could see: listed by hand, each with its reason."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

LIST: Final = Path(__file__).with_name("equivalents.txt")


def equivalents() -> dict[str, str]:
    """Id to reason: a line each, the reason indented below it. Empty lines and lines with `#` are skipped.

    Raises:
        ValueError: an id without a reason, a reason without an id, an id given twice.
    """
    found: dict[str, str] = {}
    last = None
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            if last is not None or line in found:
                raise ValueError(f"{LIST.name}: {line}: listed twice, or the one before has no reason")
            last = line
        elif last is None:
            raise ValueError(f"{LIST.name}: {line.strip()}: a reason of no mutation")
        else:
            found[last], last = line.strip(), None
    if last is not None:
        raise ValueError(f"{LIST.name}: {last}: no reason")
    return found


def stale(listed: Collection[str], folder: str, existing: Collection[str]) -> list[str]:
    """Listed ids of a folder (a path from its source root) of which the code has no mutation any more."""
    return [identifier for identifier in listed if identifier.startswith(f"{folder}/") and identifier not in existing]
