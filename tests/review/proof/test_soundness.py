"""Requests drawn at random, with no idea of classes, against what the proof says of the same templates."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import pytest

from tenant_keys.review.iam import InvalidRequest, Policies, Policy, Principal, PrincipalKind, Request, authorize
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.proof.equivalence import TenantClass, class_of_each
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.key_actions import FUTURE, carries
from tenant_keys.review.proof.marks import unmarked
from tenant_keys.review.proof.promise import Promise, promises
from tests.sampled import share_of
from tools.random_estates.random_mutations import mutated
from tools.random_estates.small_estates import CENTRAL, Templates, estate_of, templates_of

ALIKE = "{workloads: [orders, billing]}"
ESTATE = estate_of(
    *(f"{name}: {ALIKE}" for name in ("acme", "alpha", "bolt", "bolts")),
    "key: {decrypt_by: key}",
    "late: {state: suspended}",
)
ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:DescribeKey", "kms:PutKeyPolicy", "kms:CreateGrant", FUTURE)
ACCOUNTS = (CENTRAL, CENTRAL, CENTRAL, "222222222222", "333333333333", "555555555555", "123456789012")
WORDS = ("acme", "alpha", "bolt", "bolts", "key", "late", "Other", "", "a", "ac", "acmex", "ACME", "x", "al-x", "bo")
Everyone = tuple[Principal, tuple[Policy, ...]]


class Draw:
    """Requests for the keys of one estate."""

    def __init__(self, seed: int, templates: Templates, promised: Mapping[str, Promise]) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
        self.inventory = take_inventory(templates, promised)
        self.promised = promised
        self.everything = Policy.parse(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
            name="everything",
            kind="identity",
        )
        self.identities = {
            role.arn: tuple(Policy.parse(body, name=name, kind="identity") for name, body in role.identity)
            for role in self.inventory.roles.values()
            if role.account == CENTRAL
        }
        self.tags = {role.arn: role.tags for role in self.inventory.roles.values()}
        self.keys = {
            tenant: Policy.parse(unmarked(records[0].policy, promised[tenant]), name=tenant, kind="resource")
            for tenant, records in self.inventory.keys.items()
            if tenant is not None
        }

    def breaches(self, number: int) -> Iterator[tuple[str, Request]]:
        """Requests that are allowed and not declared, with the tenant whose key it is."""
        for _ in range(number):
            tenant = self.random.choice(sorted(self.keys))
            principal, identity = self.principal()
            try:
                request = self.request(tenant, principal)
            except InvalidRequest:
                continue
            allowed = authorize(request, Policies(identity=identity, resource=self.keys[tenant])).allowed
            promise, tags = self.promised[tenant], principal.tags
            if allowed and not promise.declares(principal.role_arn, tags, request.action_key, request.keys):
                yield tenant, request

    def aliases(self, tenant: str) -> tuple[str, ...]:
        """Those that point at a tenant's key."""
        record = self.inventory.keys[tenant][0]
        return tuple(alias.name for alias in self.inventory.aliases.get((record.region, record.key_id), ()))

    def request(self, tenant: str, principal: Principal) -> Request:
        record, aliases = self.inventory.keys[tenant][0], self.aliases(tenant)
        action = self.random.choice(ACTIONS)
        context: dict[str, Value] = {"kms:resourcealiases": aliases}
        if self.random.random() < 0.7:
            context["kms:requestalias"] = self.random.choice(aliases)
        if self.random.random() < 0.7:
            context["kms:encryptioncontext:tenant_id"] = self._word(tenant)
        if self.random.random() < 0.2:
            context["kms:viaservice"] = self._word(tenant)
        context = {key: value for key, value in context.items() if carries(action, key)}
        return Request(principal, action, record.arn, record.account, context)

    def principal(self) -> Everyone:
        account = self.random.choice(ACCOUNTS)
        organization = self._organization(account)
        kind = self.random.random()
        if kind < 0.05:
            return Principal(PrincipalKind.ANONYMOUS), ()
        if kind < 0.1:
            name = self.random.choice(("logs.amazonaws.com", "s3.amazonaws.com"))
            return Principal(PrincipalKind.SERVICE, arn=name), ()
        if kind < 0.15:
            arn = f"arn:aws:iam::{account}:root"
            return Principal(PrincipalKind.ROOT_USER, arn, account, None, organization), (self.everything,)
        if kind < 0.25:
            arn = f"arn:aws:iam::{account}:user/{self.random.choice(('bob', 'x', 'Key'))}"
            return Principal(PrincipalKind.USER, arn, account, None, organization, self._tags()), (self.everything,)
        return self._session(account)

    def _session(self, account: str) -> Everyone:
        roles = sorted(self.identities)
        role = self.random.choice(roles)
        if self.random.random() < 0.4:
            names = (
                "KeyAdministrator",
                "KeyX",
                "x",
                "tenant-keys/orders/tenant-acme",
                "tenant-keys/x",
                "shared.billing",
            )
            role = f"arn:aws:iam::{account}:role/{self.random.choice(names)}"
        account = role.split(":")[4]
        arn = f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/{self.random.choice(('one', 'two'))}"
        tags = {**self.tags.get(role, {}), **self._tags()}
        identity = self.identities.get(role, (self.everything,))
        organization = self._organization(account)
        return Principal(PrincipalKind.ROLE_SESSION, arn, account, role, organization, tags), identity

    def _organization(self, account: str) -> str | None:
        known = (CENTRAL, "222222222222", "333333333333")
        return ESTATE.organization if account in known else self.random.choice((None, "o-other", "o-a1b2c3d4e5"))

    def _tags(self) -> dict[str, str]:
        return {"tenant_id": self._word("acme")} if self.random.random() < 0.6 else {}

    def _word(self, tenant: str) -> str:
        return self.random.choice((tenant, *WORDS))


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.exhaustive) for part in (1, 2))])
@pytest.mark.slow
def test_no_random_request_gets_past_a_proof(part: int) -> None:
    """What is allowed and not declared is in the proof's findings, for that tenant's key."""
    promised = promises(ESTATE)
    breaches = 0
    first = 5_000 + part * 24
    for seed, templates in mutated(range(first, first + max(12, share_of(24))), ESTATE, templates_of):
        proof = prove(templates, ESTATE)
        if Kind.NOT_PROVED in {finding.kind for finding in proof.findings}:
            continue
        draw = Draw(seed, templates, promised)
        classes = dict(class_of_each(draw.inventory, promised))
        for tenant, request in draw.breaches(1_500):
            breaches += 1
            reported = [finding for finding in proof.findings if _alike(finding.tenant, tenant, classes)]
            name = request.action.partition(":")[2]
            assert any(name in finding.what or "..." in finding.what for finding in reported), f"seed {seed}: {request}"
    assert breaches > 100


def _alike(one: str | None, other: str, classes: Mapping[str, TenantClass]) -> bool:
    """Whether a finding about the one is a finding about the other."""
    return one is not None and classes[one] == classes[other]
