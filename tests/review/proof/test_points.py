"""One value for each class that thresholds, ranges and values distinguish; the values are typed by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tenant_keys.review.proof import NotProved, points
from tenant_keys.review.proof.examples import examples
from tenant_keys.review.proof.readers import FEDERATED_NAME, ORGANIZATION, PATH_AND_NAME

Points = Callable[[Sequence[str]], list[str]]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (points.numbers, ["5"], ["4", "5", "6"]),
        (points.numbers, ["5", "6"], ["4", "5", "5.5", "6", "7"]),
        (points.numbers, ["6", "-2"], ["-3", "-2", "2", "6", "7"]),
        (points.numbers, [], ["1"]),
        (points.moments, ["1970-01-03"], ["172799", "172800", "172801"]),
        (points.moments, ["1970-01-03T02:00:00+02:00", "172810"], ["172799", "172800", "172805", "172810", "172811"]),
        (points.truths, ["true"], ["true", "false"]),
        (points.addresses, ["10.0.0.0/8"], ["0.0.0.0", "10.0.0.0", "11.0.0.0", "::"]),  # noqa: S104 - an address to compare
        (points.addresses, ["2001:db8::/32"], ["0.0.0.0", "::", "2001:db8::", "2001:db9::"]),  # noqa: S104 - an address to compare
        (points.addresses, ["128.0.0.0/1"], ["0.0.0.0", "128.0.0.0", "::"]),  # noqa: S104 - an address to compare
        (points.binaries, ["b3RoZXI="], ["b3RoZXI=", "b3RoZXJy"]),
    ],
)
def test_every_class_has_a_value(kind: Points, values: list[str], expected: list[str]) -> None:
    assert kind(values) == expected


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (points.numbers, ["five"]),
        (points.moments, ["soon"]),
        (points.moments, ["1960-01-01"]),
        (points.addresses, ["localhost"]),
        (points.binaries, ["?"]),
    ],
)
def test_a_value_that_cannot_be_read_is_not_proved(kind: Points, values: list[str]) -> None:
    with pytest.raises(NotProved):
        kind(values)


def test_names_are_those_that_iam_lets_be_created() -> None:
    """A path ends in a slash and a name has no colon: `team:` is a path, and no name."""
    prefix = "arn:aws:iam::111111111111:role/"
    found = examples([f"{prefix}team:*"], arn=True, prefix=prefix, legal=PATH_AND_NAME)
    (named,) = (name for name in found if name.startswith(f"{prefix}team:"))
    assert named.rpartition("/")[2].isalnum()
    assert "/" in named.removeprefix(prefix)


def test_an_organization_and_a_federated_user_have_names_of_their_lengths() -> None:
    assert examples((), arn=False, plain=["o-z*"], prefix="o-", legal=ORGANIZATION) == ["o-qqqqqqqqqq", "o-zqqqqqqqqq"]
    assert all(len(name) > 1 for name in examples((), arn=False, plain=["?"], legal=FEDERATED_NAME))
