"""Pieces of inline SVG. Text is escaped; colours are classes, so that they follow light, dark and print."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

CHARACTER: Final = 7.0
"""Width of a character of 12 px, about."""


def box(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    """A rectangle with rounded corners."""
    return Markup('<rect class="{}" x="{:g}" y="{:g}" width="{:g}" height="{:g}" rx="6"/>').format(
        kind, x, y, width, height
    )


def text(x: float, y: float, words: str, kind: str = "", width: float = 0, anchor: str = "start") -> Markup:
    """One line; what does not fit in the width is cut, and whole in the tooltip."""
    most = int(width / CHARACTER) if width else len(words)
    shown = words if len(words) <= most else f"{words[: max(1, most - 1)]}…"
    return Markup('<text class="{}" x="{:g}" y="{:g}" text-anchor="{}">{}<title>{}</title></text>').format(
        kind, x, y, anchor, shown, words
    )


def arrow(x1: float, x2: float, y: float) -> Markup:
    """From left to right."""
    return Markup('<path class="arrow" d="M{:g} {:g}H{:g}" marker-end="url(#tip)"/>').format(x1, y, x2)


def picture(width: float, height: float, title: str, description: str, parts: list[Markup]) -> Markup:
    """The whole, with a name and a description for those who do not see it."""
    start = Markup(
        '<svg class="picture" viewBox="0 0 {0:g} {1:g}" width="{0:g}" height="{1:g}" role="img" aria-label="{2}. {3}">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>'
    ).format(width, height, title, description)
    return start + Markup("").join(parts) + Markup("</svg>")
