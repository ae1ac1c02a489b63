"""A pattern is made of two members' texts, or it is refused: it never writes a third member wrongly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_stacks.pattern import Example, NotOnlyNames, Pattern
from tests.premise import met, met_at_least

NAME = st.text("abc", min_size=1, max_size=5)
BETWEEN = st.text("ab.", max_size=4)


def example(name: str, *parts: str) -> Example:
    """A text of these parts with the name between each two."""
    return Example((name,), name.join(parts))


def test_every_use_of_a_name_is_a_hole() -> None:
    pattern = Pattern.of(
        example("acme", "alias/tenant-", '","tenant_id":"', '"'), example("x", "alias/tenant-", '","tenant_id":"', '"')
    )
    assert pattern.filled(("globex",)) == 'alias/tenant-globex","tenant_id":"globex"'


def test_each_of_several_names_has_holes_of_its_own() -> None:
    first = Example(("a-b", "aXb", "mrk-1"), "Key aXb of a-b is mrk-1")
    second = Example(("c-d", "cXd", "mrk-2"), "Key cXd of c-d is mrk-2")
    assert Pattern.of(first, second).filled(("e-f", "eXf", "mrk-3")) == "Key eXf of e-f is mrk-3"


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (
            Example(("acme",), "globex acme of acme"),
            Example(("globex",), "globex acme of globex"),
            "both names are words too",
        ),
        (Example(("acme",), "acme 1"), Example(("globex",), "globex 2"), "a number computed from the name"),
        (Example(("acme",), "acme has 4"), Example(("globex",), "globex has 6"), "the length of the name"),
        (Example(("acme",), "ACME acme"), Example(("globex",), "GLOBEX globex"), "the name in capitals"),
        (Example(("acme",), "acme"), Example(("globex",), "globex more"), "more text"),
        (Example(("acme",), ""), Example(("globex",), "globex"), "no text"),
    ],
)
def test_what_is_not_plainly_a_name_is_refused(first: Example, second: Example, why: str) -> None:
    with pytest.raises(NotOnlyNames, match="globex and acme differ by more than their names"):
        Pattern.of(first, second)


def test_a_text_that_may_be_a_part_of_either_of_two_names_is_refused() -> None:
    """`aaa` is `a` and then the name `aa`, or the name and then `a`; filled with `a`, both are the second text."""
    with pytest.raises(NotOnlyNames, match="may be a part of either of two names"):
        Pattern.of(Example(("aa",), "aaa"), Example(("aaa",), "aaaa"))


def test_names_may_touch_each_other() -> None:
    pattern = Pattern.of(Example(("ab", "12"), "ab12ab.ab"), Example(("cd", "34"), "cd34cd.cd"))
    assert pattern.filled(("x", "y")) == "xyx.x"


def test_a_name_that_is_also_a_word_is_reported_by_the_other_name() -> None:
    for one, other in (("role", "acme"), ("acme", "role")):
        pattern = Pattern.of(example(one, "role/tenant-", ""), example(other, "role/tenant-", ""))
        assert pattern.filled(("globex",)) == "role/tenant-globex"


@pytest.mark.parametrize("names", [("e-f",), ("e-f", "mrk-3", "more")])
def test_a_member_with_more_names_or_fewer_is_refused(names: tuple[str, ...]) -> None:
    pattern = Pattern.of(Example(("a-b", "mrk-1"), "a-b is mrk-1"), Example(("c-d", "mrk-2"), "c-d is mrk-2"))
    with pytest.raises(NotOnlyNames, match=f"e-f has {len(names)} names, and the members of the pattern 2"):
        pattern.filled(names)


@met_at_least(patterns=50)
@given(st.lists(BETWEEN, min_size=1, max_size=4), NAME, NAME, NAME)
def test_a_pattern_that_is_accepted_writes_every_other_name_rightly(
    parts: list[str], first: str, second: str, third: str
) -> None:
    """Names of few letters between texts of the same letters: the worst case for what only looks like a name."""
    if first == second:
        return
    try:
        pattern = Pattern.of(example(first, *parts), example(second, *parts))
    except NotOnlyNames:
        return
    met("patterns")
    assert pattern.filled((third,)) == example(third, *parts).text
