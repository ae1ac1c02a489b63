"""A tenant's documents as text in which marks replace the tenant's own names.

Ten thousand tenants then take the space of one: documents that differ in names alone are the same text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.review.assembly.json_file import compact
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import Promise

MARK: Final = "\u27e6"
"""Begins a mark. KMS and IAM accept no such character in a policy (AWS KMS API, PutKeyPolicy)."""


def names(promise: Promise) -> list[tuple[str, str]]:
    """The names of a tenant, and which name each is."""
    own = [(promise.tenant, "id"), (promise.alias, "alias")]
    own += [(use.role_arn, f"role {use.workload}") for use in promise.uses if not use.shared]
    if promise.own_importer and promise.import_role:
        own.append((promise.import_role, "import role"))
    return own


def marks(promise: Promise) -> list[tuple[str, str]]:
    """The names of a tenant as a document has them, and the mark that represents each."""
    return [(compact(name), f'"{MARK}{which}"') for name, which in names(promise)]


def name_of(text: str, promise: Promise) -> str:
    """The name for which a text is the mark, or the text."""
    return next((name for name, which in names(promise) if text == f"{MARK}{which}"), text)


def marked(document: Mapping[str, Any], promise: Promise) -> str:
    """The document as text with marks for the tenant's names, where they are whole values."""
    return with_marks(compact(document), promise)


def with_marks(text: str, promise: Promise) -> str:
    """The same of a document that is text already."""
    if MARK in text or "\\u27e6" in text:
        raise NotProved(f"a policy of tenant {promise.tenant} holds the character {MARK}, which AWS refuses")
    for name, mark in marks(promise):
        text = text.replace(name, mark)
    return text


def unmarked(text: str, promise: Promise) -> dict[str, Any]:
    """The document that a tenant with this promise has by this text."""
    for name, mark in marks(promise):
        text = text.replace(mark, name)
    document: dict[str, Any] = json.loads(text)
    return document
