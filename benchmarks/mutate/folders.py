"""Which tests judge which folder, and how much of what is broken in it they must notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of our code and its tests."""

    code: str
    tests: tuple[str, ...]
    """Folders and files, those first that fail soonest."""
    target: int
    """Percent of the mutations that the tests must notice."""


FOLDERS: Final = (
    Folder("tenant_keys/policy", ("tests/policy",), 95),
    Folder("tenant_keys/review/iam", ("tests/review/iam", "tests/policy"), 95),
    Folder("tenant_keys/review/proof", ("tests/review/proof", "tests/review/mutations"), 95),
    Folder("constructs", ("tests/constructs", "tests/stacks", "tests/policy"), 90),
    Folder("stacks", ("tests/stacks", "tests/policy"), 90),
    Folder("tenant_keys/manifest", ("tests/manifest", "tests/policy", "tests/operations/test_manifest_edit.py"), 90),
    Folder("tenant_keys/client", ("tests/client",), 90),
)
