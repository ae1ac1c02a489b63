"""Control policies of the organization: does one let through what is reserved?

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html (whom they limit)
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
Whom and what they leave alone: the management account, service-linked roles, AWS managed keys, kms:RetireGrant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.review.second_opinion.control_policies import (
    KINDS,
    OPEN,
    of_account,
    replayed,
    statements_of,
    unlinked,
)
from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.inventory import Control, Inventory
from tenant_keys.review.second_opinion.keys import accounts_of, key_actions
from tenant_keys.review.second_opinion.patterns import like, pieces
from tenant_keys.review.second_opinion.permission import ACROSS_ACCOUNTS, denied
from tenant_keys.review.second_opinion.principals import (
    FEDERATED_USER,
    ROLE,
    ROOT,
    SERVICE,
    TAG_VALUE,
    USER,
    Principal,
    anonymous,
    any_of_kind,
    is_one_of,
    service,
)
from tenant_keys.review.second_opinion.promise import TENANT
from tenant_keys.review.second_opinion.question import Case, Pending, Question, ask_about, rests_on
from tenant_keys.review.second_opinion.request import carries
from tenant_keys.review.second_opinion.statements import Statement
from tenant_keys.review.second_opinion.terms import (
    Formula,
    all_of,
    any_of,
    equal,
    negate,
)
from tenant_keys.review.second_opinion.values import Value

_SETTINGS: Final = (
    "DisableKeyRotation EnableKey EnableKeyRotation PutKeyPolicy ReplicateKey TagResource UntagResource "
    "UpdateKeyDescription"
)
_BYPASS: Final = "kms:bypasspolicylockoutsafetycheck"
_SENT_TAG: Final = f"aws:requesttag/{TENANT}"
_Spares = Callable[[Principal], Formula]


@dataclass(frozen=True)
class Row:
    """Actions that are reserved, the resource, and for whom."""

    what: str
    actions: tuple[str, ...]
    resource: str
    spares: _Spares
    facts: tuple[Value, ...] = ()


def guardrail_questions(inventory: Inventory, estate: Estate) -> Iterator[Pending]:
    """For each policy what it lets through of all that is reserved."""
    _check(inventory, estate)
    for control in inventory.controls:
        for row in _rows(control.kind, estate):
            for principal in _limited(control.kind, estate):
                about = rests_on("control", f"{control.kind} {row.what} {row.resource}", principal, control.document)
                yield Pending(about, partial(_gap, control, row, principal, inventory, estate))


def _check(inventory: Inventory, estate: Estate) -> None:
    """Refuse what the questions would not be about."""
    if inventory.controls and estate.guardrails is None:
        where = inventory.controls[0].where
        raise NotUnderstood(f"{where}: AWS::Organizations::Policy, and the manifest asks for no guardrails")
    kinds = [control.kind for control in inventory.controls]
    if estate.guardrails is not None and sorted(kinds) != sorted(KINDS):
        got = ", ".join(kinds) or "none"
        raise NotUnderstood(f"policies of the organization: got {got}; one of each kind is understood")
    for control in inventory.controls:
        if control.targets != (estate.central.account,):
            raise NotUnderstood(f"{control.where}: attached to {', '.join(control.targets) or 'nothing'}")
        if any(statement.allow for statement in statements_of(control, inventory)):
            raise NotUnderstood(f"{control.where}: an Allow in a policy of the organization")


def _limited(kind: str, estate: Estate) -> Iterator[Principal]:
    """Whom the policy limits: principals of the key account, or anyone who asks for its resources."""
    for each in (ROLE, USER, FEDERATED_USER, ROOT):
        yield of_account(each, estate) if KINDS[kind] == "scp" else unlinked(any_of_kind(each, accounts_of(estate)))
    if KINDS[kind] == "rcp":
        yield service()
        yield anonymous()


def _gap(control: Control, row: Row, principal: Principal, inventory: Inventory, estate: Estate) -> Question:
    documents = statements_of(control, inventory)
    account = estate.central.account
    keys = {_SENT_TAG} if any(value.name.lower() == _SENT_TAG for value in row.facts) else set()
    facts = {value.name.lower(): value for value in row.facts}
    asked = ask_about(principal, row.resource, account, documents, keys=keys, facts=facts)
    cases = []
    for actions in _alike(row.actions, documents):
        request = asked.of(actions[0], actions[0])
        crosses = actions[0] in ACROSS_ACCOUNTS or actions[0].startswith("sts:") or not principal.in_account
        reaches = any_of([crosses, equal(principal.account, account)])
        breach = all_of([reaches, negate(denied(request, documents)), negate(row.spares(principal))])
        cases.append(Case(actions, request, breach))
    what = f"{row.what}, which {control.where} is to keep"
    return Question("control", principal.label, what, None, asked, tuple(cases), OPEN, controls=replayed([control]))


def _alike(actions: Iterable[str], documents: tuple[Statement, ...]) -> list[tuple[str, ...]]:
    keys = sorted({key for one in documents for key in one.keys})
    groups: dict[object, list[str]] = {}
    for action in actions:
        spoken = tuple(one.speaks_of(action) for one in documents)
        form = spoken, tuple(carries(action, key) for key in keys), action in ACROSS_ACCOUNTS
        groups.setdefault(form, []).append(action)
    return [tuple(group) for group in groups.values()]


def _rows(kind: str, estate: Estate) -> Iterator[Row]:
    central = estate.central
    deployers, break_glass = list(central.deployers), [central.break_glass]
    managers = [*central.administrators, *break_glass]
    roles = f"arn:{central.partition}:iam::{central.account}:role"
    tagged = (Value.chosen("aws:requesttag/tenant_id", present=True, of=TAG_VALUE),)
    bypassing = (Value(_BYPASS, True, "true"),)
    everywhere = [f"arn:{central.partition}:kms:{region}:{central.account}:" for region in central.regions]
    for where in everywhere:
        key, alias = f"{where}key/11112222-3333-4444-5555-666677778888", f"{where}{estate.naming.alias}".format(id="x")
        yield Row("deletion", _kms("ScheduleKeyDeletion"), key, _only(break_glass))
        yield Row("cancelling a deletion", _kms("CancelKeyDeletion"), key, _only(managers))
        yield Row("disabling", _kms("DisableKey"), key, _only([*deployers, *managers]))
        yield Row("settings", _kms(_SETTINGS), key, _only(deployers))
        yield Row("aliases", _kms("CreateAlias DeleteAlias"), key, _only([*deployers, *break_glass]))
        openings = _kms("CreateGrant UpdateAlias UpdatePrimaryRegion")
        yield Row("grants, alias targets, primary Region", openings, key, _only([*deployers, *break_glass]))
        material = _kms("DeleteImportedKeyMaterial GetParametersForImport ImportKeyMaterial")
        yield Row("key material", material, key, _below(estate))
        yield Row("the lockout check", _kms("PutKeyPolicy"), key, _only(break_glass), bypassing)
        if KINDS[kind] == "rcp":
            yield Row("use from inside the organization", _used(), key, _inside(estate))
        else:
            yield Row("aliases", _kms("CreateAlias DeleteAlias"), alias, _only([*deployers, *break_glass]))
            yield Row("alias targets", _kms("UpdateAlias"), alias, _only([*deployers, *break_glass]))
            yield from _of_audit(where.split(":")[3], estate)
    if KINDS[kind] == "rcp":
        below = f"{roles}{estate.naming.role_path}x/{estate.naming.role_prefix}tenant-x.x"
        yield Row("sessions from inside the organization", ("sts:assumerole",), below, _inside(estate))
        if _customers(estate):
            own = f"{roles}{estate.naming.role_path}{estate.naming.role_prefix}import.x"
            yield Row("sessions of import roles", ("sts:assumerole",), own, _inside_or_customers(estate))
        for other in (below, f"{roles}/x"):
            yield Row("the tag of tenants", ("sts:tagsession",), other, _only([]), tagged)
        return
    yield Row("the lockout check", _kms("CreateKey"), "*", _only(break_glass), bypassing)
    for name in ("role", "user"):
        own = f"{roles.removesuffix('role')}{name}/x"
        yield Row("the tag of tenants", (f"iam:create{name}", f"iam:tag{name}"), own, _only([]), tagged)


def _of_audit(region: str, estate: Estate) -> Iterator[Row]:
    central, name = estate.central, f"{estate.naming.stack_prefix}-x"
    for what, service_name, before, actions in (
        ("the trail", "cloudtrail", "trail/", "DeleteTrail PutEventSelectors StopLogging UpdateTrail"),
        ("the rules", "events", "rule/", "DeleteRule DisableRule PutRule PutTargets RemoveTargets"),
        ("the topic", "sns", "", "AddPermission DeleteTopic RemovePermission SetTopicAttributes"),
    ):
        arn = f"arn:{central.partition}:{service_name}:{region}:{central.account}:{before}{name}"
        yield Row(what, _named(service_name, actions), arn, _only(list(central.deployers)))


def _kms(actions: str) -> tuple[str, ...]:
    return _named("kms", actions)


def _named(service_name: str, actions: str) -> tuple[str, ...]:
    return tuple(f"{service_name}:{action}".lower() for action in actions.split())


def _used() -> tuple[str, ...]:
    """Every operation that names a key by its alias, but for DescribeKey; and grants."""
    named = (action for action in key_actions() if carries(action, "kms:requestalias"))
    return (*(action for action in named if action != "kms:describekey"), "kms:creategrant")


def _only(roles: list[str]) -> _Spares:
    return lambda principal: is_one_of(principal, roles) if principal.kind == ROLE else False


def _below(estate: Estate) -> _Spares:
    path = estate.guardrails.import_path if estate.guardrails else None
    below = [pieces(f"role{path}*", substitute=False)] if path else []
    if _customers(estate):
        own = f"role{estate.naming.role_path}{estate.naming.role_prefix}import.*"
        below.append(pieces(own, substitute=False))

    def spares(principal: Principal) -> Formula:
        if principal.kind != ROLE:
            return False
        one_below = any_of(like(principal.resource, pattern) for pattern in below)
        return all_of([equal(principal.account, estate.central.account), one_below])

    return spares


def _customers(estate: Estate) -> list[str]:
    """Accounts of customers whose own principals assume import roles."""
    return sorted({tenant.custodian.account for tenant in estate.tenants.values() if tenant.custodian is not None})


def _inside_or_customers(estate: Estate) -> _Spares:
    inside = _inside(estate)

    def spares(principal: Principal) -> Formula:
        if not principal.in_account:
            return inside(principal)
        return any_of([inside(principal), *(equal(principal.account, one) for one in _customers(estate))])

    return spares


def _inside(estate: Estate) -> _Spares:
    def spares(principal: Principal) -> Formula:
        if principal.kind == SERVICE:
            return True
        value = principal.value("aws:principalorgid")
        if value.present is False:
            return False
        return all_of([value.present, equal(value.held(), estate.organization or "")])

    return spares
