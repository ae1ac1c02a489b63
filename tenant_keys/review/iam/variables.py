"""Policy variables: `${aws:PrincipalTag/team}`, with defaults and the escapes `${*}`, `${?}`, `${$}`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tenant_keys.review.iam.wildcards import Piece

#: A value of a context key; a tuple belongs to a multi-valued key.
Value = str | tuple[str, ...]
#: Context keys in lower case: their names ignore case.
Context = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Variable:
    """A reference to a context key, by its name in lower case."""

    key: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A policy value: pieces of text and variables. Without variables it is constant."""

    parts: tuple[Piece | Variable, ...]
    constant: bool

    def resolve(self, context: Context) -> tuple[Piece, ...] | None:
        """The pieces with each value put in literally, or None when a variable has no value."""
        pieces: list[Piece] = []
        for part in self.parts:
            if isinstance(part, Variable):
                value = context.get(part.key, part.default)
                if value is None:
                    return None
                if not isinstance(value, str):
                    raise ValueError("a multi-valued key cannot be a policy variable")
                pieces.append((value, True))
            else:
                pieces.append(part)
        return tuple(pieces)

    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of a constant template."""
        return tuple([part for part in self.parts if not isinstance(part, Variable)])


@lru_cache(maxsize=8192)
def template(text: str, *, substitute: bool) -> Template:
    """Parse a policy value. Without `Version` 2012-10-17 (`substitute` false) `${` is plain text."""
    if not substitute or "${" not in text:
        return Template(((text, False),), constant=True)
    parts: list[Piece | Variable] = []
    rest = text
    while "${" in rest:
        before, _, after = rest.partition("${")
        inside, closed, rest = after.partition("}")
        if not closed:
            raise ValueError("a policy variable is not closed")
        if before:
            parts.append((before, False))
        parts.append((inside, True) if inside in ("*", "?", "$") else _variable(inside))
    if rest:
        parts.append((rest, False))
    return Template(tuple(parts), constant=not any(isinstance(part, Variable) for part in parts))


def _variable(inside: str) -> Variable:
    name, comma, default = inside.partition(",")
    if comma and not (len(default) >= 3 and default.startswith(" '") and default.endswith("'")):
        raise ValueError("the default of a policy variable is written ${key, 'default'}")
    if "'" in default[2:-1]:
        raise ValueError("the default of a policy variable holds a quote")
    prefix, colon, rest = name.partition(":")
    if not (prefix and colon and rest) or name != name.strip() or any(c in name for c in "*?${'"):
        raise ValueError("a policy variable names a condition key with its prefix, such as aws:PrincipalTag/team")
    if not name.isascii():
        raise ValueError("a policy variable names a condition key in ASCII: AWS documents no case outside it")
    return Variable(name.lower(), default[2:-1] if comma else None)
