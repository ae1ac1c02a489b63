"""Tenants that differ by the values of their tags: written from two constructs where the values are names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import aws_cdk as cdk
import pytest

from tenant_stacks.validation import synthesize
from tests.policy.estates import estate_of_text, manifest
from tests.stacks.test_stamping import WORKLOADS_OF_TWO, app_of, files


def stamped_of(tags: Callable[[int], str], folder: Path, aspects: Sequence[cdk.IAspect] = ()) -> int:
    """How many of nine tenants with these tags have no construct for their key, once both ways wrote the same."""
    tenants = "\n".join(f"  t{n}: {{workloads: [billing], tags: {tags(n)}}}" for n in range(9))
    written, without_construct = {}, {}
    for way in (False, True):
        app, without_construct[way] = app_of(
            estate_of_text(manifest(WORKLOADS_OF_TWO, tenants)), folder / str(way), stamped=way
        )
        for aspect in aspects:
            cdk.Aspects.of(app).add(aspect)
        synthesize(app)
        written[way] = files(folder / str(way))
    assert written[True] == written[False]
    return without_construct[True]


TAGS: dict[str, tuple[Callable[[int], str], int]] = {
    "the id": (lambda n: f"{{customer: t{n}, mail: t{n}@example.com}}", 7),
    "numbers": (lambda n: f"{{number: C-{n}00, region: eu{n}}}", 7),
    "plans": (lambda n: f"{{plan: plan-{n % 3}}}", 3),
    "mixed": (lambda n: f"{{mixed: {n}-t{n}}}", 0),
}


@pytest.mark.parametrize(
    ("tags", "stamped"),
    [
        pytest.param(*case, id=name, marks=[pytest.mark.exhaustive] if name == "numbers" else [])
        for name, case in TAGS.items()
    ],
)
def test_the_values_of_tags_are_names_where_they_are_the_id_or_each_tenants_own(
    tags: Callable[[int], str], stamped: int, tmp_path: Path
) -> None:
    assert stamped_of(tags, tmp_path) == stamped


def test_a_tag_of_the_app_over_the_tenants_own_is_written_as_by_the_plain_path(tmp_path: Path) -> None:
    assert stamped_of(lambda n: f"{{number: C-{n}00}}", tmp_path, [cdk.Tag("number", "C-000")]) == 7


NONE_OR_CUSTOMER = ("", "customer: c{n}")
UNLIKE: dict[str, tuple[tuple[str, str], str]] = {
    "the first have a tag of their own": (NONE_OR_CUSTOMER[::-1], ""),
    "the last have a tag of their own": (NONE_OR_CUSTOMER, ""),
    "their own tags are before and after a common one": (("aaa: c{n}", "zzz: d{n}"), "mmm: x, "),
}


@pytest.mark.parametrize(
    ("own", "common"),
    [
        pytest.param(*case, id=name, marks=[pytest.mark.exhaustive] if name.startswith("the first") else [])
        for name, case in UNLIKE.items()
    ],
)
def test_tenants_with_other_tags_of_their_own_are_of_another_class(
    own: tuple[str, str], common: str, tmp_path: Path
) -> None:
    assert stamped_of(lambda n: "{" + common + own[n // 5].format(n=n) + "}", tmp_path) == 5
