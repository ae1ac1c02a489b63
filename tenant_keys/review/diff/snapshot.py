"""One side of a comparison: a manifest's promises and the templates that are to keep them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.proof.equivalence import TenantClass, class_of_each
from tenant_keys.review.proof.inventory import Inventory, take_inventory
from tenant_keys.review.proof.promise import Promise, promises


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is declared and what stands in the templates."""

    directory: Path
    estate: Estate
    promises: dict[str, Promise]
    inventory: Inventory
    classes: dict[str, TenantClass]
    """Of each tenant."""


def take_snapshot(directory: Path, estate: Estate) -> Snapshot:
    """Read a cloud assembly; raises ReviewError where it cannot be read or understood."""
    promised = promises(estate)
    inventory = take_inventory(Assembly.open(directory), promised)
    return Snapshot(directory, estate, promised, inventory, dict(class_of_each(inventory, promised)))
