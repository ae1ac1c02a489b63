"""The proof over changed cells alone never answers yes where the proof of the whole assembly does not."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.proof.changed_cells import classes_if_proved, classes_of, proves_changed_cells
from tenant_keys.review.proof.reviewed import review_estate
from tenant_stacks.last_synth import _replace, bring_up_to_date
from tenant_stacks.members import cell_stacks
from tests.policy.estates import with_tenant
from tests.stacks.history import AROUND, CELL, ROLES, add, begun

Template = dict[str, Any]
KEY, ROLE = "KeytX05", "RoletX05Fororders"


@pytest.fixture(scope="module")
def estate() -> Estate:
    history = begun()
    history.estate()
    add("t-05")(history)
    return history.estate()


@pytest.fixture(scope="module")
def assembly(first: Path, estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the estate in which t-05 was added."""
    folder = shutil.copytree(first, tmp_path_factory.mktemp("changed") / "last")
    assert bring_up_to_date(folder, estate, AROUND) == [CELL, ROLES]
    return folder


@pytest.fixture(scope="module")
def proved(first: Path) -> dict[str, list[str]]:
    """The classes of the estate as it was before."""
    return classes_of(review_estate(first, begun().estate()))


def answers(folder: Path, estate: Estate, proved: dict[str, list[str]]) -> bool:
    residents = {stack.name: [one.tenant.id for one in stack.residents] for stack in cell_stacks(estate)}
    return proves_changed_cells(folder, estate, proved, [CELL, ROLES], residents)


def statements(template: Template) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = template["Resources"][KEY]["Properties"]["KeyPolicy"]["Statement"]
    return found


def of_role(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][ROLE]["Properties"]
    return found


def mutated(number: int, change: Callable[[dict[str, Any]], object]) -> Callable[[Template], object]:
    return lambda template: change(statements(template)[number])


def _without(number: int, template: Template) -> None:
    del statements(template)[number]


def renamed(template: Template, old: str, new: str, resource: str = KEY) -> None:
    text = json.dumps(template["Resources"][resource])
    assert old in text
    template["Resources"][resource] = json.loads(text.replace(old, new))


def mutants(cell: Template) -> Iterator[tuple[str, str, Callable[[Template], object]]]:
    """Name, stack and change."""
    for number, statement in enumerate(statements(cell)):
        sid = statement["Sid"]
        yield f"{sid} is gone", CELL, partial(_without, number)
        if "Condition" in statement:
            yield f"{sid} has no condition", CELL, mutated(number, lambda one: one.pop("Condition"))
    role = "role/tenant-keys/orders/tenant-t-05.orders"
    yield "the key is another tenant's too", CELL, lambda t: renamed(t, role, role.replace("t-05", "t-60"))
    yield "the key is of a role unheard of", CELL, lambda t: renamed(t, role, role.replace("t-05", "t-99"))
    yield "the alias is another tenant's", CELL, lambda t: renamed(t, "tenant-t-05", "tenant-t-60", "AliastX05")
    yield "the alias may be lost", CELL, lambda t: t["Resources"]["AliastX05"].pop("DeletionPolicy")
    yield "the role uses another alias", ROLES, lambda t: renamed(t, "alias/tenant-t-05", "alias/tenant-t-60", ROLE)
    yield "the role uses every alias", ROLES, lambda t: renamed(t, "alias/tenant-t-05", "*", ROLE)
    yield (
        "the role carries another tenant's tag",
        ROLES,
        lambda t: of_role(t).update(Tags=[{"Key": "tenant_id", "Value": "t-60"}]),
    )
    yield "the role trusts anybody", ROLES, lambda t: renamed(t, "222222222222", "444444444444", ROLE)
    yield "there is another role", ROLES, lambda t: t["Resources"].update(Other=copy.deepcopy(t["Resources"][ROLE]))
    yield (
        "a neighbour's key names the new role",
        CELL,
        lambda t: renamed(t, role.replace("t-05", "t-03"), role, "KeytX03"),
    )


def test_no_template_that_the_whole_proof_refuses_is_proved_by_its_cells(
    estate: Estate, assembly: Path, proved: dict[str, list[str]], tmp_path: Path
) -> None:
    assert answers(assembly, estate, proved)
    originals = {stack: json.loads((assembly / f"{stack}.template.json").read_bytes()) for stack in (CELL, ROLES)}
    refused = 0
    for number, (name, stack, change) in enumerate(mutants(originals[CELL])):
        template = copy.deepcopy(originals[stack])
        change(template)
        assert template != originals[stack], name
        folder = shutil.copytree(assembly, tmp_path / f"{number}")
        assert _replace(folder, {stack: json.dumps(template).encode()})
        if answers(folder, estate, proved):
            assert classes_if_proved(folder, estate), name
        else:
            refused += 1
    assert refused > 20


def test_an_assembly_that_is_not_proved_or_not_read_has_no_classes(
    estate: Estate, assembly: Path, proved: dict[str, list[str]], tmp_path: Path
) -> None:
    assert (classes_if_proved(assembly, estate) or {}).keys() == proved.keys()
    assert classes_if_proved(assembly, begun().estate()) is None
    assert classes_if_proved(tmp_path, estate) is None


def test_classes_that_are_gone_or_new_and_tenants_that_left_ask_for_the_whole_proof(
    estate: Estate, assembly: Path, proved: dict[str, list[str]]
) -> None:
    kind, (first, *_) = next(iter(proved.items()))
    assert not answers(assembly, estate, {**proved, "another": [first]})
    assert not answers(assembly, estate, {other: those for other, those in proved.items() if other != kind})
    assert not answers(assembly, estate, {**proved, kind: ["left"]})
    hidden = with_tenant(estate, first, manifest_id="who-it-is")
    assert not answers(assembly, hidden, proved)
