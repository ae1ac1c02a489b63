"""Requests drawn at random, with no idea of classes, against what the diff says of the same two estates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenant_keys.review.diff import Change, Severity
from tenant_keys.review.diff.access import access_changes
from tenant_keys.review.iam import InvalidRequest, Policies, Request, authorize
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.proof import NotProved
from tenant_keys.review.proof.key_actions import FUTURE
from tenant_keys.review.proof.promise import promises
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tests.review.proof.test_soundness import ESTATE, Draw
from tools.random_estates.random_mutations import mutated
from tools.random_estates.small_estates import Templates, templates_of

PROMISED = promises(ESTATE)


def snapshot(templates: Templates) -> ReviewedEstate:
    return review_estate(templates, ESTATE)


def gained(seed: int, old: Templates, new: Templates, number: int) -> Iterator[tuple[str, Request]]:
    """Requests that the old documents refuse and the new ones allow, with the tenant whose key it is."""
    before, after = Draw(seed, old, PROMISED), Draw(seed, new, PROMISED)
    known = {tenant: before.aliases(tenant) for tenant in PROMISED}
    for _ in range(number):
        tenant = after.random.choice(sorted(after.keys))
        principal, identity = after.principal()
        try:
            request = after.request(tenant, principal)
        except InvalidRequest:
            continue
        if not authorize(request, Policies(identity=identity, resource=after.keys[tenant])).allowed:
            continue
        context = {**request.context, "kms:resourcealiases": known[tenant]}
        if context.get("kms:requestalias", known[tenant][0]) not in known[tenant]:
            del context["kms:requestalias"]  # an alias that is new; before, its caller had to name the key
        asked = Request(principal, request.action, request.resource, request.resource_account, context)
        own = before.identities.get(principal.role_arn or "", identity)
        if not authorize(asked, Policies(identity=own, resource=before.keys[tenant])).allowed:
            yield tenant, request


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.exhaustive) for part in (1, 2, 3))])
def test_no_request_that_is_newly_allowed_goes_untold(part: int) -> None:
    """Of eight estates, or of more until enough is gained: many mutations gain nothing, or end the comparison."""
    old, first = templates_of(ESTATE), 9_000 + part * 40
    before, gains, understood = snapshot(old), 0, 0
    for seed, new in mutated(range(first, first + 40), ESTATE, templates_of):
        if seed >= first + 8 and understood > 2 and gains > 25:
            break
        try:
            changes = [one for one in access_changes(before, snapshot(new)) if one.severity is Severity.REVIEW]
        except (NotProved, UnsupportedPolicy):
            continue  # the comparison blocks: access cannot be compared
        understood += 1
        for tenant, request in gained(seed, old, new, 1_000):
            gains += 1
            assert any(_tells(change, tenant, request) for change in changes), f"seed {seed}: {request}"
    assert understood > 2
    assert gains > 25


def _tells(change: Change, tenant: str, request: Request) -> bool:
    name = request.action.partition(":")[2] if request.action != FUTURE else FUTURE.partition(":")[2]
    return name in change.what and (tenant in change.tenants or change.count > len(change.tenants))
