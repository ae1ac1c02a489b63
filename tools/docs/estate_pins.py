"""What `tenant-keys init` pins: the part of requirements.txt that an installed tool needs."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

PAGE: Final = Path("tenant_keys/operations/new_estate/templates/requirements.txt")
_PROJECTS: Final = (
    Path("pyproject.toml"),
    Path("packages/client/pyproject.toml"),
    Path("packages/local/pyproject.toml"),
)
_HEADER: Final = "# What the tool needs, with hashes for every platform. `make upgrade VERSION=...` writes this file.\n"


def estate_requirements() -> str:
    """The lines of requirements.txt for what the three distributions need, and what that needs."""
    wanted = needed()
    entries = re.split(r"\n(?=[a-z0-9])", Path("requirements.txt").read_text("utf-8").rstrip("\n"))
    kept = [re.sub(r"\n    # via.*", "", entry, flags=re.DOTALL) for entry in entries if _name(entry) in wanted]
    return _HEADER + "\n".join(kept) + "\n"


def needed() -> set[str]:
    """Names as PyPI compares them (PEP 503). What is not installed here, such as another platform's, is a leaf."""
    waiting = [
        Requirement(text)
        for project in _PROJECTS
        for text in tomllib.loads(project.read_text("utf-8"))["project"]["dependencies"]
    ]
    found: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        asked = waiting.pop()
        name = _name(asked.name)
        if name.startswith("tenant-keys") or (name, frozenset(asked.extras)) in found:
            continue
        found.add((name, frozenset(asked.extras)))
        try:
            further = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        extras = asked.extras or {""}
        waiting += [each for each in further if each.marker is None or any(_may_hold(each, extra) for extra in extras)]
    return {name for name, _ in found}


def _may_hold(asked: Requirement, extra: str) -> bool:
    """Whether the requirement is asked for with the extra, on some platform or version of Python."""
    marker = str(asked.marker)
    if "extra" in marker:
        return f'extra == "{extra}"' in marker and bool(extra)
    return True


def _name(text: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", text)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""
