"""Characters that hide a part of a text from a reviewer: an editor shows other lines than YAML reads, or no character.

U+0085, U+2028 and U+2029 end a line in YAML 1.1, which libyaml reads, and do not in YAML 1.2 (YAML 1.2.2, 5.4), so a
line after a comment may be a part of the comment to an editor and a tenant to a parser.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

_LINE_BREAKS: Final = frozenset("\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029")
"""Where one program or another begins a new line: str.splitlines lists them all."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories of Unicode: controls, formats, unassigned, private use, surrogates, separators of lines and paragraphs."""
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")


def find_unseen(text: str) -> tuple[int, str] | None:
    """The line (from 1) of the first such character, and what is wrong with it; None where there is none."""
    unseen = {one for one in set(text) if one not in "\t\n\r" and category(one) in _UNSEEN}
    places = [text.index(one) for one in unseen]
    if "\r" in text and (alone := _LONE_RETURN.search(text)):
        places.append(alone.start())
    if not places:
        return None
    first = min(places)
    shown = (
        "some editors show as a line break and others do not show" if text[first] in _LINE_BREAKS else "is not shown"
    )
    return text.count("\n", 0, first) + 1, f"got the character U+{ord(text[first]):04X}, which {shown}; remove it"
