"""Accounts and trust as a picture: place, workload role, access role, keys; a row for each workload."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

from markupsafe import Markup

from tenant_keys.review.report.svg import arrow, box, picture, text

Json = dict[str, Any]
ROW: Final = 78
HEAD: Final = 30
_PLACE, _ROLE, _ACCESS, _KEYS = (20, 120), (180, 190), (490, 210), (830, 150)
"""Left edge and width of each column."""
_WIDTH: Final = 1004
_TRUST: Final = {"tenant-role": "AssumeRole", "session-tag": "AssumeRole, tag", "web-identity": "token with tag"}


def accounts_diagram(document: Json) -> Markup:
    """The estate from left to right."""
    account = document["summary"]["account"]
    rows = sorted(document["workloads"], key=lambda one: (one["access"] == "web-identity", one["account"], one["name"]))
    parts: list[Markup] = []
    y = HEAD
    top = y
    for (outside, owner), group in groupby(rows, key=lambda one: (one["access"] == "web-identity", one["account"])):
        workloads = list(group)
        height = HEAD + ROW * len(workloads)
        title = f"identity provider, for account {owner}" if outside else f"account {owner}"
        parts.append(box(8, y, 376, height - 12, "frame outside" if outside else "frame"))
        parts.append(text(20, y + 20, title, "caption", 352))
        for number, workload in enumerate(workloads):
            parts += _row(workload, y + HEAD + ROW * number)
        y += height
    frame = box(474, top, _WIDTH - 474 - 8, max(y - top - 12, ROW), "frame central")
    caption = text(486, top + 20, f"key account {account}", "caption")
    return picture(
        _WIDTH,
        y + 8,
        "Accounts and trust",
        "Each workload, where it runs, the role it runs as, the access role it assumes and the keys that this reaches. "
        "The table below says the same.",
        [frame, caption, *parts],
    )


def _row(workload: Json, y: float) -> list[Markup]:
    middle = y + 24
    if workload["access"] == "web-identity":
        parts = [
            *_box(
                _PLACE[0],
                _ROLE[0] + _ROLE[1] - _PLACE[0],
                y,
                [str(workload["issuer"]), f"audience {workload['audience']}"],
            ),
        ]
    else:
        role = str(workload["role"]).rpartition("/")[2]
        parts = [
            *_box(*_PLACE, y, [str(workload["runs_on"]).replace("-", " "), "runs as"]),
            arrow(_PLACE[0] + _PLACE[1], _ROLE[0], middle),
            *_box(*_ROLE, y, [role, f"workload {workload['name']}"]),
        ]
    access = str(workload["access_role"]).rpartition("/")[2]
    shared = "one role for all tenants" if access.startswith("shared.") else "one role for each tenant"
    parts += [
        arrow(_ROLE[0] + _ROLE[1], _ACCESS[0], middle),
        text(430, middle - 8, _TRUST[workload["access"]], "edge", 110, "middle"),
        *_box(*_ACCESS, y, [access, shared]),
        arrow(_ACCESS[0] + _ACCESS[1], _KEYS[0], middle),
        text(766, middle - 8, "if alias and", "edge", 110, "middle"),
        text(766, middle + 16, "context match", "edge", 110, "middle"),
        *_box(
            *_KEYS,
            y,
            [
                f"{workload['tenants']:,} {'key' if workload['tenants'] == 1 else 'keys'}",
                ", ".join(workload["operations"]),
            ],
        ),
    ]
    return parts


def _box(x: float, width: float, y: float, lines: list[str]) -> list[Markup]:
    words = [
        text(x + width / 2, y + 20 + 18 * number, line, "strong" if number == 0 else "quiet", width - 8, "middle")
        for number, line in enumerate(lines)
    ]
    return [box(x, y, width, 48, "node"), *words]
