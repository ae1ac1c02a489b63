"""Which stack of a deployment goes first, and which are verified before the others."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tenant_keys.operations.gate import Canary, Passage, canary
from tests.command import tenant_keys

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
    "a tenant is suspended": ([stack(ONE, 1), stack(TWO, 0), stack(THREE, 0)], Canary((TWO, THREE), None)),
    "tenants are added beside": ([stack(ONE, 0), stack(TWO, 0), stack(THREE, 0, 4)], Canary((), None)),
    "a repetition after the canary": ([stack(ONE, 80), stack(TWO, 80), stack(THREE, 0)], Canary((THREE,), ONE)),
    "a repetition of two cells": ([stack(ONE, 80), stack(TWO, 0)], Canary((TWO,), None)),
    "roles alone": ([stack(ROLES, 0, 80)], Canary((), None)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_stack_with_the_fewest_changed_keys_goes_first_where_several_change(case: str) -> None:
    passages, expected = CASES[case]
    assert canary(passages) == expected


@pytest.mark.parametrize(("cells", "touched"), [(2, 2), (3, 2), (4, 2), (5, 3), (10, 5), (10, 4)])
def test_a_repetition_verifies_the_canary_however_many_stacks_have_nothing_to_execute(cells: int, touched: int) -> None:
    names = [f"tenant-keys-cell-eu-west-1-{number:03}" for number in range(1, cells + 1)]
    first = [stack(name, 2 if place < touched else 0) for place, name in enumerate(names)]
    assert canary(first).execute == names[0]
    repeated = canary([stack(names[0], 0), *first[1:]])
    assert names[0] in repeated.verify


@pytest.mark.parametrize("passages", [[stack(ONE, 2), stack(TWO, 2)], [stack(ONE, 2), stack(TWO, 0)]])
def test_nothing_is_to_be_executed_where_nobody_could_verify_it(
    passages: list[Passage], manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("tenant_keys.operations.gate"), "gate", lambda *_, **__: passages)
    files = {name: tmp_path / name for name in ("ready", "canary", "verify")}
    written = [part for name, file in files.items() for part in (f"--{name}", str(file))]
    estate = ("--manifest", str(manifest), "--lock", str(manifest.with_suffix(".lock")))
    done = tenant_keys("gate", "111111111111", *estate, *written)
    assert done.exit_code == 1
    assert "nothing is executed without a role that can: central.readers: names no role" in done.stderr
    assert "READER" in done.stderr
    assert not any(file.exists() for file in files.values())

    assert tenant_keys("gate", "111111111111", *estate, "--ready", str(files["ready"])).exit_code == 0
    assert tenant_keys("gate", "111111111111", *estate, *written, "--role", "role/Reader").exit_code == 0
    assert files["canary"].read_text() + files["verify"].read_text() in (f"{ONE}\n", f"{TWO}\n")
