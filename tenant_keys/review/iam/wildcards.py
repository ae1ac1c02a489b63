"""Patterns with `*` (any characters, none included) and `?` (exactly one).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re
from collections.abc import Callable
from functools import lru_cache

#: A piece of a pattern: its text, and whether `*` and `?` in it represent themselves.
Piece = tuple[str, bool]
Test = Callable[[str], bool]


def has_wildcard(text: str) -> bool:
    """Whether the text holds a wildcard."""
    return "*" in text or "?" in text


@lru_cache(maxsize=8192)
def glob(pieces: tuple[Piece, ...]) -> Test:
    """The test for a whole string. `*` crosses `/` and `:`; matching is case-sensitive."""
    if all(literal or not has_wildcard(text) for text, literal in pieces):
        return "".join(text for text, _ in pieces).__eq__
    if pieces == (("*", False),):
        return _anything
    if len(pieces) == 1 and pieces[0][0].endswith("*") and not has_wildcard(pieces[0][0][:-1]):
        prefix = pieces[0][0][:-1]
        return lambda value: value.startswith(prefix)
    source = "".join(re.escape(text) if literal else _regular(text) for text, literal in pieces)
    match = re.compile(source, re.DOTALL).fullmatch
    return lambda value: match(value) is not None


def _anything(_: str) -> bool:
    return True


def _regular(text: str) -> str:
    squeezed = re.sub(r"\*+", "*", text)
    return "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in squeezed)
