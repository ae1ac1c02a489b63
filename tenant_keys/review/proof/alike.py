"""Near-duplicates among findings: a statement that allows too much is found for every caller and every key."""

from __future__ import annotations

from collections.abc import Sequence

from tenant_keys.review.proof.findings import Finding


def folded(findings: Sequence[Finding]) -> list[tuple[Finding, int]]:
    """The first of each group of findings alike, and how many more the group has; in the order of the findings."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_likeness(finding), []).append(finding)
    return [(alike[0], len(alike) - 1) for alike in groups.values()]


def _likeness(finding: Finding) -> tuple[object, ...]:
    """What is to be corrected: the kind of breach, the action, and the statements without whose policy they are in."""
    action = (finding.request or {}).get("action")
    statements = tuple(sorted({statement.rpartition(": ")[2] for statement in finding.statements}))
    if action is None or not statements:
        return finding.kind, finding.what
    return finding.kind, action, statements, finding.fix
