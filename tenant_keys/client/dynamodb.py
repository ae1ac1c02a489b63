"""DynamoDB attributes under a tenant's key, each bound to its table, its item's key and its own name.

    item = encrypt_item(tenant, item, table="orders", key=("pk", "sk"), attributes=("card",))
    item = decrypt_item(tenant, item, table="orders", key=("pk", "sk"), attributes=("card",))

Items are what boto3's `Table` takes and gives. Keys and what is queried stay in the clear.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT, Binary, TypeDeserializer, TypeSerializer

from tenant_keys.client.errors import DamagedMessage

if TYPE_CHECKING:
    from tenant_keys.client.tenant import Tenant

Item = Mapping[str, Any]


def attribute_name(item: Item, *, table: str, key: Collection[str], attribute: str) -> str:
    """The record name of one attribute: JSON with DynamoDB's types, so that no two attributes share one."""
    if missing := [name for name in key if name not in item]:
        raise ValueError(f"item: lacks {', '.join(missing)} of its key")
    place = {name: _as_stored(typed(item[name])) for name in key}
    return json.dumps(["dynamodb", table, place, attribute], ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def encrypt_item(
    tenant: Tenant, item: Item, *, table: str, key: Collection[str], attributes: Collection[str]
) -> dict[str, Any]:
    """The item with these attributes as encrypted binaries; those that it lacks stay lacking."""
    _apart(key, attributes)
    sealed = {
        attribute: tenant.encrypt(
            json.dumps(typed(item[attribute]), separators=(",", ":")).encode(),
            name=attribute_name(item, table=table, key=key, attribute=attribute),
        )
        for attribute in attributes
        if attribute in item
    }
    return {**item, **sealed}


def decrypt_item(
    tenant: Tenant, item: Item, *, table: str, key: Collection[str], attributes: Collection[str]
) -> dict[str, Any]:
    """The item with these attributes as they were. One that is not encrypted is refused, not passed through."""
    _apart(key, attributes)
    opened = {
        attribute: decrypt_attribute(
            tenant, item[attribute], name=attribute_name(item, table=table, key=key, attribute=attribute)
        )
        for attribute in attributes
        if attribute in item
    }
    return {**item, **opened}


def decrypt_attribute(tenant: Tenant, value: object, *, name: str) -> Any:
    blob: object = value.value if isinstance(value, Binary) else value  # type: ignore[attr-defined]
    if not isinstance(blob, (bytes, bytearray)):
        raise DamagedMessage("the attribute is not a binary: it was never encrypted, or something replaced it")
    typed = json.loads(tenant.decrypt(bytes(blob), name=name), object_hook=binaries)
    return TypeDeserializer().deserialize(typed)


def _apart(key: Collection[str], attributes: Collection[str]) -> None:
    if isinstance(key, str) or isinstance(attributes, str) or not key or set(key) & set(attributes):
        raise ValueError("key and attributes must be collections of names, and have none in common")


def typed(value: object) -> Any:
    """DynamoDB's own JSON, binaries in base64."""
    return _plain(TypeSerializer().serialize(value))


def _as_stored(value: dict[str, str]) -> dict[str, str]:
    """DynamoDB gives the number 1.50 back as 1.5, and 1E+1 as 10: one number, one name."""
    if "N" not in value:
        return value
    number = Decimal(value["N"]).normalize(DYNAMODB_CONTEXT)
    return {"N": format(number, "f") if number else "0"}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return value


def binaries(value: dict[str, Any]) -> dict[str, Any]:
    if set(value) == {"B"} and isinstance(value["B"], str):
        return {"B": base64.b64decode(value["B"])}
    if set(value) == {"BS"} and isinstance(value["BS"], list) and all(isinstance(one, str) for one in value["BS"]):
        return {"BS": [base64.b64decode(one) for one in value["BS"]]}
    return value
