"""Cost and quotas of the estate, as JSON types; the arithmetic is that of `tenant-keys cost`."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from tenant_keys.manifest import Estate
from tenant_keys.review.cost import CostReport, Load, cost_report


def cost_document(estate: Estate) -> dict[str, Any] | None:
    """Figures at one message a second for each active tenant; None where there is no tenant."""
    if not estate.tenants:
        return None
    active = sum(tenant.state == "active" for tenant in estate.tenants.values())
    report = cost_report(estate, Load(float(active)))
    document: dict[str, Any] = _plain(asdict(report))
    for use, row in zip(report.quotas, document["quotas"], strict=True):
        row["left"] = use.left
    document["exceeded"] = _exceeded(report)
    return document


def _exceeded(report: CostReport) -> list[str]:
    return [f"{use.quota}, {use.where}" for use in report.exceeded]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(round(value, 2))
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items()}
    return [_plain(below) for below in value] if isinstance(value, list | tuple) else value
