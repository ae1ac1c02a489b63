"""The versions that a new estate is pinned to: those of the tool that makes it, and of all that the tool brings."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

TOOL = "tenant-keys-local"
"""Brings the app, the client and the local AWS, all of its own version."""
APP = "tenant-keys"


def pins() -> list[str]:
    """`name==version` of the tool first, then of every distribution that it needs here, sorted.

    What is not installed as a distribution of its own (parts of a development checkout) is pinned by the tool alone.
    """
    found: dict[str, str] = {}
    waiting = [Requirement(TOOL), Requirement(APP)]
    while waiting:
        asked = waiting.pop()
        name = _normal(asked.name)
        if name in found or (asked.marker and not asked.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
        extras = asked.extras or {""}
        needed = [Requirement(text) for text in requires(name) or ()]
        waiting += [
            Requirement(f"{each.name}{_with(each.extras)}")
            for each in needed
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
        ]
    others = sorted(f"{name}=={number}" for name, number in found.items() if name not in (TOOL, APP))
    return [f"{TOOL}=={version(APP)}", f"{APP}=={version(APP)}", *others]


def _with(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""


def _normal(name: str) -> str:
    """As PyPI compares names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
