"""Resources that name keys by ids: the templates do not know them, since AWS chooses an id when a key is made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tenant_keys.review.assembly.physical import UNRESOLVED, is_unresolved
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.readers import Pattern

_OF_IDS = "0123456789abcdef-mrk"
_VARIABLE = re.compile(r"\$\{[^}]*\}")


def check_key_ids(record: KeyRecord, documents: Iterable[Document]) -> None:
    """Make sure that whether a document covers the key does not hang on an id that is yet to be chosen.

    Raises:
        NotProved: a resource may or may not be this key.
    """
    if not is_unresolved(record.key_id):
        return
    before = record.arn.partition(UNRESOLVED)[0]
    for document in documents:
        for value in _resources(document):
            if _hangs_on_id(value, before):
                name = document.policy.name
                raise NotProved(f"{name}: {value} names a key by an id that AWS has yet to choose: write key/*")


def _resources(document: Document) -> Iterator[str]:
    for statement in document.tree.statements:
        yield from statement.resources
        yield from statement.not_resources


@lru_cache(maxsize=4096)
def _hangs_on_id(value: str, before: str) -> bool:
    # Of a policy variable some value fits an id, and none fits every id.
    some, every = (Pattern.of([(_VARIABLE.sub(one, value), False)], arn=False) for one in ("*", "\0"))
    covers = bool(every.steps) and every.steps[-1][0] == "any" and len(every.steps) - 1 in every.read(before)
    return not covers and UNRESOLVED not in value and _reaches_an_id(some, some.read(before))


def _reaches_an_id(pattern: Pattern, state: frozenset[int]) -> bool:
    """Whether some id of a key completes what the pattern has read; no alias does (KMS guide, concepts, key ids)."""
    seen, pending = {state}, [state]
    while pending:
        one = pending.pop()
        if pattern.accepts(one):
            return True
        following = {pattern.step(one, character) for character in _OF_IDS} - seen
        seen |= following
        pending += following
    return False
