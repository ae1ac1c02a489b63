"""A bar chart as SVG, of CPU seconds of ours and of the naive app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WIDTH, LABEL, BAR, ROW = 800, 250, 20, 68
FONT = 'font-family="system-ui, sans-serif" font-size="14"'
COLOURS = {"ours": "#1b7f5c", "naive": "#8a8f98"}


def chart(rows: Sequence[dict[str, Any]]) -> str:
    """Two bars a row, with their seconds; `rows` as `docs/synth-benchmark.json` has them."""
    most = max(row["naive"]["cpu_seconds"] for row in rows)
    scale = (WIDTH - LABEL - 110) / most
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {ROW * len(rows) + 50}" {FONT}>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<text x="16" y="26" font-weight="600">CPU seconds of a full synth</text>',
    ]
    for number, row in enumerate(rows):
        top = 44 + number * ROW
        checked = "checked" if row["checked"] else "not checked"
        parts.append(f'<text x="16" y="{top + 17}">{row["tenants"]:,} tenants, {checked}</text>')
        parts.append(f'<text x="16" y="{top + 37}" fill="#5b6068" font-size="12">{row["workloads"]}</text>')
        for offset, (app, colour) in enumerate(COLOURS.items()):
            seconds, y = row[app]["cpu_seconds"], top + offset * (BAR + 4)
            width = max(2, seconds * scale)
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{width:.0f}" height="{BAR}" fill="{colour}"/>')
            parts.append(f'<text x="{LABEL + width + 6:.0f}" y="{y + 15}">{app} {seconds:.1f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
