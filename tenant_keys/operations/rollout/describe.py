"""A plan as text and as JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from tenant_keys.operations.rollout.plan import AccountPlan, Phase
from tenant_keys.operations.rollout.work import StackWork

_TWO_MINUTES = 120
_AFTER_A_FAILURE = (
    "after a failure: tenant-keys preflight {account} --repair, then deploy again, which leaves complete stacks; "
    "what remains: tenant-keys deployed {account}, then tenant-keys plan --account {account} --deployed deployed"
)


def as_document(plans: Sequence[AccountPlan]) -> dict[str, Any]:
    """The plan for `--json`; durations are in seconds."""
    return {
        "seconds": round(max((one.seconds for one in plans), default=0.0)),
        "accounts": [
            {
                "account": one.account,
                "concurrency": one.concurrency,
                "seconds": round(one.seconds),
                "phases": [_phase(phase) for phase in one.phases],
                "unknown": dict(sorted(one.unknown.items())),
            }
            for one in plans
        ],
    }


def _phase(phase: Phase) -> dict[str, Any]:
    floor, run = phase.floor, phase.run
    return {
        "what": phase.what,
        "concurrency": phase.concurrency,
        "seconds": round(run.seconds),
        "ratio": round(phase.ratio, 3),
        "ratio_at_the_rate": phase.ratio_at_the_rate and round(phase.ratio_at_the_rate, 3),
        "floor": floor
        and {
            "seconds": floor.seconds,
            "at_the_rate": floor.at_the_rate,
            "api": floor.api,
            "region": floor.region,
            "requests": floor.requests,
            "per_second": floor.rate,
            "documented": floor.documented,
        },
        "calls": dict(sorted(run.calls.items())),
        "throttled": dict(sorted(run.throttled.items())),
        "longest_wait": round(run.longest_wait),
        "most_attempts": run.most_attempts,
        "stacks": [
            {
                "name": stack.name,
                "region": stack.region,
                "new": stack.is_new,
                "resources": len(stack.resources),
                "ends": round(run.ends[stack.region, stack.name]),
            }
            for stack in phase.stacks
        ],
    }


def as_lines(plans: Sequence[AccountPlan]) -> Iterator[str]:
    """The plan for a reader."""
    if not plans:
        yield "nothing to deploy"
        return
    for one in plans:
        yield f"account {one.account}: {_duration(one.seconds)}, with --concurrency {one.concurrency}"
        for phase in one.phases:
            yield from _of_phase(phase)
        for kind, number in sorted(one.unknown.items()):
            yield f"  not in the plan: {number} {kind}, whose calls are not known"
        yield f"  {_AFTER_A_FAILURE.format(account=one.account)}"


def _of_phase(phase: Phase) -> Iterator[str]:
    run, new = phase.run, sum(stack.is_new for stack in phase.stacks)
    yield f"  {phase.what}: {len(phase.stacks)} stacks, {new} of them new, {phase.concurrency} at a time"
    for line in _names(phase.stacks):
        yield f"    {line}"
    if phase.floor is not None:
        yield f"    {_duration(run.seconds)}: {_floor(phase)}"
    yield f"    calls: {_counted(run.calls)}"
    if run.throttled:
        yield (
            f"    throttled and repeated: {_counted(run.throttled)}; "
            f"a call waits {_duration(run.longest_wait)} at most, in {run.most_attempts} attempts"
        )


def _floor(phase: Phase) -> str:
    floor, of_rate = phase.floor, phase.ratio_at_the_rate
    if floor is None:
        return "no calls"
    rate = f"{floor.requests:,} {floor.api} {floor.rate}/s in {floor.region}"
    said = "" if floor.documented else ", a rate that AWS does not document"
    reported = f"{of_rate:.2f} of {_duration(floor.at_the_rate)} for {rate}{said}; " if of_rate else ""
    waits = floor.seconds - floor.at_the_rate
    return f"{reported}{phase.ratio:.2f} of the floor of {_duration(floor.seconds)}, with {waits} s of waits"


def _names(stacks: Sequence[StackWork]) -> Iterator[str]:
    """Stacks whose names differ by their number alone take one line."""

    def base(stack: StackWork) -> str:
        return re.sub(r"[0-9]{3,}\Z", "", stack.name)

    for name, those in groupby(sorted(stacks, key=lambda stack: stack.name), key=base):
        several = list(those)
        yield several[0].name if len(several) == 1 else f"{name}{_range(name, several)} ({len(several)})"


def _range(base: str, stacks: Sequence[StackWork]) -> str:
    return f"{stacks[0].name.removeprefix(base)} to {stacks[-1].name.removeprefix(base)}"


def _counted(calls: Counter[str]) -> str:
    return ", ".join(f"{api} {number:,}" for api, number in sorted(calls.items())) or "none"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _TWO_MINUTES else f"{seconds / 60:.1f} min"
