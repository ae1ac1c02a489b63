"""What docs/scale.md shows of plans of deployments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from tenant_keys.aws_facts.quotas import UNDOCUMENTED_PER_SECOND, is_documented, per_second
from tenant_keys.manifest import Estate, Tenant, load_estate
from tenant_keys.operations.rollout.calls import CHANGES_OF_THE_CDK
from tenant_keys.operations.rollout.plan import Phase, plan
from tenant_keys.operations.rollout.simulate import simulate
from tenant_keys.operations.rollout.what_if import work_of_new_tenants, work_of_tenants

SAMPLE: Final = Path("tenants.yaml")
FIXED: Final = 4
"""Stacks at a time, for comparison."""


def _shared(estate: Estate) -> Tenant:
    """A tenant whose workloads have one role for all tenants, so that only the key and the alias are its own."""
    acme = estate.tenants["acme"]
    workloads = tuple(one for one in acme.workloads if one.access != "tenant-role")
    return replace(acme, workloads=workloads, role_cells={})


def _plans() -> str:
    estate = load_estate(SAMPLE)
    shared = replace(estate, tenants={"acme": _shared(estate)})
    head = (
        "new tenants",
        "stacks",
        "at a time",
        "duration",
        "ratio to `CreateKey` only",
        "ratio to the minimum",
        "throttled requests",
        "longest wait of a call",
    )
    rows = [f"| {' | '.join(head)} |", "|---|---|---|---|---|---|---|---|"]
    for tenants in (1_000, 10_000):
        (account,) = plan(work_of_new_tenants(shared, tenants))
        (phase,) = account.phases
        fixed = replace(phase, concurrency=FIXED, run=simulate(phase.stacks, FIXED))
        rows += [_plan(tenants, one) for one in (phase, fixed)]
    return "\n".join(rows)


def _plan(tenants: int, phase: Phase) -> str:
    run, floor = phase.run, phase.floor
    if floor is None:
        raise ValueError("a plan that makes no call")
    cells = (
        f"{tenants:,}",
        f"{len(phase.stacks)}",
        f"{phase.concurrency}",
        f"{run.seconds:,.0f} s",
        f"{phase.ratio_at_the_rate:.2f} of {floor.at_the_rate:,} s",
        f"{phase.ratio:.2f} of {floor.seconds:,} s",
        f"{sum(run.throttled.values()):,}",
        f"{run.longest_wait:.0f} s",
    )
    return f"| {' | '.join(cells)} |"


def _calls() -> str:
    estate = load_estate(SAMPLE)
    shared, acme = _shared(estate), estate.tenants["acme"]
    one_role = tuple(one for one in acme.workloads if one.access == "tenant-role")[:1]
    kinds = {
        "shared roles only": shared,
        f"and `{one_role[0].name}`, with a role of its own": replace(
            acme, workloads=(*shared.workloads, *one_role), role_cells={one_role[0].name: 1}
        ),
        "shared roles only, and a replica in one more Region": replace(shared, multi_region=True),
    }
    rows = ["| a tenant with | calls of CloudFormation | mutating calls of the CDK CLI |", "|---|---|---|"]
    for kind, tenant in kinds.items():
        stacks = work_of_tenants(estate, [tenant])
        made: Counter[str] = sum((stack.calls() for stack in stacks), Counter())
        cdk = dict.fromkeys(CHANGES_OF_THE_CDK, len(stacks))
        rows.append(f"| {kind} | {made.total()}: {_counted(made)} | {sum(cdk.values())}: {_counted(cdk)} |")
    return "\n".join(rows)


def _counted(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" if number > 1 else name for name, number in sorted(calls.items()))


def _rates() -> str:
    names = (
        "CreateKey",
        "ReplicateKey",
        "CreateAlias",
        "EnableKeyRotation",
        "DisableKey",
        "PutKeyPolicy",
        "TagResource",
    )
    apis = [f"kms:{name}" for name in names]
    if not all(map(is_documented, apis)):
        raise ValueError("a rate that AWS does not document")
    documented = ", ".join(f"`{api}` {per_second(api)}" for api in apis)
    assumed = f"Assumed for APIs without a documented rate: {UNDOCUMENTED_PER_SECOND}."
    return f"Requests a second for each account and Region: {documented}. {assumed}"


ROLLOUT: Final[Mapping[str, Callable[[], str]]] = {
    "rollout-calls": _calls,
    "rollout-plans": _plans,
    "rollout-rates": _rates,
}
"""Blocks by name."""
