"""What a new estate is made of, and which option of `tenant-keys init` says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tenant_keys.manifest.errors import ManifestError, Path
from tenant_keys.operations.errors import OperationError

Computing = Literal["lambda", "ecs", "ec2", "batch"]
"""What a first workload may run on: the platforms that need no more than an account."""


class AnswersRefused(OperationError):
    """Raised when options of `tenant-keys init` do not make a manifest; names every one of them."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The first manifest, as few words as it takes."""

    account: str
    """12 digits: holds the keys."""
    regions: tuple[str, ...]
    """The first is the home Region."""
    workload: str
    workload_account: str
    tenant: str
    organization: str | None = None
    administrators: tuple[str, ...] = ("role/KeyAdministrator",)
    readers: tuple[str, ...] = ()
    break_glass: str = "role/KeyBreakGlass"
    runs_on: Computing = "lambda"
    identity_center_region: str | None = None
    """With `permission-set/...` among the people."""


_OPTIONS: Final[dict[Path, str]] = {
    ("organization",): "--organization",
    ("central", "account"): "--account",
    ("central", "home_region"): "--region",
    ("central", "regions"): "--region",
    ("central", "administrators"): "--administrator",
    ("central", "readers"): "--reader",
    ("central", "break_glass"): "--break-glass",
    ("central", "identity_center_region"): "--identity-center-region",
    ("defaults", "workloads"): "--workload",
    ("tenants",): "--tenant",
}
"""The place in the manifest to the option that fills it."""


def refused(error: ManifestError) -> AnswersRefused:
    """The manifest's errors as their options'; what one option breaks in two fields appears once."""
    reported: dict[str, str] = {}
    for problem in error.problems:
        reported.setdefault(_option(problem.path), problem.message.replace("12 digits in quotes", "12 digits"))
    return AnswersRefused("\n".join(f"{option}: {message}" for option, message in reported.items()))


def _option(path: Path) -> str:
    if path[:1] == ("workloads",):
        return {"account": "--workload-account", "runs_on": "--runs-on"}.get(str(path[-1]), "--workload")
    return next((option for place, option in _OPTIONS.items() if path[: len(place)] == place), "the manifest")
