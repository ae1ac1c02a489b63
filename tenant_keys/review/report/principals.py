"""Who a statement speaks of, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenant_keys.review.proof.marks import MARK
from tenant_keys.review.report.names import CLOSE


def roles(arns: Sequence[str], account: str) -> str:
    """Roles by name, account by account; `account` is that of roles that represent a tenant's own."""
    accounts: dict[str, list[str]] = {}
    for arn in arns:
        owner, name = _role(arn, account)
        accounts.setdefault(owner, []).append(name)
    parts = []
    for owner, names in accounts.items():
        several = f"role{'s' if len(names) > 1 else ''} {_or(names)}"
        parts.append(f"{several} of account {owner}" if owner else _or(names))
    return _or(parts)


def principal(element: Any) -> str:
    """The Principal of a resource policy."""
    if element == "*":
        return "anybody"
    if not isinstance(element, Mapping):
        return str(element)
    said = []
    for kind, values in element.items():
        several = [str(value) for value in (values if isinstance(values, list) else [values])]
        said += [_one(kind, value) for value in several]
    return _or(said)


def _one(kind: str, value: str) -> str:
    if value == "*":
        return "anybody"
    if kind == "Service":
        return f"the service {value}"
    if kind == "Federated":
        return f"a holder of a token of {value.partition('-provider/')[2] or value}"
    if value.endswith(":root"):
        return f"account {value.split(':')[4]}"
    if ":role/" in value:
        return roles([value], "")
    return f"account {value}" if value.isdigit() else value


def _role(arn: str, account: str) -> tuple[str, str]:
    if arn.startswith(MARK):
        kind, _, workload = arn.strip(MARK + CLOSE).partition(" ")
        # A tenant's own role goes by its name; its import role has none of our making.
        return (account, f"{MARK}name {workload}{CLOSE}") if kind == "role" else ("", f"role {arn}")
    if ":role/" not in arn:
        return "", arn
    return arn.split(":")[4], arn.rpartition("/")[2]


def _or(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} or {parts[-1]}"
