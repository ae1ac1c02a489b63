"""Single questions of a reviewer: may this principal do that, and who may do it at all?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Stacks
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.iam import Policies, Request, authorize
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.proof.actor import (
    Actor,
    anonymous,
    everything,
    federated_user,
    role_session,
    root_user,
    service,
    user,
)
from tenant_keys.review.proof.actors import actors_of
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.issuance import prove_issuance
from tenant_keys.review.proof.key_access import of_unused_key
from tenant_keys.review.proof.key_actions import carries, key_actions
from tenant_keys.review.proof.paths import Path as Hops
from tenant_keys.review.proof.paths import paths_to
from tenant_keys.review.proof.promise import access_role_arn
from tenant_keys.review.proof.requests import Target, answers
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.world import KeyCase, World, build_world, keep, role_case

_ARN: Final = re.compile(
    r"arn:[a-z-]+:(?:iam::\d{12}:(?:(?P<role>role)/(?:[!-~]+/)?[\w+=,.@-]+|(?P<user>user)/(?:[!-~]+/)?[\w+=,.@-]+|(?P<root>root))"
    r"|sts::\d{12}:(?P<federated>federated-user)/[\w+=,.@-]+)",
    re.ASCII,
)


class UnknownName(ReviewError):
    """Raised when a question names a tenant, an action or a principal that does not exist."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A principal that may perform the action, and the request by which."""

    label: str
    named_by: str
    context: Mapping[str, object]
    statements: tuple[str, ...]
    paths: tuple[Hops, ...]
    """How it comes to the session, hop by hop; empty where these templates do not say."""


class Questions:
    """Answers questions about the key of one tenant in one Region."""

    def __init__(self, source: Path | Stacks, estate: Estate, tenant: str, region: str | None = None) -> None:
        """Of an assembly in a folder, or of stacks that are read already.

        Raises:
            UnknownName: the tenant, or its key in the Region, does not exist.
        """
        self._inventory, self._world, self.case = _focus(source, estate, _tenant_of(tenant, estate), region)

    def can(
        self, principal: str, action: str, tags: Mapping[str, str], alias: str | None, context: Mapping[str, str]
    ) -> tuple[Actor, Decision]:
        """IAM's decision on one request; `alias` None: the request names the key by its ARN.

        A deletion is asked about as of a key that was last used so long ago as the manifest demands.
        """
        name = known_action(action)
        actor = self._actor(principal, tags)
        keys: dict[str, str | tuple[str, ...]] = {"kms:ResourceAliases": self.case.aliases}
        if alias is not None and carries(name, "kms:RequestAlias"):
            keys["kms:RequestAlias"] = alias
        if context and carries(name, "kms:EncryptionContext:any"):
            keys |= {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
            keys["kms:EncryptionContextKeys"] = tuple(context)
        keys |= of_unused_key(self.case.promise, name)
        record = self.case.record
        policies = Policies(tuple(d.policy for d in actor.identity), resource=self.case.document.policy)
        return actor, authorize(Request(actor.principal, name, record.arn, record.account, keys), policies)

    def who(self, action: str) -> list[Holder]:
        """Every principal that may perform the action, each with the shortest request by which."""
        name, record = known_action(action), self.case.record
        aliases = self.case.aliases
        target = Target(
            record.arn,
            record.account,
            self.case.document,
            {"kms:resourcealiases": aliases} if aliases else {},
            {"kms:requestalias": [None, *aliases]},
        )
        holders: dict[str, Holder] = {}
        steps = prove_issuance(self._world).steps
        for actor in actors_of(self.case, self._world):
            whose = actor.role_arn or actor.label
            if whose in holders:
                continue  # the same role with other tags
            allowed = next((a for a in answers(actor, name, target, carries) if a.decision.allowed), None)
            if allowed is not None:
                named = allowed.request.keys.get("kms:requestalias")
                rest = {key: value for key, value in allowed.context.items() if key != "kms:requestalias"}
                deciders = allowed.decision.deciders
                by = tuple(f"{one.policy}: {one.sid or f'statement {one.index}'}" for one in deciders)
                paths = tuple(paths_to(actor.role_arn, steps)) if actor.role_arn else ()
                holders[whose] = Holder(actor.label, str(named or "key ARN"), rest, by, paths)
        return list(holders.values())

    def _actor(self, principal: str, tags: Mapping[str, str]) -> Actor:
        estate, organization = self._world.estate, self._world.estate.organization
        if "@" in principal and not principal.startswith(("arn:", "role/")):
            return self._tenant_at_workload(principal, tags)
        own = f"arn:{estate.central.partition}:iam::{estate.central.account}:"
        arn = f"{own}{principal}" if principal.startswith("role/") else principal
        match = _ARN.fullmatch(arn)
        kind = match.lastgroup if match else None
        if kind == "role":
            return self._role(arn, tags)
        if kind in ("user", "federated"):
            return (user if kind == "user" else federated_user)(arn, organization, tags)
        if tags:
            raise UnknownName(f"{principal}: carries no tags; sessions of roles and users do")
        if kind == "root":
            return root_user(arn, organization)
        if principal.endswith(".amazonaws.com"):
            return service(principal)
        if principal == "anonymous":
            return anonymous()
        raise UnknownName(
            f"{principal}: not a principal; allowed: tenant@workload, the ARN of a role, user, federated user or root, "
            "role/Name of the key account, a service such as s3.amazonaws.com, or anonymous"
        )

    def _tenant_at_workload(self, principal: str, tags: Mapping[str, str]) -> Actor:
        tenant, _, name = principal.partition("@")
        estate = self._world.estate
        if tenant not in self._world.promises:
            raise UnknownName(f"{principal}: no tenant {tenant}; see tenant-keys tenant list")
        workload = estate.workloads.get(name)
        if workload is None:
            raise UnknownName(f"{principal}: no workload {name}; allowed: {', '.join(estate.workloads)}")
        arn = access_role_arn(tenant, workload, estate)
        return self._role(arn, tags if workload.access == "tenant-role" else {"tenant_id": tenant, **tags})

    def _role(self, arn: str, tags: Mapping[str, str]) -> Actor:
        organization = self._world.estate.organization
        record = self._inventory.roles.get(arn)
        if record is None:
            # A role outside the templates may have any policy: the worst case is full administrator rights.
            return role_session(arn, organization=organization, tags=tags)
        role = role_case(record, None, None, keep)
        brought = {key.lower() for key in tags}
        carried = {**{key: value for key, value in role.tags.items() if key.lower() not in brought}, **tags}
        identity = everything() if role.unknown_policies else role.identity
        return role_session(arn, organization=organization, tags=carried, identity=identity)


def known_action(action: str) -> str:
    """The KMS action as AWS writes it; raises UnknownName."""
    name = action if ":" in action else f"kms:{action}"
    for known in key_actions():
        if known.lower() == name.lower():
            return known
    raise UnknownName(
        f"{action}: not a KMS action on a key; allowed: such as Decrypt, Encrypt, GenerateDataKey, PutKeyPolicy"
    )


def _tenant_of(name: str, estate: Estate) -> str:
    """A tenant by its id, or by its alias."""
    tenant = estate.with_alias(name) if name.startswith("alias/") else estate.called(name)
    return tenant.id if tenant else name


def _focus(source: Path | Stacks, estate: Estate, tenant: str, region: str | None) -> tuple[Inventory, World, KeyCase]:
    if tenant not in estate.tenants:
        raise UnknownName(f"{tenant}: no such tenant; see tenant-keys tenant list")
    reviewed = review_estate(source, estate, first=tenant)
    world = build_world(estate, reviewed.inventory, reviewed.promises, reviewed.classes)
    cases = [case for case in world.keys if case.promise.tenant == tenant]
    for case in cases:
        if region in (None, case.record.region):
            return reviewed.inventory, world, case
    raise UnknownName(f"{tenant}: no key in {region or 'any Region'} of these templates")
