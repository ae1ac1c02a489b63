"""A tenant's names as tokens, so that what holds for a class of tenants stands once and is read with any one's names.

A token is written between two characters that neither a manifest nor a policy can hold. The proof's inventory begins
its marks with the same character; here each mark is closed, for it stands inside sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.review.proof.inventory import MARK
from tenant_keys.review.proof.promise import Promise

CLOSE: Final = "\u27e7"
_TOKEN: Final = re.compile(f"{MARK}([^{CLOSE}]*){CLOSE}")

TENANT: Final = f"{MARK}id{CLOSE}"
ALIAS: Final = f"{MARK}alias{CLOSE}"
OTHER: Final = f"{MARK}other{CLOSE}"
"""Another tenant: the one that was tried, or for that one the tenant that it was tried against."""
IMPORT_ROLE: Final = f"{MARK}import role{CLOSE}"


def role(workload: str) -> str:
    """The ARN of the tenant's own role of a workload."""
    return f"{MARK}role {workload}{CLOSE}"


def role_name(workload: str) -> str:
    """The name of the tenant's own role of a workload."""
    return f"{MARK}name {workload}{CLOSE}"


def closed(value: Any) -> Any:
    """A policy of the inventory with each mark closed; marks stand there as whole values."""
    if isinstance(value, str):
        return value + CLOSE if value.startswith(MARK) else value
    if isinstance(value, list):
        return [closed(item) for item in value]
    if isinstance(value, Mapping):
        return {key: closed(item) for key, item in value.items()}
    return value


def names_of(promise: Promise) -> dict[str, str]:
    """What each token stands for, for one tenant; `other` depends on what was tried."""
    names = {"id": promise.tenant, "alias": promise.alias}
    for use in promise.uses:
        if not use.shared:
            names[f"role {use.workload}"] = use.role_arn
            names[f"name {use.workload}"] = use.role_arn.rpartition("/")[2]
    if promise.import_role:
        names["import role"] = promise.import_role
    return names


def named(text: str, names: Mapping[str, str]) -> str:
    """The text with a tenant's names in place of the tokens."""
    return _TOKEN.sub(lambda found: names.get(found[1], found[1]), text)
