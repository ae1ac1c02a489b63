"""An event as AWS services send it to EventBridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """What a service puts on the default bus of an account and Region (EventBridge guide, eb-events-structure)."""

    account: str
    region: str
    source: str
    """Such as aws.kms."""
    detail_type: str
    detail: Mapping[str, Any]
    at: datetime
    resources: tuple[str, ...] = ()
    """ARNs."""
