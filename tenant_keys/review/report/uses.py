"""Who may use a key and how, and who may administer it: asked of the evaluator, request by request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tenant_keys.manifest import Estate, Workload
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.key_access import of_unused_key
from tenant_keys.review.proof.key_actions import FUTURE, is_cryptographic, key_actions
from tenant_keys.review.proof.promise import Promise
from tenant_keys.review.report import names
from tenant_keys.review.report.key_evaluator import KeyEvaluator

DESCRIBE: Final = "kms:DescribeKey"


@dataclass(frozen=True, slots=True)
class Operation:
    """One action that a session may call, and what the request must bring."""

    action: str
    alias: bool
    """Whether it must name the key by its alias."""
    context: bool
    """Whether it must carry the tenant in the encryption context."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way to use the key: through one workload."""

    workload: str
    role: str
    tag: bool
    """Whether the session must carry the tenant as its tag."""
    operations: tuple[Operation, ...]
    """None where the tenant's state forbids all use."""


@dataclass(frozen=True, slots=True)
class Office:
    """One list of administrative actions and those who may call them."""

    name: str
    """The statement of the key policy that allows it."""
    actions: tuple[str, ...]
    who: tuple[str, ...]


def paths(evaluator: KeyEvaluator) -> Iterator[Path]:
    """Every way that is declared, with what really goes through."""
    for use in evaluator.promise.uses:
        workload = evaluator.estate.workloads[use.workload]
        operations = tuple(_operations(evaluator, workload))
        role = use.role_arn if use.shared else names.role(use.workload)
        yield Path(use.workload, role, use.shared, operations)


def _operations(evaluator: KeyEvaluator, workload: Workload) -> Iterator[Operation]:
    tenant, alias = evaluator.promise.tenant, evaluator.promise.alias
    session = evaluator.user_of(tenant, workload)
    for action in key_actions():
        if action != DESCRIBE and not is_cryptographic(action):
            continue
        if evaluator.decide(session, action, alias=alias, context=tenant).allowed:
            by_key = evaluator.decide(session, action, alias=None, context=tenant).allowed
            bare = evaluator.decide(session, action, alias=alias, context=None).allowed
            yield Operation(action, not by_key, not bare)


def offices(evaluator: KeyEvaluator) -> list[Office]:
    """The administration of the key, list by list."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    people = [
        (label, evaluator.session(arn)) for arn, label in administrators(evaluator.promise, evaluator.estate).items()
    ]
    for action in key_actions():
        if action == FUTURE or is_cryptographic(action):
            continue
        holders = [(label, sid) for label, actor in people if (sid := _sid(evaluator, actor, action)) is not None]
        if holders:
            found.setdefault((holders[0][1], tuple(label for label, _ in holders)), []).append(action)
    return [Office(name, tuple(actions), who) for (name, who), actions in found.items()]


def nobody(paths: list[Path], offices: list[Office]) -> list[str]:
    """Actions on a key that no role of the manifest may call."""
    allowed = {operation.action for path in paths for operation in path.operations}
    allowed |= {action for office in offices for action in office.actions}
    return [action for action in key_actions() if action != FUTURE and action not in allowed]


def administrators(promise: Promise, estate: Estate) -> dict[str, str]:
    """Every role that the manifest names for administration, by ARN, with the name by which the report calls it."""
    central = estate.central
    known = (*central.deployers, *central.administrators, central.break_glass, *central.readers)
    known = (*known, *central.auditors.values())
    people = {arn: arn for arn in known}
    if promise.import_role and promise.import_role not in people:
        people[promise.import_role] = names.IMPORT_ROLE
    return people


def _sid(evaluator: KeyEvaluator, actor: Actor, action: str) -> str | None:
    """The statement of the key policy that lets the request through, in the form that suits it best."""
    best = {
        **of_unused_key(evaluator.promise, action),
        "kms:ExpirationModel": evaluator.promise.expiration_model,
        "kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "kms:WrappingKeySpec": "RSA_4096",
    }
    decision = evaluator.decide(
        actor, action, alias=evaluator.promise.alias, context=evaluator.promise.tenant, extra=best
    )
    if not decision.allowed:
        return None
    return next((one.sid or str(one.index) for one in decision.deciders if one.kind == "resource"), "")
