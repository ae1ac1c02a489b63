"""Every documented error, provoked on the deployed policies: the local AWS answers, not a stand-in."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    Counters,
    DamagedMessage,
    KeyMismatch,
    Limits,
    MessageRefused,
    NotConverted,
    ServiceUnavailable,
    Tenant,
    TenantKeys,
    TenantKeysError,
    TenantSuspended,
    Throttled,
    TimedOut,
    TokenError,
    TokenExpired,
    TokenRefused,
    UnknownTenant,
    WrongContext,
    WrongRecord,
    WrongTenant,
    errors,
)
from tests.client.stock import stock_keyring
from tools.benchmarks.client_estate import CENTRAL, REGION, ClientEstate

pytestmark = pytest.mark.xdist_group("client-local-aws")
WORKLOADS = ["orders", "billing", "portal", "runner"]


class Body:
    """What botocore reads an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Any:
        return iter([self._content])


def answering(session: boto3.Session, service: str, status: int, content: bytes) -> boto3.Session:
    """The session, whose calls to one service end at a proxy that answers for it."""
    session.events.register(
        f"before-send.{service}", lambda request, **_: AWSResponse(request.url, status, {}, Body(content))
    )
    return session


def of(client_estate: ClientEstate, workload: str, tenant: str, **options: Any) -> Tenant:
    return client_estate.keys(workload, **options).tenant(
        client_estate.token(tenant), timeout=options.pop("timeout", None)
    )


def opened_with(client_estate: ClientEstate, session: boto3.Session, **options: Any) -> Tenant:
    environment = {"TENANT_KEYS_CONFIG": json.dumps(configuration(client_estate))}
    keys = TenantKeys.from_environment(environment, session=session, **options)
    return keys.tenant_without_token("acme")


def configuration(client_estate: ClientEstate) -> dict[str, Any]:
    settings = client_estate.keys("orders")._settings
    return {
        "version": 1,
        "workload": settings.workload,
        "access": settings.access,
        "role_arn": settings.role_arn,
        "alias_arn": settings.alias_arn,
        "operations": sorted(settings.operations),
    }


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize(
    ("tenant", "said"),
    [("stopped", "KeyState Disabled"), ("held", "the tenant is suspended"), ("empty", "imported material")],
    ids=["suspended", "suspended with an imported key", "no material"],
)
def test_a_suspended_tenant_is_reported_as_such_though_the_key_policy_answers_first(
    client_estate: ClientEstate, workload: str, tenant: str, said: str
) -> None:
    counters = Counters()
    with client_estate.aws.watch() as decisions, pytest.raises(TenantSuspended, match=said):
        of(client_estate, workload, tenant, on_event=counters).encrypt(b"x", name="n")
    first = next(one for one in decisions if one["action"] == "kms:GenerateDataKey")
    if tenant != "empty":
        assert first["outcome"] == "EXPLICIT_DENY"
        assert "DenyUseWhileSuspended" in {one["sid"] for one in first["decided_by"]}


def test_a_denial_that_is_no_suspension_stays_one(client_estate: ClientEstate) -> None:
    """DescribeKey is asked, answered or denied, and nothing is made of it that it does not say."""
    blob = of(client_estate, "billing", "newcomer").encrypt(b"x", name="n")
    for workload in ("orders", "portal", "runner"):
        with pytest.raises(AccessDenied) as caught:
            of(client_estate, workload, "newcomer").decrypt(blob, name="n")
        assert type(caught.value) is AccessDenied


def test_the_key_of_a_suspended_tenant_may_be_described_by_its_own_roles_alone(client_estate: ClientEstate) -> None:
    from botocore.exceptions import ClientError

    from tenant_keys.client.aws import Aws
    from tools.benchmarks.client_estate import open_once

    aws = Aws(client_estate.runs_as("orders"))
    session = open_once(aws, client_estate.keys("orders")._settings, "acme", None)
    kms = aws.kms(region=REGION, session=session)
    own, other = (f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{name}" for name in ("acme", "globex"))
    assert kms.describe_key(KeyId=own)["KeyMetadata"]["KeyState"] == "Enabled"
    for key_id in (other, client_estate.key_arn("globex"), client_estate.key_arn("acme")):
        with pytest.raises(ClientError, match="AccessDenied"):
            kms.describe_key(KeyId=key_id)


def no_endpoint() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def provoke_token_expired(client_estate: ClientEstate) -> None:
    client_estate.keys("orders").tenant(client_estate.token("acme", lifetime=timedelta(minutes=-5)))


def provoke_token_refused(client_estate: ClientEstate) -> None:
    client_estate.keys("orders").tenant(client_estate.token("acme")[:-4] + "AAAA")


def provoke_unknown_tenant(client_estate: ClientEstate) -> None:
    of(client_estate, "billing", "nobody").encrypt(b"x", name="n")


def provoke_throttled(client_estate: ClientEstate) -> None:
    content = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
    session = answering(client_estate.runs_as("orders"), "kms", 400, content)
    opened_with(client_estate, session, limits=Limits(attempts=1)).encrypt(b"x", name="n")


def provoke_unavailable(client_estate: ClientEstate) -> None:
    session = answering(client_estate.runs_as("orders"), "kms", 502, b"<html>Bad Gateway</html>")
    opened_with(client_estate, session, limits=Limits(attempts=1)).encrypt(b"x", name="n")


def provoke_unreachable(client_estate: ClientEstate) -> None:
    session = client_estate.runs_as("orders")
    session.events.register_first("before-send.sts", lambda request, **_: nobody_there(request))
    opened_with(client_estate, session, limits=Limits(attempts=1)).encrypt(b"x", name="n")


def nobody_there(request: Any) -> None:
    from botocore.exceptions import EndpointConnectionError

    raise EndpointConnectionError(endpoint_url=request.url)


def provoke_timed_out(client_estate: ClientEstate) -> None:
    session = client_estate.runs_as("orders")
    session.events.register("before-send.kms", lambda **_: time.sleep(3))
    environment = {"TENANT_KEYS_CONFIG": json.dumps(configuration(client_estate))}
    TenantKeys.from_environment(environment, session=session).tenant_without_token("acme", timeout=2).encrypt(
        b"x", name="n"
    )


def provoke_configuration_error(client_estate: ClientEstate) -> None:
    TenantKeys.from_environment({"TENANT_KEYS_WORKLOAD": "orders"}, session=client_estate.aws.session(CENTRAL))


def provoke_clock_skew(client_estate: ClientEstate) -> None:
    """The local AWS compares the signature's time with its own, as AWS does."""
    tenant = opened_with(client_estate, client_estate.runs_as("orders"))
    with patch("botocore.auth.get_current_datetime", lambda **_: datetime(2020, 1, 1)):  # noqa: DTZ001  # as botocore's
        tenant.encrypt(b"x", name="n")


def provoke_wrong_tenant(client_estate: ClientEstate) -> None:
    of(client_estate, "orders", "acme").decrypt(of(client_estate, "orders", "globex").encrypt(b"x", name="n"), name="n")


def provoke_wrong_record(client_estate: ClientEstate) -> None:
    tenant = of(client_estate, "orders", "acme")
    tenant.decrypt(tenant.encrypt(b"x", name="n"), name="m")


def provoke_wrong_context(client_estate: ClientEstate) -> None:
    tenant = of(client_estate, "orders", "acme")
    tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n", context={"table": "orders"})


def provoke_damaged(client_estate: ClientEstate) -> None:
    tenant = of(client_estate, "orders", "acme")
    blob = bytearray(tenant.encrypt(b"x", name="n"))
    at = blob.index(b":key/") + len(":key/") + 36
    blob[at + 1 + int.from_bytes(blob[at : at + 2])] ^= 1  # the encrypted data key's last byte: KMS itself refuses it
    tenant.decrypt(bytes(blob), name="n")


def provoke_key_mismatch(client_estate: ClientEstate) -> None:
    """Another tenant's message with this tenant's id in its context: KMS says that the key is another."""
    theirs = of(client_estate, "orders", "globex").encrypt(b"x", name="n")
    forged = theirs.replace(b"\x00\x06globex", b"\x00\x04acme", 1)
    at = forged.index(b"\x00\x01\x00\x09tenant_id") - 2
    forged = forged[:at] + (int.from_bytes(forged[at : at + 2]) - 2).to_bytes(2) + forged[at + 2 :]
    of(client_estate, "orders", "acme").decrypt(forged, name="n")


def provoke_message_refused(client_estate: ClientEstate) -> None:
    """The stock SDK's default suite is signed."""
    from aws_encryption_sdk import EncryptionSDKClient  # type: ignore[import-untyped]

    role = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-acme.orders"
    answer = client_estate.runs_as("orders").client("sts").assume_role(RoleArn=role, RoleSessionName="stock")
    keyring = stock_keyring(
        client_estate.aws.session(credentials=answer["Credentials"]),
        f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-acme",
    )
    blob, _ = EncryptionSDKClient().encrypt(source=b"x", keyring=keyring, encryption_context={"tenant_id": "acme"})
    of(client_estate, "orders", "acme").decrypt(blob, name="n")


def provoke_denied(client_estate: ClientEstate) -> None:
    of(client_estate, "orders", "nobody").encrypt(b"x", name="n")


def provoke_suspended(client_estate: ClientEstate) -> None:
    of(client_estate, "orders", "stopped").encrypt(b"x", name="n")


def provoke_unknown_code(client_estate: ClientEstate) -> None:
    session = answering(
        client_estate.runs_as("orders"), "kms", 400, b'{"__type": "UnheardOfException", "message": "eh"}'
    )
    opened_with(client_estate, session).encrypt(b"x", name="n")


PROVOKED: list[tuple[type[TenantKeysError], Callable[[ClientEstate], None], str]] = [
    (TokenExpired, provoke_token_expired, "expired"),
    (TokenRefused, provoke_token_refused, "the token was rejected"),
    (UnknownTenant, provoke_unknown_tenant, "alias does not exist"),
    (TenantSuspended, provoke_suspended, "KeyState"),
    (AccessDenied, provoke_denied, "role does not exist yet"),
    (Throttled, provoke_throttled, "ThrottlingException after 0 retries"),
    (ServiceUnavailable, provoke_unavailable, "kms:GenerateDataKey"),
    (ServiceUnavailable, provoke_unreachable, "could not reach AWS"),
    (TimedOut, provoke_timed_out, "timeout of 2 s"),
    (ConfigurationError, provoke_configuration_error, "deploy the workload's stack"),
    (ConfigurationError, provoke_clock_skew, "clock"),
    (WrongTenant, provoke_wrong_tenant, "a tenant other than acme"),
    (WrongRecord, provoke_wrong_record, "another record"),
    (WrongContext, provoke_wrong_context, "context"),
    (DamagedMessage, provoke_damaged, "altered"),
    (KeyMismatch, provoke_key_mismatch, "key"),
    (MessageRefused, provoke_message_refused, "suite"),
    (TenantKeysError, provoke_unknown_code, "UnheardOfException"),
]


@pytest.mark.parametrize(("error", "provoke", "said"), PROVOKED, ids=lambda value: getattr(value, "__name__", ""))
def test_the_documented_error_is_what_the_deployed_estate_ends_in(
    client_estate: ClientEstate, error: type[TenantKeysError], provoke: Callable[[ClientEstate], None], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        provoke(client_estate)
    assert type(caught.value) is error
    assert str(caught.value).isprintable()


def test_no_documented_error_is_left_out() -> None:
    """NotConverted is a job's, and TokenError represents the two below it."""
    documented = set(re.findall(r"^class (\w+)\(", Path(errors.__file__).read_text(), re.MULTILINE))
    provoked = {error.__name__ for error, _, _ in PROVOKED}
    assert documented - provoked == {TokenError.__name__, NotConverted.__name__}


# --- roles that exist


def test_an_existing_role_works_without_tags_and_with_tags_that_are_not_transitive(client_estate: ClientEstate) -> None:
    for tags in ({}, {"Tags": [{"Key": "team", "Value": "blue"}]}):
        tenant = opened_as_runner(client_estate, client_estate.as_existing_role(**tags))
        assert tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n") == b"x"


def test_inherited_session_tags_are_named_as_the_likely_cause(client_estate: ClientEstate) -> None:
    inherited = {"Tags": [{"Key": "team", "Value": "blue"}], "TransitiveTagKeys": ["team"]}
    with pytest.raises(AccessDenied, match="transitive session tags") as caught:
        opened_as_runner(client_estate, client_estate.as_existing_role(**inherited)).encrypt(b"x", name="n")
    assert "tenant-keys-" not in str(caught.value).partition("AWS says")[0].replace("tenant-keys/runner", "")


def opened_as_runner(client_estate: ClientEstate, session: boto3.Session) -> Tenant:
    keys = TenantKeys.from_environment({"TENANT_KEYS_WORKLOAD": "runner"}, session=session)
    return keys.tenant_without_token("acme")
