"""Each mutant of `roles.py` is judged as was written down by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tenant_keys.review.proof import Kind
from tests.sampled import sampled
from tools.mutants.mutant import Mutant, Outcome, Refuted, change
from tools.mutants.roles import MUTANTS, own


@pytest.mark.parametrize("mutant", sampled(MUTANTS))
def test_the_mutant_is_judged_as_expected(mutant: Mutant, outcome: Callable[[Mutant], Outcome]) -> None:
    judged = outcome(mutant)
    assert judged.as_expected, f"expected {mutant.expected!r}, got {judged.told}"


@pytest.mark.parametrize("resource", ["*", "arn:aws:kms:*:*:key/*"])
def test_a_role_for_keys_of_every_account_is_refuted_though_the_estate_registers_none(
    resource: str, outcome: Callable[[Mutant], Outcome]
) -> None:
    # The second engine asks of keys in the templates alone, so this is no mutant of the catalogue.
    expected = Refuted(Kind.MORE_THAN_DECLARED, ("tenant-alma.orders", f"is allowed on {resource};"))
    judged = outcome(Mutant(f"a role for {resource}", expected, change(own, Resource=resource)))
    assert judged.as_expected, judged.told
