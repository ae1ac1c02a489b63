"""Readers of a text, character by character: patterns of IAM, exact words, and which texts are legal.

Source of the pattern language: IAM guide, reference_policies_elements_condition_operators (`*` any characters, `?`
exactly one; in ARNs `*` does not cross the colons of the first five parts).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tenant_keys.review.iam.wildcards import Piece

_INNER_COLONS: Final = 5
"""An ARN has six parts; the last may hold colons of its own."""
_ANY, _ANY_BUT_COLON, _ONE, _ONE_BUT_COLON = "any", "any but colon", "one", "one but colon"


class Reader(Protocol):
    """Reads a string character by character."""

    def start(self) -> Hashable: ...
    def step(self, state: Any, character: str) -> Hashable: ...
    def accepts(self, state: Any) -> Hashable: ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as a row of steps: a character, or a wildcard."""

    steps: tuple[tuple[str, str], ...]

    @staticmethod
    def of(pieces: Iterable[Piece], *, arn: bool) -> Pattern:
        """`arn`: the wildcards of the first five parts stop at colons."""
        steps: list[tuple[str, str]] = []
        colons = 0
        for text, literal in pieces:
            for character in text:
                if literal or character not in "*?":
                    colons += character == ":"
                    steps.append(("is", character))
                elif character == "*":
                    steps.append((_ANY_BUT_COLON if arn and colons < _INNER_COLONS else _ANY, ""))
                else:
                    steps.append((_ONE_BUT_COLON if arn and colons < _INNER_COLONS else _ONE, ""))
        return Pattern(tuple(steps))

    def start(self) -> frozenset[int]:
        return self._close({0})

    def step(self, positions: frozenset[int], character: str) -> frozenset[int]:
        if not positions:
            return positions
        moved: set[int] = set()
        for position in positions:
            if position == len(self.steps):
                continue
            kind, wanted = self.steps[position]
            if kind == _ANY or (kind == _ANY_BUT_COLON and character != ":"):
                moved.add(position)
            elif kind == _ONE or (kind == _ONE_BUT_COLON and character != ":") or wanted == character:
                moved.add(position + 1)
        return self._close(moved)

    def read(self, text: str) -> frozenset[int]:
        """The state of the pattern once the text is read."""
        positions = self.start()
        for character in text:
            positions = self.step(positions, character)
        return positions

    def accepts(self, positions: frozenset[int]) -> bool:
        return len(self.steps) in positions

    def _close(self, positions: set[int]) -> frozenset[int]:
        pending = list(positions)
        while pending:
            position = pending.pop()
            if position < len(self.steps) and self.steps[position][0] in (_ANY, _ANY_BUT_COLON):
                following = position + 1
                if following not in positions:
                    positions.add(following)
                    pending.append(following)
        return frozenset(positions)


class Words:
    """Exact words, all read at once: a tree of their characters."""

    def __init__(self, words: Iterable[str]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._word: dict[int, str] = {}
        for word in words:
            node = 0
            for character in word:
                if character not in self._next[node]:
                    self._next[node][character] = len(self._next)
                    self._next.append({})
                node = self._next[node][character]
            self._word[node] = word

    def start(self) -> int:
        return 0

    def step(self, node: int, character: str) -> int:
        return -1 if node < 0 else self._next[node].get(character, -1)

    def accepts(self, node: int) -> str | None:
        return self._word.get(node)


@dataclass(frozen=True)
class Affixed:
    """Reads a pattern with a fixed text before and after."""

    inner: Pattern
    before: str
    after: str

    def start(self) -> frozenset[int]:
        return self.inner.read(self.before)

    def step(self, state: frozenset[int], character: str) -> frozenset[int]:
        return self.inner.step(state, character)

    def accepts(self, state: frozenset[int]) -> bool:
        for character in self.after:
            state = self.inner.step(state, character)
        return self.inner.accepts(state)


class Legal(Protocol):
    """Reads what follows the prefix, and accepts what AWS lets be created."""

    def start(self) -> Hashable: ...
    def step(self, state: Any, character: str) -> Hashable: ...
    def accepts(self, state: Any) -> bool: ...
    def allows(self, character: str) -> bool: ...


class PathAndName:
    """Path and name of a role or user (IAM API, Path: `!` to `~`; RoleName: letters, digits and `_+=,.@-`)."""

    _BEGINS, _NAMES, _PATH, _NEVER = 0, 1, 2, -1

    def start(self) -> int:
        return self._BEGINS

    def step(self, state: int, character: str) -> int:
        if state == self._NEVER or not self.allows(character):
            return self._NEVER
        if character == "/":
            return self._BEGINS
        return self._NAMES if state != self._PATH and _in_names(character) else self._PATH

    def accepts(self, state: int) -> bool:
        return state == self._NAMES

    def allows(self, character: str) -> bool:
        return "!" <= character <= "~"


@dataclass(frozen=True)
class AtLeast:
    """A word of certain characters, at least so long."""

    allows: Callable[[str], bool]
    length: int

    def start(self) -> int:
        return 0

    def step(self, state: int, character: str) -> int:
        return -1 if state < 0 or not self.allows(character) else min(state + 1, self.length)

    def accepts(self, state: int) -> bool:
        return state == self.length


@dataclass(frozen=True)
class Parts:
    """Words between colons, each of certain characters and at least so long."""

    parts: tuple[tuple[str, int], ...]

    def start(self) -> tuple[int, int]:
        return 0, 0

    def step(self, state: tuple[int, int], character: str) -> tuple[int, int]:
        part, length = state
        if part < 0:
            return state
        letters, least = self.parts[part]
        if character == ":" and length == least and part + 1 < len(self.parts):
            return part + 1, 0
        return (part, min(length + 1, least)) if character in letters else (-1, 0)

    def accepts(self, state: tuple[int, int]) -> bool:
        return state == (len(self.parts) - 1, self.parts[-1][1])

    def allows(self, character: str) -> bool:
        return any(character in letters for letters, _ in self.parts) or (character == ":" and len(self.parts) > 1)

    def word(self, character: str) -> str:
        """A shortest one, of one character."""
        return ":".join(character * least for _, least in self.parts)


def _in_names(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "_+=,.@-")


def in_tags(character: str) -> bool:
    """Whether a tag's value can hold the character (STS API, Tag, Value)."""
    return unicodedata.category(character)[0] in "LZN" or character in "_.:/=+-@"


PATH_AND_NAME: Final = PathAndName()
FEDERATED_NAME: Final = AtLeast(_in_names, 2)
"""STS API, GetFederationToken, Name."""
ORGANIZATION: Final = AtLeast(
    lambda character: character.isascii() and character.isalnum() and not character.isupper(), 10
)
"""What follows `o-` (Organizations API, Organization, Id)."""
TAG_VALUE: Final = AtLeast(in_tags, 0)


@dataclass(frozen=True)
class AnyCase:
    """A word of ASCII letters and others, each letter in either case."""

    word: str

    def start(self) -> int:
        return 0

    def step(self, state: int, character: str) -> int:
        fits = 0 <= state < len(self.word) and character in self._cases(self.word[state])
        return state + 1 if fits else -1

    def accepts(self, state: int) -> bool:
        return state == len(self.word)

    def allows(self, character: str) -> bool:
        return any(character in self._cases(one) for one in self.word)

    @staticmethod
    def _cases(character: str) -> tuple[str, ...]:
        return (character.lower(), character.upper()) if character.isascii() else (character,)


@dataclass(frozen=True)
class LastSegment:
    """Reads what follows the last slash alone: the name in an ARN with a path."""

    inner: Reader

    def start(self) -> Hashable:
        return self.inner.start()

    def step(self, state: Any, character: str) -> Hashable:
        return self.inner.start() if character == "/" else self.inner.step(state, character)

    def accepts(self, state: Any) -> Hashable:
        return self.inner.accepts(state)


def is_legal(text: str, legal: Legal | None) -> bool:
    """Whether a text can be, after the prefix."""
    if legal is None:
        return True
    state = legal.start()
    for character in text:
        state = legal.step(state, character)
    return legal.accepts(state)
