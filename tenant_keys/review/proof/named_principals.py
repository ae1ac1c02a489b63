"""Principals that have to exist when a key policy or a trust policy is saved, or AWS rejects the policy.

IAM stores a role that is a Principal by its unique id, which it looks up "when you save the policy" (IAM guide,
reference_policies_elements_principal); KMS answers MalformedPolicyDocumentException for "one or more invalid
principals" (AWS KMS API, PutKeyPolicy). Neither looks up what a condition names. So roles are known to exist where the
manifest says so, or where CloudFormation creates them first; accounts, where the manifest names them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Stack
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.iam.catalogue import has_service
from tenant_keys.review.proof.creation_order import created_before
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.marks import MARK, name_of
from tenant_keys.review.proof.promise import Promise, is_role
from tenant_keys.review.proof.role_records import role_arn

_POLICY_OF: Final[Mapping[str, str]] = {
    "AWS::IAM::Role": "AssumeRolePolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::KMS::ReplicaKey": "KeyPolicy",
}
_ACCOUNT: Final = re.compile(r"(?:arn:(?P<partition>[a-z-]+):iam::)?(?P<id>[0-9]{12})(?::root)?")
_SERVICE: Final = re.compile(r"([a-z0-9-]+)\.amazonaws\.com")
_OF_NO_PREFIX: Final = frozenset(
    {"ecs-tasks.amazonaws.com", "hooks.cloudformation.amazonaws.com", "pods.eks.amazonaws.com"}
)
"""Services by names other than those of their actions (guides of Amazon ECS, CloudFormation Hooks and Amazon EKS)."""


class Named(NamedTuple):
    """A principal of a policy."""

    partition: str
    """Of the policy's own account."""
    kind: str
    """AWS or Service."""
    name: str


class KeyPrincipals:
    """Kind and name of each principal of key policies; policies that differ in names alone are looked through once."""

    def __init__(self) -> None:
        self._of_text: dict[str, frozenset[tuple[str, str]]] = {}

    def of(self, policy: str, promise: Promise | None) -> frozenset[tuple[str, str]]:
        """`policy`: with marks for the names of the tenant of this promise."""
        found = self._of_text.get(policy)
        if found is None:
            found = self._of_text[policy] = frozenset(_principals(json.loads(policy)))
        if promise is None or not any(name.startswith(MARK) for _, name in found):
            return found
        return frozenset((kind, name_of(name, promise)) for kind, name in found)


def named_principals(stack: Stack, of_keys: Mapping[str, frozenset[tuple[str, str]]]) -> Iterator[tuple[Named, str]]:
    """The principals of a stack's policies, each with its place, but for roles that its template creates before.

    Args:
        stack: one that is read already.
        of_keys: the principals of its key policies, by the key's logical id.
    """
    if stack.deployed:
        return
    partition = partition_of(stack.region).name
    roles = {role_arn(one): one.logical_id for one in stack.resources.values() if one.type == "AWS::IAM::Role"}
    for resource in stack.resources.values():
        if (property_ := _POLICY_OF.get(resource.type)) is not None:
            names = of_keys.get(resource.logical_id)
            for kind, name in frozenset(_principals(resource.properties.get(property_))) if names is None else names:
                if name not in roles or roles[name] not in created_before(resource, stack):
                    yield Named(partition, kind, name), f"{resource.where}.{property_}"


def check_named(named: Mapping[Named, str], estate: Estate) -> Iterator[Finding]:
    """Each principal that may not exist when the policy is saved; `named`: with the place where it is named first."""
    roles, accounts = existing_roles(estate), _accounts(estate)
    for one, where in named.items():
        if not (_is_service(one.name) if one.kind == "Service" else _exists(one, roles, accounts)):
            yield Finding(
                Kind.NOT_PROVED,
                f"{where}: names the principal {one.name}, which may not exist when the policy is saved",
                "AWS rejects the policy without it; name the account and its roles by a condition on aws:PrincipalArn",
            )


def _exists(one: Named, roles: frozenset[str], accounts: frozenset[str]) -> bool:
    if one.name == "*":
        return True
    if (account := _ACCOUNT.fullmatch(one.name)) is not None:
        return account["id"] in accounts and account["partition"] in (None, one.partition)
    return any(is_role(one.name, role) for role in roles)


@cache
def _is_service(name: str) -> bool:
    match = _SERVICE.fullmatch(name)
    return name in _OF_NO_PREFIX or (match is not None and has_service(match[1]))


def existing_roles(estate: Estate) -> frozenset[str]:
    """Roles that exist before the app is deployed; a service-linked role may be yet to come."""
    central = estate.central
    roles = {*central.administrators, *central.readers, *central.deployers, central.break_glass}
    roles |= {one.import_role for one in estate.tenants.values() if one.import_role and one.custodian is None}
    roles |= {one.custodian.role for one in estate.tenants.values() if one.custodian is not None}
    return frozenset(roles | {one.existing_role for one in estate.workloads.values() if one.existing_role})


def _accounts(estate: Estate) -> frozenset[str]:
    """Every account that the manifest names."""
    stacks = {account for one in (estate, *estate.siblings) for account in one.accounts}
    return frozenset(stacks | {one.custodian.account for one in estate.tenants.values() if one.custodian is not None})


def _principals(policy: Any) -> Iterator[tuple[str, str]]:
    """Kind and name of each principal that a document names; what is no document is refused elsewhere."""
    statements = policy.get("Statement", ()) if isinstance(policy, Mapping) else ()
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, Mapping):
            for element in ("Principal", "NotPrincipal"):
                if isinstance(of_element := statement.get(element), Mapping):
                    for kind in ("AWS", "Service"):
                        names = of_element.get(kind, ())
                        for name in names if isinstance(names, list) else [names]:
                            if isinstance(name, str):
                                yield kind, name
