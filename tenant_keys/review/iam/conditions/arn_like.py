"""ArnLike: each of the six parts by itself, case-sensitive, with wildcards; a wildcard never crosses a colon.

A pattern of fewer than six parts is refused: what AWS does with one is not documented.
"""

from dataclasses import dataclass

from tenant_keys.review.iam.conditions.operator import Operator, one_by_one
from tenant_keys.review.iam.wildcards import Piece, Test, glob, has_wildcard


@dataclass(frozen=True, slots=True)
class ArnPattern:
    """A pattern: one test for each part of the ARN, or the exact ARN if it has no wildcard."""

    exact: str | None
    tests: tuple[Test, ...]


def prepare(pieces: tuple[Piece, ...]) -> ArnPattern:
    """The policy's pattern."""
    parts: list[list[Piece]] = [[]]
    for text, literal in pieces:
        if literal:
            if ":" in text and len(parts) < 6:
                raise ValueError(f"the value {text!r} of a variable reaches over several parts of an ARN")
            parts[-1].append((text, True))
            continue
        first, *others = text.split(":", 6 - len(parts))
        parts[-1].append((first, False))
        parts.extend([(other, False)] for other in others)
    if len(parts) != 6:
        raise ValueError("an ARN pattern has six parts: arn:partition:service:region:account:resource")
    if all(literal or not has_wildcard(text) for text, literal in pieces):
        return ArnPattern("".join(text for text, _ in pieces), ())
    return ArnPattern(None, tuple(glob(tuple(piece for piece in part if piece[0])) for part in parts))


def matches(value: str, pattern: ArnPattern) -> bool:
    """Whether each part of the value fits; what is not an ARN fits no pattern."""
    if pattern.exact is not None:
        return value == pattern.exact
    parts = value.split(":", 5)
    if len(parts) != 6:
        return False
    return all(test(part) for test, part in zip(pattern.tests, parts, strict=True))


def matches_any(patterns: tuple[ArnPattern, ...]) -> Test:
    """Whether the value fits one of the patterns."""
    exact = frozenset(pattern.exact for pattern in patterns if pattern.exact is not None)
    if len(exact) == len(patterns):
        return exact.__contains__
    return one_by_one(matches, patterns)


ARN_LIKE = Operator("ArnLike", prepare, matches, matches_any, takes_variables=True)
