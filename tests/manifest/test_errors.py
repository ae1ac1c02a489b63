"""How problems are reported: in order, each on a line, a thousand at most and how many more there are."""

from __future__ import annotations

import pytest

from tenant_keys.manifest import ManifestError, parse_manifest
from tenant_keys.manifest.errors import EstateError, Problem, dotted, shortened, shown_key
from tests.manifest.sample import TEXT


def test_a_problem_says_file_line_path_and_message_and_leaves_out_what_it_does_not_have() -> None:
    path = ("workloads", "orders", "regions", 0)
    assert str(Problem(path, "got x", 12, "tenants.yaml")) == "tenants.yaml:12 workloads.orders.regions[0]: got x"
    assert str(Problem(path, "got x", 0, "tenants.yaml")) == "tenants.yaml workloads.orders.regions[0]: got x"
    assert str(Problem((), "got x", 12, "tenants.yaml")) == "tenants.yaml:12: got x"
    assert str(Problem(path, "got x")) == "workloads.orders.regions[0]: got x"
    assert str(Problem((), "got x")) == "got x"


def test_problems_are_reported_by_line_the_manifests_before_the_locks() -> None:
    problems = [
        Problem((), "d", 2, "tenants.lock"),
        Problem((), "c", 1, "tenants.lock"),
        Problem((), "b", 9, "tenants.yaml"),
        Problem((), "a", 3, "tenants.yaml"),
    ]
    assert str(EstateError(problems)) == "tenants.yaml:3: a\ntenants.yaml:9: b\ntenants.lock:1: c\ntenants.lock:2: d"


@pytest.mark.parametrize(
    ("found", "uncounted", "more"),
    [(1, 0, 0), (1_000, 0, 0), (1_001, 0, 1), (1_500, 0, 500), (1, 7, 7), (1_002, 7, 9)],
)
def test_a_thousand_problems_are_reported_and_the_others_are_counted(found: int, uncounted: int, more: int) -> None:
    error = EstateError([Problem((), f"p{number}", number) for number in range(1, found + 1)], uncounted)
    kept = min(found, 1_000)
    assert (len(error.problems), error.more) == (kept, more)
    lines = str(error).split("\n")
    assert lines[0] == ":1: p1"
    assert lines[kept:] == ([f"and {more} more"] if more else [])


@pytest.mark.parametrize(("repeated", "reported"), [(999, 999), (1_000, 1_000), (1_500, 1_000)])
def test_reading_stops_at_the_thousandth_mistake_of_form(repeated: int, reported: int) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(TEXT + "tags: {}\n" + "tags: {}\n" * repeated)
    assert [problem.message for problem in caught.value.problems] == ["given twice; keep one of the two"] * reported
    assert [problem.line for problem in caught.value.problems] == list(range(21, 21 + reported))
    assert caught.value.more == 0


def test_a_key_is_shown_as_one_word_of_sixty_characters() -> None:
    assert dotted(("a b", "", "é", "x\n", 3)) == "'a b'.''.'\\xe9'.'x\\n'[3]"
    assert dotted((0, "a")) == "[0].a"
    assert (shown_key("k" * 60), shown_key("k" * 61)) == ("k" * 60, "k" * 57 + "...")
    assert shortened("t" * 61) == "t" * 57 + "..."
