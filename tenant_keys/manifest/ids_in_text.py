"""Whether a text contains an id: as a word, in any case, alone or between hyphens, and at the capitals of camel case.

JSON in a text is read as well: whoever parses it sees what its escapes stand for (RFC 8259, section 7).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_AT_CAPITALS: Final = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])"  # theAcme
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # ACMEKey
    r"|(?<=[A-Z]{2})(?=[a-z])"  # ACMEuse
)
_CODE: Final = re.compile(r"u([0-9a-fA-F]{4})")
_BLANKS: Final = frozenset("bfnrt")
_MOST_PARTS: Final = 40
"""An id has at most 40 characters."""


def readings(text: str) -> tuple[str, ...]:
    """The text, and, where it has a backslash, the text with the escapes of JSON resolved."""
    return (text, _unescaped(text)) if "\\" in text else (text,)


def words_of(text: str) -> list[str]:
    """The words of every reading of a text, those with hyphens between them as one."""
    return [word for reading in readings(text) for word in _WORD.findall(reading)]


class IdsInText:
    """Looks for ids, word by word; of two ids the longer counts, as that of one tenant may begin that of another."""

    def __init__(self, wanted: Collection[str], others: Collection[str], plain: frozenset[str] = frozenset()) -> None:
        """Take the ids to find, those of other tenants, and words that no id is made of.

        A plain word, in lower case, is not split at its capitals.
        """
        self._wanted = frozenset(wanted)
        self._plain = plain
        self._ids = {one: one for one in (*others, *wanted)}
        self._in_camel_case = {one.replace("-", ""): one for one in (*others, *wanted)}

    def first(self, word: str) -> str | None:
        """The first id in a word as `words_of` returns it."""
        parts = word.split("-")
        found = self._first([part.lower() for part in parts], "-", self._ids)
        if found is not None or word.islower():
            return found
        pieces = [piece.lower() for part in parts for piece in self._split(part)]
        return self._first(pieces, "", self._in_camel_case) if len(pieces) > len(parts) else None

    def _split(self, word: str) -> list[str]:
        return [word] if word.lower() in self._plain else _AT_CAPITALS.split(word)

    def _first(self, parts: list[str], joint: str, ids: Mapping[str, str]) -> str | None:
        start = 0
        while start < len(parts):
            for end in range(min(len(parts), start + _MOST_PARTS), start, -1):
                found = ids.get(joint.join(parts[start:end]))
                if found is not None and (joint or not self._plain.issuperset(parts[start:end])):
                    if found in self._wanted:
                        return found
                    start = end - 1
                    break
            start += 1
        return None


def _unescaped(text: str) -> str:
    """The text once its escapes are resolved, however often it was written as JSON into JSON."""
    backwards: list[tuple[str, bool]] = []
    for character in reversed(text):
        one, escaped = character, False
        while one == "\\" and (code := _CODE.fullmatch("".join(each for each, _ in backwards[:-6:-1]))):
            one, escaped = chr(int(code[1], 16)), True
            del backwards[-5:]
        backwards.append((one, escaped and one != "\\"))
    out: list[str] = []
    for one, escaped in reversed(backwards):
        blank = not escaped and one in _BLANKS and out[-1:] == ["\\"]
        while (escaped or blank) and out[-1:] == ["\\"]:
            out.pop()
        out.append(" " if blank else one)
    return "".join(out)
