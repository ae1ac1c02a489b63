"""What the proof over changed cells keeps of a class, and which tenants it reads together."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tenant_keys.review.proof.changed_cells import _plain, _together


@dataclass
class Point:
    """A value of a class that is named in its text."""

    x: object
    y: object


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ([True, 1, "1"], [True, 1, "1"]),
        ((1, (2,)), [1, [2]]),
        (frozenset({("b", 1), ("a", None)}), {"set": ['["a", null]', '["b", 1]']}),
        ({2, 1}, {"set": ["1", "2"]}),
        ({"b": (1,), "a": Point(1, {2})}, {"map": ['["a", {"Point": [1, {"set": ["2"]}]}]', '["b", [1]]']}),
        ({(1,): 1}, {"map": ["[[1], 1]"]}),
        (Point("x", ("y",)), {"Point": ["x", ["y"]]}),
    ],
)
def test_each_value_has_one_text(value: object, text: object) -> None:
    assert _plain(value) == text


@pytest.mark.parametrize("value", [(object(),), Point, 1.5])
def test_a_value_that_has_no_one_text_has_no_digest(value: object) -> None:
    with pytest.raises(TypeError, match="has no one text"):
        _plain(value)


def test_tenants_come_with_all_that_share_a_stack_with_one_of_them() -> None:
    residents = {
        "keys-1": ["a", "b"],
        "roles-1": ["b", "c"],
        "keys-2": ["c", "d"],
        "keys-3": ["e"],
        "roles-2": ["e", "f"],
    }
    assert _together({"a"}, residents) == {"a", "b", "c", "d"}
    assert _together({"f", "x"}, residents) == {"e", "f", "x"}
