"""A tenant's names as tokens, so that what holds for a class of tenants appears once and is read with any one's names.

A token is written between two characters that neither a manifest nor a policy can hold. The proof's inventory begins
its marks with the same character; here each mark is closed, for it is inside sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.review.proof.marks import MARK

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
    """A policy of the inventory with each mark closed; marks are there as whole values."""
    if isinstance(value, str):
        return value + CLOSE if value.startswith(MARK) else value
    if isinstance(value, list):
        return [closed(item) for item in value]
    if isinstance(value, Mapping):
        return {key: closed(item) for key, item in value.items()}
    return value


def names_of(document: Mapping[str, Any], tenant: Mapping[str, Any]) -> dict[str, str]:
    """What each token represents, for one tenant of the report's document; `other` depends on what was tried."""
    tenant_id = tenant["id"]
    found = {
        "id": tenant_id,
        "alias": document["summary"]["alias"].replace("<id>", tenant_id),
        "import role": tenant.get("import_role", "its import role"),
    }
    for workload in document["workloads"]:
        role = workload["access_role"].replace("<id>", tenant_id)
        found[f"name {workload['name']}"] = role.rpartition("/")[2]
        found[f"role {workload['name']}"] = role
    return found


def named_values(value: Any, known: Mapping[str, str]) -> Any:
    """The value with a tenant's names in place of the tokens in every text of it, keys included."""
    if isinstance(value, str):
        return _TOKEN.sub(lambda found: known.get(found[1], found[1]), value)
    if isinstance(value, list | tuple):
        return [named_values(item, known) for item in value]
    if isinstance(value, Mapping):
        return {named_values(key, known): named_values(item, known) for key, item in value.items()}
    return value
