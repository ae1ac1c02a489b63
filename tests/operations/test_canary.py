"""Which stack of a deployment goes first, and which are verified before the others."""

from __future__ import annotations

import pytest

from tenant_keys.operations.gate import Canary, Passage, canary

ONE, TWO, THREE = (f"tenant-keys-cell-eu-west-1-00{number}" for number in (1, 2, 3))
COPIES = "tenant-keys-replica-eu-central-1-of-eu-west-1-001"
ROLES = "tenant-keys-roles-001"


def stack(name: str, existing: int, changes: int | None = None) -> Passage:
    return Passage(name, "eu-west-1", existing if changes is None else changes, (), existing)


CASES = {
    "a first deployment": ([stack(ONE, 0, 160), stack(TWO, 0, 20), stack(ROLES, 0, 80)], Canary((), None)),
    "nothing to execute": ([stack(ONE, 0), stack(TWO, 0)], Canary((), None)),
    "every policy changes": ([stack(ONE, 80), stack(TWO, 7), stack(ROLES, 0, 3)], Canary((), TWO)),
    "as many keys in two cells": ([stack(TWO, 80), stack(ONE, 80)], Canary((), ONE)),
    "replicas": ([stack(COPIES, 2), stack(ONE, 3)], Canary((), COPIES)),
    "a tenant is suspended": ([stack(ONE, 1), stack(TWO, 0), stack(THREE, 0)], Canary((), None)),
    "tenants are added beside": ([stack(ONE, 0), stack(TWO, 0), stack(THREE, 0, 4)], Canary((), None)),
    "a repetition after the canary": ([stack(ONE, 80), stack(TWO, 80), stack(THREE, 0)], Canary((THREE,), ONE)),
    "a repetition of two cells": ([stack(ONE, 80), stack(TWO, 0)], Canary((TWO,), None)),
    "roles alone": ([stack(ROLES, 0, 80)], Canary((), None)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_stack_with_the_fewest_changed_keys_goes_first_where_several_change(case: str) -> None:
    passages, expected = CASES[case]
    assert canary(passages) == expected
