"""What `make mutate` changes, which tests it asks, and which sample it draws: typed by hand."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools.mutate import equivalents, selection
from tools.mutate.folders import Folder
from tools.mutate.mutation import reported
from tools.mutate.selection import Measured, sample
from tools.mutate.sites import broken, mutations

MODULE = '''\
"""Doc."""

LIMIT = 7


def f(a: int, b: bool = True) -> list[str]:
    """Doc."""
    if a < LIMIT and not b:
        return [name.lower() for name in ("x", "y") if name]
    a += 1
    raise ValueError("no")


class Model(BaseModel):
    name: Annotated[str, Field(max_length=40)] | Literal["off", "on"]
    role: str | None = None


class Plain:
    kind: Literal["a"]
    reported: str = "a sentence"
'''
IDS = {
    "LIMIT = {7 → 8}": None,
    "def f(a: int, b: bool={True → False}) -> list[str]:": None,
    "if a < LIMIT {and (not b): → or not b:}": 8,
    "if a {< → <=} LIMIT and (not b):": 8,
    "if a < LIMIT and {(not  → bool(}b):": 8,
    "return {[name.lower() for name in ('x', 'y') if name] → None}": 9,
    "return [name{.lower() → } for name in ('x', 'y') if name]": 9,
    "eturn [name.lower() for name in ('x', 'y{') if name] → ')]}": 9,
    "return [name.lower() for name in ('{x', 'y') → y',)} if name]": 9,
    "return [name.lower() for name in ('x{', 'y') → ',)} if name]": 9,
    "return [name.lower() for name in ('{x → XXx}', 'y') if name]": 9,
    "return [name.lower() for name in ('x', '{y → XXy}') if name]": 9,
    "{a += 1 → pass}": 10,
    "a {+= → -=} 1": 10,
    "a += {1 → 2}": 10,
    "{raise ValueError('no') → pass}": 11,
    "d[str, Field(max_length=40)] | Literal['{off', 'on'] → on',]}": None,
    "tr, Field(max_length=40)] | Literal['off{', 'on'] → ',]}": None,
    "d[str, Field(max_length=40)] | Literal['{off → XXoff}', 'on']": None,
    "Field(max_length=40)] | Literal['off', '{on → XXon}']": None,
    "name: Annotated[str, Field{(max_length=40)] → ()]} | Literal['off', 'on']": None,
    "name: Annotated[str, Field(max_length={40 → 41})] | Literal['off', 'on']": None,
}
"""Of each mutation the text, and the line that a test must run to notice it; None for what runs at import."""


def test_a_module_is_broken_in_these_places_and_no_others() -> None:
    found = mutations(MODULE, name="package/module.py", file="src/package/module.py")
    assert {one.id.partition(": ")[2]: one.lines and one.lines[0] for one in found} == IDS
    assert {one.id.partition(": ")[0] for one in found} == {
        *("package/module.py module", "package/module.py f", "package/module.py Model")
    }
    assert {one.file for one in found} == {"src/package/module.py"}


def test_each_mutation_is_another_module_that_compiles() -> None:
    found = mutations(MODULE, name="m.py", file="m.py")
    sources = {broken(MODULE, one) for one in found}
    assert len(sources) == len(found) == len({one.id for one in found})
    assert ast.unparse(ast.parse(MODULE)) not in sources
    for source in sources:
        compile(source, "m.py", "exec")


def test_the_same_change_of_the_same_text_is_numbered() -> None:
    found = mutations("def f():\n    g(1)\n    g(1)\n", name="m.py", file="m.py")
    assert [one.id for one in found] == [
        *("m.py f: {g(1) → pass}", "m.py f: g({1 → 2})", "m.py f: {g(1) → pass} #2", "m.py f: g({1 → 2}) #2")
    ]


def test_a_difference_is_reported_with_what_is_around_it() -> None:
    assert reported("if size > limit:", "if size >= limit:") == "if size {> → >=} limit:"
    assert reported("f(a)", "f(a)") == "f(a){ → }"


def test_a_sample_has_as_many_of_each_kind_and_is_the_same_for_the_same_seed() -> None:
    found = mutations(MODULE, name="m.py", file="m.py")
    one = sample(found, 12, seed=3)
    assert one == sample(found, 12, seed=3)
    assert one != sample(found, 12, seed=4)
    assert len({mutation.kind for mutation in one}) == len({mutation.kind for mutation in found}) == 12
    assert sorted(mutation.id for mutation in sample(found, 99, seed=1)) == sorted(mutation.id for mutation in found)


def test_the_tests_of_a_mutation_are_those_that_run_its_line_or_start_a_program() -> None:
    measured = Measured(
        lines={"m.py": {3: {"imports"}, 8: {"slow", "quick"}, 9: {"quick"}}},
        costs={"slow": 2.0, "quick": 0.1, "imports": 0.2, "program": 9.0, "other": 0.0},
        programs={"program"},
    )
    by_text = {one.id.partition(": ")[2]: one for one in mutations(MODULE, name="m.py", file="m.py")}
    asked = [
        selection.tests_of(by_text[text], measured) for text in ("if a {< → <=} LIMIT and (not b):", "{a += 1 → pass}")
    ]
    assert asked == [{"slow": (False, 2.0), "quick": (False, 0.1), "program": (False, 9.0)}, {"program": (False, 9.0)}]
    everything = selection.tests_of(by_text["LIMIT = {7 → 8}"], measured)
    assert selection.in_order(everything, {}) == ["quick", "imports", "slow", "other", "program"]


def test_the_cheapest_tests_are_asked_first_and_those_that_noticed_others() -> None:
    asked = {"a": (False, 1.0), "b": (False, 3.0), "c": (True, 0.1)}
    assert selection.in_order(asked, {}) == ["a", "b", "c"]
    assert selection.in_order(asked, {"b": 2}) == ["a", "b", "c"]
    assert selection.in_order(asked, {"b": 3, "c": 9}) == ["b", "a", "c"]


def test_an_equivalent_has_a_reason_and_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = equivalents.equivalents()
    assert all(len(reason.split()) > 5 for reason in listed.values())
    assert equivalents.stale(["a/m.py f: x", "b/m.py f: y"], "a", {"b/m.py f: y"}) == ["a/m.py f: x"]
    file = tmp_path / "equivalents.txt"
    monkeypatch.setattr(equivalents, "LIST", file)
    for text in ("a/m.py f: x\n", "  a reason\n", "a/m.py f: x\nb/m.py f: y\n  why\n", "a: x\n  why\na: x\n  why\n"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"^equivalents\.txt: "):
            equivalents.equivalents()


def test_slow_and_exhaustive_tests_are_asked_last() -> None:
    folder = Folder("package", ("tests/quick", "tests/more"), 95, later=("tests/long",))
    assert folder.stages() == [
        ("tests/quick", "tests/more", "-m", "not slow and not exhaustive"),
        ("tests/quick", "tests/more", "-m", "slow or exhaustive"),
        ("tests/long",),
    ]
    assert Folder("package", ("tests/quick",), 95).stages()[1:] == [("tests/quick", "-m", "slow or exhaustive")]
