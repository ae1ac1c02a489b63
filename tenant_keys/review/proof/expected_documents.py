"""What the stacks of audit, trail and Hook must hold, as data: documents with placeholders, one file a concept.

A placeholder is a name in braces. As a whole text it represents any value, within a text for a text. Names and lists
are there a second time on purpose, as in `promise`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


@cache
def read_expected(file: str) -> Mapping[str, Any]:
    """The parts of a file of `expected/`, with their placeholders."""
    text = files(__package__).joinpath("expected", f"{file}.yaml").read_text(encoding="utf-8")
    parts: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both safe
    return parts


def filled(document: Any, values: Mapping[str, object]) -> Any:
    """The document with values in place of its placeholders; raises KeyError where one has no value."""
    if isinstance(document, str):
        if whole := _PLACEHOLDER.fullmatch(document):
            return values[whole[1]]
        return _PLACEHOLDER.sub(lambda found: str(values[found[1]]), document)
    if isinstance(document, list):
        return [filled(one, values) for one in document]
    if isinstance(document, dict):
        return {name: filled(one, values) for name, one in document.items()}
    return document
