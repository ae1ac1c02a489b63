"""For a set of patterns, one string for each way in which a string can match some of them and not the others.

A finite automaton reads a string through all patterns at once; its reachable states are finitely many, and each
distinct set of patterns that accept there is met by a shortest string. Source of the pattern language: IAM guide,
reference_policies_elements_condition_operators (`*` any characters, `?` exactly one; in ARNs `*` does not cross the
colons of the first five parts).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Sequence
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
        """Where the pattern stands once the text is read."""
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


def examples(
    patterns: Sequence[str],
    *,
    arn: bool,
    plain: Sequence[str] = (),
    exact: Sequence[str] = (),
    prefix: str = "",
    without: str = "",
) -> list[str]:
    """A shortest string for each set of patterns that can match together, the empty set included.

    Args:
        patterns: constant policy values, `${*}` and the like already resolved by the caller.
        arn: whether they are compared as ARNs.
        plain: more patterns, which are compared as plain strings.
        exact: more values, without wildcards whatever they hold.
        prefix: what every string begins with.
        without: characters that no string has after the prefix.

    Raises:
        NotProved: the patterns interlock in more ways than can be followed.
    """
    texts = list(dict.fromkeys([*patterns, *plain, *exact]))
    if not any(has_wildcard(pattern) for pattern in (*patterns, *plain)):
        literals = [text for text in texts if _continues(text, prefix, without)]
        return [*literals, prefix + _fresh_word(texts)]
    compiled: list[Reader] = [Pattern.of([(text, False)], arn=arn) for text in dict.fromkeys(patterns)]
    compiled += [Pattern.of([(text, False)], arn=False) for text in dict.fromkeys(plain)]
    compiled.append(Words(exact))
    alphabet = [_fresh("".join(texts)), *sorted({c for text in texts for c in text if c not in "*?" + without})]
    if arn and ":" not in alphabet and ":" not in without:
        alphabet.append(":")
    return _explore(compiled, after(compiled, prefix), prefix, alphabet)


def after(compiled: Sequence[Reader], prefix: str) -> _State:
    """Where the readers stand once the prefix is read."""
    state = tuple(pattern.start() for pattern in compiled)
    for character in prefix:
        state = _read(compiled, state, character)
    return state


def accounts_told_apart(known: Sequence[str], arns: Sequence[Pattern], numbers: Sequence[Pattern]) -> list[str]:
    """The known accounts, and one account for every further way in which patterns can tell accounts apart.

    Args:
        known: account ids.
        arns: patterns of ARNs of principals of IAM or STS.
        numbers: patterns of account ids.
    """
    compiled = [*arns, *arns, *numbers]

    def read(account: str) -> _State:
        return (
            *after(arns, f"arn:aws:iam::{account}"),
            *after(arns, f"arn:aws:sts::{account}"),
            *after(numbers, account),
        )

    digits = {step[1] for pattern in compiled for step in pattern.steps if step[1].isdecimal()}
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


def _continues(text: str, prefix: str, without: str) -> bool:
    rest = text.removeprefix(prefix)
    return (text != prefix and text.startswith(prefix) and not any(c in rest for c in without)) or not (prefix or text)


def _explore(compiled: Sequence[Reader], start: _State, prefix: str, alphabet: list[str]) -> list[str]:
    found: dict[_State, str] = {}
    seen: set[_State] = set()
    queue: deque[tuple[_State, str]] = deque([(start, prefix)])
    if not prefix:  # the empty string is a value too; a name behind a prefix is never empty
        seen.add(start)
        found[_accepted(compiled, start)] = ""
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


def _fresh_word(texts: Sequence[str]) -> str:
    """A word that ends none of the texts, whatever the case of its letters."""
    word = "other"
    while any(text.lower().endswith(word) for text in texts):
        word += "z"
    return word


def _fresh(text: str) -> str:
    """A character that none of the texts holds."""
    for character in "zqxjkvwybfgu0123456789ZQXJKVWYBFGU_":
        if character not in text:
            return character
    raise NotProved("patterns that use every letter on one key: write exact values")
