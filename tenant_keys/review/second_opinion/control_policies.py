"""Control policies, and whom they limit.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.example import EVERYTHING
from tenant_keys.review.second_opinion.inventory import Control, Inventory
from tenant_keys.review.second_opinion.keys import accounts_of
from tenant_keys.review.second_opinion.principals import ROLE, Principal, any_of_kind
from tenant_keys.review.second_opinion.statements import IDENTITY, KEY, Statement
from tenant_keys.review.second_opinion.terms import characters, equal, exactly, is_in, many, negate, sequence

KINDS: Final = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}
OPEN: Final = {"Version": "2012-10-17", "Statement": [{**EVERYTHING["Statement"][0], "Principal": "*"}]}  # type: ignore[dict-item]
_LINKED: Final = sequence(exactly("role/aws-service-role/"), many(characters("!~")))


def statements_of(control: Control, inventory: Inventory) -> tuple[Statement, ...]:
    """The statements of a control policy: an RCP names every principal, an SCP none.

    Raises:
        NotUnderstood: a policy of another type.
    """
    if control.kind not in KINDS:
        raise NotUnderstood(f"{control.where}: AWS::Organizations::Policy of type {control.kind}")
    kind = IDENTITY if KINDS[control.kind] == "scp" else KEY
    return inventory.statements(control.document, kind, control.where)


def of_account(kind: str, estate: Estate) -> Principal:
    made = unlinked(any_of_kind(kind, accounts_of(estate)))
    made.limits.append(equal(made.account, estate.central.account))
    return made


def unlinked(principal: Principal) -> Principal:
    """No service-linked role: control policies leave those alone."""
    if principal.kind == ROLE:
        principal.limits.append(negate(is_in(principal.resource, _LINKED)))
    return principal


def replayed(controls: Iterable[Control]) -> tuple[tuple[str, Any], ...]:
    return tuple((KINDS[one.kind], one.document) for one in controls)
