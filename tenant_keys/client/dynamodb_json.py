"""DynamoDB's own JSON of a value, such as `{"N": "1.5"}`, with binaries in base64."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer, TypeSerializer

from tenant_keys.client.errors import DamagedMessage


def typed(value: object) -> Any:
    """Of what boto3's `Table` takes."""
    return _plain(TypeSerializer().serialize(value))


def untyped(text: str) -> dict[str, Any]:
    """A key from its JSON, as boto3's `Table` takes it."""
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in json.loads(text, object_hook=_binaries).items()}


def from_json(plain: bytes) -> Any:
    """Back to what boto3's `Table` gives.

    Raises:
        DamagedMessage: an authentic message that holds something else. The error holds nothing of it, nor does any
            error behind it.
    """
    try:
        value = json.loads(plain, object_hook=_binaries)
        if len(value) == 1:
            return TypeDeserializer().deserialize(value)
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        pass  # what these errors carry is plaintext, so the one below must not be raised from them
    raise DamagedMessage("the message is authentic but holds no DynamoDB value; encrypt_item did not write it")


def as_stored(value: dict[str, Any]) -> dict[str, Any]:
    """One spelling of a value: DynamoDB gives 1.50 back as 1.5 and 1E+1 as 10, and sets in an order of its own."""
    ((kind, inner),) = value.items()
    match kind:
        case "N":
            return {"N": _number(inner)}
        case "NS":
            return {"NS": sorted(map(_number, inner))}
        case "SS" | "BS":
            return {kind: sorted(inner)}
        case "L":
            return {"L": [as_stored(one) for one in inner]}
        case "M":
            return {"M": {name: as_stored(one) for name, one in inner.items()}}
    return value


def _number(text: str) -> str:
    number = Decimal(text).normalize(DYNAMODB_CONTEXT)
    return format(number, "f") if number else "0"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return value


def _binaries(value: dict[str, Any]) -> dict[str, Any]:
    if set(value) == {"B"} and isinstance(value["B"], str):
        return {"B": base64.b64decode(value["B"])}
    if set(value) == {"BS"} and isinstance(value["BS"], list) and all(isinstance(one, str) for one in value["BS"]):
        return {"BS": [base64.b64decode(one) for one in value["BS"]]}
    return value
