"""Where the client's settings come from, and which are refused."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import MagicMock

import boto3
import pytest

from tenant_keys.client import (
    ConfigurationError,
    Limits,
    Settings,
    TenantKeys,
)
from tests.client.issuer import Issuer
from tests.client.standin import StandIn, settings

DOCUMENT = {
    "version": 1,
    "workload": "orders",
    "access": "tenant-role",
    "role_arn": "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-{tenant_id}.orders",
    "alias_arn": "arn:aws:kms:eu-west-1:111111111111:alias/tenant-{tenant_id}",
    "operations": ["encrypt", "decrypt"],
    "exceptions": {"globex": "arn:aws:kms:eu-central-1:111111111111:alias/tenant-globex"},
}


def test_the_stacks_document_is_read_from_the_environment() -> None:
    read = TenantKeys.from_environment({"TENANT_KEYS_CONFIG": json.dumps(DOCUMENT)})._settings
    assert read.names("acme").role_arn == "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-acme.orders"
    assert read.names("acme").region == "eu-west-1"
    assert read.names("globex").alias_arn == "arn:aws:kms:eu-central-1:111111111111:alias/tenant-globex"


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"access": "anything"},
        {"role_arn": "arn:aws:iam::111111111111:role/shared"},
        {"role_arn": "arn:aws:iam::111111111111:role/{tenant_id}.{other}"},
        {"access": "session-tag"},
        {"alias_arn": "alias/tenant-{tenant_id}"},
        {"alias_arn": "arn:aws:kms:eu-west-1:111111111111:alias/all"},
        {"alias_arn": "arn:aws:kms:eu-west-1:111111111111:key/{tenant_id}"},
        {"operations": "encrypt"},
        {"exceptions": {"acme": "arn:aws:kms:eu-central-1:111111111111:alias/tenant-globex"}},
        {"exceptions": {"acme": "arn:aws:kms:eu-central-1:999999999999:alias/tenant-acme"}},
    ],
    ids=str,
)
def test_a_document_that_could_lead_elsewhere_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Settings.from_json(json.dumps(DOCUMENT | change), origin="test")


@pytest.mark.parametrize("missing", [key for key in DOCUMENT if key != "exceptions"])
def test_a_document_with_a_hole_is_refused(missing: str) -> None:
    with pytest.raises(ConfigurationError):
        Settings.from_json(json.dumps({k: v for k, v in DOCUMENT.items() if k != missing}), origin="test")


def test_settings_do_not_change_with_the_mapping_that_they_were_made_from() -> None:
    exceptions = {"acme": "arn:aws:kms:eu-central-1:111111111111:alias/tenant-acme"}
    made = settings(exceptions=exceptions)
    exceptions["acme"] = "arn:aws:kms:eu-west-1:111111111111:alias/tenant-globex"
    assert made.names("acme").alias_arn == "arn:aws:kms:eu-central-1:111111111111:alias/tenant-acme"


def test_in_web_identity_mode_the_tenant_is_read_where_sts_reads_it(aws: StandIn, issuer: Issuer) -> None:
    """Else a token with two answers would be served from the cache of a tenant that STS would not give it."""
    with pytest.raises(ConfigurationError, match="SESSION_TAG_CLAIM"):
        aws.keys("web-identity", verifier=issuer.verifier())


def test_the_parameter_of_another_workload_is_refused(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"Parameter": {"Value": json.dumps(DOCUMENT)}}
    monkeypatch.setattr(aws, "_GetParameter", lambda _: value)
    assert TenantKeys.from_environment({"TENANT_KEYS_WORKLOAD": "orders"}, session=aws.session())
    with pytest.raises(ConfigurationError, match="is for workload 'orders'"):
        TenantKeys.from_environment({"TENANT_KEYS_WORKLOAD": "billing"}, session=aws.session())
    assert [request["Name"] for request in aws.requests] == ["/tenant-keys/orders", "/tenant-keys/billing"]


def test_one_boto3_session_serves_settings_and_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one costs 160 ms of a cold start."""
    made = MagicMock(wraps=boto3.Session)
    monkeypatch.setattr(boto3, "Session", made)
    TenantKeys.from_environment({"TENANT_KEYS_CONFIG": json.dumps(DOCUMENT)})
    assert made.call_count == 1


def test_without_any_settings_the_error_says_what_to_set() -> None:
    with pytest.raises(ConfigurationError, match="TENANT_KEYS_WORKLOAD"):
        TenantKeys.from_environment({})


@pytest.mark.parametrize(
    "limits", [{"max_age": -1}, {"max_age": 3601}, {"max_messages": 0}, {"max_tenants": 0}, {"attempts": 0}], ids=str
)
def test_limits_that_promise_nothing_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Limits(**limits)
