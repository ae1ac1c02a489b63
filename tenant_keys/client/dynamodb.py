"""DynamoDB attributes under a tenant's key, each bound to its table, its item's key and its own name.

    item = encrypt_item(tenant, item, table="orders", key=("pk", "sk"), attributes=("card",), signed=("status",))
    item = decrypt_item(tenant, item, table="orders", key=("pk", "sk"), attributes=("card",), signed=("status",))

Items are what boto3's `Table` takes and gives. Keys and what is queried stay in the clear; what is `signed` stays in
the clear too, and an item in which it was changed or dropped does not open.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import Binary

from tenant_keys.client.attributes import Attributes
from tenant_keys.client.dynamodb_json import as_stored, from_json, typed
from tenant_keys.client.errors import DamagedMessage
from tenant_keys.client.place import Place, table_names
from tenant_keys.client.record import Names
from tenant_keys.client.signature import SIGNATURE, check_signature, sign

if TYPE_CHECKING:
    from tenant_keys.client.tenant import Tenant

Item = Mapping[str, Any]


def attribute_name(item: Item, *, table: str, key: Collection[str], attribute: str, place: Place | None = None) -> str:
    """The record name of one attribute: JSON with DynamoDB's types, so that no two attributes share one."""
    return attribute_names(item, table=table, key=key, attribute=attribute, place=place)[0]


def attribute_names(
    item: Item, *, table: str, key: Collection[str], attribute: str, place: Place | None = None
) -> tuple[str, ...]:
    """All names that the attribute may have, the one to write it under first."""
    where = _item_key(item, key)
    return tuple(_json(["dynamodb", name, where, attribute]) for name in table_names(table, place))


def item_names(item: Item, *, table: str, key: Collection[str], place: Place | None = None) -> tuple[str, ...]:
    """All names that the item's signature may have; none of them is an attribute's."""
    where = _item_key(item, key)
    return tuple(_json(["dynamodb-item", name, where]) for name in table_names(table, place))


def encrypt_item(
    tenant: Tenant,
    item: Item,
    *,
    table: str,
    key: Collection[str],
    attributes: Collection[str],
    optional: Collection[str] = (),
    signed: Collection[str] = (),
    place: Place | None = None,
) -> dict[str, Any]:
    """The item with these attributes as encrypted binaries.

    `optional`: attributes that an item may lack; they are encrypted where they are there. `signed`: attributes that
    stay in the clear. Where any is named, the item gets one attribute more, `tenant_keys_signature`, over these and the
    encrypted ones. `table`: a name or an ARN. `place`: what the item is bound to, where its table has another name.

    Raises:
        ValueError: an attribute that the item lacks, or a path such as `card.number`: it would stay in the clear.
    """
    wanted = Attributes(key=key, attributes=attributes, optional=optional, signed=signed)
    names = item_names(item, table=table, key=wanted.key, place=place)
    if missing := wanted.missing(item):
        raise ValueError(f"item: {missing}; declare attributes that an item may lack as optional")
    sealed = {
        attribute: encrypted_attribute(
            tenant,
            item[attribute],
            name=attribute_name(item, table=table, key=wanted.key, attribute=attribute, place=place),
        )
        for attribute in wanted.encrypted
        if attribute in item
    }
    whole = _unsigned(item, wanted) | sealed
    if wanted.signed:
        whole[SIGNATURE] = sign(tenant, whole, wanted, name=names[0])
    return whole


def decrypt_item(
    tenant: Tenant,
    item: Item,
    *,
    table: str,
    key: Collection[str],
    attributes: Collection[str],
    optional: Collection[str] = (),
    signed: Collection[str] = (),
    place: Place | None = None,
) -> dict[str, Any]:
    """The item with these attributes as they were, and without its signature.

    One that is not encrypted is refused, not passed through, and so is one that is missing, unless it is optional.
    Where `signed` names any, it must be what the item was written with, and the whole item must have been read.

    Raises:
        MessageRefused: an attribute or the signature is missing, was changed, or belongs to another item.
    """
    wanted = Attributes(key=key, attributes=attributes, optional=optional, signed=signed)
    where: dict[str, Any] = {"table": table, "key": wanted.key, "place": place}
    names = item_names(item, **where)
    if missing := wanted.missing(item):
        raise DamagedMessage(
            f"item: {missing}: removed, not read, or misspelt; declare attributes that may be absent as optional"
        )
    if wanted.signed:
        check_signature(tenant, item, wanted, names=names)
    opened = {
        attribute: decrypt_attribute(tenant, item[attribute], name=attribute_names(item, attribute=attribute, **where))
        for attribute in wanted.encrypted
        if attribute in item
    }
    return _unsigned(item, wanted) | opened


def encrypted_attribute(tenant: Tenant, value: object, *, name: str) -> bytes:
    """One attribute's message."""
    return tenant.encrypt(json.dumps(typed(value), separators=(",", ":")).encode(), name=name)


def decrypt_attribute(tenant: Tenant, value: object, *, name: Names) -> Any:
    """One attribute's value, `name` being all names that it may have."""
    blob: object = value.value if isinstance(value, Binary) else value  # type: ignore[attr-defined]
    if not isinstance(blob, (bytes, bytearray)):
        raise DamagedMessage("the attribute is not binary: it was never encrypted, or was replaced")
    return from_json(tenant.decrypt(bytes(blob), name=name))


def _unsigned(item: Item, wanted: Attributes) -> dict[str, Any]:
    """A copy without the signature; where nothing is signed, an attribute of its name is one like any other."""
    return {name: value for name, value in item.items() if name != SIGNATURE or not wanted.signed}


def _item_key(item: Item, key: Collection[str]) -> dict[str, Any]:
    names = tuple(key)
    if isinstance(key, str) or not names:  # else all items would have one name
        raise ValueError(f"key: got {key!r}; expected the names of the table's key")
    if missing := [name for name in names if name not in item]:
        raise ValueError(f"item: lacks {', '.join(missing)} of its key")
    return {name: as_stored(typed(item[name])) for name in names}


def _json(value: list[Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
