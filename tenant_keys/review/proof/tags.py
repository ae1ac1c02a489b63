"""The tags that a session can carry: one set for each class that the documents tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Final

from tenant_keys.review.iam.principal import TAG_PREFIX
from tenant_keys.review.iam.wildcards import has_wildcard
from tenant_keys.review.proof.document import Condition, Document
from tenant_keys.review.proof.domain import IGNORING_CASE, text_classes
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import TAG

MOST_TAGS: Final = 400
_IMPOSSIBLE: Final = frozenset("*?${}")
"""No tag value holds them (STS API, Tag, Value)."""


def tag_sets(
    documents: Iterable[Document], names: Iterable[str], tenant: str, *, own: Mapping[str, str], always: bool = True
) -> list[Mapping[str, str]]:
    """Every class of tags; none at all first.

    Args:
        documents: all that bear on the request.
        names: what a value with a policy variable could be compared with.
        tenant: of which something else is promised than of others.
        own: tags of the role itself, which its sessions carry unless they bring their own.
        always: also where no document asks for the tenant's tag.

    Raises:
        NotProved: the tags fall into too many classes.
    """
    documents = tuple(documents)
    conditions = [condition for document in documents for clause in document.clauses for condition in clause.conditions]
    if any(condition.base in IGNORING_CASE and not condition.constant for condition in conditions):
        raise NotProved("a policy variable is compared without regard to case: no classes of tags are worked out")
    holding = _holding(documents)
    asked = {
        key.removeprefix(TAG_PREFIX) for key in (*holding, *(condition.key for condition in conditions)) if _is_tag(key)
    }
    keys = sorted(asked | {TAG} if always else asked)
    named = tuple(dict.fromkeys((tenant, *names)))
    domains = [_tag_values(TAG_PREFIX + key, conditions, holding.get(TAG_PREFIX + key, ()), named) for key in keys]
    if prod(map(len, domains)) > MOST_TAGS:
        raise NotProved(f"{prod(map(len, domains))} combinations of principal tags: write exact values")
    sets: list[Mapping[str, str]] = []
    for row in product(*domains):
        session = {key: value for key, value in zip(keys, row, strict=True) if value is not None}
        kept = {key: value for key, value in own.items() if key.lower() not in session}
        sets.append({**kept, **session})
    return sets


def _is_tag(key: str) -> bool:
    return key.startswith(TAG_PREFIX)


def _holding(documents: Iterable[Document]) -> dict[str, list[str]]:
    """Values with a variable, by the key of the variable."""
    found: dict[str, list[str]] = {}
    for document in documents:
        for key, texts in document.holding.items():
            found.setdefault(key, []).extend(texts)
    return found


def _tag_values(
    key: str, conditions: Sequence[Condition], texts: Sequence[str], names: Sequence[str]
) -> list[str | None]:
    """Absent, empty, and each class that a condition tells apart or that makes a variable name something."""
    on_key = [condition for condition in conditions if condition.key == key]
    if any(not condition.constant for condition in on_key):
        raise NotProved(f"{key}: two tags of one session are compared with each other")
    solutions = [solution for text in dict.fromkeys(texts) for name in names for solution in _solutions(text, name)]
    classes = text_classes(on_key, {}, tuple(dict.fromkeys([names[0], *solutions])))
    return [None, *dict.fromkeys(["", *(value for value in classes if not _IMPOSSIBLE & set(value))])]


def _solutions(text: str, name: str) -> list[str]:
    """Values of the variable for which the pattern meets the name."""
    before, _, rest = text.partition("${")
    after = rest.partition("}")[2]
    if "${" in after:
        raise NotProved(f"{text}: two policy variables in one value")
    if not has_wildcard(before + after):
        fits = name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after)
        return [name[len(before) : len(name) - len(after)]] if fits else []
    # Beside a wildcard any piece of the name may do: try them all.
    starts = [len(before)] if not has_wildcard(before) else range(len(name))
    ends = [len(name) - len(after)] if not has_wildcard(after) else range(1, len(name) + 1)
    pieces = {name[i:j] for i in starts for j in ends if i < j}
    if len(pieces) > MOST_TAGS // 4:
        raise NotProved(f"{text}: a policy variable beside a wildcard; the values that fit {name} are too many")
    return sorted(pieces, key=lambda piece: (len(piece), piece))
