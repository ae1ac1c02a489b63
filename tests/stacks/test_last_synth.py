"""A synth that takes cells from the last assembly writes what a full one writes, or asks for a full one."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.manifest import Estate, EstateError, Tenant
from tenant_keys.manifest.model import Guardrails
from tenant_stacks import add_stacks
from tenant_stacks.full_synth import synthesize_everything
from tenant_stacks.last_synth import RECORD, bring_up_to_date
from tenant_stacks.members import TenantsOfNone
from tests.premise import met, met_at_least
from tests.sampled import examples
from tests.stacks.history import AROUND, CELL, KINDS, ROLES, History, add, begun


@pytest.fixture
def last(first: Path, tmp_path: Path) -> Path:
    return shutil.copytree(first, tmp_path / "last")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def full(estate: Estate, folder: Path) -> dict[str, bytes]:
    shutil.rmtree(folder, ignore_errors=True)
    synthesize_everything(estate, (), folder, around=AROUND)
    return files(folder)


def record(written: dict[str, bytes]) -> Any:
    """All of the record but which tenants represent a class: any two of it do."""
    document = json.loads(written.pop(RECORD))
    document["classes"] = sorted(document["classes"])
    return document


def reverse(history: History) -> None:
    history.tenants = dict(reversed(history.tenants.items()))


INCREMENTAL: dict[str, tuple[Callable[[History], None], list[str]]] = {
    "the order of the manifest": (reverse, []),
    "a tenant is added": (add("t-05"), [CELL, ROLES]),
    "a tenant takes the kind of others": (add("t-12"), [CELL, ROLES]),
}


@pytest.mark.parametrize(("edit", "changed"), INCREMENTAL.values(), ids=INCREMENTAL)
def test_the_changed_cells_alone_are_written_as_a_full_synth_writes_them(
    edit: Callable[[History], None], changed: list[str], last: Path, tmp_path: Path
) -> None:
    history = begun()
    history.estate()
    edit(history)
    estate = history.estate()
    assert bring_up_to_date(last, estate, AROUND) == changed
    taken, whole = files(last), full(estate, tmp_path / "full")
    assert record(taken) == record(whole)
    assert taken == whole
    assert len(whole) > 20
    assert "tree.json" not in whole


FULL: dict[str, Callable[[History], None]] = {
    "a tenant is of a kind that its cell has no examples of": add("t-01", KINDS[3]),
    "a tenant's id is longer than the examples'": add("t-0-longer"),
    "an example is changed": add("t-00", KINDS[1]),
    "a tenant is in a Region that its workload's parameter names": add("t-63", KINDS[6]),
    "a tenant has an import role": add("t-7", KINDS[7]),
    "a tenant has an opaque name": add("t-8", KINDS[8]),
    "the manifest names another reader": lambda history: setattr(history, "readers", "[role/Other]"),
}


@pytest.mark.parametrize("edit", FULL.values(), ids=FULL)
def test_any_other_change_asks_for_a_full_synth_and_leaves_the_assembly(
    edit: Callable[[History], None], last: Path
) -> None:
    history = begun()
    history.estate()
    edit(history)
    before = files(last)
    assert bring_up_to_date(last, history.estate(), AROUND) is None
    assert files(last) == before


def changed_history() -> Estate:
    history = begun()
    history.estate()
    add("t-05")(history)
    return history.estate()


def rewritten(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert change(text) != text
        (folder / name).write_text(change(text), encoding="utf-8")

    return write


OTHER_CELL = "tenant-keys-cell-eu-central-1-001.template.json"
DOUBTS: dict[str, Callable[[Path], object]] = {
    "a template of another cell was edited": rewritten(OTHER_CELL, lambda text: text.replace("Deny", "Allow", 1)),
    "the template of the cell was edited": rewritten(f"{CELL}.template.json", lambda text: text.replace("t-00", "t-x")),
    "the manifest was edited": rewritten("manifest.json", lambda text: text.replace("55.", "54.", 1)),
    "the validations' report was edited": rewritten("validation-report.json", lambda text: text + "\n"),
    "a template is gone": lambda folder: (folder / OTHER_CELL).unlink(),
    "a template is new": lambda folder: shutil.copy(folder / OTHER_CELL, folder / "more.template.json"),
    "there is no record": lambda folder: (folder / RECORD).unlink(),
    "the record is cut short": rewritten(RECORD, lambda text: text[:-9]),
    "the record is no object": rewritten(RECORD, lambda _: "[]"),
    "the record has more than this version knows": rewritten(RECORD, lambda text: text.replace("{", '{"more": 1, ', 1)),
}


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
def test_any_doubt_about_the_last_assembly_asks_for_a_full_synth(doubt: Callable[[Path], object], last: Path) -> None:
    doubt(last)
    assert bring_up_to_date(last, changed_history(), AROUND) is None


def test_other_code_or_libraries_ask_for_a_full_synth(last: Path) -> None:
    assert bring_up_to_date(last, changed_history(), AROUND) == [CELL, ROLES]
    assert bring_up_to_date(last, changed_history(), AROUND) == []
    assert bring_up_to_date(last, changed_history(), f"other {AROUND}") is None


def test_where_the_proof_was_of_other_classes_the_whole_assembly_is_proved(last: Path) -> None:
    classes = json.loads((last / RECORD).read_bytes())["classes"]
    rewritten(RECORD, lambda text: re.sub('"classes": {".', '"classes": {"x', text))(last)
    assert bring_up_to_date(last, changed_history(), AROUND) == [CELL, ROLES]
    assert json.loads((last / RECORD).read_bytes())["classes"].keys() == classes.keys()


def test_a_change_that_is_not_proved_leaves_no_record(last: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenant_stacks.last_synth.proves_changed_cells", lambda *_: False)
    monkeypatch.setattr("tenant_stacks.last_synth.classes_if_proved", lambda *_: None)
    assert bring_up_to_date(last, changed_history(), AROUND) is None
    assert not (last / RECORD).exists()


def test_a_synth_whose_validation_fails_leaves_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenant_stacks.validation.accepted_findings", lambda _: [])
    (tmp_path / RECORD).write_text("of the synth before")
    with pytest.raises(SystemExit):
        synthesize_everything(begun().estate(), (), tmp_path, around=AROUND)
    assert not (tmp_path / RECORD).exists()


EDIT = st.tuples(st.integers(0, 12), st.sampled_from((*KINDS, *KINDS[:3], *KINDS[:2])))


@pytest.mark.exhaustive
@met_at_least(taken=8, full=8)
@examples(40)
@given(edits=st.lists(st.lists(EDIT, min_size=1, max_size=2), min_size=1, max_size=4))
def test_random_edits_one_after_another_leave_what_a_full_synth_writes(
    edits: list[list[tuple[int, str]]], first: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    last = shutil.copytree(first, folder / "last")
    history = begun()
    history.estate()
    for edit in edits:
        before = dict(history.tenants)
        history.tenants.update({f"t-0{number}" if number < 10 else f"n{number}": kind for number, kind in edit})
        try:
            estate = history.estate()
        except EstateError:  # some properties of a KMS key are fixed when it is created
            history.tenants = before
            continue
        taken_over = bring_up_to_date(last, estate, AROUND) is not None
        met("taken" if taken_over else "full")
        if not taken_over:
            synthesize_everything(estate, (), last, around=AROUND)
        taken, whole = files(last), full(estate, folder / "full")
        assert record(taken) == record(whole)
        assert {name: taken.get(name) for name in whole} == whole


class Traced(Mapping[str, Tenant]):
    """Tenants that note which function asks for them."""

    def __init__(self, tenants: Mapping[str, Tenant], readers: set[str]) -> None:
        self._tenants, self._readers = tenants, readers

    def _note(self) -> None:
        frame = sys._getframe(2)
        outside = (__name__, "collections.abc", "_collections_abc")
        while frame.f_back and (frame.f_globals["__name__"] in outside or frame.f_code.co_name.startswith("<")):
            frame = frame.f_back
        self._readers.add(frame.f_code.co_name)

    def __getitem__(self, name: str) -> Tenant:
        self._note()
        return self._tenants[name]

    def __iter__(self) -> Iterator[str]:
        self._note()
        return iter(self._tenants)

    def __len__(self) -> int:
        self._note()
        return len(self._tenants)


def test_no_stack_depends_on_tenants_but_by_what_the_record_covers(tmp_path: Path) -> None:
    """Cells by their residents; workload parameters, shared roles and control policies by the documents themselves."""
    readers: set[str] = set()
    history = begun()
    portal = "access: web-identity, identity_provider: users, audience: portal-keys"
    history.workloads += f"\n  portal: {{account: '222222222222', {portal}}}"
    arn = "arn:aws:kms:eu-west-1:666666666666:key/11111111-2222-3333-4444-555555555555"
    custodian = "{account: '555555555555', role: role/Custodian, external_id: of-them}"
    history.tenants |= {
        "t-7": KINDS[7],
        "t-8": KINDS[8],
        "t-9": f"workloads: [portal, orders], key: {{origin: imported, custodian: {custodian}}}",
        "held": f"workloads: [billing, orders], key: {{held_by: tenant, arns: {{eu-west-1: '{arn}'}}}}",
        "several": "workloads: [orders], key: {multi_region: true}",
    }
    estate = replace(history.estate(), guardrails=Guardrails(management_account="999999999999"))
    assert len(estate.tenants) == 19
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    add_stacks(app, replace(estate, tenants=Traced(estate.tenants, readers)))
    app.synth()
    assert readers == {"key_cells", "role_cells", "workload_configuration", "shared_role_policy", "_sessions", "_keys"}


def test_what_a_cells_constructs_make_for_one_tenant_depends_on_no_other() -> None:
    tenants = TenantsOfNone()
    for ask in (lambda: tenants["acme"], lambda: list(tenants), lambda: len(tenants), lambda: "acme" in tenants):
        with pytest.raises(LookupError, match="a construct of one tenant reads other tenants"):
            ask()
