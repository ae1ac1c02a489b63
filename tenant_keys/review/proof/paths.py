"""How somebody comes to a session of a role, hop by hop: the steps that the proof found, as paths."""

from __future__ import annotations

from collections.abc import Iterable

from tenant_keys.review.proof.issuance import Step

Path = tuple[str, ...]
"""Who begins, and the ARNs of the roles that it becomes, one after the other."""


def paths_to(role_arn: str, steps: Iterable[Step]) -> list[Path]:
    """Every path that ends in a session of the role, without becoming a role twice; sorted, the shortest first.

    Nothing where no step leads there: a role whose trust policy is not in the templates.
    """
    known: dict[str, list[Step]] = {}
    for step in steps:
        known.setdefault(step.role_arn, []).append(step)
    return sorted(set(_ending_in(role_arn, known, frozenset())), key=lambda path: (len(path), path))


def _ending_in(role_arn: str, known: dict[str, list[Step]], passed: frozenset[str]) -> Iterable[Path]:
    passed |= {role_arn}
    for step in known.get(role_arn, ()):
        if step.caller is None or step.caller not in known:
            yield (step.actor, role_arn)
        elif step.caller not in passed:
            for path in _ending_in(step.caller, known, passed):
                yield (*path, role_arn)
