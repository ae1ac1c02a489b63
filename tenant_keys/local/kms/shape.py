"""The JSON types of a request, by the service model that botocore carries: what AWS cannot read it refuses first."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationNotFoundError, Shape

from tenant_keys.local.fault import Fault

LATEST = 253_402_300_799
"""Seconds of the epoch at the end of the year 9999."""


def checked(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters without those that are null, which count as not given.

    Raises:
        Fault: SerializationException; a member has another JSON type than the model says.
    """
    try:
        shape = _model().operation_model(operation).input_shape
    except OperationNotFoundError:
        return dict(given)  # refused where the operation is looked up
    found: dict[str, Any] = _read(shape, given, operation) if shape is not None else {}
    return found


@cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("kms")


def _read(shape: Shape, value: Any, where: str) -> Any:
    if shape.type_name in _PARTS and isinstance(value, _PARTS[shape.type_name][0]):
        return _PARTS[shape.type_name][1](shape, value, where)
    if shape.type_name in _SIMPLE and _SIMPLE[shape.type_name](value):
        return value
    raise Fault("SerializationException", f"{where}: {type(value).__name__} is not a {shape.type_name}")


def _structure(shape: Any, value: dict[str, Any], where: str) -> dict[str, Any]:
    present = {name: part for name, part in value.items() if part is not None}
    return {
        name: _read(shape.members[name], part, f"{where}.{name}") if name in shape.members else part
        for name, part in present.items()
    }


def _list(shape: Any, value: list[Any], where: str) -> list[Any]:
    return [_read(shape.member, part, where) for part in value]


def _map(shape: Any, value: dict[str, Any], where: str) -> dict[str, Any]:
    return {str(_read(shape.key, name, where)): _read(shape.value, part, where) for name, part in value.items()}


def _string(value: Any) -> bool:
    return isinstance(value, str) and value.encode("utf-8", "replace") == value.encode("utf-8", "surrogatepass")


def _blob(value: Any) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (ValueError, TypeError):
        return False
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _time(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value < LATEST
    )


_PARTS: dict[str, tuple[type, Callable[[Any, Any, str], Any]]] = {
    "structure": (dict, _structure),
    "list": (list, _list),
    "map": (dict, _map),
}
_SIMPLE: dict[str, Callable[[Any], bool]] = {
    "string": _string,
    "blob": _blob,
    "integer": _whole,
    "long": _whole,
    "boolean": lambda value: isinstance(value, bool),
    "timestamp": _time,
}
