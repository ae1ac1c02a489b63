"""Keys: is there a request that IAM allows and the manifest does not declare?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial
from typing import Final

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.review.second_opinion.conditions import conditions
from tenant_keys.review.second_opinion.inventory import Inventory, Key
from tenant_keys.review.second_opinion.permission import ACROSS_ACCOUNTS, Policies, allowed
from tenant_keys.review.second_opinion.principals import (
    FEDERATED_USER,
    ROLE,
    ROOT,
    USER,
    Accounts,
    Principal,
    anonymous,
    any_of_kind,
    any_role_below,
    role,
    service,
)
from tenant_keys.review.second_opinion.promise import (
    TENANT,
    administrators,
    administrators_of_topic_key,
    alias_of,
    declared,
    declared_of_topic_key,
)
from tenant_keys.review.second_opinion.question import Case, Pending, Question, ask_about, rests_on
from tenant_keys.review.second_opinion.request import Asked, OneAction, carries
from tenant_keys.review.second_opinion.statements import KEY, Statement
from tenant_keys.review.second_opinion.terms import (
    Formula,
    all_of,
    characters,
    exactly,
    is_in,
    negate,
    one_of,
    sequence,
    some,
    text,
)
from tenant_keys.review.second_opinion.values import Value, catalogue

_PROMISED: Final = frozenset({"kms:requestalias", f"kms:encryptioncontext:{TENANT}", f"aws:principaltag/{TENANT}"})


@cache
def key_actions() -> tuple[str, ...]:
    """Every action on a key of the catalogue, in lower case."""
    source = catalogue().actions
    found = [source.get_action_details("kms", name) for name in source.get_actions_for_service("kms")]
    return tuple(
        sorted(
            f"kms:{one['name']}".lower() for one in found if "key" in [kind["name"] for kind in one["resourceTypes"]]
        )
    )


@cache
def _all_actions() -> tuple[str, ...]:
    return tuple(f"kms:{name}".lower() for name in catalogue().actions.get_actions_for_service("kms"))


def owner_of(key: Key, inventory: Inventory, estate: Estate) -> Tenant | None:
    """The tenant at whose key an alias points, or who holds the key itself, in whichever key account it is."""
    for each in (estate, *estate.siblings):
        for tenant in each.tenants.values():
            if tenant.held is not None and key.arn in tenant.held.arns:
                return tenant
    names = inventory.aliases.get(key.arn, [])
    return next((tenant for tenant in estate.tenants.values() if alias_of(tenant, estate) in names), None)


def accounts_of(estate: Estate) -> Accounts:
    """What the manifest says of accounts."""
    known = dict.fromkeys([estate.central.account, *(one.account for one in estate.workloads.values())])
    return Accounts(estate.organization, tuple(known), estate.central.partition)


def callers(key: Key, inventory: Inventory, accounts: Accounts, resource: tuple[Statement, ...]) -> Iterator[Principal]:
    """Every principal: each role that the templates give policies, and any principal of every kind.

    Of a key in an account of its tenant, the roles of the templates: its own policy tells who else there is.
    """
    if key.policy is _WHATEVER_ITS_OWNER_ALLOWS:
        for one in inventory.roles.values():
            known_policies = None if one.unknown_policies else tuple(one.identity)
            yield role(one.arn, accounts, tags=one.tags, identity=known_policies)
        return
    known = [one for one in inventory.roles.values() if one.arn.split(":")[4] == key.account]
    for one in known:
        yield role(one.arn, accounts, tags=one.tags, identity=None if one.unknown_policies else tuple(one.identity))
    yield any_of_kind(ROLE, accounts, but=[one.arn for one in known])
    for stem in _stems(resource, key.account):
        yield any_role_below(stem, accounts, but=[one.arn for one in known if one.arn.startswith(stem)])
    for kind in (USER, FEDERATED_USER, ROOT):
        yield any_of_kind(kind, accounts)
    yield service()
    yield anonymous()


_WHATEVER_ITS_OWNER_ALLOWS: Final[dict[str, object]] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Whatever", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    ],
}
"""The worst policy of a key whose policy is in no template: then the roles' own policies alone hold them."""


def _held_keys(estate: Estate) -> Iterator[Key]:
    tenants = (tenant for each in (estate, *estate.siblings) for tenant in each.tenants.values())
    for tenant in tenants:
        for arn in tenant.held.arns if tenant.held is not None else ():
            _, _, _, region, account, _ = arn.split(":", 5)
            facts = {"aws:requestedregion": region}
            yield Key(arn, account, region, _WHATEVER_ITS_OWNER_ALLOWS, arn, facts, {})


def _stems(resource: tuple[Statement, ...], account: str) -> list[str]:
    """How the ARNs of roles begin that the policy names by patterns, as those of permission sets."""
    found = set()
    for one in resource:
        for _, key, values in conditions(one.raw["Condition"], one.where) if "Condition" in one.raw else ():
            if key == "aws:principalarn":
                found |= {re.split(r"[*?$]", value, maxsplit=1)[0] for value in values if "*" in value or "?" in value}
    begins = f":iam::{account}:role/"
    return sorted(stem for stem in found if begins in stem and not stem.endswith(begins))


def key_questions(inventory: Inventory, estate: Estate) -> Iterator[Pending]:
    """One question for each key and each kind of caller."""
    accounts = accounts_of(estate)
    for key in (*inventory.keys, *_held_keys(estate)):
        resource = inventory.statements(key.policy, KEY, key.where)
        groups: dict[tuple[int, ...], list[tuple[str, ...]]] = {}
        for principal in callers(key, inventory, accounts, resource):
            yield Pending(
                rests_on(
                    "key",
                    key.arn,
                    principal,
                    key.policy,
                    dict(key.facts),
                    inventory.aliases.get(key.arn),
                    sorted(inventory.roles),
                ),
                partial(_question, key, resource, principal, groups, inventory, estate),
            )


def _question(
    key: Key,
    resource: tuple[Statement, ...],
    principal: Principal,
    known: dict[tuple[int, ...], list[tuple[str, ...]]],
    inventory: Inventory,
    estate: Estate,
) -> Question:
    tenant = owner_of(key, inventory, estate)
    policies = Policies(resource, inventory.own(principal.identity))
    own = tuple(map(id, policies.identity or ()))
    if own not in known:
        known[own] = _groups(policies, key, tenant, estate)
    groups = known[own]
    documents = [*policies.resource, *(policies.identity or ())]
    # The owner of a key that a tenant holds gives it any aliases; a request names it by one, or by none.
    aliases = None if key.policy is _WHATEVER_ITS_OWNER_ALLOWS else tuple(inventory.aliases.get(key.arn, ()))
    facts = {name: Value(name, held is not None, held or "") for name, held in key.facts.items()}
    asked = ask_about(principal, key.arn, key.account, documents, keys=_PROMISED, facts=facts, aliases=aliases)
    cases = [_case(asked.of(group[0], group[0]), group, policies, key, tenant, estate) for group in groups]
    if any(one.reaches_further for one in policies.resource):
        cases.append(_yet_to_come(asked, policies, key, tenant, estate))
    found = tuple(case for case in cases if case.breach is not False)
    name = f"the key of tenant {tenant.id}" if tenant else key.where
    return Question(
        "key", principal.label, f"{name} in {key.region}", tenant.id if tenant else None, asked, found, key.policy
    )


def _case(
    request: OneAction, actions: tuple[str, ...], policies: Policies, key: Key, tenant: Tenant | None, estate: Estate
) -> Case:
    crosses = request.known is None or request.known in ACROSS_ACCOUNTS
    can = allowed(request, policies, crosses=crosses, account=key.account)
    may = False if can is False else _may(request, key, tenant, estate)
    return Case(actions, request, all_of([can, negate(may)]))


def _may(request: OneAction, key: Key, tenant: Tenant | None, estate: Estate) -> Formula:
    if tenant is not None:
        # No role of this key account is declared for the key of a tenant of another.
        return tenant.id in estate.tenants and declared(request, request.action, tenant, estate)
    return declared_of_topic_key(request, request.action, estate) if key.of_topic else False


def _yet_to_come(asked: Asked, policies: Policies, key: Key, tenant: Tenant | None, estate: Estate) -> Case:
    """An action that KMS may add: any name that it has not given to another."""
    action = text("action")
    new = all_of(
        [
            is_in(action, sequence(exactly("kms:"), some(characters("az", "09")))),
            negate(is_in(action, one_of(_all_actions()))),
        ]
    )
    case = _case(asked.of(action, None), ("an action yet to come",), policies, key, tenant, estate)
    return Case(case.actions, case.request, all_of([new, case.breach]))


def _groups(policies: Policies, key: Key, tenant: Tenant | None, estate: Estate) -> list[tuple[str, ...]]:
    """Actions that no document and no promise distinguishes, and that carry the same of the keys asked for."""
    documents = (*policies.resource, *(policies.identity or ()))
    keys = sorted(_PROMISED.union(*(one.keys for one in documents)))
    table = administrators_of_topic_key(estate) if key.of_topic else {}
    table = administrators(tenant, estate) if tenant else table
    groups: dict[object, list[str]] = {}
    for action in key_actions():
        spoken = tuple([one.speaks_of(action) for one in documents])
        carried = tuple([carries(action, key) for key in keys])
        special = action if action in _SPECIAL else ""
        form = spoken, carried, frozenset(table.get(action, ())), special, action in ACROSS_ACCOUNTS
        groups.setdefault(form, []).append(action)
    return [tuple(group) for group in groups.values()]


_SPECIAL: Final = frozenset(
    f"kms:{name}".lower()
    for name in (
        "Decrypt",
        "DescribeKey",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GetParametersForImport",
        "ImportKeyMaterial",
        "ReEncryptFrom",
        "ReEncryptTo",
    )
)
"""Actions of which the manifest says more than who."""
