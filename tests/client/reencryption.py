"""A table with one tenant's records, encrypted or not, and the job over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tenant_keys.client import (
    Tenant,
)
from tenant_keys.client.dynamodb import decrypt_item, encrypt_item
from tenant_keys.client.reencrypt import (
    DynamoItems,
)
from tenant_keys.client.reencrypt.header import data_key_of

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table

OF: dict[str, Any] = {"key": ("pk",), "attributes": ("card",)}


def items(table: Table, tenant: Tenant, **options: Any) -> DynamoItems:
    return DynamoItems(table, **{**OF, "tenant_of": lambda _: tenant, "page": 3, **options})


def fill(table: Table, count: int, tenant: Tenant | None = None) -> None:
    for number in range(count):
        item: dict[str, Any] = {"pk": str(number), "card": f"card {number}", "note": f"note {number}"}
        table.put_item(Item=encrypt_item(tenant, item, table=table.name, **OF) if tenant else item)


def read(table: Table, tenant: Tenant) -> dict[str, Any]:
    found = table.scan(ConsistentRead=True)["Items"]
    return {str(item["pk"]): decrypt_item(tenant, item, table=table.name, **OF)["card"] for item in found}


def data_keys(table: Table) -> set[bytes]:
    return {data_key_of(bytes(item["card"].value)) for item in table.scan(ConsistentRead=True)["Items"]}  # type: ignore[union-attr]


def answer(code: str, status: int = 400, operation: str = "GetObject") -> ClientError:
    error: Any = {"Error": {"Code": code, "Message": "SECRET"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, operation)
