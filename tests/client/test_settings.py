"""Where the client's settings come from, and which are refused."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import MagicMock

import boto3
import pytest

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    IssuerKeys,
    Limits,
    Settings,
    TenantKeys,
)
from tenant_keys.client.settings import HeldKey, Names
from tenant_keys.client.token import verifier_from_environment
from tests.client.issuer import Issuer
from tests.client.standin import StandIn, settings

HELD = "arn:aws:kms:eu-west-1:555555555555:key/0000000c-0000-4000-8000-000000000000"
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


USUAL = {"TENANT_KEYS_ISSUER": "https://idp.example.com/", "TENANT_KEYS_AUDIENCE": "orders"}


@pytest.mark.parametrize(
    ("more", "web_identity", "keys", "claim"),
    [
        ({}, False, "https://idp.example.com/.well-known/jwks.json", ("tenant_id",)),
        ({"TENANT_KEYS_CLAIM": "org"}, False, "https://idp.example.com/.well-known/jwks.json", ("org",)),
        ({"TENANT_KEYS_JWKS_URL": "https://keys.example.com/k"}, False, "https://keys.example.com/k", ("tenant_id",)),
        (
            {"TENANT_KEYS_CLAIM": "org"},
            True,
            "https://idp.example.com/.well-known/jwks.json",
            ("https://aws.amazon.com/tags", "principal_tags", "tenant_id"),
        ),
    ],
)
def test_the_issuer_of_the_environment_is_known_by_its_usual_address_and_claim(
    more: dict[str, str], web_identity: bool, keys: str, claim: tuple[str, ...]
) -> None:
    verifier = verifier_from_environment(USUAL | more, web_identity=web_identity)
    assert verifier is not None
    assert isinstance(verifier._keys, IssuerKeys)
    assert (verifier.issuer, verifier._audience) == ("https://idp.example.com/", "orders")
    assert (verifier._keys.address, verifier.claim) == (keys, claim)


def test_no_issuer_is_no_verifier_and_an_issuer_without_an_audience_is_an_error() -> None:
    assert verifier_from_environment({}, web_identity=False) is None
    with pytest.raises(ConfigurationError, match="TENANT_KEYS_AUDIENCE is missing"):
        verifier_from_environment({"TENANT_KEYS_ISSUER": "https://idp.example.com"}, web_identity=False)


NO_OBJECT = "test: operations must be a list; exceptions, held and ids objects"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "test: expected an object with version 1; update the client or redeploy"),
        ({"access": "any"}, "test: access: got 'any'; allowed are tenant-role, session-tag, web-identity"),
        ({"role_arn": "x"}, "test: role_arn: got 'x'; expected an ARN with exactly one {tenant_id}"),
        (
            {"access": "session-tag"},
            f"test: role_arn: got {DOCUMENT['role_arn']!r}; expected an ARN with no {{tenant_id}}",
        ),
        ({"alias_arn": "x"}, "test: alias_arn: got 'x'; expected an ARN with exactly one {tenant_id}"),
        ({"operations": "decrypt"}, NO_OBJECT),
        ({"exceptions": []}, NO_OBJECT),
        ({"held": []}, NO_OBJECT),
        ({"ids": []}, NO_OBJECT),
        ({"ids": {"a": "b", "b": "c"}}, "test: ids: got 'b', which is the id of another tenant; redeploy"),
        ({"ids": {"a": "a"}}, "test: ids: got 'a', which is the id of another tenant; redeploy"),
        ({"ids": {"a": "c", "b": "c"}}, "test: ids: two tenants have the same name; redeploy"),
        (
            {"exceptions": {"acme": "arn:aws:kms:eu-central-1:999999999999:alias/tenant-acme"}},
            (
                "test: exceptions: got 'arn:aws:kms:eu-central-1:999999999999:alias/tenant-acme'; only the Region may "
                "differ from arn:aws:kms:eu-west-1:111111111111:alias/tenant-acme"
            ),
        ),
        ({"held": {"a": 1}}, "test: held: got 1; expected an object of key_arn and grace_seconds"),
        ({"held": {"a": {"key_arn": "x", "grace_seconds": 0}}}, "test: held: got 'x'; expected the ARN of a key"),
        (
            {"held": {"a": {"key_arn": HELD, "grace_seconds": 86_401}}},
            "test: held: got 86401 of grace_seconds; allowed are whole seconds from 0 to 86,400",
        ),
    ],
)
def test_a_refused_document_is_reported_with_where_what_and_why(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_json(json.dumps(DOCUMENT | changes), origin="test")
    assert str(refused.value) == said


@pytest.mark.parametrize("missing", [key for key in DOCUMENT if key not in {"exceptions", "version"}])
def test_a_field_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^test: {missing} is missing$"):
        Settings.from_json(json.dumps({k: v for k, v in DOCUMENT.items() if k != missing}), origin="test")


def test_every_field_of_the_document_is_read() -> None:
    more = {"held": {"hooli": {"key_arn": HELD, "grace_seconds": 86_400}}, "ids": {"initech": "x-0"}}
    read = Settings.from_json(json.dumps(DOCUMENT | more | {"operations": ["decrypt"]}), origin="test")
    assert (read.workload, read.access, read.operations) == ("orders", "tenant-role", frozenset({"decrypt"}))
    assert dict(read.held) == {"hooli": HeldKey(HELD, 86_400)}
    assert (read.id_in_aws("initech"), read.id_in_aws("acme")) == ("x-0", "acme")
    role = "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-hooli.orders"
    assert read.names("hooli") == Names(role, HELD, held=True, grace=86_400)
    usual = read.names("acme")
    assert (usual.held, usual.grace, HeldKey(HELD).grace_seconds) == (False, 0, 0)
    assert (usual.partition, usual.region, usual.account, usual.alias_name) == (
        "aws",
        "eu-west-1",
        "111111111111",
        "alias/tenant-acme",
    )
    assert settings().operations == frozenset({"encrypt", "decrypt"})


def test_a_parameter_that_does_not_exist_or_is_denied_is_reported_with_its_name(aws: StandIn) -> None:
    with pytest.raises(ConfigurationError, match=r"^SSM parameter /tenant-keys/orders does not exist in this account"):
        TenantKeys.from_environment({"TENANT_KEYS_WORKLOAD": "orders"}, session=aws.session())
    aws.fail["GetParameter"] = "AccessDeniedException"
    with pytest.raises(
        AccessDenied, match=r"^ssm:GetParameter on /Dev/orders: the workload's role does not allow the action"
    ):
        TenantKeys.from_environment({"TENANT_KEYS_WORKLOAD": "/Dev/orders"}, session=aws.session())


def test_the_defaults_are_these() -> None:
    assert Limits() == Limits(
        max_age=300, max_messages=10_000, max_data_keys=1_000, max_tenants=10_000, attempts=5, timeout=20
    )


@pytest.mark.parametrize(
    ("last", "first", "said"),
    [
        ({"max_age": 0}, {"max_age": -0.1}, "max_age: got -0.1; allowed are 0 to 3600 seconds"),
        ({"max_age": 3600}, {"max_age": 3601}, "max_age: got 3601; allowed are 0 to 3600 seconds"),
        ({"max_messages": 1}, {"max_messages": 0}, "max_messages: got 0; allowed are 1 to 4294967296"),
        (
            {"max_messages": 4_294_967_296},
            {"max_messages": 4_294_967_297},
            "max_messages: got 4294967297; allowed are 1 to 4294967296",
        ),
        ({"timeout": 900}, {"timeout": 901}, "timeout: got 901; allowed are above 0 to 900 seconds"),
        ({"timeout": 0.1}, {"timeout": 0}, "timeout: got 0; allowed are above 0 to 900 seconds"),
        *(
            ({name: 1}, {name: 0}, "max_data_keys, max_tenants and attempts must be at least 1")
            for name in ("max_data_keys", "max_tenants", "attempts")
        ),
    ],
)
def test_the_last_limit_is_accepted_and_the_first_beyond_is_refused(
    last: dict[str, Any], first: dict[str, Any], said: str
) -> None:
    Limits(**last)
    with pytest.raises(ConfigurationError) as refused:
        Limits(**first)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "limits", [{"max_age": -1}, {"max_age": 3601}, {"max_messages": 0}, {"max_tenants": 0}, {"attempts": 0}], ids=str
)
def test_limits_that_promise_nothing_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Limits(**limits)
