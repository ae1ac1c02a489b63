"""Ids of multi-Region keys, read from a stubbed KMS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tenant_keys.manifest import load_estate
from tenant_keys.operations.errors import KeyMismatch
from tenant_keys.operations.record_key_ids import find_key_ids, record

ID = "mrk-0123456789abcdef0123456789abcdef"
ALIAS = {"KeyId": "arn:aws:kms:eu-west-1:111111111111:alias/tenant-umbrella"}


def metadata(**changed: Any) -> dict[str, Any]:
    arn = f"arn:aws:kms:eu-west-1:111111111111:key/{ID}"
    primary = {"MultiRegionKeyType": "PRIMARY", "PrimaryKey": {"Arn": arn, "Region": "eu-west-1"}, "ReplicaKeys": []}
    key: dict[str, Any] = {"KeyId": ID, "AWSAccountId": "111111111111", "KeyState": "Enabled", "MultiRegion": True}
    key["MultiRegionConfiguration"] = primary
    return {"KeyMetadata": key | changed}


@contextmanager
def kms(answer: dict[str, Any] | str) -> Iterator[Any]:
    """A client factory of which one call is expected, answered or refused with an error code."""
    client = boto3.client("kms", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
    with Stubber(client) as stub:
        if isinstance(answer, str):
            stub.add_client_error("describe_key", answer, expected_params=ALIAS)
        else:
            stub.add_response("describe_key", answer, ALIAS)

        def client_of(region: str) -> Any:
            assert region == "eu-west-1"
            return client

        yield client_of
        stub.assert_no_pending_responses()


def test_only_multi_region_tenants_without_an_id_are_looked_up_and_recorded(manifest: Path) -> None:
    before = manifest.with_suffix(".lock").read_text()
    with kms(metadata()) as client_of:
        found = record(manifest, client_of)
    assert (found.key_ids, found.not_deployed) == ({"umbrella": ID}, ())
    after = manifest.with_suffix(".lock").read_text()
    assert after != before
    assert after.replace(f', "key_id": "{ID}"', "") == before
    assert find_key_ids(load_estate(manifest), lambda _: pytest.fail("asked again")).key_ids == {}


def test_not_deployed_yet_is_said_and_is_no_error(manifest: Path) -> None:
    before = manifest.with_suffix(".lock").read_bytes()
    with kms("NotFoundException") as client_of:
        found = record(manifest, client_of)
    assert (found.key_ids, found.not_deployed) == ({}, ("umbrella",))
    assert manifest.with_suffix(".lock").read_bytes() == before


@pytest.mark.parametrize("state", ["Disabled", "PendingImport", "PendingDeletion"])
def test_a_key_that_kms_would_not_replicate_waits(manifest: Path, state: str) -> None:
    before = manifest.with_suffix(".lock").read_bytes()
    with kms(metadata(KeyState=state)) as client_of:
        found = record(manifest, client_of)
    assert (found.key_ids, found.not_deployed, found.not_enabled) == ({}, (), {"umbrella": state})
    assert manifest.with_suffix(".lock").read_bytes() == before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"AWSAccountId": "999999999999"}, "got a key of account 999999999999; the key account is 111111111111"),
        ({"MultiRegion": False}, "got a single-Region key"),
        (
            {"MultiRegionConfiguration": {"MultiRegionKeyType": "REPLICA", "PrimaryKey": {"Region": "us-east-1"}}},
            "got a replica of a key in us-east-1; the lock says it was created in eu-west-1",
        ),
        ({"KeyId": "0123"}, "multi-Region ids begin with mrk-"),
    ],
)
def test_a_key_that_is_not_the_tenants_primary_is_refused(
    manifest: Path, changed: dict[str, Any], message: str
) -> None:
    with kms(metadata(**changed)) as client_of, pytest.raises(KeyMismatch, match=message):
        record(manifest, client_of)


def test_a_refusal_by_aws_is_not_taken_for_not_deployed(manifest: Path) -> None:
    with kms("AccessDeniedException") as client_of, pytest.raises(ClientError, match="AccessDenied"):
        record(manifest, client_of)
