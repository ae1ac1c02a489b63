"""Rules on policy documents that no linter has, one a file."""

from tenant_keys.review.rules.linter import Linter, lint
from tenant_keys.review.rules.model import Kind, LintFinding, Place, Policy, Severity, parse_policy
from tenant_keys.review.rules.registry import RULES

__all__ = ["RULES", "Kind", "LintFinding", "Linter", "Place", "Policy", "Severity", "lint", "parse_policy"]
