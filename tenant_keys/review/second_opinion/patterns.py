"""Values of a policy: wildcards and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cvc5 import Term

from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.terms import (
    ANY_CHARACTER,
    ANYTHING,
    NO_COLON,
    Formula,
    Language,
    Text,
    all_of,
    choose,
    equal,
    exactly,
    held_in,
    is_in,
    joined,
    many,
    sequence,
)


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that represents itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*` or `?`."""

    sign: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}`, or `${key, 'default'}`; the key in lower case."""

    key: str
    default: str | None


Piece = Literal | Wildcard | Variable
Lookup = Callable[[str], tuple[Formula, Text]]
"""Presence and value of a single-valued context key, in lower case."""
Resolved = tuple[Literal | Wildcard | Text, ...]

_TOKEN: Final = re.compile(r"\$\{(?P<inside>[^}]*)\}|(?P<wild>[*?])|(?P<text>[^*?$]+|\$)", re.DOTALL)
_VARIABLE: Final = re.compile(r"(?P<key>[^\s,*?${}':]+:[^,*?${}']*[^\s,*?${}'])(?:, '(?P<default>[^']+)')?")


@lru_cache(maxsize=16384)
def pieces(value: str, *, substitute: bool) -> tuple[Piece, ...]:
    """Read a value. `substitute`: its document has Version 2012-10-17; in any other `${` is plain text."""
    found: list[Piece] = []
    position = 0
    while position < len(value):
        token = _TOKEN.match(value, position)
        if token is None:  # `${` without its brace
            raise NotUnderstood(f"{value}: a policy variable without its closing brace")
        position = token.end()
        inside = token["inside"]
        if inside is None:
            plain = token["text"]
            if plain == "$" and substitute and value.startswith("{", position):
                raise NotUnderstood(f"{value}: a policy variable without its closing brace")
            found.append(Literal(plain) if plain else Wildcard(token["wild"]))
        elif not substitute:
            found += [Literal("$"), *pieces("{" + inside + "}", substitute=False)]
        else:
            found.append(Literal(inside) if inside in ("*", "?", "$") else _variable(inside, value))
    return tuple(found)


def _variable(inside: str, value: str) -> Variable:
    match = _VARIABLE.fullmatch(inside)
    if match is None:
        raise NotUnderstood(f"{value}: not a policy variable as IAM documents it")
    return Variable(match["key"].lower(), match["default"])


def resolve(value: tuple[Piece, ...], lookup: Lookup) -> tuple[Formula, Resolved]:
    """Put the values of variables in; the formula says whether all of them have one."""
    defined: list[Formula] = []
    parts: list[Literal | Wildcard | Text] = []
    for piece in value:
        if isinstance(piece, Variable):
            present, held = lookup(piece.key)
            if piece.default is None:
                defined.append(present)
            parts.append(held if piece.default is None else choose(present, held, piece.default))
        else:
            parts.append(piece)
    return all_of(defined), tuple(parts)


def plain(value: Resolved) -> Text:
    """The value for an operator that knows no wildcards."""
    return joined(
        part.text if isinstance(part, Literal) else part.sign if isinstance(part, Wildcard) else part for part in value
    )


def like(held: Text, value: Resolved) -> Formula:
    """StringLike: `*` is any text, colons included, `?` is one character; what a variable holds is literal."""
    if not any(isinstance(part, Wildcard) for part in value):
        return equal(held, plain(value))
    return is_in(held, _language(value))


def _language(value: Resolved, *, crossing: bool = True) -> Language:
    one, any_number = (ANY_CHARACTER, ANYTHING) if crossing else (NO_COLON, many(NO_COLON))
    languages = []
    for part in value:
        if isinstance(part, Wildcard):
            languages.append(any_number if part.sign == "*" else one)
        else:
            chars = part.text if isinstance(part, Literal) else part
            languages.append(exactly(chars) if isinstance(chars, str) else held_in(chars))
    return sequence(*languages) if languages else exactly("")


def arn_parts(value: Resolved, where: str) -> list[Resolved]:
    """The six parts of an ARN pattern; a variable lies within one of them."""
    parts: list[list[Literal | Wildcard | Text]] = [[]]
    for piece in value:
        if not isinstance(piece, Literal):
            parts[-1].append(piece)
            continue
        first, *others = piece.text.split(":", 6 - len(parts))
        parts[-1].append(Literal(first))
        parts += [[Literal(other)] for other in others]
    if len(parts) != 6:
        raise NotUnderstood(f"{where}: an ARN pattern of {len(parts)} parts; six are documented")
    return [tuple(part) for part in parts]


def arn_like(held: Text, held_parts: tuple[Text, ...] | None, value: Resolved, where: str) -> Formula:
    """ArnLike and ArnEquals: each of the six parts by itself.

    A wildcard of one of the first five parts crosses no colon: the parts of an ARN are what its first five colons
    separate. `held_parts`: those of the value, where they are known apart.
    """
    parts = arn_parts(value, where)
    if held_parts is None and isinstance(held, str):
        split = held.split(":", 5)
        if len(split) != 6:
            return False
        held_parts = tuple(split)
    if held_parts is not None:
        return all_of(like(one, part) for one, part in zip(held_parts, parts, strict=True))
    if not any(isinstance(part, Wildcard) for part in value) and all(
        isinstance(part, Literal) or _no_term(part) for part in value
    ):
        return equal(held, plain(value))
    colon = exactly(":")
    languages: list[Language] = []
    for part in parts[:5]:
        languages += [_language(part, crossing=False), colon]
    return is_in(held, sequence(*languages, _language(parts[5])))


def _no_term(part: object) -> bool:
    return not isinstance(part, Term)
