"""A JSON file of the assembly, read as strictly as both the CDK CLI and CloudFormation read it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec

from tenant_keys.review.errors import AssemblyNotFound, AssemblyUnreadable, as_json

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BESIDE_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_DIGITS: Final = 40
"""Of a number; an id of an account, the longest in a template, has twelve."""
_ALL_DIGITS_ALIKE: Final = bytes.maketrans(b"123456789", b"000000000")
_DEEPEST: Final = 50
"""Levels of objects and lists; templates of the app have fewer than twenty."""


def read_bytes(path: Path) -> bytes:
    """Return a file that the assembly names as it is on disk."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise AssemblyNotFound(
            f"{path}: cannot be read ({reason}), but the manifest names it; run cdk synth again"
        ) from error


def read_object(path: Path) -> dict[str, Any]:
    """Return the one object in a file of the assembly."""
    value = parse_json(path, read_bytes(path))
    if not isinstance(value, dict):
        raise AssemblyUnreadable(f"{path}: got {type(value).__name__}; expected an object; run cdk synth again")
    return value


class WrittenObject(Mapping[str, Any]):
    """An object that is parsed once somebody looks into it; AssemblyUnreadable then, as of `parse_json`."""

    def __init__(self, where: str, text: str) -> None:
        self._where = where
        self.text = text
        """Without white space, escapes and characters outside ASCII."""

    @cached_property
    def _value(self) -> dict[str, Any]:
        value: dict[str, Any] = parse_json(Path(self._where), self.text.encode())
        return value

    def __getitem__(self, name: str) -> Any:
        return self._value[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return self.text


def parse_json(path: Path, data: bytes, decode: Callable[[bytes], Any] = msgspec.json.decode) -> Any:
    """Parse the bytes of a file.

    Args:
        path: for the message alone.
        data: the bytes.
        decode: what reads text without white space; it may leave a WrittenObject in the value.

    Raises:
        AssemblyUnreadable: not JSON in UTF-8, also behind escapes (half of a surrogate pair), a number that is none, or
            a name occurs twice in one object, of which the CDK CLI and CloudFormation need not take the same one.
    """
    deep = f"{path}: more than {_DEEPEST} levels of objects and lists; run cdk synth again"
    try:
        written, value = _as_written(data, decode)
        if not written:
            value = _parse_strictly(data)
    except RecursionError as error:
        raise AssemblyUnreadable(deep) from error
    except _Faulty as error:
        raise AssemblyUnreadable(f"{path}{error}; run cdk synth again") from error
    except ValueError as error:
        raise AssemblyUnreadable(f"{path}: not JSON in UTF-8 ({error}); run cdk synth again") from error
    if _nests_deeply(data) and _nests_deeply(_STRING.sub(b"", data)):
        raise AssemblyUnreadable(deep)
    return value


def compact(value: Any) -> str:
    """A parsed value as text in ASCII without white space."""
    if isinstance(value, WrittenObject):
        return value.text
    text = msgspec.json.encode(value, enc_hook=_raw).decode()
    return text if text.isascii() else json.dumps(value, separators=(",", ":"), default=dict)


def _as_written(data: bytes, decode: Callable[[bytes], Any]) -> tuple[bool, Any]:
    """Whether the text is, but for white space, what its value is written as, and the value.

    Then no name occurs twice in it and each number is one: nothing is lost on the way to the value. This is at twice
    the speed of `json.loads`, and what the CDK writes is of this form; any other text is parsed strictly.
    """
    try:
        text = msgspec.json.format(data, indent=-1)
        value = decode(text)
        written = bool(msgspec.json.encode(value, enc_hook=_raw) == text)
    except ValueError:
        return False, None
    return written and b"0" * (_DIGITS + 1) not in data.translate(_ALL_DIGITS_ALIKE), value


def _raw(value: WrittenObject) -> msgspec.Raw:
    return msgspec.Raw(value.text.encode())


class _Faulty(ValueError):
    """Raised with the place of a part that has no one value."""


class _Pairs(list[tuple[str, Any]]):
    """An object, with each name as often as it occurs."""


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _parse_strictly(data: bytes) -> Any:
    text = data.decode()
    try:
        value = json.loads(
            text, object_pairs_hook=_each_once, parse_constant=_number, parse_float=_number, parse_int=_number
        )
        if _SURROGATE.search(data):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        raise
    except ValueError:  # read once more, to say where
        raw = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_Number, parse_float=_Number, parse_int=_Number)
        raise _Faulty(next(_faults(raw))) from None
    return value


def _faults(value: object, place: str = "") -> Iterator[str]:
    """What has no one value, each with its place."""
    match value:
        case _Pairs():
            names = [name for name, _ in value]
            for name, one in value:
                if names.count(name) > 1:
                    yield f"{place}: {name} occurs twice in one object"
                yield from _faults(name, f"{place}.{name}" if place else f" {name}")
                yield from _faults(one, f"{place}.{name}" if place else f" {name}")
        case list():
            for at, one in enumerate(value):
                yield from _faults(one, f"{place or ' '}[{at}]")
        case _Number():
            try:
                _number(value)
            except ValueError as error:
                yield f"{place}: {error}"
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                yield f"{place}: {as_json(value)} holds half of a surrogate pair".encode("ascii", "replace").decode()


def _nests_deeply(data: bytes) -> bool:
    brackets = data.translate(None, _BESIDE_BRACKETS)
    for _ in range(_DEEPEST):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return False
    return True


def _number(text: str) -> float:
    """A number that JSON has and AWS can hold; Python also takes NaN, Infinity and thousands of digits."""
    if len(text.lstrip("-")) > _DIGITS or not math.isfinite(float(text)):
        raise ValueError(f"{text[:_DIGITS]} is not a number of JSON that AWS can hold")
    return int(text) if text.lstrip("-").isdecimal() else float(text)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} occurs twice in one object")
    return found
