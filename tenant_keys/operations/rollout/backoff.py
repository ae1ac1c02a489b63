"""How a request that AWS throttled is repeated: exponential backoff with full jitter.

A throttled request of a handler is retriable, and CloudFormation invokes the handler again (CloudFormation CLI guide,
resource-type-test-contract-errors). After how long, and how often, AWS does not document. Assumed is what AWS builds
into its own clients (Amazon Builders' Library, timeouts-retries-and-backoff-with-jitter), without an end.
"""

from __future__ import annotations

from random import Random
from typing import Final

FIRST: Final = 1.0
"""Seconds at most before the first repetition."""
LONGEST: Final = 20.0
"""Seconds at most before any repetition (AWS SDKs and Tools guide, feature-retry-behavior)."""


def backoff(attempt: int, random: Random) -> float:
    """Seconds before the repetition that follows attempt `attempt`, counted from 1."""
    return random.random() * min(LONGEST, FIRST * 2.0 ** min(attempt - 1, 10))
