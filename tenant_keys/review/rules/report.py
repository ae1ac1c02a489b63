"""Makes findings, so that a rule file holds nothing but the rule."""

from __future__ import annotations

from tenant_keys.review.rules.model import LintFinding, Policy, Severity
from tenant_keys.review.syntax import Statement


def finding(
    rule: str, severity: Severity, policy: Policy, statement: Statement | None, *, what: str, why: str, fix: str
) -> LintFinding:
    """Return a finding of the rule with this module name, at a statement or at the whole policy."""
    place = policy.place
    where = [place.stack, place.logical_id, place.policy, *([statement.label] if statement else [])]
    return LintFinding(rule.rpartition(".")[2], severity, "/".join(where), what, why, fix)
