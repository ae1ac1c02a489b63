"""The bytes of docs/format.md: written, read, read by another language, and read again by every later version."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from tenant_keys.client import MessageRefused, Tenant, WrongRecord, s3
from tenant_keys.client.dynamodb import decrypt_item
from tenant_keys.client.place import Place
from tests.client import vector_file
from tests.client.recorded_s3 import RecordedS3

ROOT = Path(__file__).parents[2]
READER = ROOT / "tests" / "client" / "read_vectors.mjs"
OLD, NEW = vector_file.load("0.1.0.json"), vector_file.load("format.json")
ALL = [(document["data_keys"], vector) for document in (OLD, NEW) for vector in document["vectors"]]


def tenant(data_keys: list[dict[str, Any]], tenant_id: str) -> Tenant:
    aws = vector_file.Recorded().with_keys(data_keys)
    return aws.add("acme", "globex").keys().tenant_without_token(tenant_id)


def untyped(item: dict[str, Any]) -> dict[str, Any]:
    """As boto3 gives it: binaries are base64 in the file."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"B"}:
            return {"B": base64.b64decode(value["B"])}
        if isinstance(value, dict) and set(value) == {"BS"}:
            return {"BS": [base64.b64decode(one) for one in value["BS"]]}
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return {name: TypeDeserializer().deserialize(plain(value)) for name, value in item.items()}


def opens(data_keys: list[dict[str, Any]], vector: dict[str, Any], *, spoilt: str = "") -> None:
    by = tenant(data_keys, vector["tenant_id"])
    place = (
        Place(vector["place"], at=(*vector["at"], vector.get("bucket") or vector["table"]))
        if "place" in vector
        else None
    )
    if vector["form"] == "message":
        blob = base64.b64decode(vector["message"])
        data = base64.b64decode(vector["data"]) * vector.get("times", 1)
        assert by.decrypt(blob, name=vector["name"] + spoilt, context=vector["context"]) == data
    elif vector["form"] == "s3":
        client = RecordedS3(content=base64.b64decode(vector["object"])).client
        with s3.get_object(by, client, bucket=vector["bucket"], key=vector["key"] + spoilt, place=place) as reader:
            assert reader.read() == base64.b64decode(vector["data"])
    else:
        stored = untyped(vector["stored"])
        if spoilt:
            stored[vector["key"][0]] = "another"
        where = {name: vector[name] for name in ("table", "key", "attributes", "signed") if name in vector}
        assert decrypt_item(by, stored, place=place, **where) == untyped(vector["item"])


@pytest.mark.parametrize(("data_keys", "vector"), ALL, ids=[vector["id"] for _, vector in ALL])
def test_what_every_version_wrote_opens_as_it_was_and_under_no_other_name(
    data_keys: list[dict[str, Any]], vector: dict[str, Any]
) -> None:
    opens(data_keys, vector)
    with pytest.raises(WrongRecord):
        opens(data_keys, vector, spoilt="x")


def test_the_vectors_of_0_1_0_are_all_there() -> None:
    assert [vector["form"] for vector in OLD["vectors"]].count("message") == 7
    assert [vector["form"] for vector in OLD["vectors"]].count("dynamodb") == 4
    assert [vector["form"] for vector in OLD["vectors"]].count("s3") == 4


def test_this_version_writes_the_committed_vectors_byte_for_byte() -> None:
    """After a change of the format, on purpose: python -m tests.client.vector_file, and keep the old file beside it."""
    assert vector_file.write(large=False) == NEW


def test_vectors_written_now_are_read_in_another_language(tmp_path: Path) -> None:
    """By the Encryption SDK for JavaScript, which also refuses other names, contexts, lengths and flipped bits."""
    fresh = tmp_path / "fresh.json"
    written = vector_file.write(large=True)
    fresh.write_text(json.dumps(written))
    for vector in written["vectors"]:
        opens(written["data_keys"], vector)
    files = [vector_file.FOLDER / "0.1.0.json", vector_file.FOLDER / "format.json", fresh]
    done = subprocess.run(["node", READER, *files], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    counts = json.loads(done.stdout)
    assert counts["read"] == len(ALL) + len(written["vectors"])
    assert counts["refused"] >= 5 * counts["read"]


def test_the_reader_in_another_language_fails_for_a_vector_that_lies(tmp_path: Path) -> None:
    for field, value in (("data", "AAAA"), ("name", "other"), ("tenant_id", "globex")):
        lying = {**NEW, "vectors": [{**NEW["vectors"][1], field: value}]}
        (tmp_path / "lying.json").write_text(json.dumps(lying))
        done = subprocess.run(
            ["node", READER, tmp_path / "lying.json"], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert done.returncode != 0
    (tmp_path / "none.json").write_text(json.dumps({**NEW, "vectors": []}))
    done = subprocess.run(
        ["node", READER, tmp_path / "none.json"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode != 0


def test_a_vector_does_not_open_with_another_tenants_handle() -> None:
    vector = NEW["vectors"][1]
    with pytest.raises(MessageRefused):
        opens(NEW["data_keys"], {**vector, "tenant_id": "globex"})
