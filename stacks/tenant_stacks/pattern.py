"""The text of one member's resources as a pattern: what is its name, and what every member of its class has.

A pattern is made of the texts of two members, both written by the CDK from real constructs. It is right for every other
member whose text depends on its names alone, or it is refused:

* Every occurrence of a name in the first text is a hole, and no two occurrences overlap. So each place where the name
  is used is a hole.
* The pattern filled with the second member's names is the second text. So no hole is a word that only looks like the
  first member's name: there the second text would have the same word, and not the second name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Names = tuple[str, ...]
"""What may differ between members: the id, the id in logical ids, the id of a multi-Region key."""


NOT_ONLY_NAMES = "cannot be written from other tenants"


class NotOnlyNames(ValueError):
    """Raised when two members of a class may differ by more than their names, so that no third is written from them."""

    def __init__(self, reason: str) -> None:
        """The message holds a text by which it is known after jsii has made another error of it."""
        super().__init__(reason if NOT_ONLY_NAMES in reason else f"a tenant {NOT_ONLY_NAMES}: {reason}")


@dataclass(frozen=True, slots=True)
class Example:
    """A member's names and its text."""

    names: Names
    text: str


class Pattern:
    """Text with a hole for each use of a name."""

    def __init__(self, start: str, rest: Sequence[tuple[int, str]], count: int) -> None:
        """`rest`: the index of a name, and the text behind it, up to the next; `count`: how many names a member has."""
        self._start, self._rest, self._count = start, tuple(rest), count

    @classmethod
    def of(cls, one: Example, other: Example) -> Pattern:
        """The pattern of one of the two texts, filled with the other's names.

        Where one name is also a word of the text, such as `role`, the other's is not.

        Raises:
            NotOnlyNames: neither text is the other with other names, or it is not known what is a name.
        """
        try:
            return cls._of(one, other)
        except NotOnlyNames:
            return cls._of(other, one)

    @classmethod
    def _of(cls, first: Example, second: Example) -> Pattern:
        places = sorted(_places(first))
        for (_, end, _), (start, _, _) in pairwise(places):
            if start < end:
                raise NotOnlyNames(f"{first.text[start:end]!r} may be a part of either of two names")
        rest: list[tuple[int, str]] = []
        left = first.text
        for start, end, name in reversed(places):
            rest.insert(0, (name, left[end:]))
            left = left[:start]
        pattern = cls(left, rest, len(first.names))
        if pattern.filled(second.names) != second.text:
            raise NotOnlyNames(f"{first.names[0]} and {second.names[0]} differ by more than their names")
        return pattern

    def filled(self, names: Names) -> str:
        """The text of the member of these names.

        Raises:
            NotOnlyNames: the member has more names than the two of which the pattern is made, or fewer.
        """
        if len(names) != self._count:
            raise NotOnlyNames(f"{names[0]} has {len(names)} names, and the members of the pattern {self._count}")
        return self._start + "".join(names[name] + text for name, text in self._rest)


def _places(example: Example) -> Iterator[tuple[int, int, int]]:
    """Start, end and index of each occurrence of a name; of a name that is there twice, its first index."""
    for name in dict.fromkeys(example.names):
        start = example.text.find(name)
        while start >= 0:
            yield start, start + len(name), example.names.index(name)
            start = example.text.find(name, start + 1)
