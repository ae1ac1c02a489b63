"""All mutants."""

from __future__ import annotations

from tools.mutants import key_policies, roles, templates
from tools.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (*key_policies.MUTANTS, *roles.MUTANTS, *templates.MUTANTS)
