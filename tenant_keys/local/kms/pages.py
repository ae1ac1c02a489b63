"""Lists in pages. A marker is the index of the next item."""

from __future__ import annotations

from typing import Any

from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms.call import Call

LARGEST = 1000


def page(call: Call, name: str, items: list[Any], *, default: int = 100, largest: int = LARGEST) -> dict[str, Any]:
    """One page of a list, with Truncated and NextMarker; `largest`: the most that AWS puts into one."""
    marker = str(call.parameters.get("Marker") or "0")
    if not marker.isdecimal():
        raise Fault("InvalidMarkerException", "Could not deserialize marker")
    start = int(marker)
    limit = int(call.parameters.get("Limit", default))
    if not 1 <= limit <= LARGEST:
        raise invalid(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value between 1 and {LARGEST}"
        )
    limit = min(limit, largest)
    answer: dict[str, Any] = {name: items[start : start + limit], "Truncated": start + limit < len(items)}
    if answer["Truncated"]:
        answer["NextMarker"] = str(start + limit)
    return answer
