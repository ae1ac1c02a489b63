"""A record that is written again: over what was read alone, and under a new data key."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tenant_keys.client import Tenant
from tenant_keys.client.dynamodb import encrypt_item
from tenant_keys.client.errors import NotConverted
from tenant_keys.client.reencrypt import DynamoItems, Progress, S3Objects, Work
from tenant_keys.client.reencrypt.header import data_key_of
from tenant_keys.client.reencrypt.work import Outcome, Task
from tests.client.recorded_s3 import RecordedS3
from tests.client.reencryption import OF, answer, items
from tests.client.standin import StandIn


@pytest.fixture
def acme(aws: StandIn) -> Tenant:
    return aws.keys().tenant_without_token("acme")


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who renewed data keys; the first renewal does not reach the cache, as of another process."""
    renewals: list[str] = []
    renew = Tenant.renew_data_keys

    def renewed(tenant: Tenant) -> None:
        renewals.append(tenant.id)
        if len(renewals) > 1:
            renew(tenant)

    monkeypatch.setattr(Tenant, "renew_data_keys", renewed)
    return renewals


def rewrapping() -> Task:
    return Task(Work.REWRAP, Progress({}), dry_run=False, materials=frozenset(), save=lambda: None)


class Table:
    """One item; `refuses` is what an update answers with."""

    name = "orders"

    def __init__(self, item: dict[str, Any], refuses: ClientError | None = None) -> None:
        self.item, self.updates, self._refuses = item, list[dict[str, Any]](), refuses

    def update_item(self, **request: Any) -> None:
        self.updates.append(request)
        if self._refuses is not None:
            raise self._refuses

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": self.item}


def job_over(table: Table, tenant: Tenant) -> DynamoItems:
    return items(table, tenant)


def test_an_object_is_not_rewrapped_under_the_data_key_that_it_has(acme: Tenant, late: list[str]) -> None:
    old = acme.encrypt(b"data", name="s3://data/k")
    recorded = RecordedS3(content=old)
    job = S3Objects(recorded.client, bucket="data", tenant_of=lambda _: acme)
    assert job.convert(("k", None), rewrapping()) is Outcome.CONVERTED
    (written,) = recorded.given("PutObject")
    assert data_key_of(written["Body"]) != data_key_of(old)
    assert late == ["acme", "acme"]


def test_an_item_is_not_rewrapped_under_the_data_key_that_it_has(acme: Tenant, late: list[str]) -> None:
    old = encrypt_item(acme, {"pk": "1", "card": "4711"}, table="orders", **OF)
    table = Table(old)
    assert job_over(table, acme).convert(old, rewrapping()) is Outcome.CONVERTED
    (update,) = table.updates
    (written,) = (value for name, value in update["ExpressionAttributeValues"].items() if name.startswith(":new"))
    assert data_key_of(written) != data_key_of(old["card"])
    assert late == ["acme", "acme"]


def test_an_item_is_updated_only_if_it_is_there_and_its_attributes_are_what_was_read(acme: Tenant) -> None:
    table = Table({})
    item = {"pk": "1", "card": "old"}
    assert job_over(table, acme)._update(item, {"card": b"new"}, ["card", "note"])
    assert table.updates == [
        {
            "Key": {"pk": "1"},
            "UpdateExpression": "SET #n1 = :newn1",
            "ConditionExpression": "attribute_exists(#n3) AND #n1 = :oldn1 AND attribute_not_exists(#n2)",
            "ExpressionAttributeNames": {"#n1": "card", "#n2": "note", "#n3": "pk"},
            "ExpressionAttributeValues": {":oldn1": "old", ":newn1": b"new"},
        }
    ]


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "AccessDeniedException", "SomethingNew"])
def test_an_update_that_dynamodb_refuses_is_never_taken_for_done(acme: Tenant, code: str) -> None:
    job = job_over(Table({}, answer(code, operation="UpdateItem")), acme)
    with pytest.raises(ClientError, match=code):
        job._update({"pk": "1", "card": "old"}, {"card": b"new"}, ["card"])


@pytest.mark.parametrize("code", ["ValidationException", "ItemCollectionSizeLimitExceededException"])
def test_an_update_that_only_this_item_cannot_take_is_the_items_failure(acme: Tenant, code: str) -> None:
    job = job_over(Table({}, answer(code, operation="UpdateItem")), acme)
    with pytest.raises(NotConverted, match="DynamoDB rejected the request: SECRET"):
        job._update({"pk": "1", "card": "old"}, {"card": b"new"}, ["card"])


def test_an_update_that_came_too_late_is_not_done(acme: Tenant) -> None:
    job = job_over(Table({}, answer("ConditionalCheckFailedException", operation="UpdateItem")), acme)
    assert not job._update({"pk": "1", "card": "old"}, {"card": b"new"}, ["card"])
