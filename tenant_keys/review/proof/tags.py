"""The tags that a session can carry: one set for each class that the documents distinguish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Final

from tenant_keys.review.iam.principal import TAG_PREFIX
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.document import Condition, Document
from tenant_keys.review.proof.domain import ARN, EXACT, IGNORING_CASE, LIKE, other_cases, resolved, text_classes
from tenant_keys.review.proof.examples import examples
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import TAG
from tenant_keys.review.proof.readers import TAG_VALUE, in_tags
from tenant_keys.review.proof.solutions import affixed, solutions

MOST_TAGS: Final = 400


def tag_sets(
    documents: Iterable[Document],
    resource: Mapping[str, Value],
    tenant: str,
    *,
    own: Mapping[str, str],
    always: bool = True,
    named: Mapping[str, Iterable[str]] | None = None,
) -> list[Mapping[str, str]]:
    """Every class of tags; none at all first.

    Args:
        documents: all that bear on the request.
        resource: what a value with a policy variable could be compared with, by key.
        tenant: of which something else is promised than of others.
        own: tags of the role itself, which its sessions carry unless they bring their own.
        always: also where no document asks for the tenant's tag.
        named: further values by key, of which something is promised.

    Raises:
        NotProved: the tags fall into too many classes.
    """
    documents = tuple(documents)
    conditions = [condition for document in documents for condition in document.conditions]
    if any(condition.base in IGNORING_CASE and not condition.constant for condition in conditions):
        raise NotProved("a policy variable is compared without regard to case: no classes of tags are derived")
    asked = tags_read(documents)
    keys = sorted(asked | {TAG} if always else asked)
    domains = [_values(TAG_PREFIX + key, conditions, documents, resource, tenant, named or {}) for key in keys]
    if prod(map(len, domains)) > MOST_TAGS:
        raise NotProved(f"{prod(map(len, domains))} combinations of principal tags: write exact values")
    sets: list[Mapping[str, str]] = []
    for row in product(*domains):
        session = {key: value for key, value in zip(keys, row, strict=True) if value is not None}
        kept = {key: value for key, value in own.items() if key.lower() not in session}
        sets.append({**kept, **session})
    return sets


def tags_read(documents: Iterable[Document]) -> set[str]:
    """The keys, in lower case, of the tags of principals that a condition or a variable of the documents reads."""
    read: set[str] = set()
    for document in documents:
        read.update(document.holding)
        read.update(condition.key for condition in document.conditions)
    return {key.removeprefix(TAG_PREFIX) for key in read if key.startswith(TAG_PREFIX)}


def _values(
    key: str,
    conditions: Sequence[Condition],
    documents: Sequence[Document],
    resource: Mapping[str, Value],
    tenant: str,
    named: Mapping[str, Iterable[str]],
) -> list[str | None]:
    """Absent, empty, and each class that a condition distinguishes or that makes a variable name something."""
    on_key = [condition for condition in conditions if condition.key == key]
    values: dict[str, list[str]] = {}
    for condition in on_key:
        if not condition.constant and any("${aws:resourceaccount" not in one.lower() for one in condition.values):
            raise NotProved(f"{key}: two properties of one session are compared with each other")
        values.setdefault(condition.base, []).extend(resolved(condition, resource))
    solved = solutions(documents, key, resource, lambda text: all(map(in_tags, text)), named)
    readers, letters = affixed(documents, key, resource)
    values.pop("Null", None)
    if not values.keys() <= EXACT | LIKE | ARN | IGNORING_CASE:
        if readers:
            raise NotProved(f"{key}: a policy variable beside {', '.join(sorted(values))}")
        return [None, *dict.fromkeys(["", *_legal(text_classes(on_key, resource, (tenant, *solved)))])]
    exact, like, arn, folded = (
        [value for kind in sorted(family & values.keys()) for value in values[kind]]
        for family in (EXACT, LIKE, ARN, IGNORING_CASE)
    )
    if folded and (like or arn or readers):
        raise NotProved(f"{key}: patterns and conditions that ignore case on one key: write exact values")
    exact = [tenant, *solved, *exact, *folded, *other_cases(key, folded, [*exact, tenant, *solved])]
    found = examples(arn, arn=True, plain=like, exact=exact, legal=TAG_VALUE, also=readers, letters=letters)
    return [None, *dict.fromkeys(["", *_legal([*exact, *found])])]


MOST_CHARACTERS: Final = 256
"""Of a tag's value (IAM API and STS API, Tag, Value)."""


def _legal(values: Iterable[str]) -> list[str]:
    return [value for value in values if len(value) <= MOST_CHARACTERS and all(map(in_tags, value))]
