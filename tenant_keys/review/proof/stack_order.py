"""Whether the CDK CLI deploys the stack that holds what a resource needs before the stack of the resource.

It deploys stacks in the order of their dependencies, and otherwise in any order or at the same time (CDK guide, `cdk
deploy`). A resource that names a role of a stack on which its own does not depend may come first: IAM refuses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tenant_keys.review.assembly import Resource, Stack
from tenant_keys.review.proof.creation_order import NEEDED, NEEDS, names_of, needs_of
from tenant_keys.review.proof.role_records import RoleRecord

_JUDGED_APART: Final = frozenset({"AWS::EKS::PodIdentityAssociation", "AWS::KMS::Alias"})
"""Of pods `deployment` tells the order; an alias is in the stack of its key."""
_ROLE: Final = "AWS::IAM::Role"
_Place = tuple[str, str, str]
"""Account, Region and name of a stack."""


@dataclass(slots=True)
class StackOrder:
    """What the resources of each stack need, and what stacks hold of it beside roles."""

    _after: dict[_Place, frozenset[str]] = field(default_factory=dict)
    _needs: dict[tuple[_Place, str], Resource] = field(default_factory=dict)
    """The first resource of a stack that needs something, by its name and account or by its ARN."""
    _held: dict[str, Resource] = field(default_factory=dict)

    def read(self, stack: Stack) -> None:
        """Note what a stack needs and holds."""
        if stack.deployed:
            return
        place = (stack.account, stack.region, stack.name)
        self._after[place] = stack.after
        for resource in stack.resources.values():
            if resource.type in NEEDS and resource.type not in _JUDGED_APART:
                for text in needs_of(resource):
                    self._needs.setdefault((place, _scoped(text, resource)), resource)
            if resource.type in NEEDED and resource.type != _ROLE:
                for text in names_of(resource):
                    self._held[_scoped(text, resource)] = resource

    def too_early(self, roles: Mapping[str, RoleRecord]) -> Iterator[str]:
        """Each resource that may be created before another of another stack which it needs, in a sentence."""
        if not self._needs:
            return
        stacks = Counter(name for _, _, name in self._after)
        held = {text: (one.stack, one.type, one.logical_id) for text, one in self._held.items()}
        for role in roles.values():
            name = role.arn.rpartition("/")[2]
            held[role.arn] = held[f"{role.account} {name.lower()}"] = (role.stack, _ROLE, name)
        told: set[tuple[str, str, str]] = set()
        for (place, text), resource in self._needs.items():
            if text not in held:
                continue
            stack, kind, name = held[text]
            certain = stack in self._after[place] and stacks[stack] == 1
            if stack != place[2] and not certain and (resource.where, kind, name) not in told:
                told.add((resource.where, kind, name))
                yield f"{resource.where}: needs the {kind} {name} of stack {stack}, which may be deployed later"


def _scoped(text: str, resource: Resource) -> str:
    """A name with the account that it is unique in; an ARN and the name of a bucket are unique as they are."""
    if text.startswith("arn:") or resource.type.startswith(("AWS::S3::", "AWS::CloudTrail::")):
        return text
    if resource.type.startswith("AWS::IAM::"):
        return f"{resource.account} {text.lower()}"
    return f"{resource.account} {resource.region} {text}"
