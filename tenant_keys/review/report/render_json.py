"""The report for machines: the document itself."""

from __future__ import annotations

import json

from tenant_keys.review.report.data import Document


def render_json(document: Document) -> str:
    """The document as JSON, one item a line where it helps a diff."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
