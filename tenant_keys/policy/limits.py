"""The sizes that AWS accepts. A document that is too large fails the synth, with its tenant and a way out."""

from __future__ import annotations

import json
from typing import Final

from tenant_keys.policy.statement import Document

FEWER_DEPLOYERS: Final = "name one role for all Regions in central.deployment_roles"
"""A way out: every key policy names the execution role of each Region in eight places."""

compact = json.JSONEncoder(separators=(",", ":")).encode


class PolicyTooLarge(ValueError):
    """Raised when a document would be refused by AWS for its size."""


def check_size(document: Document, limit: int, what: str, way_out: str) -> Document:
    """Return the document if its compact JSON has at most `limit` characters.

    Raises:
        PolicyTooLarge: it has more; says whose document it is and what to change.
    """
    size = len(compact(document))
    if size > limit:
        raise PolicyTooLarge(f"{what}: got {size:,} characters, AWS accepts {limit:,}; {way_out}")
    return document
