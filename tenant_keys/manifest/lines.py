"""Line numbers, looked up only once there is something wrong: the fast path of `document.py` keeps none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from msgspec.structs import replace

from tenant_keys.manifest.document import DEEPEST
from tenant_keys.manifest.errors import Path, Problem


def locate(text: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of the manifest with lines: that of the field, or of the nearest thing around it that exists."""
    problems = list(problems)
    wanted = {p.path[:length] for p in problems if not p.line and not p.file for length in range(len(p.path) + 1)}
    found = _lines(text, wanted) if wanted else {}
    return [p if p.line or p.file else replace(p, line=_nearest(found, p.path)) for p in problems]


def _nearest(found: dict[Path, int], path: Path) -> int:
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


class _Frame:
    """An open mapping or list."""

    __slots__ = ("index", "is_mapping", "key", "path")

    def __init__(self, path: Path, *, is_mapping: bool) -> None:
        self.path = path
        self.is_mapping = is_mapping
        self.key: str | None = None  # read, and its value awaited
        self.index = 0

    def step(self) -> str | int:
        """Key or index of the value that comes now."""
        if self.is_mapping:
            key, self.key = self.key or "", None
            return key
        self.index += 1
        return self.index - 1


def _lines(text: str, wanted: set[Path]) -> dict[Path, int]:
    """Line of the key (in a mapping) or of the item (in a list) at each wanted path."""
    found: dict[Path, int] = {}
    open_frames: list[_Frame] = []
    try:
        for event in _events(text):
            frame = open_frames[-1] if open_frames else None
            if isinstance(event, yaml.CollectionEndEvent):
                open_frames.pop()
                continue
            if not isinstance(event, yaml.NodeEvent):
                continue
            if frame and frame.is_mapping and frame.key is None:
                if not isinstance(event, yaml.ScalarEvent):
                    break  # reading stopped here too
                frame.key = event.value
                path = (*frame.path, event.value)
            else:
                path = (*frame.path, frame.step()) if frame else ()
            if path in wanted:
                found.setdefault(path, event.start_mark.line + 1)
            if isinstance(event, yaml.CollectionStartEvent):
                if len(open_frames) > DEEPEST:
                    break
                open_frames.append(_Frame(path, is_mapping=isinstance(event, yaml.MappingStartEvent)))
    except yaml.YAMLError:
        pass  # what is before the fault has its lines; the fault itself was reported with its own
    return found


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
