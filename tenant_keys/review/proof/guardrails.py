"""Control policies of the organization: each alone stops what the manifest reserves, whatever other policies allow.

Every class of principals asks for everything that is reserved, with an identity policy and a resource policy that allow
all of it, and one control policy between them: what is not denied then is a gap. That nothing declared is stopped, the
proof of keys and sessions shows, which decides declared requests with the control policies in place, and `stopped`.

The lists are here a second time on purpose, as in `promise`. Which principals and resources a control policy does not
limit: Organizations guide, orgs_manage_policies_scps and orgs_manage_policies_rcps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tenant_keys.aws_facts.operations import WITHIN_ACCOUNT_ONLY
from tenant_keys.aws_facts.quotas import RESOURCE_CONTROL_POLICY_CHARACTERS, SERVICE_CONTROL_POLICY_CHARACTERS
from tenant_keys.manifest import Estate
from tenant_keys.review.iam import Policies, Request, authorize
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, anonymous, everything, service
from tenant_keys.review.proof.actors import services
from tenant_keys.review.proof.binding_records import ControlRecord
from tenant_keys.review.proof.controls import RCP, SCP, control_policy, full_access
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_actions import carries
from tenant_keys.review.proof.outsiders import outsiders, persons
from tenant_keys.review.proof.promise import TAG, access_roles
from tenant_keys.review.proof.requests import Target, base_request, contexts
from tenant_keys.review.proof.reserved import Reserved, reserved, understood_resources
from tenant_keys.review.proof.session_requests import context_of, tag_requests
from tenant_keys.review.proof.stopped import check_stopped, open_policy
from tenant_keys.review.proof.tags import tag_sets
from tenant_keys.review.proof.world import World

HOME: Final = "us-east-1"
"""Where AWS Organizations answers (botocore, endpoints)."""
_LIMITS: Final = {SCP: SERVICE_CONTROL_POLICY_CHARACTERS, RCP: RESOURCE_CONTROL_POLICY_CHARACTERS}


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One statement of a control policy, and what it stops that no other of its statements does."""

    policy: str
    sid: str
    lost: str
    """The worst that others gain without it, where no key policy or IAM policy stops them; "nothing" if none."""
    example: str


def check_guardrails(inventory: Inventory, world: World) -> Iterator[Finding]:
    """Compare the control policies of the templates with those that the manifest asks for, and look for gaps."""
    declared = world.estate.guardrails
    for record in inventory.controls:
        if declared is None:
            message = f"{record.where}: AWS::Organizations::Policy: the proof does not know what it grants"
            yield Finding(
                Kind.NOT_PROVED, message, "name guardrails in tenants.yaml, or keep the policy in another app"
            )
    if declared is None:
        return
    first = [record for record in inventory.controls if record.kind not in _LIMITS]
    for kind in _LIMITS:
        found = [record for record in inventory.controls if record.kind == kind]
        first += found[:1]
        if not found:
            message = f"guardrails are declared, and no template holds a policy of type {kind}"
            yield Finding(Kind.INVENTORY, message, "synthesize again")
        for record in found[1:]:
            message = f"{record.where}: AWS::Organizations::Policy: a second {kind}; the proof reads one"
            yield Finding(Kind.NOT_PROVED, message, "keep it in another app")
    for record in first:
        if record.kind not in _LIMITS:
            message = (
                f"{record.where}: AWS::Organizations::Policy of type {record.kind}: the proof does not know its effect"
            )
            yield Finding(Kind.NOT_PROVED, message, "keep it in another app")
            continue
        yield from _place(record, world.estate)
        document = control_policy(record)
        unknown = list(_not_understood(record, document, world.estate))
        yield from unknown or _gaps(record, document, world)
    yield from check_stopped(inventory, world)


def guardrails(inventory: Inventory, world: World) -> list[Guardrail]:
    """What each statement stops by itself: the statements are taken away one after the other."""
    found = []
    for record in inventory.controls:
        statements = record.document["Statement"]
        for statement in statements:
            rest = [one for one in statements if one is not statement]
            gaps = list(_open(control_policy(record, {**record.document, "Statement": rest}), record, world))
            order = ("nothing", "detection", "administration", "plaintext")
            lost = max((reserved.lost for reserved, _, _ in gaps), key=order.index, default="nothing")
            example = next((_sentence(record, *gap) for gap in gaps if gap[0].lost == lost), "")
            found.append(Guardrail("SCP" if record.kind == SCP else "RCP", statement.get("Sid", ""), lost, example))
    return found


def _place(record: ControlRecord, estate: Estate) -> Iterator[Finding]:
    """In which account it is made, to what it is attached, and whether AWS takes it."""
    management = estate.guardrails.management_account if estate.guardrails else None
    fix = "synthesize again"
    if (record.account, record.region) != (management, HOME):
        message = (
            f"{record.where}: a control policy in {record.account}, {record.region}; expected {management}, {HOME}"
        )
        yield Finding(Kind.INVENTORY, message, fix)
    if record.targets != (estate.central.account,):
        targets = ", ".join(record.targets) or "nothing"
        message = f"{record.where}: attached to {targets}; expected the key account {estate.central.account} alone"
        yield Finding(Kind.INVENTORY, message, fix)
    if record.characters > _LIMITS[record.kind]:
        message = (
            f"{record.where}: {record.characters:,} characters; AWS Organizations accepts {_LIMITS[record.kind]:,}"
        )
        yield Finding(Kind.INVENTORY, message, "name one role for all Regions in central.deployment_roles")


def _not_understood(record: ControlRecord, document: Document, estate: Estate) -> Iterator[Finding]:
    """Statements of which the proof cannot say whom and what they stop."""
    fix = "write it as tenants.yaml generates it, or keep it in another app"
    rows = reserved(record.kind, estate)
    actions = {"kms:*"} | {action for row in rows for action in row.actions}
    resources = understood_resources(estate)
    for statement in document.tree.statements:
        message = f"{record.where}: {statement.label}"
        if statement.allows:
            yield Finding(Kind.NOT_PROVED, f"{message} allows; FullAWSAccess does, which is attached beside it", fix)
        if statement.not_actions:
            yield Finding(Kind.NOT_PROVED, f"{message}: NotAction denies what the manifest does not reserve", fix)
        for action in statement.actions:
            if action.lower() not in actions:
                yield Finding(Kind.NOT_PROVED, f"{message} denies {action}, of which nothing is reserved", fix)
        for pattern in (*statement.resources, *statement.not_resources):
            if pattern not in resources:
                yield Finding(Kind.NOT_PROVED, f"{message}: the proof does not know the resources {pattern}", fix)


def _gaps(record: ControlRecord, document: Document, world: World) -> Iterator[Finding]:
    """One finding for each action that a principal may take in spite of the policy."""
    reported: set[str] = set()
    for kept, actor, request in _open(document, record, world):
        if kept.what not in reported:
            reported.add(kept.what)
            yield Finding(
                Kind.GUARDRAIL,
                _sentence(record, kept, actor, request),
                "restore the Deny of the control policy",
                request={
                    "principal": actor.principal.arn or "anonymous",
                    "action": request.action,
                    "resource": request.resource,
                    "context": dict(request.context),
                },
            )


def _sentence(record: ControlRecord, kept: Reserved, actor: Actor, request: Request) -> str:
    return f"{record.where} does not keep {kept.what}: {actor.label} may {request.action}"


def _open(document: Document, record: ControlRecord, world: World) -> Iterator[tuple[Reserved, Actor, Request]]:
    """Requests that the policy lets through and that are reserved for others."""
    actors = list(_actors(document, record.kind, world))
    for kept in reserved(record.kind, world.estate):
        for action in _action_of_each_class(document, kept.actions):
            for actor in actors:
                request = None if kept.spares(actor) else _let_through(document, record.kind, kept, actor, action)
                if request is not None:
                    yield kept, actor, request


def _action_of_each_class(document: Document, actions: frozenset[str]) -> list[str]:
    """One action for each set of statements that speak of it."""
    found: dict[object, str] = {}
    for action in sorted(actions):
        clauses = document.speaking(action, allow=False)
        carried = frozenset(key for clause in clauses for key in clause.free if carries(action, key))
        found.setdefault((tuple(map(id, clauses)), carried, action in WITHIN_ACCOUNT_ONLY), action)
    return list(found.values())


def _let_through(document: Document, kind: str, kept: Reserved, actor: Actor, action: str) -> Request | None:
    """A request that is allowed; None where there is none."""
    for arn in kept.resources:
        account = str(actor.principal.account) if arn == "*" else arn.split(":")[4]
        policies = _around(document, kind)
        for sent in _sent(document, kept, {**actor.principal.implied, "aws:resourceaccount": account}):
            target = Target(arn, account, open_policy(), sent, {})
            base = base_request(actor, action, target)
            for chosen in contexts(base, (document,), target, carries):
                request = Request(actor.principal, action, arn, account, {**sent, **chosen})
                if authorize(request, policies).allowed:
                    return request
    return None


def _sent(document: Document, kept: Reserved, known: Mapping[str, Value]) -> list[Mapping[str, Value]]:
    """The context of what is reserved: of each class of tags, where it is requests with a tenant's tag.

    Names of tags ignore case, and the list of names keeps it (IAM guide, access_tags). `known`: what the request has
    besides, for policy variables.
    """
    if not kept.tenant_tag:
        return [kept.context]
    found = tag_requests(document.conditions, known)
    return [context_of(tags) for tags in found if TAG in map(str.lower, tags)]


def _around(document: Document, kind: str) -> Policies:
    """The control policy beside AWS's FullAWSAccess, and around them policies that allow everything."""
    identity, resource = (everything()[0].policy,), open_policy().policy
    if kind == SCP:
        return Policies(identity=identity, resource=resource, scps=((full_access("scp"), document.policy),))
    return Policies(identity=identity, resource=resource, rcps=((full_access("rcp"), document.policy),))


def _values_of(document: Document, rows: Iterable[Reserved], account: str) -> Mapping[str, Value]:
    """What a policy variable may be compared with in what is reserved: all of it is in one account."""
    found: dict[str, Value] = {"aws:resourceaccount": account}
    for one in rows:
        for sent in _sent(document, one, {"aws:resourceaccount": account}):
            for key, value in sent.items():
                if not key.startswith("aws:requesttag/"):  # any value
                    several = [value] if isinstance(value, str) else value
                    found[key] = tuple(dict.fromkeys([*found.get(key, ()), *several]))
    return found


def _actors(document: Document, kind: str, world: World) -> Iterator[Actor]:
    """Everyone whom the control policy limits, in classes that it does not distinguish."""
    estate = world.estate
    central = estate.central
    named = {*central.administrators, *central.deployers, central.break_glass}
    named |= set(sorted(tenant.import_role for tenant in estate.tenants.values() if tenant.import_role)[:2])
    named |= {f"{access_roles(estate)}any/any", *world.existing}
    resource = _values_of(document, reserved(kind, estate), central.account)
    found = outsiders(document, world.organizations, named, resource, central.partition, world.declared)
    tags = tag_sets((document,), resource, "a-tenant", own={}, always=False)
    for actor in persons(found, world.organizations, tags, frozenset()):
        linked = ":role/aws-service-role/" in str(actor.role_arn)
        if not linked and (kind == RCP or actor.principal.account == central.account):
            yield actor
    if kind == RCP:
        yield from map(service, services(document, resource))
        yield anonymous()
