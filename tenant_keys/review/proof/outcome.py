"""What a proof can end with: proved, refuted by a request, or not proved."""

from __future__ import annotations

from tenant_keys.review.errors import NotJudged


class NotProved(NotJudged):
    """Raised when the proof meets something that it does not cover; never taken for a pass."""
