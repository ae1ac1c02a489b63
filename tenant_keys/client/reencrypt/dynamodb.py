"""The items of a DynamoDB table."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import Binary, TypeDeserializer
from botocore.exceptions import ClientError

from tenant_keys.client.dynamodb import attribute_name, binaries, decrypt_attribute, encrypt_item, typed
from tenant_keys.client.errors import NotConverted
from tenant_keys.client.reencrypt.job import Outcome
from tenant_keys.client.reencrypt.looks import looks_encrypted

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table

    from tenant_keys.client.tenant import Tenant

ATTEMPTS = 5
"""Times that an item is read again because somebody else wrote it meanwhile."""

_OF_THE_ITEM = {"ValidationException", "ItemCollectionSizeLimitExceededException"}
"""Such as an item that the encryption would make larger than 400 KB (DynamoDB API reference, UpdateItem)."""


class DynamoItems:
    """`tenant_of` names the handle of an item's tenant; `read_old` undoes an older encryption, given name and value."""

    def __init__(
        self,
        table: Table,
        *,
        key: Collection[str],
        attributes: Collection[str],
        tenant_of: Callable[[Mapping[str, Any]], Tenant],
        read_old: Callable[[str, Any], Any] = lambda _, value: value,
        page: int = 100,
    ) -> None:
        self._table, self._key, self._attributes = table, tuple(key), tuple(attributes)
        self._tenant_of, self._read_old, self._page = tenant_of, read_old, page

    @property
    def identity(self) -> str:
        return f"dynamodb:{self._table.name}:{','.join(sorted(self._attributes))}"

    def label(self, record: Mapping[str, Any]) -> str:
        return str({name: record[name] for name in self._key})

    def pages(self, after: str | None) -> Iterator[tuple[list[Mapping[str, Any]], str]]:
        cursor = after
        while True:
            start = {"ExclusiveStartKey": _key_from(cursor)} if cursor else {}
            answer = self._table.scan(ConsistentRead=True, Limit=self._page, **start)  # type: ignore[arg-type]
            last = answer.get("LastEvaluatedKey")
            cursor = json.dumps({name: typed(value) for name, value in (last or {}).items()})
            yield list(answer["Items"]), cursor
            if not last:
                return

    def convert(self, record: Mapping[str, Any], *, dry_run: bool) -> Outcome:
        """Writes only if the attributes are still what was read, else reads again."""
        item = record
        for _ in range(ATTEMPTS):
            tenant = self._tenant_of(item)
            todo = [name for name in self._attributes if name in item and not self._opens(tenant, item, name)]
            if not todo:
                return Outcome.ALREADY if any(name in item for name in self._attributes) else Outcome.NOTHING
            if dry_run or self._write(tenant, item, todo):
                return Outcome.CONVERTED
            key = {name: item[name] for name in self._key}
            item = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
            if not item:
                return Outcome.NOTHING
        raise NotConverted(f"written by others {ATTEMPTS} times in a row")

    def _opens(self, tenant: Tenant, item: Mapping[str, Any], attribute: str) -> bool:
        """False for what is not encrypted. What looks like a message and does not open is nobody's to overwrite."""
        value = item[attribute]
        blob: object = value.value if isinstance(value, Binary) else value  # type: ignore[attr-defined]
        if not isinstance(blob, (bytes, bytearray)) or not looks_encrypted(bytes(blob)):
            return False
        name = attribute_name(item, table=self._table.name, key=self._key, attribute=attribute)
        decrypt_attribute(tenant, value, name=name)
        return True

    def _write(self, tenant: Tenant, item: Mapping[str, Any], attributes: list[str]) -> bool:
        plain = {**item, **{name: self._read_old(name, item[name]) for name in attributes}}
        sealed = encrypt_item(tenant, plain, table=self._table.name, key=self._key, attributes=attributes)
        numbered = list(enumerate(attributes))
        try:
            self._table.update_item(
                Key={name: item[name] for name in self._key},
                UpdateExpression="SET " + ", ".join(f"#a{n} = :new{n}" for n, _ in numbered),
                ConditionExpression=" AND ".join(f"#a{n} = :old{n}" for n, _ in numbered),
                ExpressionAttributeNames={f"#a{n}": name for n, name in numbered},
                ExpressionAttributeValues={
                    **{f":new{n}": sealed[name] for n, name in numbered},
                    **{f":old{n}": item[name] for n, name in numbered},
                },
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code == "ConditionalCheckFailedException":
                return False
            if code in _OF_THE_ITEM:
                raise NotConverted(f"DynamoDB refuses it: {error.response['Error'].get('Message')}") from error
            raise
        return True


def _key_from(cursor: str) -> dict[str, Any]:
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in json.loads(cursor, object_hook=binaries).items()}
