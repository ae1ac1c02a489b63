"""Wildcards and policy variables in the texts of a policy."""

from __future__ import annotations

import re
from functools import lru_cache

# ${*}, ${?} and ${$} represent the character itself (IAM guide, reference_policies_variables).
VARIABLE = re.compile(r"\$\{[^}]*\}")
_WILDCARD = re.compile(r"[*?]")


def has_wildcard(text: str) -> bool:
    """Tell whether a text holds a wildcard outside a policy variable."""
    if "*" not in text and "?" not in text:
        return False
    return _WILDCARD.search(VARIABLE.sub("", text)) is not None


def has_variable(text: str) -> bool:
    """Tell whether a text holds a policy variable or an escape."""
    return "${" in text


def is_presence_pattern(text: str) -> bool:
    """Tell whether a pattern asks only that there be a value: `*`, `?*`."""
    return bool(text) and not text.strip("*?")


@lru_cache(maxsize=4096)
def like(pattern: str) -> re.Pattern[str]:
    """Return the pattern of StringLike as a regular expression."""
    return re.compile("".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in pattern), re.DOTALL)
