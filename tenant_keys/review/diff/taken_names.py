"""Names that are taken: CloudFormation creates what is new before it deletes what is gone, and replaces the same way.

A name that two resources have one after the other is therefore taken when the second is created. The second fails, and
the deployment with it (CloudFormation guide, "Name type": a resource with a custom name cannot be replaced; "Update
behaviors of stack resources"). Where the two are in different stacks, the order of the stacks decides. Of inline
policies IAM keeps one of each name: the second writes over it, and the deletion of the first then removes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.review.assembly import Resource
from tenant_keys.review.diff.called import called, kind_in_words
from tenant_keys.review.diff.change import Change, Severity
from tenant_keys.review.proof.reviewed import Place, ReviewedEstate

_ELSEWHERE: Final = frozenset({"AWS::KMS::Alias", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"})
"""Compared by `keys`."""
_IDENTIFYING: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::CloudFormation::LambdaHook": ("Alias",),
    "AWS::EKS::PodIdentityAssociation": ("ClusterName", "Namespace", "ServiceAccount"),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::OIDCProvider": ("Url",),
    "AWS::Organizations::Policy": ("Name",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::SecretsManager::Secret": ("Name",),
}
"""Of types whose name is not the type's own word with `Name`, such as `RoleName`. Roles Anywhere tells its profiles and
trust anchors apart by their ids, and their names are labels."""
_INLINE: Final = frozenset({"AWS::IAM::Policy", "AWS::IAM::RolePolicy"})
_REPLACING: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::IAM::InstanceProfile": ("Path",),
    "AWS::IAM::ManagedPolicy": ("Description", "Path"),
    "AWS::IAM::Role": ("Path",),
}
"""Properties whose update requires a replacement, while the name stays (CloudFormation template reference)."""
_FIX: Final = "keep its stack and logical id; to move it, deploy twice: first without it, then at its new place"

_Name = tuple[str, ...]
"""The kind of name, where the name is unique, and the name; alike for two resources of which AWS allows one."""


def taken_names(before: ReviewedEstate, after: ReviewedEstate) -> Iterator[Change]:
    """Each resource whose name another one, or the resource itself, still has when CloudFormation creates it."""
    old, new = (_by_name(reviewed.resources) for reviewed in (before, after))
    for name, places in new.items():
        for place in sorted(places - old.get(name, places)):
            was = min(old[name])
            yield _moved(before.resources[was], after.resources[place], stays=was in places)
    for place, resource in after.resources.items():
        earlier = before.resources.get(place)
        if earlier is None or resource.type in _ELSEWHERE or earlier.type in _ELSEWHERE:
            continue
        if earlier.type != resource.type:
            yield _retyped(earlier, resource)
        elif set(_names(earlier)) & set(_names(resource)):
            yield from _replaced(earlier, resource)


def _moved(was: Resource, now: Resource, *, stays: bool) -> Change:
    what = f"{kind_in_words(now.type)} {called(was)}"
    if stays:
        what += f" is at {_place(was, now)} and also at {_place(now, was)}"
        return _change(now, f"{what}: AWS takes each name once, so the deployment fails", "give it another name")
    if was.type in _INLINE:
        then = "CloudFormation deletes the first after it wrote the second under the same name, so neither is left"
    elif was.stack == now.stack and was.region == now.region:
        then = "CloudFormation creates the second before it deletes the first, so the name is taken and the stack fails"
    else:
        then = (
            "the name is taken until the first stack deletes it, so the order of the stacks decides whether it is there"
        )
    return _change(now, f"{what} moves from {_place(was, now)} to {_place(now, was)}: {then}", _FIX)


def _retyped(was: Resource, now: Resource) -> Change:
    """CloudFormation guide, troubleshooting: "Update of resource type is not permitted"."""
    what = f"{now.where} becomes {kind_in_words(now.type)}, and was {kind_in_words(was.type)} {called(was)}"
    return _change(
        now, f"{what}: CloudFormation changes the type of no resource, so the stack fails", "another logical id"
    )


def _replaced(was: Resource, now: Resource) -> Iterator[Change]:
    for name in _REPLACING.get(now.type, ()):
        if was.properties.get(name, _DEFAULTS.get(name)) != now.properties.get(name, _DEFAULTS.get(name)):
            what = f"{name} of {kind_in_words(now.type)} {called(was)} changes and its name does not"
            then = "CloudFormation creates the replacement first, so the name is taken and the stack fails"
            yield _change(now, f"{what}: {then}", f"keep {name}, or deploy twice: first without it, then with it")


_DEFAULTS: Final = {"Path": "/"}


def _change(now: Resource, what: str, fix: str) -> Change:
    like = what.partition(": ")[2] + now.type
    return Change(Severity.REVIEW, "name-taken", what, stack=now.stack, fix=fix, like=like)


def _place(resource: Resource, other: Resource) -> str:
    """Stack and logical id, with the Region where the stack alone does not tell the two apart."""
    alike = resource.where == other.where
    return f"{resource.where} in {resource.region}" if alike else resource.where


def _by_name(resources: Mapping[Place, Resource]) -> dict[_Name, set[Place]]:
    found: dict[_Name, set[Place]] = {}
    for place, resource in resources.items():
        for name in _names(resource) if resource.type not in _ELSEWHERE else ():
            found.setdefault(name, set()).add(place)
    return found


def _names(resource: Resource) -> Iterator[_Name]:
    kind, properties = resource.type, resource.properties
    if kind in _INLINE:
        roles = properties.get("Roles") if kind == "AWS::IAM::Policy" else [properties.get("RoleName")]
        for role in roles if isinstance(roles, list) else ():
            yield from _name("inline policy", resource.account, (role, properties.get("PolicyName")))
        return
    naming = _IDENTIFYING.get(kind, (f"{kind.rpartition('::')[2]}Name",))
    yield from _name(kind, _unique_in(resource), tuple(properties.get(name) for name in naming))


def _name(kind: str, where: str, given: tuple[Any, ...]) -> Iterator[_Name]:
    """IAM distinguishes no names by case (IAM guide, reference_iam-quotas); the other services' names in one case."""
    if all(isinstance(one, str) for one in given):
        yield kind, where, *(one.lower() if kind.startswith(("AWS::IAM", "inline")) else one for one in given)


def _unique_in(resource: Resource) -> str:
    """IAM's names are unique in an account, those of buckets everywhere, all others in an account's Region."""
    if resource.type.startswith("AWS::IAM::"):
        return resource.account
    return "" if resource.type == "AWS::S3::Bucket" else f"{resource.account} {resource.region}"
