"""A cost report as JSON types, for `tenant-keys cost --json` and for the review."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from tenant_keys.cost.report import CostReport


def as_document(report: CostReport) -> dict[str, Any]:
    """The report as JSON types; dollars are numbers, rounded to cents."""
    document: dict[str, Any] = _plain(asdict(report))
    for use, written in zip(report.quotas, document["quotas"], strict=True):
        written["left"] = use.left
    document["exceeded"] = [f"{use.quota}, {use.where}" for use in report.exceeded]
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(round(value, 2))
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items()}
    return [_plain(below) for below in value] if isinstance(value, list | tuple) else value
