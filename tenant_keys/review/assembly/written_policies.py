"""Reads a template and leaves its key policies as text, for they are nine tenths of it and mostly compared as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from tenant_keys.review.assembly.json_file import WrittenObject

_TYPES: Final = (b'"Type":"AWS::KMS::Key"', b'"Type":"AWS::KMS::ReplicaKey"')
_PROPERTY: Final = "KeyPolicy"
_parts: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_value: Final = msgspec.json.Decoder().decode


def with_written_policies(path: Path, signs: tuple[bytes, ...]) -> Callable[[bytes], Any]:
    """What decodes a template without white space.

    Args:
        path: of the template, for messages.
        signs: a resource that holds one of them is not literal and is parsed as a whole.
    """

    def template(text: bytes) -> Any:
        if b"\\" in text or not text.isascii():
            return _value(text)
        return {name: _value(part) if name != "Resources" else resources(part) for name, part in _parts(text).items()}

    def resources(text: msgspec.Raw) -> dict[str, Any]:
        return {name: resource(name, bytes(part)) for name, part in _parts(text).items()}

    def resource(name: str, text: bytes) -> Any:
        if not any(kind in text for kind in _TYPES) or any(sign in text for sign in signs):
            return _value(text)
        where = f"{path} Resources.{name}.Properties.{_PROPERTY}"
        return {
            part: _value(one) if part != "Properties" else properties(where, one) for part, one in _parts(text).items()
        }

    def properties(where: str, text: msgspec.Raw) -> dict[str, Any]:
        return {
            name: _value(one) if name != _PROPERTY else policy(where, bytes(one)) for name, one in _parts(text).items()
        }

    def policy(where: str, text: bytes) -> Any:
        return WrittenObject(where, text.decode()) if text.startswith(b"{") else _value(text)

    return template
