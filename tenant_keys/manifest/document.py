"""YAML to plain dicts, tuples and scalars, by libyaml's events: fast, bounded, and with nothing that surprises.

Scalars follow YAML 1.2 (`off`, `yes` and `no` are text). Directives, aliases, anchors, tags and merge keys are refused,
so a document never grows beyond its text. What no field can accept (an empty value, `0123`) is kept as `Unusable`: the
model then refuses it at its place, and the error shows what was written.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import yaml

from tenant_keys.manifest.errors import MOST_SHOWN, Problem

DEEPEST = 10
"""Levels of nesting; a manifest needs five."""
WIDEST = 100_000
"""Entries of one mapping or list: the number of keys that KMS allows an account and Region."""


LONGEST_NUMBER = 99
"""Characters; no pattern runs over more, and what could be a longer number is none that a field accepts."""


class Unusable:
    """A scalar that no field accepts, as it was written."""

    __slots__ = ("kind", "text")

    def __init__(self, text: str, kind: str) -> None:
        self.text = text
        self.kind = kind


_NULL = Unusable("", "nothing")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), _NULL),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_OLD_WORDS = frozenset(form for word in ("yes", "no", "on", "off") for form in (word, word.title(), word.upper()))
_UNUSABLE_KEYS = frozenset({*_WORDS, *_OLD_WORDS, "<<"})
_START_OF_NUMBER = frozenset("0123456789+-.")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(
    r"[-+]?(0x[0-9a-fA-F_]+|0o[0-7]+|0b[01_]+|[0-9][0-9_]*(:[0-5]?[0-9])*"
    r"|([0-9][0-9_]*)?\.?[0-9][0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*\.|\.(inf|Inf|INF))|\.(nan|NaN|NAN)"
)
_OF_NUMBERS = "0123456789abcdefABCDEFox_.:+-"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def plain(text: str) -> object:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _START_OF_NUMBER:
        if len(text) > LONGEST_NUMBER:
            return text if text.strip(_OF_NUMBERS) else Unusable(text, "a number")
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return Unusable(text, "a number")
    return text


class Stopped(Exception):
    """Raised when reading cannot go on; the problems are in the reader."""


_Place = tuple[Any, str | int, int]
"""The place around it, key or index in that, and depth: turned into a path only for an error."""


class Reader:
    """Reads one document; `problems` holds what is wrong with its form."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self._next = _Loader(text).get_event

    def read(self) -> object:
        """The document; raises `Stopped` at what cannot be read on."""
        self._next()
        event = self._next()
        if type(event) is yaml.StreamEndEvent:
            self._add("got an empty file; a manifest has at least central, workloads and tenants", event, None)
            raise Stopped
        if event.version is not None or event.tags:
            self._add("got a directive; a manifest needs none, remove the line", event, None)
            raise Stopped
        event = self._next()
        value = self._scalar(event, None) if type(event) is yaml.ScalarEvent else self._nested(event, None)
        self._next()
        event = self._next()
        if type(event) is not yaml.StreamEndEvent:
            self._add("got a second document; a manifest is one document, remove the `---`", event, None)
            raise Stopped
        return value

    def _mapping(self, place: _Place | None) -> dict[str, object]:
        out: dict[str, object] = {}
        depth = place[2] + 1 if place else 1
        get, scalar, words, unusable_keys, numeric = (
            self._next,
            yaml.ScalarEvent,
            _WORDS,
            _UNUSABLE_KEYS,
            _START_OF_NUMBER,
        )
        while True:
            event = get()
            if len(out) > WIDEST:
                self._too_wide(event, place)
            if type(event) is scalar:
                key = event.value
                if event.anchor is not None or not event.implicit[0] or key in unusable_keys or key[0] in numeric:
                    self._check_key(event, (place, key, depth))
            elif type(event) is yaml.MappingEndEvent:
                return out
            else:
                self._add("got a list, mapping or alias as a key; a key is a word", event, place)
                raise Stopped
            into = out
            if key in out:
                self._add("given twice; keep one of the two", event, (place, key, depth))
                into = {}  # the first stays, and its fields are checked
            event = get()
            if type(event) is scalar:
                value: object = event.value
                if event.anchor is not None or not event.implicit[0]:
                    value = self._scalar(event, (place, key, depth))
                elif value in words or event.value[0] in numeric:
                    value = plain(event.value)
                into[key] = value
            else:
                into[key] = self._nested(event, (place, key, depth))

    def _sequence(self, place: _Place | None) -> tuple[object, ...]:
        out: list[object] = []
        depth = place[2] + 1 if place else 1
        get, scalar = self._next, yaml.ScalarEvent
        while True:
            event = get()
            if len(out) > WIDEST:
                self._too_wide(event, place)
            if type(event) is scalar:
                if event.anchor is None and event.implicit[0]:
                    out.append(plain(event.value))
                else:
                    out.append(self._scalar(event, (place, len(out), depth)))
            elif type(event) is yaml.SequenceEndEvent:
                return tuple(out)
            else:
                out.append(self._nested(event, (place, len(out), depth)))

    def _nested(self, event: Any, place: _Place | None) -> object:
        """Anything but a scalar."""
        kind = type(event)
        if kind is yaml.AliasEvent:
            self._add(
                f"got the alias *{event.anchor[:60]}; YAML aliases are not allowed; write the value out", event, place
            )
            return Unusable(f"*{event.anchor}", "an alias")
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event, place)
        if place and place[2] >= DEEPEST:
            self._add(f"nested deeper than {DEEPEST} levels; a manifest needs five", event, place)
            raise Stopped
        return self._mapping(place) if kind is yaml.MappingStartEvent else self._sequence(place)

    def _scalar(self, event: Any, place: _Place | None) -> object:
        """A scalar that is quoted, tagged or anchored, or any at all."""
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event, place)
        return plain(event.value) if event.implicit[0] else event.value

    def _check_key(self, event: Any, place: _Place) -> None:
        key = event.value
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event, place)
        if event.implicit[0]:
            if key == "<<":
                self._add("got a merge key; YAML merge keys are not allowed; write the fields out", event, place)
            elif key in _OLD_WORDS or type(plain(key)) is not str:
                self._add("got an unquoted key that YAML does not read as text; quote it", event, place)

    def _refuse_properties(self, event: Any, place: _Place | None) -> None:
        if event.anchor is not None:
            self._add(
                f"got the anchor &{event.anchor[:60]}; YAML anchors are not allowed; write the value out", event, place
            )
        if event.tag is not None:
            self._add(f"got the tag {event.tag[:60]}; YAML tags are not allowed; write the plain value", event, place)

    def _too_wide(self, event: Any, place: _Place | None) -> NoReturn:
        self._add(f"got more than {WIDEST} entries; allowed: {WIDEST}, the keys that an account may have", event, place)
        raise Stopped

    def _add(self, message: str, event: Any, place: _Place | None) -> None:
        path: list[str | int] = []
        while place:
            path.append(place[1])
            place = place[0]
        self.problems.append(Problem(tuple(reversed(path)), message, event.start_mark.line + 1))
        if len(self.problems) >= MOST_SHOWN:
            raise Stopped
