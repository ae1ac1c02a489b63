"""A misspelt attribute is an error and never an attribute in the clear; a signed item is the one that was written."""

from __future__ import annotations

import re
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import Binary
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.client import ConfigurationError, DamagedMessage, MessageRefused, Tenant, TenantKeys, WrongRecord
from tenant_keys.client.dynamodb import attribute_name, decrypt_item, encrypt_item
from tenant_keys.client.place import Place
from tenant_keys.client.reencrypt import DynamoItems, Work, reencrypt
from tenant_keys.client.signature import SIGNATURE
from tests.client.standin import StandIn
from tests.client.tables import create_table
from tests.client.test_stores import VALUES
from tests.sampled import examples
from tools.benchmarks.client_estate import ClientEstate

pytestmark = pytest.mark.xdist_group("client-local-aws")
OF: dict[str, Any] = {"table": "orders", "key": ("pk",)}
ITEM = {"pk": "a", "card": {"number": "4711"}, "status": "open", "total": Decimal("1.50"), "views": 3}
SIGNED: dict[str, Any] = {**OF, "attributes": ("card",), "signed": ("status", "total")}


@pytest.fixture(scope="module")
def acme() -> Tenant:
    return StandIn().add("acme").keys().tenant_without_token("acme")


@pytest.fixture(scope="module")
def keys(client_estate: ClientEstate) -> TenantKeys:
    return client_estate.keys("orders")


def stored(item: dict[str, Any]) -> dict[str, Any]:
    """As boto3 gives it back."""
    return {name: Binary(value) if isinstance(value, bytes) else value for name, value in item.items()}


@pytest.mark.parametrize("name", ["crad", "Card", "card ", "card.number", "card[0]", "other.path", "cards"])
def test_an_attribute_that_the_item_lacks_is_refused_when_it_is_written_and_when_it_is_read(
    acme: Tenant, name: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(name)):
        encrypt_item(acme, ITEM, **OF, attributes=("card", name))
    whole = stored(encrypt_item(acme, ITEM, **OF, attributes=("card",)))
    with pytest.raises((ValueError, DamagedMessage), match=re.escape(name)):
        decrypt_item(acme, whole, **OF, attributes=("card", name))


def test_what_is_optional_may_be_lacking_and_is_encrypted_where_it_is_there(acme: Tenant) -> None:
    for attributes in (("card",), ("card", "note")):
        where = {**OF, "attributes": attributes, "optional": ("note",)}
        without = encrypt_item(acme, ITEM, **where)
        assert "note" not in without
        assert decrypt_item(acme, without, **where) == ITEM
        with_it = encrypt_item(acme, {**ITEM, "note": "private"}, **where)
        assert isinstance(with_it["note"], bytes)
        assert decrypt_item(acme, with_it, **where)["note"] == "private"


@pytest.mark.parametrize("name", ["card.number", "card[0]", "card.a.b"])
def test_a_path_into_an_attribute_that_is_there_is_refused_even_as_optional(acme: Tenant, name: str) -> None:
    with pytest.raises(ValueError, match="whole attribute"):
        encrypt_item(acme, ITEM, **OF, attributes=("status",), optional=(name,))


def test_an_attribute_whose_own_name_has_a_dot_is_encrypted_where_it_is_declared_optional(acme: Tenant) -> None:
    item = {"pk": "a", "card.number": "4711"}
    with pytest.raises(ValueError, match="path"):
        encrypt_item(acme, item, **OF, attributes=("card.number",))
    where = {**OF, "attributes": (), "optional": ("card.number",)}
    whole = encrypt_item(acme, item, **where)
    assert isinstance(whole["card.number"], bytes)
    assert decrypt_item(acme, whole, **where) == item


@pytest.mark.parametrize(
    "wrong",
    [
        {"attributes": "card"}, {"attributes": ("card",), "optional": "note"}, {"attributes": ("card",), "signed": "x"},
        {"attributes": ()}, {"attributes": ("",)}, {"attributes": ("card", None)}, {"attributes": ("pk",)},
        {"attributes": ("card",), "signed": ("pk",)}, {"attributes": ("card",), "signed": ("card",)},
        {"attributes": ("card",), "optional": ("pk",)}, {"attributes": (SIGNATURE,)}, {"attributes": (1,)},
        {"attributes": ("card",), "signed": (SIGNATURE,)}, {"attributes": ("card",), "signed": ("status.x",)},
        {"attributes": ("card",), "signed": ("stauts",)}, {"attributes": ("card",), "key": ()},
    ],
    ids=str,
)  # fmt: skip
def test_a_list_of_attributes_that_makes_no_sense_is_refused(acme: Tenant, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        encrypt_item(acme, ITEM, **(OF | wrong))


def test_a_key_given_as_a_generator_is_not_lost(acme: Tenant) -> None:
    """It can be read once; an item without its key in its name could take any other's place."""
    whole = encrypt_item(acme, ITEM, table="orders", key=(name for name in ["pk"]), attributes={"card"})
    assert decrypt_item(acme, whole, **OF, attributes=["card"]) == ITEM
    with pytest.raises(WrongRecord):
        decrypt_item(acme, {**whole, "pk": "b"}, table="orders", key=iter(["pk"]), attributes=["card"])
    none: list[Any] = [(), "pk", [], iter(())]
    for key in none:
        with pytest.raises(ValueError, match="key: got"):
            attribute_name(ITEM, table="orders", key=key, attribute="card")


def test_a_job_refuses_its_end_for_an_attribute_that_no_item_has(
    client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    tenant = keys.tenant_without_token("acme")
    for number in range(5):
        table.put_item(Item={"pk": str(number), "card": "x", **({"note": "y"} if number == 3 else {})})

    def job(**options: Any) -> DynamoItems:
        return DynamoItems(table, key=("pk",), tenant_of=lambda _: tenant, page=2, **options)

    for dry_run in (True, False):
        with pytest.raises(ConfigurationError, match="none of the 5 items has crad"):
            reencrypt(job(attributes=("crad",)), checkpoint=tmp_path / "a", dry_run=dry_run)
    with pytest.raises(ConfigurationError, match="none of the 5 items has crad"):
        reencrypt(job(attributes=("crad",)), checkpoint=tmp_path / "a")
    with pytest.raises(ValueError, match="path"):
        job(attributes=("card.number",))
    assert reencrypt(job(attributes=("note",)), checkpoint=tmp_path / "b").counts["converted"] == 1, "one has it"
    done = reencrypt(job(attributes=("card",), optional=("crad",)), checkpoint=tmp_path / "c")
    assert (done.counts["converted"], done.exit_code) == (5, 0)


def test_a_job_refuses_the_end_of_an_empty_table(client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path) -> None:
    job = DynamoItems(
        create_table(client_estate),
        key=("pk",),
        attributes=("card",),
        tenant_of=lambda _: keys.tenant_without_token("acme"),
    )
    with pytest.raises(ConfigurationError, match="none of the 0 items"):
        reencrypt(job, checkpoint=tmp_path / "job")


def test_a_signed_item_opens_as_it_was_and_without_its_signature(acme: Tenant) -> None:
    whole = stored(encrypt_item(acme, ITEM, **SIGNED))
    assert whole["status"] == "open"
    assert isinstance(whole[SIGNATURE], Binary)
    assert decrypt_item(acme, whole, **SIGNED) == ITEM
    assert decrypt_item(acme, {**whole, "views": 4, "new": 1}, **SIGNED)["views"] == 4, "what is not signed may change"


def without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {one: value for one, value in item.items() if one != name}


def test_a_signed_item_in_which_anything_covered_was_changed_dropped_or_put_back_is_refused(acme: Tenant) -> None:
    old = stored(encrypt_item(acme, {**ITEM, "card": "old", "status": "paid"}, **SIGNED))
    whole = stored(encrypt_item(acme, ITEM, **SIGNED))
    other = stored(encrypt_item(acme, {**ITEM, "pk": "b"}, **SIGNED))
    forged = {
        "a clear attribute changed": {**whole, "status": "paid"},
        "its type changed": {**whole, "total": "1.5"},
        "a number changed": {**whole, "total": Decimal("1.51")},
        "a clear attribute dropped": without(whole, "status"),
        "an encrypted one dropped": without(whole, "card"),
        "an encrypted one put back from an older version": {**whole, "card": old["card"]},
        "the signature put back": {**whole, SIGNATURE: old[SIGNATURE]},
        "the signature dropped": without(whole, SIGNATURE),
        "the signature of another item": {**whole, SIGNATURE: other[SIGNATURE]},
        "an attribute's message as the signature": {**whole, SIGNATURE: whole["card"]},
        "no binary": {**whole, SIGNATURE: "x"},
        "moved to another key": {**whole, "pk": "b"},
        "the signature and a value of one version, the rest of another": {**old, "total": Decimal(9)},
    }
    for what, item in forged.items():
        with pytest.raises(MessageRefused):
            decrypt_item(acme, item, **SIGNED)
            pytest.fail(what)
    with pytest.raises(MessageRefused):
        decrypt_item(acme, whole, **(SIGNED | {"table": "payments"}))


@pytest.mark.parametrize(
    "other",
    [
        {"signed": ("status",)}, {"signed": ("status", "total", "views")}, {"signed": ("total", "views")},
        {"attributes": (), "signed": ("status", "total")}, {"optional": ("views",)},
        {"attributes": ("card", "status"), "signed": ("total",)},
    ],
    ids=str,
)  # fmt: skip
def test_a_reader_that_names_other_attributes_than_the_writer_is_refused(acme: Tenant, other: dict[str, Any]) -> None:
    whole = stored(encrypt_item(acme, ITEM, **SIGNED))
    with pytest.raises(MessageRefused):
        decrypt_item(acme, whole, **(SIGNED | other))


def test_a_signed_optional_attribute_may_not_be_added_later(acme: Tenant) -> None:
    where = {**SIGNED, "signed": ("status", "total", "discount"), "optional": ("discount",)}
    whole = stored(encrypt_item(acme, ITEM, **where))
    assert decrypt_item(acme, whole, **where) == ITEM
    with pytest.raises(MessageRefused):
        decrypt_item(acme, {**whole, "discount": 100}, **where)


def test_an_item_that_was_signed_before_is_signed_anew(acme: Tenant) -> None:
    one = encrypt_item(acme, ITEM, **SIGNED)
    for item in ({**decrypt_item(acme, one, **SIGNED), "status": "paid"}, {**one, "card": "x", "status": "paid"}):
        assert decrypt_item(acme, encrypt_item(acme, item, **SIGNED), **SIGNED)["status"] == "paid"


def test_an_item_may_be_signed_with_nothing_encrypted(acme: Tenant) -> None:
    where = {**OF, "attributes": (), "signed": ("status",)}
    whole = stored(encrypt_item(acme, ITEM, **where))
    assert decrypt_item(acme, whole, **where) == ITEM
    with pytest.raises(DamagedMessage):
        decrypt_item(acme, {**whole, "status": "paid"}, **where)


def test_another_tenant_cannot_sign(acme: Tenant) -> None:
    globex = StandIn().add("acme", "globex").keys().tenant_without_token("globex")
    with pytest.raises(MessageRefused):
        decrypt_item(acme, stored(encrypt_item(globex, ITEM, **SIGNED)), **SIGNED)


def test_a_signature_follows_a_declared_place(acme: Tenant) -> None:
    whole = stored(encrypt_item(acme, ITEM, **SIGNED))
    moved = SIGNED | {"table": "orders-v2", "place": Place("orders-v2", formerly=("orders",))}
    assert decrypt_item(acme, whole, **moved) == ITEM
    with pytest.raises(WrongRecord):
        decrypt_item(acme, whole, **(SIGNED | {"table": "orders-v2"}))


@examples(60)
@given(two=st.tuples(VALUES, VALUES).filter(lambda two: two[0] != two[1] or type(two[0]) is not type(two[1])))
def test_a_signature_holds_for_every_type_of_dynamodb_and_for_no_other_value(
    acme: Tenant, two: tuple[Any, Any]
) -> None:
    clear, other = two
    where = {**OF, "attributes": (), "signed": ("v",)}
    whole = stored(encrypt_item(acme, {"pk": "a", "v": clear}, **where))
    assert decrypt_item(acme, whole, **where)["v"] == whole["v"]
    with pytest.raises(DamagedMessage):
        decrypt_item(acme, {**whole, "v": other}, **where)


def test_a_signed_item_survives_what_dynamodb_does_to_numbers_and_sets(
    client_estate: ClientEstate, keys: TenantKeys
) -> None:
    table = create_table(client_estate)
    tenant = keys.tenant_without_token("acme")
    item = {
        "pk": "a", "card": "x", "n": Decimal("1.500"), "set": {Decimal("2.0"), Decimal("1E+1")}, "names": {"b", "a"},
        "m": {"l": [Decimal("0.10"), {b"2", b"1"}], "": None},
    }  # fmt: skip
    where: dict[str, Any] = {
        "table": table.name, "key": ("pk",), "attributes": ("card",), "signed": ("n", "set", "names", "m")
    }  # fmt: skip
    table.put_item(Item=encrypt_item(tenant, item, **where))
    read = table.get_item(Key={"pk": "a"}, ConsistentRead=True)["Item"]
    assert decrypt_item(tenant, read, **where)["n"] == Decimal("1.5")


def test_a_job_signs_what_has_no_signature_and_keeps_signatures_true(
    client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    tenant = keys.tenant_without_token("acme")
    where: dict[str, Any] = {"key": ("pk",), "attributes": ("card",), "signed": ("status",)}
    table.put_item(Item={"pk": "clear", "card": "1", "status": "open"})
    half = encrypt_item(tenant, {"pk": "half", "card": "1"}, table=table.name, key=("pk",), attributes=("card",))
    table.put_item(Item={**half, "status": "open"})
    whole = encrypt_item(tenant, {"pk": "whole", "card": "1", "status": "open"}, table=table.name, **where)
    table.put_item(Item=whole)
    table.put_item(Item={**whole, "pk": "forged", "status": "paid"})

    def run(name: str, work: Work) -> Any:
        job = DynamoItems(table, tenant_of=lambda _: tenant, **where)
        return reencrypt(job, checkpoint=tmp_path / name, work=work)

    first = run("a", Work.ENCRYPT)
    assert (first.counts["converted"], first.counts["already"], first.counts["failed"]) == (2, 1, 1)
    assert '"forged"' in first.failures[0][0]
    table.delete_item(Key={"pk": "forged"})
    rewrapped = run("b", Work.REWRAP)
    assert (rewrapped.counts["converted"], rewrapped.exit_code) == (3, 0)
    for item in table.scan()["Items"]:
        assert decrypt_item(tenant, item, table=table.name, **where)["status"] == "open"
    table.update_item(Key={"pk": "half"}, UpdateExpression=f"REMOVE {SIGNATURE}")
    again = run("c", Work.REWRAP)
    assert [why.split(";")[0] for _, why in again.failures] == [
        "NotConverted: the item has no signature, which may have been removed"
    ]


@pytest.mark.parametrize(
    "content",
    [b"4711-SECRET", b'{"S": "4711-SECRET"', b'{"X": "4711-SECRET"}', b'"4711-SECRET"',
     b'{"B": "4711-SECRET!"}', b"\xff4711-SECRET", b"[" * 100_000 + b"4711-SECRET", b'{"S":"a","N":"4711-SECRET"}',
     b'{"L": "4711-SECRET"}', b'{"M": ["4711-SECRET"]}'],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_an_authentic_message_that_is_no_value_of_dynamodb_shows_nothing_of_itself(
    acme: Tenant, content: bytes
) -> None:
    name = attribute_name({"pk": "a"}, table="orders", key=("pk",), attribute="card")
    item = {"pk": "a", "card": acme.encrypt(content, name=name)}
    with pytest.raises(DamagedMessage) as refused:
        decrypt_item(acme, item, **OF, attributes=("card",))
    error: BaseException | None = refused.value
    seen = 0
    while error is not None:
        text = "".join(traceback.format_exception_only(error)) + repr(vars(error)) + repr(error.args)
        assert "SECRET" not in text
        seen += 1
        error = error.__cause__ or error.__context__
    assert seen == 1, "no error behind it, which could carry the plaintext"
