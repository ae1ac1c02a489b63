"""All mutants."""

from __future__ import annotations

from tests.review.mutations import key_policies, roles, templates
from tests.review.mutations.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (*key_policies.MUTANTS, *roles.MUTANTS, *templates.MUTANTS)
