"""What the keys cost a month, as bars: this estate beside two other arrangements of the same tenants."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup

from tenant_keys.review.report.svg import box, picture, text

_LEFT, _BARS, _WIDTH = 190, 560, 900
_BAR, _GROUP = 18, 78
_WHEN: Final = ("before any rotation", "after the first", "after the second")


def cost_chart(cost: dict[str, Any]) -> Markup:
    """Nine bars; where a price is not documented, the range is lighter."""
    groups = cost["arrangements"]
    most = max(month["high"] for one in groups for month in one["months"]) or 1.0
    parts: list[Markup] = []
    for number, group in enumerate(groups):
        y = 34 + number * _GROUP
        parts.append(text(0, y + 16, group["name"], "strong"))
        parts.append(text(0, y + 34, f"{group['keys']:,} keys and replicas", "quiet"))
        for row, month in enumerate(group["months"]):
            top = y + row * (_BAR + 3)
            low, high = (_BARS * month[end] / most for end in ("low", "high"))
            parts.append(box(_LEFT, top, max(high, 1), _BAR, f"bar range bar{row}"))
            parts.append(box(_LEFT, top, max(low, 1), _BAR, f"bar bar{row}"))
            parts.append(text(_LEFT + max(high, 1) + 8, top + 14, _dollars(month), "figure"))
    for row, when in enumerate(_WHEN):
        parts.append(box(_LEFT + row * 200, 6, 14, 14, f"bar bar{row}"))
        parts.append(text(_LEFT + row * 200 + 20, 18, when, "quiet"))
    height = 34 + len(groups) * _GROUP
    said = "; ".join(f"{one['name']}: {', '.join(map(_dollars, one['months']))}" for one in groups)
    return picture(_WIDTH, height, "Dollars a month for the keys, by arrangement and rotations", said, parts)


def _dollars(month: dict[str, float]) -> str:
    low, high = f"${month['low']:,.0f}", f"${month['high']:,.0f}"
    return low if low == high else f"{low} to {high}"
