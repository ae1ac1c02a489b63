"""The items of a DynamoDB table."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError

from tenant_keys.client.attributes import Attributes
from tenant_keys.client.dynamodb import attribute_names, encrypted_attribute, item_names
from tenant_keys.client.dynamodb_json import from_json, typed, untyped
from tenant_keys.client.errors import ConfigurationError, NotConverted
from tenant_keys.client.place import Place, table_names
from tenant_keys.client.reencrypt.header import data_key_of, looks_encrypted, looks_foreign
from tenant_keys.client.reencrypt.work import Outcome, StaleDataKey, Task, Work
from tenant_keys.client.signature import SIGNATURE, check_signature, sign

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table

    from tenant_keys.client.tenant import Tenant

Item = Mapping[str, Any]
ReadOld = Callable[[str, Any], Any]

ATTEMPTS = 5
"""Times that an item is read again because another writer changed it meanwhile."""

MAX_SEGMENTS = 1_000_000
"""Of a parallel scan (DynamoDB API reference, Scan, TotalSegments)."""

_OF_THE_ITEM = {"ValidationException", "ItemCollectionSizeLimitExceededException"}
"""Such as an item that the encryption would make larger than 400 KB (DynamoDB API reference, UpdateItem)."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An attribute's value in the clear, and of an encrypted one its data key and whether it has its present name."""

    value: Any
    data_key: bytes | None = None
    current: bool = True


class DynamoItems:
    """`tenant_of` names the handle of an item's tenant; `read_old` undoes an older encryption, given name and value.

    `segment`: (number, of how many), for jobs that share a table; each has a checkpoint of its own.
    """

    def __init__(
        self,
        table: Table,
        *,
        key: Collection[str],
        attributes: Collection[str],
        optional: Collection[str] = (),
        signed: Collection[str] = (),
        place: Place | None = None,
        tenant_of: Callable[[Mapping[str, Any]], Tenant],
        read_old: ReadOld | None = None,
        segment: tuple[int, int] | None = None,
        page: int = 100,
    ) -> None:
        if segment is not None and not 0 <= segment[0] < segment[1] <= MAX_SEGMENTS:
            raise ValueError(f"segment: got {segment}; expected (number, of how many), counted from 0")
        self._table, self._page, self._segment = table, page, segment
        self._wanted = Attributes(key=key, attributes=attributes, optional=optional, signed=signed)
        self._where: dict[str, Any] = {"table": table.name, "key": self._wanted.key, "place": place}
        self._names = table_names(table.name, place)
        self._tenant_of, self._read_old = tenant_of, read_old

    def identity(self) -> dict[str, Any]:
        """The table's ARN has its account and Region, its id changes when it is made anew (DynamoDB, TableId)."""
        described = self._table.meta.client.describe_table(TableName=self._table.name)["Table"]
        actual = sorted(part["AttributeName"] for part in described["KeySchema"])
        if actual != sorted(self._wanted.key):
            raise ConfigurationError(f"key: got {', '.join(self._wanted.key)}; the table's key is {', '.join(actual)}")
        part = {} if self._segment is None else {"segment": list(self._segment)}
        return {
            "table": described["TableArn"],
            "table_id": described["TableId"],
            "attributes": sorted(self._wanted.encrypted),
            "optional": sorted(self._wanted.optional),
            "signed": sorted(self._wanted.signed),
            "names": list(self._names),
            **part,
        }

    def must_be_seen(self) -> frozenset[str]:
        return frozenset({*self._wanted.encrypted, *self._wanted.signed}) - self._wanted.optional

    def label(self, record: Item) -> str:
        return json.dumps({name: typed(record[name]) for name in self._wanted.key}, ensure_ascii=False)

    def labelled(self, label: str) -> Item | None:
        return self._read(untyped(label))

    def pages(self, after: str | None, work: Work) -> Iterator[tuple[list[Item], str | None]]:  # noqa: ARG002  # the same for all
        cursor = after
        share: dict[str, int] = {}
        if self._segment is not None:
            share["Segment"], share["TotalSegments"] = self._segment
        while True:
            start = {"ExclusiveStartKey": untyped(cursor)} if cursor else {}
            answer = self._table.scan(ConsistentRead=True, Limit=self._page, **share, **start)  # type: ignore[arg-type]
            last = answer.get("LastEvaluatedKey")
            cursor = json.dumps({name: typed(value) for name, value in last.items()}) if last else None
            yield list(answer["Items"]), cursor
            if cursor is None:
                return

    def convert(self, record: Item, task: Task) -> Outcome:
        """Writes only if the attributes are still what was read, else reads again."""
        task.saw(name for name in (*self._wanted.encrypted, *self._wanted.signed) if name in record)
        item: Item | None = record
        for _ in range(ATTEMPTS):
            if item is None:
                return Outcome.NOTHING
            try:
                if outcome := self._convert(item, task):
                    return outcome
            except StaleDataKey:
                task.prepare(self._tenant_of(item), anew=True)
            item = self._read({name: record[name] for name in self._wanted.key})
        raise NotConverted(f"written by others {ATTEMPTS} times in a row")

    def _convert(self, item: Item, task: Task) -> Outcome | None:
        """None if another writer has changed the item meanwhile."""
        if paths := self._wanted.paths(item):
            raise NotConverted(paths)
        tenant = self._tenant_of(item)
        task.prepare(tenant)
        found = {name: self._look(tenant, item, name) for name in self._wanted.encrypted if name in item}
        todo = [name for name, one in found.items() if self._needs(tenant, name, one, task)]
        if self._wanted.signed:
            signature = self._signature(tenant, item)
            if signature is not None:
                found[SIGNATURE] = signature
            if self._needs_signature(tenant, signature, task) or todo:
                todo.append(SIGNATURE)
        if not todo:
            return Outcome.ALREADY if found else Outcome.NOTHING
        return Outcome.CONVERTED if task.dry_run or self._write(tenant, item, found, todo, task) else None

    def _look(self, tenant: Tenant, item: Item, name: str) -> _Found:
        """What looks like a message and does not open is nobody's to overwrite: that raises."""
        blob = _bytes(item[name])
        if blob is not None and looks_encrypted(blob):
            names = attribute_names(item, attribute=name, **self._where)
            reader = tenant.decrypting(io.BytesIO(blob), name=names)
            return _Found(from_json(reader.read()), reader.data_key, reader.record == names[0])
        if blob is not None and looks_foreign(blob) and self._read_old is None:
            raise NotConverted(
                f"{name} is a message of the Encryption SDK that this client did not write; give read_old"
            )
        return _Found(item[name])

    def _signature(self, tenant: Tenant, item: Item) -> _Found | None:
        if SIGNATURE not in item:
            return None
        names = item_names(item, **self._where)
        check_signature(tenant, item, self._wanted, names=names)
        reader = tenant.decrypting(io.BytesIO(_bytes(item[SIGNATURE]) or b""), name=names)
        return _Found(None, reader.data_key, reader.record == names[0])

    def _needs(self, tenant: Tenant, name: str, one: _Found, task: Task) -> bool:
        if one.data_key is None:
            return task.needs_clear(name)
        return task.needs(tenant, one.data_key, current_name=one.current)

    def _needs_signature(self, tenant: Tenant, one: _Found | None, task: Task) -> bool:
        if one is not None:
            return self._needs(tenant, SIGNATURE, one, task)
        if task.work in {Work.REBIND, Work.REWRAP}:
            raise NotConverted(
                "the item has no signature, which may have been removed; a job with Work.ENCRYPT signs unsigned items"
            )
        return task.work is Work.ENCRYPT

    def _write(
        self, tenant: Tenant, item: Item, found: Mapping[str, _Found], todo: Collection[str], task: Task
    ) -> bool:
        new: dict[str, bytes] = {}
        for name in todo:
            if name != SIGNATURE:
                value = found[name].value
                if found[name].data_key is None and self._read_old is not None:
                    value = self._read_old(name, value)
                new[name] = encrypted_attribute(
                    tenant, value, name=attribute_names(item, attribute=name, **self._where)[0]
                )
        if SIGNATURE in todo:
            new[SIGNATURE] = sign(tenant, {**item, **new}, self._wanted, name=item_names(item, **self._where)[0])
        old = [one.data_key for one in found.values() if one.data_key is not None]
        task.about_to_write([data_key_of(blob) for blob in new.values()], old)
        # What the signature covers must be what was read, too.
        still = [*self._wanted.encrypted, *self._wanted.signed, SIGNATURE] if SIGNATURE in todo else list(todo)
        return self._update(item, new, still)

    def _update(self, item: Item, new: Mapping[str, bytes], still: list[str]) -> bool:
        """False if one of the attributes in `still` is no longer what was read, or the item is gone."""
        names = {name: f"#n{number}" for number, name in enumerate([*new, *still, *self._wanted.key])}
        conditions = [f"attribute_exists({names[self._wanted.key[0]]})"]
        values: dict[str, Any] = {}
        for name in still:
            if name in item:
                conditions.append(f"{names[name]} = :old{names[name][1:]}")
                values[f":old{names[name][1:]}"] = item[name]
            else:
                conditions.append(f"attribute_not_exists({names[name]})")
        values |= {f":new{names[name][1:]}": blob for name, blob in new.items()}
        used = {*new, *still, self._wanted.key[0]}
        try:
            self._table.update_item(
                Key={name: item[name] for name in self._wanted.key},
                UpdateExpression="SET " + ", ".join(f"{names[name]} = :new{names[name][1:]}" for name in new),
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames={names[name]: name for name in used},
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code == "ConditionalCheckFailedException":
                return False
            if code in _OF_THE_ITEM:
                raise NotConverted(
                    f"DynamoDB rejected the request: {error.response['Error'].get('Message')}"
                ) from error
            raise
        return True

    def _read(self, key: Mapping[str, Any]) -> Item | None:
        return self._table.get_item(Key=dict(key), ConsistentRead=True).get("Item")


def _bytes(value: object) -> bytes | None:
    blob: object = value.value if isinstance(value, Binary) else value  # type: ignore[attr-defined]
    return bytes(blob) if isinstance(blob, (bytes, bytearray)) else None
