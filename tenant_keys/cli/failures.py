"""Which exceptions are a user's mistake, with the text and the exit code that every command gives them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from tenant_keys.manifest import EstateError, Problem
from tenant_keys.manifest.base import GitError
from tenant_keys.operations.errors import NoProject, OperationError, RevisionUnusable
from tenant_keys.operations.tenant_file import TenantFileRefused
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_keys.review.errors import AssemblyNotFound, NotJudged, ReviewError

COULD_NOT_RUN = 1
ERRORS_IN_A_FILE = NEEDS_REVIEW = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """What to print for an exception, and the exit code."""

    text: str
    code: int
    details: dict[str, object] = field(default_factory=dict)
    """With `--json`, beside `error`."""

    @classmethod
    def of(cls, error: Exception) -> Failure | None:
        """The failure that an exception is; None for a fault of the program."""
        if isinstance(error, EstateError):
            return _of_files(error)
        if isinstance(error, TenantFileRefused):
            details: dict[str, object] = {"problems": [_as_json(problem) for problem in error.problems]}
            number = len(error.problems)
            return cls(f"{error}\n{number} problem{'s' if number > 1 else ''}; nothing is written", 2, details)
        if isinstance(error, PolicyTooLarge):
            return cls(str(error), ERRORS_IN_A_FILE)
        if isinstance(error, NotJudged):
            return cls(str(error), NEEDS_REVIEW)
        hint = _hint() if isinstance(error, (AssemblyNotFound, FileNotFoundError, NoProject, RevisionUnusable)) else ""
        if isinstance(error, (GitError, OperationError, ReviewError, *_of_the_local_aws())):
            return cls(f"{error}{hint}", COULD_NOT_RUN)
        if isinstance(error, OSError):
            where = "" if error.filename is None else f"{error.filename}: "
            return cls(f"{where}{(error.strerror or str(error)).lower()}{hint}", COULD_NOT_RUN)
        return _of_aws(error)


def _of_files(error: EstateError) -> Failure:
    """Manifest or lock: 2 where a file has errors, 1 where there is no file to read."""
    number = len(error.problems) + error.more
    details = {"problems": [_as_json(problem) for problem in error.problems], "more": error.more}
    if any(problem.line or problem.path for problem in error.problems):
        counted = f"{number} problem" if number == 1 else f"{number} problems"
        return Failure(f"{error}\n{counted}", ERRORS_IN_A_FILE, details)
    return Failure(f"{error}{_hint(always=True)}", COULD_NOT_RUN, details)


def _as_json(problem: Problem) -> dict[str, object]:
    path = list(problem.path)
    return {"file": problem.file, "line": problem.line, "path": path, "message": problem.message, "text": str(problem)}


def _hint(*, always: bool = False) -> str:
    """Where the project is, when the command runs below its root; `always`: also when it runs in no project."""
    here = Path.cwd()
    if (here / "tenants.yaml").exists():
        return ""
    root = next((str(folder) for folder in here.parents if (folder / "tenants.yaml").exists()), "")
    if not root and always:
        root = "the folder with tenants.yaml"
    return f"\nrun the command in the root of the project, {root}" if root else ""


def _of_the_local_aws() -> tuple[type[Exception], ...]:
    """Its errors, where a command has imported it."""
    found = sys.modules.get("tenant_keys.local.errors")
    return (found.LocalAwsError,) if found else ()


def _of_aws(error: Exception) -> Failure | None:
    """An answer of AWS, or no answer, where a command has asked."""
    found = sys.modules.get("botocore.exceptions")
    if found and isinstance(error, (found.BotoCoreError, found.ClientError)):
        return Failure(f"AWS: {error}; use credentials of the key account", COULD_NOT_RUN)
    return None
