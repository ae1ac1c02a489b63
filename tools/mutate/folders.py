"""Which tests judge which folder, and how much of what is broken in it they must notice."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.mutate.mutation import Mutation
from tools.mutate.sites import mutations

ROOT: Final = Path(__file__).parents[2]
_pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCE_ROOTS: Final[tuple[str, ...]] = tuple(_pyproject["tool"]["pytest"]["ini_options"]["pythonpath"])
"""Folders from which our packages are imported."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A package of ours and its tests."""

    code: str
    """The package as a path from its source root."""
    tests: tuple[str, ...]
    """Folders and files, those first that fail soonest."""
    target: int
    """Percent of the mutations that the tests must notice."""
    later: tuple[str, ...] = ()
    """More slow tests."""
    beside: tuple[str, ...] = ()
    """Modules outside the package that belong to it."""

    def stages(self) -> list[tuple[str, ...]]:
        """Arguments of pytest: the tests for every mutation, then slow ones for those that survive what went before."""
        stages = [(*self.tests, "-m", "not slow and not exhaustive"), (*self.tests, "-m", "slow or exhaustive")]
        return [*stages, self.later] if self.later else stages

    def source_root(self) -> Path:
        """The folder that the package is imported from.

        Raises:
            ValueError: no source root has the package.
        """
        for root in SOURCE_ROOTS:
            if (ROOT / root / self.code).is_dir():
                return (ROOT / root).resolve()
        raise ValueError(f"{self.code}: in none of the source roots {', '.join(SOURCE_ROOTS)}")

    def files(self) -> list[Path]:
        """Its modules, and those beside it."""
        root = self.source_root()
        return [*sorted((root / self.code).rglob("*.py")), *(root / file for file in self.beside)]

    def mutations(self) -> list[Mutation]:
        """Every mutation of every module."""
        root = self.source_root()
        return [
            mutation
            for file in self.files()
            for mutation in mutations(
                file.read_text(encoding="utf-8"),
                name=file.relative_to(root).as_posix(),
                file=file.relative_to(ROOT).as_posix(),
            )
        ]


FOLDERS: Final = (
    Folder(
        "tenant_keys/policy",
        ("tests/policy", "tests/review/proof/test_detection.py"),
        95,
        later=(
            *("tests/local/test_detection.py", "tests/local/test_questions.py", "tests/stacks/test_deletion_hook.py"),
            "tests/review/proof/test_stack_set.py",
        ),
    ),
    Folder("tenant_keys/review/iam", ("tests/review/iam",), 95, beside=("tenant_keys/review/syntax.py",)),
    Folder(
        "tenant_keys/review/proof",
        ("tests/review/proof",),
        95,
        later=(
            *("tests/policy/test_custodian.py", "tests/policy/test_guardrails.py", "tests/policy/test_held_keys.py"),
            *("tests/stacks/test_changed_cells.py", "tests/review/mutations"),
        ),
    ),
    Folder(
        "tenant_constructs",
        ("tests/constructs", "tests/policy/test_limits.py", "tests/golden"),
        90,
        later=("tests/policy/test_audit.py", "tests/policy/test_guardrails.py"),
    ),
    Folder(
        "tenant_stacks",
        ("tests/stacks", "tests/golden"),
        90,
        later=("tests/policy/test_audit.py", "tests/policy/test_guardrails.py"),
    ),
    Folder("tenant_keys/manifest", ("tests/manifest",), 90),
    Folder("tenant_keys/client", ("tests/client",), 90),
)
