"""All mutants."""

from __future__ import annotations

from tools.mutants import (
    audit,
    audit_key,
    bindings,
    both_ways,
    custodians,
    declared_calls,
    guardrails,
    key_policies,
    requests,
    roles,
    templates,
    trail,
)
from tools.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *key_policies.MUTANTS,
    *roles.MUTANTS,
    *templates.MUTANTS,
    *requests.MUTANTS,
    *bindings.MUTANTS,
    *declared_calls.MUTANTS,
    *both_ways.MUTANTS,
    *audit.MUTANTS,
    *audit_key.MUTANTS,
    *trail.MUTANTS,
    *custodians.MUTANTS,
    *guardrails.MUTANTS,
)
