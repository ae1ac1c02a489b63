"""Logical ids, from the tenant's and the workload's id alone: changing one would lose a key."""

from __future__ import annotations


def logical_id(kind: str, identifier: str, workload: str = "") -> str:
    """`KeyacmeXcorp` for a key of `acme-corp`.

    Logical ids are alphanumeric. Ids are lower case, so an upper-case X for each dash keeps different ids different.
    """
    return f"{kind}{_alphanumeric(identifier)}" + (f"For{_alphanumeric(workload)}" if workload else "")


def _alphanumeric(identifier: str) -> str:
    return identifier.replace("-", "X")
