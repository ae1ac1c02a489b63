"""One signature over an item: its clear attributes that are to be trusted, and its encrypted ones.

It is a message under the tenant's key, whose data is a SHA-512 over the covered names and values; so nobody without
the key makes one, and it is bound to the table and the item's key like an encrypted attribute. It finds an attribute
changed, dropped, added to those covered, or put back from an older version of the item; not the whole item put back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import Binary

from tenant_keys.client.attributes import SIGNATURE, Attributes
from tenant_keys.client.dynamodb_json import as_stored, typed
from tenant_keys.client.errors import DamagedMessage

if TYPE_CHECKING:
    from tenant_keys.client.tenant import Tenant

__all__ = ["SIGNATURE", "check_signature", "sign"]


def sign(tenant: Tenant, item: Mapping[str, Any], covered: Attributes, *, name: str) -> bytes:
    """The signature of an item whose attributes are encrypted already."""
    return tenant.encrypt(_digest(item, covered), name=name)


def check_signature(tenant: Tenant, item: Mapping[str, Any], covered: Attributes, *, names: tuple[str, ...]) -> None:
    """Whether the item, as it is stored, is the one that was signed.

    Raises:
        MessageRefused: it is not, or has no signature.
    """
    value = item.get(SIGNATURE)
    blob: object = value.value if isinstance(value, Binary) else value  # type: ignore[attr-defined]
    if not isinstance(blob, (bytes, bytearray)):
        raise DamagedMessage(f"the item has no {SIGNATURE}: it was removed, not read, or never written")
    if not hmac.compare_digest(tenant.decrypt(bytes(blob), name=names), _digest(item, covered)):
        raise DamagedMessage(
            "the item differs from the one that was signed: an attribute was changed, removed or restored, or the "
            "call names other attributes than at signing"
        )


def _digest(item: Mapping[str, Any], covered: Attributes) -> bytes:
    names = sorted({*covered.encrypted, *covered.signed})
    values = {name: as_stored(typed(item[name])) for name in names if name in item}
    content = json.dumps([names, values], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha512(content.encode()).digest()
