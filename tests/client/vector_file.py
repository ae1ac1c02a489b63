"""Test vectors of the format: written with fixed random bytes, so that the same code writes the same file."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.client import Tenant, s3
from tenant_keys.client.dynamodb import attribute_name, encrypt_item
from tenant_keys.client.dynamodb_json import typed
from tenant_keys.client.place import Place
from tests.client.recorded_s3 import RecordedS3
from tests.client.standin import CENTRAL, REGION, Refused, StandIn

FOLDER = Path(__file__).parent / "vectors"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Recording(StandIn):
    """Keeps every data key that it makes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.data_keys: list[dict[str, Any]] = []

    def _GenerateDataKey(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = super()._GenerateDataKey(request)
        self.data_keys.append({
            "key_id": answer["KeyId"], "alias": request["KeyId"], "context": request["EncryptionContext"],
            "ciphertext": b64(answer["CiphertextBlob"]), "plaintext": b64(answer["Plaintext"]),
        })  # fmt: skip
        return answer


class Recorded(StandIn):
    """A KMS that knows the recorded data keys and no others."""

    def with_keys(self, data_keys: list[dict[str, Any]]) -> Recorded:
        self._known = {
            (one["alias"], one["ciphertext"], json.dumps(one["context"], sort_keys=True)): one for one in data_keys
        }
        return self

    def _Decrypt(self, request: dict[str, Any]) -> dict[str, Any]:
        context = json.dumps(request["EncryptionContext"], sort_keys=True)
        found = self._known.get((request["KeyId"], request["CiphertextBlob"], context))
        if found is None:
            raise Refused("InvalidCiphertextException")
        return {"KeyId": found["key_id"], "Plaintext": base64.b64decode(found["plaintext"])}


def load(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return document


class Writer:
    def __init__(self) -> None:
        self.aws = Recording()
        self.aws.add("acme", "globex")
        keys = self.aws.keys()
        self.acme, self.globex = keys.tenant_without_token("acme"), keys.tenant_without_token("globex")
        self.vectors: list[dict[str, Any]] = []

    def message(self, what: str, tenant: Tenant, name: str, data: bytes, times: int = 1, **context: str) -> None:
        blob = tenant.encrypting(io.BytesIO(data * times), name=name, context=context).read()
        if times == 1:
            blob = tenant.encrypt(data, name=name, context=context)
        self.vectors.append({
            "id": what, "form": "message", "tenant_id": tenant.id, "name": name, "context": context,
            "data": b64(data), "times": times, "message": b64(blob),
        })  # fmt: skip

    def item(self, what: str, item: dict[str, Any], *, place: Place | None = None, **where: Any) -> None:
        stored = encrypt_item(self.acme, item, place=place, **where)
        names = {
            one: attribute_name(item, table=where["table"], key=where["key"], attribute=one, place=place)
            for one in where["attributes"]
        }
        self.vectors.append({
            "id": what, "form": "dynamodb", "tenant_id": "acme", "names": names,
            **{name: list(value) if isinstance(value, tuple) else value for name, value in where.items()},
            **({"place": place.name, "at": list(place.at)} if place else {}),
            "item": {name: typed(value) for name, value in item.items()},
            "stored": {name: typed(value) for name, value in stored.items()},
        })  # fmt: skip

    def object(self, what: str, bucket: str, key: str, data: bytes, place: Place | None = None) -> None:
        recorded = RecordedS3()
        s3.put_object(self.acme, recorded.client, bucket=bucket, key=key, body=data, place=place)
        self.vectors.append({
            "id": what, "form": "s3", "tenant_id": "acme", "bucket": bucket, "key": key,
            **({"place": place.name, "at": list(place.at)} if place else {}),
            "data": b64(data), "object": b64(recorded.given("PutObject")[0]["Body"]),
        })  # fmt: skip


def write(*, large: bool) -> dict[str, Any]:
    """The file's content. `large`: with messages of several frames, too large to commit twice."""
    count = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "urandom", lambda size: hashlib.shake_256(b"vector %d" % next(count)).digest(size))
        return _written(large=large)


def _written(*, large: bool) -> dict[str, Any]:
    to = Writer()
    to.message("no data", to.acme, "orders/1", b"")
    to.message("text", to.acme, "orders/2", b"plain text")
    to.message("a name in UTF-8", to.acme, "bestellungen/\u00fc/\U0001f511", b"\x00\x01\xfe\xff")
    to.message("a context", to.acme, "orders/3", b"data", table="orders", region="eu")
    to.message("another tenant", to.globex, "orders/2", b"plain text")
    to.message("the longest name", to.acme, "n" * (32_768 if large else 300), b"x")
    if large:
        to.message("three frames", to.acme, "n", b"frame after frame ", 9000)
        to.message("exactly one frame", to.acme, "n", b"\x07", 65_532)
        to.message("exactly two frames", to.acme, "n", b"\x07", 131_068)
    to.item(
        "a number as the sort key",
        {"pk": "a", "sk": Decimal("-1.50E+2"), "card": {"no": "4711", "of": [Decimal("1E+1"), None]}, "n": "caf\u00e9"},
        table="orders", key=("pk", "sk"), attributes=("card", "n"),
    )  # fmt: skip
    every = {
        "s": "x", "n": Decimal("-3.25"), "b": b"\x01", "bool": False, "null": None, "l": ["x", Decimal(1)],
        "m": {"k": "v"},
    }  # fmt: skip
    to.item("every type but sets", {"pk": b"\x00k", "v": every}, table="orders", key=("pk",), attributes=("v",))
    to.item(
        "keys in the order of code points",
        {"\uffee": "1", "\U0001f511": 'q"\\\u0001\n\u2028\u007f', "card": "1"},
        table="orders", key=("\uffee", "\U0001f511"), attributes=("card",),
    )  # fmt: skip
    signed = {
        "pk": "a", "card": "4711", "status": "open", "total": Decimal("1.50"), "tiny": Decimal("1E-7"),
        "deep": {"\uffee": [Decimal("0.10")], "\U0001f511": None, "": True}, "views": 3,
    }  # fmt: skip
    to.item(
        "a signed item", signed, table="orders", key=("pk",), attributes=("card",),
        signed=("status", "total", "tiny", "deep"),
    )  # fmt: skip
    to.item(
        "a table by its ARN", {"pk": "a", "card": "1"}, key=("pk",), attributes=("card",),
        table="arn:aws:dynamodb:eu-west-1:222222222222:table/orders", place=Place("orders", at=("orders",)),
    )  # fmt: skip
    to.object("an object", "data", "reports/1.pdf", b"%PDF")
    point = "arn:aws:s3:eu-west-1:222222222222:accesspoint/reports"
    to.object("an object through an access point", point, "1.pdf", b"%PDF", Place("data", at=("data", point)))
    alias = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-acme"
    assert {one["alias"] for one in to.aws.data_keys} == {alias, alias.replace("acme", "globex")}
    return {"data_keys": to.aws.data_keys, "vectors": to.vectors}


if __name__ == "__main__":
    (FOLDER / "format.json").write_text(json.dumps(write(large=False), indent=1) + "\n")
