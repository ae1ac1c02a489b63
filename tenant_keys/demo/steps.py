"""The legitimate calls, one after the other, and what each of them must come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.client import TenantKeysError
from tenant_keys.demo.errors import NothingToServe
from tenant_keys.demo.local_estate import LocalEstate
from tenant_keys.demo.report import ALLOWED, Call, asked
from tenant_keys.demo.service import TENANT, Service, Unexpected
from tenant_keys.local.errors import Stopped
from tenant_keys.manifest import Estate


@dataclass(frozen=True, slots=True)
class Row:
    """A call within a step; the operation finds its decision in the log."""

    name: str
    who: str
    tried: str
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What the service does at once, and the calls that are worth a line of their own."""

    run: Callable[[Service], str]
    rows: tuple[Row, ...]
    """`run` answers what is seen at the last of them."""
    possible: Callable[[Estate], bool] = lambda _estate: True


def _serves_acme(workload: str) -> Callable[[Estate], bool]:
    return lambda estate: any(each.name == workload for each in estate.tenants[TENANT].workloads)


STEPS: Final = (
    Step(Service.runs, (Row("the workload role", "Lambda", "runs orders as tenant-keys-orders", "AssumeRole"),)),
    Step(Service.verifies, (Row("a verified token", "orders", "verifies a customer's token"),)),
    Step(
        Service.stores_item,
        (
            Row("the access role", "orders", "AssumeRole tenant-acme.orders", "AssumeRole"),
            Row("a data key", "acme's session", "GenerateDataKey, alias of acme", "GenerateDataKey"),
            Row("an item stored", "orders", "DynamoDB PutItem, sealed by the client"),
        ),
    ),
    Step(Service.item_at_rest, (Row("the item at rest", "root of 222222222222", "DynamoDB GetItem"),)),
    Step(Service.stores_object, (Row("an object stored", "orders", "S3 PutObject, sealed by the client"),)),
    Step(Service.object_at_rest, (Row("the object at rest", "root of 222222222222", "S3 GetObject"),)),
    Step(Service.opens_item, (Row("the item read back", "acme's session", "Decrypt, alias of acme", "Decrypt"),)),
    Step(Service.opens_object, (Row("the object read back", "orders", "S3 GetObject, opened by the client"),)),
    Step(
        Service.billing_opens,
        (Row("by session tag", "billing, tag acme", "Decrypt, alias of acme", "Decrypt"),),
        _serves_acme("billing"),
    ),
    Step(
        Service.portal_opens,
        (Row("by signed token", "portal, acme's token", "Decrypt, alias of acme", "Decrypt"),),
        _serves_acme("portal"),
    ),
    Step(
        Service.globex_imports,
        (Row("key material imported", "globex's import role", "ImportKeyMaterial", "ImportKeyMaterial"),),
        lambda estate: "globex" in estate.tenants and estate.tenants["globex"].import_role is not None,
    ),
    Step(
        Service.umbrella_moves,
        (Row("by the replica", "umbrella's session", "Decrypt, alias in another Region", "Decrypt"),),
        lambda estate: "umbrella" in estate.tenants and estate.tenants["umbrella"].multi_region_key_id is not None,
    ),
)


def require_tenants(estate: Estate) -> None:
    """Check that the manifest has what the demonstration needs.

    Raises:
        NothingToServe: it lacks a workload, a tenant or an identity provider.
    """
    orders, acme = estate.workloads.get("orders"), estate.tenants.get(TENANT)
    if orders is None or orders.runs_on != "lambda" or orders.access != "tenant-role":
        raise NothingToServe("workloads.orders: the demo needs it with runs_on: lambda and access: tenant-role")
    if acme is None or acme.state != "active" or orders not in acme.workloads:
        raise NothingToServe(f"tenants.{TENANT}: the demo needs it active, with workload orders")
    if not any(each.identity_provider for each in estate.workloads.values()):
        raise NothingToServe("identity_providers: the demo needs one that a workload uses, for its tokens")


def serve(local: LocalEstate) -> Iterator[Call]:
    """Each call as it is made; one that fails is the last, since the others build on it."""
    service = Service(local)
    try:
        for step in STEPS:
            if not step.possible(local.estate):
                continue
            for call in _taken(step, service):
                yield call
                if not call.as_promised:
                    return
    finally:
        service.close()


def _taken(step: Step, service: Service) -> Iterator[Call]:
    seen, answer, promised = "", ALLOWED, True
    with service.local.aws.watch() as decisions:
        try:
            seen = step.run(service)
        except (ClientError, BotoCoreError, TenantKeysError, Unexpected) as problem:
            if not service.local.aws.running():
                raise Stopped("the local AWS ended") from problem
            answer, seen, promised = _code(problem), str(problem), False
    if not promised:
        last = step.rows[-1]
        yield _call(last, service.local, decisions, seen=seen, answer=answer, promised=False)
        return
    for row in step.rows:
        mine = [each for each in decisions if each["operation"] == row.operation and each["error"] is None]
        said = seen if row is step.rows[-1] else ""
        # A call that must be in the log and is not was never made.
        yield _call(row, service.local, mine, seen=said, answer=ALLOWED, promised=bool(mine) or row.operation is None)


def _call(
    row: Row, local: LocalEstate, decisions: list[dict[str, Any]], *, seen: str, answer: str, promised: bool
) -> Call:
    decision = decisions[-1] if decisions else None
    return Call(
        name=row.name,
        who=row.who,
        tried=row.tried,
        answer=answer,
        as_promised=promised,
        decided_by=local.deciders(decision) if decision else (),
        seen=seen,
        **asked(decision),
    )


def _code(problem: Exception) -> str:
    """AWS's error code, of the error itself or of the one that the client translated."""
    if isinstance(problem, ClientError):
        return str(problem.response["Error"]["Code"])
    if isinstance(problem.__cause__, ClientError):
        return str(problem.__cause__.response["Error"]["Code"])
    return type(problem).__name__
