"""The proof of an estate of which a few cells changed since it was proved whole.

The proof decides by equivalence class: two tenants of each class represent all of it, and everything that a document
can say of tenants is in the classes or in the other stacks. So an estate of the same classes, the same other stacks and
the same declaration but for its tenants has the same proof. Whether the classes are the same is what is proved here:
over the changed cells and the cells of two tenants of each class, by the proof itself. A new document, a document that
is gone, a tenant that some document names: each makes other classes, and is an answer of "no".

What the caller has made sure of: the templates of all other cells are the very bytes that were proved, declared for the
very same tenants; the manifest is the same but for its tenants; and no tenant that changed has a name that is more than
its id (an import role, a custodian, a held key, an opaque name, a recorded key id).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from hashlib import sha256
from pathlib import Path

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof.equivalence import TenantClass, Tenants
from tenant_keys.review.proof.prove import NOT_UNDERSTOOD, prove
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate

Classes = Mapping[str, Sequence[str]]
"""The first tenants of each class, by the digest of the class."""


def classes_of(reviewed: ReviewedEstate) -> dict[str, list[str]]:
    """The classes of an estate, as they can be kept.

    Raises:
        TypeError: a class holds a value that has no one text.
    """
    return digests(reviewed.classes)


def digests(classes: Mapping[TenantClass, Tenants]) -> dict[str, list[str]]:
    """The first tenants of each class, by its digest."""
    return {
        sha256(json.dumps(_plain(kind), ensure_ascii=False).encode()).hexdigest(): tenants.first
        for kind, tenants in classes.items()
    }


def proves_changed_cells(
    folder: Path, estate: Estate, proved: Classes, changed: Collection[str], residents: Mapping[str, Collection[str]]
) -> bool:
    """Whether the assembly is proved, where it was before these stacks changed.

    Args:
        folder: the assembly.
        estate: what the manifest declares now.
        proved: the classes of the estate that was proved whole.
        changed: the stacks whose templates are others now.
        residents: the tenants of every cell, by the name of its stack.
    """
    first = {tenant for tenants in proved.values() for tenant in tenants}
    # A tenant's real id behind an opaque name may be reported by any text of any template.
    opaque = any(tenant.id != tenant.manifest_id for tenant in estate.tenants.values())
    if opaque or not first <= estate.tenants.keys():
        return False
    tenants = _together(first.union(*(residents[stack] for stack in changed)), residents)
    cells = {stack for stack, there in residents.items() if not tenants.isdisjoint(there)}
    part = replace(estate, tenants={name: one for name, one in estate.tenants.items() if name in tenants})
    try:
        whole = Assembly.open(folder)
        artifacts = [one for one in whole.artifacts if one.name in cells or one.name not in residents]
        reviewed = review_estate(Assembly(whole.directory, tuple(artifacts)), part)
        same = classes_of(reviewed).keys() == proved.keys()
    except (ReviewError, *NOT_UNDERSTOOD, TypeError):
        return False
    return same and prove(reviewed, part).proved


def classes_if_proved(folder: Path, estate: Estate) -> dict[str, list[str]] | None:
    """The classes of an assembly that is proved whole; None where it is not."""
    try:
        reviewed = review_estate(folder, estate)
        return classes_of(reviewed) if prove(reviewed, estate).proved else None
    except (ReviewError, *NOT_UNDERSTOOD, TypeError):
        return None


def _together(tenants: set[str], residents: Mapping[str, Collection[str]]) -> set[str]:
    """The tenants, and all that share a stack with one of them: a template is read whole or not at all."""
    cells: dict[str, list[str]] = {}
    for stack, there in residents.items():
        for tenant in there:
            cells.setdefault(tenant, []).append(stack)
    found, unread = set(tenants), list(tenants)
    read: set[str] = set()
    while unread:
        for stack in cells.get(unread.pop(), ()):
            if stack not in read:
                read.add(stack)
                new = set(residents[stack]) - found
                found |= new
                unread += new
    return found


def _plain(value: object) -> object:
    """The value as JSON has it, equal for equal values in every process."""
    match value:
        case None | bool() | int() | str():
            return value
        case tuple() | list():
            return [_plain(one) for one in value]
        case frozenset() | set():
            return {"set": sorted(json.dumps(_plain(one)) for one in value)}
        case Mapping():
            return {"map": sorted(json.dumps([_plain(key), _plain(one)]) for key, one in value.items())}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {type(value).__name__: [_plain(getattr(value, field.name)) for field in fields(value)]}
    raise TypeError(f"{value!r:.80} has no one text")
