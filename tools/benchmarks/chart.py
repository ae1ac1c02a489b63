"""A bar chart as SVG, of CPU seconds of ours and of the naive app."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

WIDTH, LABEL, BAR, ROW = 800, 250, 20, 68
FONT = 'font-family="system-ui, sans-serif" font-size="14"'
COLOURS = {"ours": "#1b7f5c", "naive": "#8a8f98"}


def chart(rows: Sequence[dict[str, Any]]) -> str:
    """Two bars a row, with their seconds, and one where a tenant was added; `rows` as `docs/synth-benchmark.json`."""
    groups = [group for row in rows for group in _groups(row)]
    most = max(seconds for _, _, bars in groups for seconds in bars.values())
    scale = (WIDTH - LABEL - 110) / most
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {ROW * len(groups) + 50}" {FONT}>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<text x="16" y="26" font-weight="600">CPU seconds of a synth</text>',
    ]
    for number, (label, below, bars) in enumerate(groups):
        top = 44 + number * ROW
        parts.append(f'<text x="16" y="{top + 17}">{label}</text>')
        parts.append(f'<text x="16" y="{top + 37}" fill="#5b6068" font-size="12">{below}</text>')
        for offset, (app, seconds) in enumerate(bars.items()):
            y, width = top + offset * (BAR + 4), max(2, seconds * scale)
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{width:.0f}" height="{BAR}" fill="{COLOURS[app]}"/>')
            parts.append(f'<text x="{LABEL + width + 6:.0f}" y="{y + 15}">{app} {seconds:.1f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _groups(row: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Label, second line and bars."""
    checked = "checked" if row["checked"] else "not checked"
    size = f"{row['tenants']:,} tenants, {checked}"
    yield size, row["workloads"], {app: row[app]["cpu_seconds"] for app in COLOURS}
    if "one_added" in row:
        yield size, f"{row['workloads']}; one added", {"ours": row["one_added"]["cpu_seconds"]}
