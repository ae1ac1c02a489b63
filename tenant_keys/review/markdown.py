"""Text from outside in Markdown: never markup, Markdown's or HTML's, nor the end of a line or of a table's cell."""

from __future__ import annotations

import html
import re
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_\[\]|])")


def escaped(text: str) -> str:
    """The text on one line, with every character that Markdown, HTML or a mention would take for its own escaped."""
    return _SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False).replace("@", "&#64;"))
