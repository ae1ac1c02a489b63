"""What is wrong with the manifest or the lock: every problem at once, each with its place and its fix."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

LOCK_FILE = "tenants.lock"
Path = tuple[str | int, ...]

MOST_SHOWN = 1_000
"""Problems kept of one file: beyond that the file is something else than a manifest."""


LONGEST_SHOWN = 60
"""Characters of a value or a key."""


class Problem(msgspec.Struct, frozen=True):
    """One thing to correct."""

    path: Path
    """Where in the document: `("workloads", "orders", "account")`."""
    message: str
    """What was found, what is allowed and the fix; lower case, no full stop."""
    line: int = 0
    """From 1; 0 where no line is known."""
    file: str = ""
    """File name; empty means the manifest."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (f"{where} {dotted(self.path)}".strip(), self.message) if part)


def dotted(path: Path) -> str:
    """`workloads.orders.regions[0]`, without line breaks whatever a key contains."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shown_key(part)}" for part in path)
    return text.removeprefix(".")


def shortened(text: str) -> str:
    """At most so much of a text as fits an error."""
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def shown_key(key: str) -> str:
    """A key as an error shows it: quoted where it would not read as one word, cut where it is long."""
    cut = shortened(key)
    return cut if cut.isascii() and cut.isprintable() and " " not in cut and cut else ascii(cut)


class EstateError(Exception):
    """Raised when `tenants.yaml` and `tenants.lock` do not make an estate; the base of all errors here."""

    def __init__(self, problems: Iterable[Problem], more: int = 0) -> None:
        found = sorted(problems, key=lambda problem: (problem.file.endswith(".lock"), problem.line))
        self.problems = tuple(found[:MOST_SHOWN])
        self.more = more + len(found) - len(self.problems)
        super().__init__("\n".join([*map(str, self.problems), *([f"and {self.more} more"] if self.more else [])]))


class ManifestError(EstateError):
    """Raised when `tenants.yaml` cannot be read or breaks a rule of its own."""


class LockError(EstateError):
    """Raised when `tenants.lock` cannot be read or does not match `tenants.yaml`."""
