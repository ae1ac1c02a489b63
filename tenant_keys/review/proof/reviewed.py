"""One reading of an assembly, which every command takes: what is declared, and what the templates hold of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest.garbage_collection import collection_paused
from tenant_keys.review.assembly import Assembly, Resource, Stack, StackArtifact, Stacks
from tenant_keys.review.key_accounts import Crossing, Part, crossings, own_artifacts
from tenant_keys.review.proof.equivalence import TenantClass, Tenants, by_class, class_of_each
from tenant_keys.review.proof.inventory import Inventory, take_inventory
from tenant_keys.review.proof.opaque_ids import Disclosing, disclosing
from tenant_keys.review.proof.promise import Promise, promises

Place = tuple[str, str, str, str]
"""Account, Region, stack, logical id: what makes a resource the same resource to CloudFormation."""
POLICIES: Final[Mapping[str, frozenset[str]]] = {
    "AWS::IAM::ManagedPolicy": frozenset({"PolicyDocument"}),
    "AWS::IAM::Policy": frozenset({"PolicyDocument"}),
    "AWS::IAM::Role": frozenset({"AssumeRolePolicyDocument", "Policies"}),
    "AWS::IAM::RolePolicy": frozenset({"PolicyDocument"}),
    "AWS::KMS::Key": frozenset({"KeyPolicy"}),
    "AWS::KMS::ReplicaKey": frozenset({"KeyPolicy"}),
}
"""The properties that hold the documents of the inventory."""


@dataclass(frozen=True, slots=True)
class ReviewedEstate:
    """An estate as its manifest declares it and as its templates describe it."""

    estate: Estate
    promises: Mapping[str, Promise]
    """Of each tenant: what is expected of its key and its roles."""
    inventory: Inventory
    """Keys, aliases, roles and their documents."""
    resources: Mapping[Place, Resource]
    """Every resource, without the documents that are in the inventory."""
    artifacts: tuple[StackArtifact, ...]
    """How each stack is deployed; empty where the templates come from no assembly."""
    class_of: Mapping[str, TenantClass]
    """Of each tenant."""
    disclosed: tuple[tuple[Place, str, str], ...] = ()
    """Of texts that tell the id of a tenant with an opaque name: the resource, the tenant and the property;
    of texts that may tell one: no tenant, and the reason."""
    crossing: tuple[Crossing, ...] = ()
    """Resources that name another key account of the manifest."""

    @property
    def classes(self) -> dict[TenantClass, Tenants]:
        """The first tenants of each class, and how many it has."""
        return by_class(self.class_of.items())


def review_estate(source: str | Path | Stacks, estate: Estate, *, first: str | None = None) -> ReviewedEstate:
    """Read a cloud assembly, or stacks that are read already, once.

    Args:
        source: the folder of the assembly, or its stacks.
        estate: what the manifest declares.
        first: the tenant that represents its class.

    Raises:
        ReviewError: the assembly cannot be read, is not consistent, or holds what the review does not understand.
    """
    stacks = Assembly.open(source) if isinstance(source, str | Path) else source
    artifacts = own_artifacts(stacks.artifacts, estate) if isinstance(stacks, Assembly) else ()
    promised = promises(estate)
    if first is not None:
        promised = {first: promised[first], **promised}
    resources: dict[Place, Resource] = {}
    with collection_paused():
        noting = _Noting(Part(stacks, estate), estate, resources, disclosing(estate))
        inventory = take_inventory(noting, promised)
        class_of = dict(class_of_each(inventory, promised))
    disclosed, crossing = tuple(noting.disclosed), tuple(noting.crossing)
    return ReviewedEstate(estate, promised, inventory, resources, artifacts, class_of, disclosed, crossing)


@dataclass(frozen=True, slots=True)
class _Noting:
    """Stacks, whose resources are noted as they go by."""

    source: Stacks
    estate: Estate
    resources: dict[Place, Resource]
    disclosing: Disclosing | None
    disclosed: list[tuple[Place, str, str]] = field(default_factory=list)
    crossing: list[Crossing] = field(default_factory=list)

    def stacks(self) -> Iterator[Stack]:
        for stack in self.source.stacks():
            self.crossing.extend(crossings(tuple(stack.resources.values()), self.estate))
            if self.disclosing is not None:
                place = (stack.account, stack.region, stack.name, "the template")
                self.disclosed.extend((place, *one) for one in self.disclosing.beside(stack))
            for resource in stack.resources.values():
                place = (resource.account, resource.region, resource.stack, resource.logical_id)
                self.resources[place] = _without_policies(resource)
                if self.disclosing is not None:
                    self.disclosed.extend((place, *one) for one in self.disclosing.of(resource))
            yield stack


def _without_policies(resource: Resource) -> Resource:
    policies = POLICIES.get(resource.type)
    if policies is None:
        return resource
    kept = {name: value for name, value in resource.properties.items() if name not in policies}
    return replace(resource, properties=kept)
