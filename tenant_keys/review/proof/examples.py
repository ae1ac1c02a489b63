"""For a set of patterns, one string for each way in which a string can match some of them and not the others.

A finite automaton reads a string through all patterns at once; its reachable states are finitely many, and each
distinct set of patterns that accept there is met by a shortest string. The readers are in `readers.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from typing import Final

from tenant_keys.review.iam.wildcards import has_wildcard
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.readers import (
    Legal,
    Parts,
    Pattern,
    Reader,
    Words,
    is_legal,
)

MOST_STATES: Final = 50_000
_State = tuple[Hashable, ...]


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
    """Where the readers are once the prefix is read."""
    state = tuple(pattern.start() for pattern in compiled)
    for character in prefix:
        state = tuple([reader.step(one, character) for reader, one in zip(compiled, state, strict=True)])
    return state


def distinguished_accounts(
    known: Sequence[str], arns: Sequence[Pattern], numbers: Sequence[Pattern], partition: str
) -> list[str]:
    """The known accounts, and one account for every further way in which patterns can distinguish accounts.

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
    readers = [_Following(reader, alphabet) for reader in compiled]
    layer: dict[_State, str] = {read(""): ""}
    for _ in range(12):
        following: dict[_State, str] = {}
        for state, text in layer.items():
            for digit, then in zip(alphabet, _following(readers, state), strict=True):
                following.setdefault(then, text + digit)
        if len(following) > MOST_STATES:
            raise NotProved(f"{len(compiled)} patterns distinguish accounts: write exact account ids")
        layer = following
    met = {read(account) for account in known}
    return [*known, *(text for state, text in layer.items() if state not in met)]


def _explore(compiled: Sequence[Reader], start: _State, prefix: str, alphabet: list[str], *, empty: bool) -> list[str]:
    """`empty`: whether the prefix alone is a string too."""
    found: dict[_State, str] = {}
    seen: set[_State] = set()
    queue: deque[tuple[_State, str]] = deque([(start, prefix)])
    readers = [_Following(reader, alphabet) for reader in compiled]
    if empty:
        found[_accepted(compiled, start)] = prefix
    while queue:
        state, text = queue.popleft()
        for character, following in zip(alphabet, _following(readers, state), strict=True):
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


class _Following(dict[Hashable, tuple[Hashable, ...]]):
    """Of one reader: its state after each character of the alphabet, by the state before; found when asked for."""

    def __init__(self, reader: Reader, alphabet: Sequence[str]) -> None:
        super().__init__()
        self._reader, self._alphabet = reader, alphabet

    def __missing__(self, state: Hashable) -> tuple[Hashable, ...]:
        self[state] = found = tuple([self._reader.step(state, character) for character in self._alphabet])
        return found


def _following(readers: Sequence[_Following], state: _State) -> Iterator[_State]:
    """The state of all readers after each character of the alphabet."""
    return zip(*[reader[one] for reader, one in zip(readers, state, strict=True)], strict=True)


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
