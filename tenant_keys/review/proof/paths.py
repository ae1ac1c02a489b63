"""How a principal comes to a session of a role, hop by hop: the steps that the proof found, as paths."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from tenant_keys.review.proof.obtained_sessions import Step

Path = tuple[str, ...]
"""Who begins, and the ARNs of the roles that it becomes, one after the other."""


def paths_to(role_arn: str, steps: Iterable[Step]) -> list[Path]:
    """Every principal that can come to a session of the role, each by a shortest path to it; the shortest first.

    A role on the way is gone through once, so roles that all become each other cost no more than their steps.
    Nothing where no step leads there: a role whose trust policy is not in the templates.
    """
    known: dict[str, list[Step]] = {}
    for step in sorted(steps, key=lambda one: (one.role_arn, one.actor)):
        known.setdefault(step.role_arn, []).append(step)
    found: set[Path] = set()
    passed = {role_arn}
    waiting: deque[Path] = deque([(role_arn,)])
    while waiting:
        path = waiting.popleft()
        for step in known.get(path[0], ()):
            if step.caller is None or step.caller not in known:
                found.add((step.actor, *path))
            elif step.caller not in passed:
                passed.add(step.caller)
                waiting.append((step.caller, *path))
    return sorted(found, key=lambda path: (len(path), path))
