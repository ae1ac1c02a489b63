"""For a set of patterns, one string for each way in which a string can match some of them and not the others.

A finite automaton reads a string through all patterns at once; its reachable states are finitely many, and each
distinct set of patterns that accept there is met by a shortest string. Source of the pattern language: IAM guide,
reference_policies_elements_condition_operators (`*` any characters, `?` exactly one; in ARNs `*` does not cross the
colons of the first five parts).
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tenant_keys.review.iam.wildcards import Piece, has_wildcard
from tenant_keys.review.proof.outcome import NotProved

MOST_STATES: Final = 50_000
_INNER_COLONS: Final = 5
"""An ARN has six parts; the last may hold colons of its own."""
_ANY, _ANY_BUT_COLON, _ONE, _ONE_BUT_COLON = "any", "any but colon", "one", "one but colon"
_State = tuple[Hashable, ...]


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


def examples(
    patterns: Sequence[str],
    *,
    arn: bool,
    plain: Sequence[str] = (),
    exact: Sequence[str] = (),
    prefix: str = "",
    legal: Legal | None = None,
    also: Sequence[Reader] = (),
    letters: str = "",
) -> list[str]:
    """A shortest string for each set of patterns that can match together, the empty set included.

    Args:
        patterns: constant policy values, `${*}` and the like already resolved by the caller.
        arn: whether they are compared as ARNs.
        plain: more patterns, which are compared as plain strings.
        exact: more values, without wildcards whatever they hold.
        prefix: what every string begins with.
        legal: the strings that can be, after the prefix; every string without it.
        also: more readers that distinguish strings.
        letters: the characters that those read.

    Raises:
        NotProved: the patterns interlock in more ways than can be followed.
    """
    texts = list(dict.fromkeys([*patterns, *plain, *exact]))
    if not also and not any(has_wildcard(pattern) for pattern in (*patterns, *plain)):
        literals = [text for text in texts if text.startswith(prefix) and is_legal(text[len(prefix) :], legal)]
        if isinstance(legal, Parts):
            return [*literals, prefix + legal.word(_fresh(set("".join(texts)), legal))]
        return [*literals, prefix + fresh_word(texts, legal=legal)]
    compiled: list[Reader] = [Pattern.of([(text, False)], arn=arn) for text in dict.fromkeys(patterns)]
    compiled += [Pattern.of([(text, False)], arn=False) for text in dict.fromkeys(plain)]
    compiled += [Words(exact), *also]
    used = {c for text in (*texts, letters) for c in text if c not in "*?"} | {c for text in exact for c in text}
    alphabet = [_fresh(used, legal), *sorted(c for c in used if legal is None or legal.allows(c))]
    if ((arn and legal is None) or isinstance(legal, Parts)) and ":" not in alphabet:
        alphabet.append(":")
    start = after(compiled, prefix)
    if legal is None:
        return _explore(compiled, start, prefix, alphabet, empty=not prefix)
    compiled.append(legal)
    found = _explore(compiled, (*start, legal.start()), prefix, alphabet, empty=False)
    return [text for text in found if is_legal(text[len(prefix) :], legal)]


def after(compiled: Sequence[Reader], prefix: str) -> _State:
    """Where the readers stand once the prefix is read."""
    state = tuple(pattern.start() for pattern in compiled)
    for character in prefix:
        state = _read(compiled, state, character)
    return state


def accounts_told_apart(
    known: Sequence[str], arns: Sequence[Pattern], numbers: Sequence[Pattern], partition: str
) -> list[str]:
    """The known accounts, and one account for every further way in which patterns can tell accounts apart.

    Args:
        known: account ids.
        arns: patterns of ARNs of principals of IAM or STS.
        numbers: patterns of account ids.
        partition: of these accounts.
    """
    words = Words(known)  # so that each other account is one of which the manifest and the policies say nothing
    compiled: list[Reader] = [*arns, *arns, *numbers, words]

    def read(account: str) -> _State:
        return (
            *after(arns, f"arn:{partition}:iam::{account}"),
            *after(arns, f"arn:{partition}:sts::{account}"),
            *after(numbers, account),
            *after([words], account),
        )

    digits = {step[1] for pattern in (*arns, *numbers) for step in pattern.steps if step[1].isdecimal()}
    digits |= {digit for account in known for digit in account}
    alphabet = sorted(digits | set(sorted(set("0123456789") - digits)[:1]))
    layer: dict[_State, str] = {read(""): ""}
    for _ in range(12):
        following: dict[_State, str] = {}
        for state, text in layer.items():
            for digit in alphabet:
                following.setdefault(_read(compiled, state, digit), text + digit)
        if len(following) > MOST_STATES:
            raise NotProved(f"{len(compiled)} patterns tell accounts apart: write exact account ids")
        layer = following
    met = {read(account) for account in known}
    return [*known, *(text for state, text in layer.items() if state not in met)]


def is_legal(text: str, legal: Legal | None) -> bool:
    """Whether a text can be, after the prefix."""
    if legal is None:
        return True
    state = legal.start()
    for character in text:
        state = legal.step(state, character)
    return legal.accepts(state)


def _explore(compiled: Sequence[Reader], start: _State, prefix: str, alphabet: list[str], *, empty: bool) -> list[str]:
    """`empty`: whether the prefix alone is a string too."""
    found: dict[_State, str] = {}
    seen: set[_State] = set()
    queue: deque[tuple[_State, str]] = deque([(start, prefix)])
    if empty:
        seen.add(start)
        found[_accepted(compiled, start)] = prefix
    while queue:
        state, text = queue.popleft()
        for character in alphabet:
            following = _read(compiled, state, character)
            if following in seen:
                continue
            if len(seen) > MOST_STATES:
                raise NotProved(f"{len(compiled)} patterns with wildcards on one key: write exact values")
            seen.add(following)
            found.setdefault(_accepted(compiled, following), text + character)
            queue.append((following, text + character))
    return list(found.values())


def _accepted(compiled: Sequence[Reader], state: _State) -> _State:
    return tuple([reader.accepts(one) for reader, one in zip(compiled, state, strict=True)])


def _read(compiled: Sequence[Reader], state: _State, character: str) -> _State:
    return tuple([reader.step(one, character) for reader, one in zip(compiled, state, strict=True)])


def fresh_word(texts: Sequence[str], word: str = "other", legal: Legal | None = None) -> str:
    """A word that ends none of the texts, whatever the case of its letters."""
    while any(text.lower().endswith(word) for text in texts) or not is_legal(word, legal):
        word += "z"
    return word


def _fresh(used: set[str], legal: Legal | None = None) -> str:
    """A letter or digit that none of the texts holds, and every name, value and part of what can be may hold."""
    parts = legal.parts if isinstance(legal, Parts) else ()
    for character in "zqxjkvwybfgu0123456789":
        if character not in used and all(character in letters for letters, _ in parts):
            return character
    raise NotProved("patterns that use every letter on one key: write exact values")
