"""Against the local AWS, which decides every call by the project's own policies: each access mode, and the attacks."""

from __future__ import annotations

import base64
import io
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    Counters,
    KeyMismatch,
    Limits,
    TenantKeys,
    TenantKeysError,
    TenantSuspended,
    TokenExpired,
    TokenRefused,
    UnknownTenant,
    WrongRecord,
    WrongTenant,
    redaction,
)
from tenant_keys.client.assume_role import open_session
from tenant_keys.client.aws import Aws
from tenant_keys.client.data_key import OpenKey, generate
from tenant_keys.client.role_session import RoleSession
from tenant_keys.client.sdk import POLICY, AWSEncryptionSDKClientError, StreamDecryptor
from tests.client.conftest import CROWD
from tests.client.stock import stock_keyring
from tools.benchmarks.client_estate import CENTRAL, REGION, ClientEstate, open_once

pytestmark = pytest.mark.xdist_group("client-local-aws")
MODES = ["orders", "billing", "portal"]


def alias(tenant: str) -> str:
    return f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}"


@pytest.mark.parametrize("workload", MODES)
def test_every_access_mode_reaches_its_own_tenants_key(client_estate: ClientEstate, workload: str) -> None:
    counters = Counters()
    tenant = client_estate.keys(workload, on_event=counters).tenant(client_estate.token("acme"))
    blob = tenant.encrypt(b"data", name="orders/42")
    assert tenant.decrypt(blob, name="orders/42") == b"data"
    assert (counters.total("sts"), counters.total("kms")) == (1, 2)


def test_one_workload_reads_what_another_wrote_for_the_same_tenant(client_estate: ClientEstate) -> None:
    written = client_estate.keys("orders").tenant(client_estate.token("acme")).encrypt(b"data", name="row")
    for workload in ("billing", "portal", "reader"):
        assert client_estate.keys(workload).tenant(client_estate.token("acme")).decrypt(written, name="row") == b"data"


@pytest.mark.parametrize("workload", MODES)
def test_a_stolen_session_of_one_tenant_is_refused_at_anothers_key(client_estate: ClientEstate, workload: str) -> None:
    keys, token = client_estate.keys(workload), client_estate.token("acme")
    theirs = client_estate.keys(workload).tenant(client_estate.token("globex")).encrypt(b"secret", name="row")
    with pytest.raises(WrongTenant):
        keys.tenant(token).decrypt(theirs, name="row")
    kms = Aws(client_estate.runs_as(workload)).kms(
        region=REGION, session=open_once(Aws(client_estate.runs_as(workload)), keys._settings, "acme", token)
    )
    for key_id in (alias("globex"), client_estate.key_arn("globex"), client_estate.key_arn("acme")):
        for context in ({"tenant_id": "globex"}, {"tenant_id": "acme"}, {}):
            with pytest.raises(ClientError, match="AccessDenied"):
                kms.generate_data_key(KeyId=key_id, NumberOfBytes=32, EncryptionContext=context)
    with pytest.raises(ClientError, match="AccessDenied"):
        kms.generate_data_key(KeyId=alias("acme"), NumberOfBytes=32, EncryptionContext={"tenant_id": "globex"})
    assert kms.generate_data_key(KeyId=alias("acme"), NumberOfBytes=32, EncryptionContext={"tenant_id": "acme"})


def test_the_session_policy_narrows_a_shared_role_to_the_tenant_that_was_verified(client_estate: ClientEstate) -> None:
    """Even if the tag were wrong: the session policy names the tenant once more."""
    sent: list[dict[str, Any]] = []
    session = client_estate.runs_as("billing")
    session.events.register("provide-client-params.sts.AssumeRole", lambda params, **_: sent.append(params))
    open_once(Aws(session), client_estate.keys("billing")._settings, "acme", None)
    assert '"kms:RequestAlias":"alias/tenant-acme"' in sent[0]["Policy"]
    assert sent[0]["Tags"] == [{"Key": "tenant_id", "Value": "acme"}]
    assert sent[0]["DurationSeconds"] == 3600


def test_a_suspended_tenant_is_refused_by_name_and_comes_back(client_estate: ClientEstate) -> None:
    arn = client_estate.key_arn("initech")
    blob = client_estate.keys("orders").tenant(client_estate.token("initech")).encrypt(b"data", name="row")
    client_estate.as_role("KeyAdministrator", "disable_key", KeyId=arn)
    for workload in MODES:
        tenant = client_estate.keys(workload).tenant(client_estate.token("initech"))
        with pytest.raises(TenantSuspended):
            tenant.encrypt(b"data", name="row")
        with pytest.raises(TenantSuspended):
            tenant.decrypt(blob, name="row")
    client_estate.as_role(f"cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{REGION}", "enable_key", KeyId=arn)
    assert client_estate.keys("orders").tenant(client_estate.token("initech")).decrypt(blob, name="row") == b"data"


def test_revocation_waits_for_max_age_or_takes_effect_at_once_with_zero(client_estate: ClientEstate) -> None:
    cached = client_estate.keys("orders").tenant(client_estate.token("revoked"))
    uncached = client_estate.keys("orders", limits=Limits(max_age=0)).tenant(client_estate.token("revoked"))
    blob = cached.encrypt(b"data", name="row")
    assert cached.decrypt(blob, name="row") == uncached.decrypt(blob, name="row") == b"data"
    client_estate.as_role("KeyAdministrator", "disable_key", KeyId=client_estate.key_arn("revoked"))
    assert cached.decrypt(blob, name="row") == b"data", "the delay that max_age states"
    for refused in (
        lambda: uncached.decrypt(blob, name="row"),
        lambda: uncached.encrypt(b"data", name="row"),
        lambda: uncached.decrypting(io.BytesIO(blob), name="row"),
        lambda: uncached.encrypting(io.BytesIO(b"data"), name="row").read(),
    ):
        with pytest.raises(TenantSuspended):
            refused()


def test_forgetting_a_tenant_revokes_at_once(client_estate: ClientEstate) -> None:
    keys = client_estate.keys("orders", on_event=(counters := Counters()))
    tenant = keys.tenant(client_estate.token("hooli"))
    blob = tenant.encrypt(b"data", name="row")
    tenant.decrypt(blob, name="row")
    keys.forget("hooli")
    tenant.decrypt(blob, name="row")
    assert (counters.total("sts"), counters.total("kms")) == (2, 3)


def test_a_tenant_that_was_never_deployed_is_refused_with_the_cause(client_estate: ClientEstate) -> None:
    with pytest.raises(AccessDenied, match="role does not exist yet"):
        client_estate.keys("orders").tenant(client_estate.token("nobody")).encrypt(b"data", name="row")
    with pytest.raises((UnknownTenant, AccessDenied)):
        client_estate.keys("billing").tenant(client_estate.token("nobody")).encrypt(b"data", name="row")


def test_a_tenant_that_another_workload_serves_is_refused(client_estate: ClientEstate) -> None:
    blob = client_estate.keys("billing").tenant(client_estate.token("newcomer")).encrypt(b"data", name="row")
    for workload in ("orders", "portal"):
        with pytest.raises(AccessDenied):
            client_estate.keys(workload).tenant(client_estate.token("newcomer")).decrypt(blob, name="row")


def test_a_workload_that_may_only_decrypt_cannot_encrypt(client_estate: ClientEstate) -> None:
    with pytest.raises(AccessDenied, match="operations"):
        client_estate.keys("reader").tenant(client_estate.token("acme")).encrypt(b"data", name="row")


def test_sts_refuses_a_forged_or_expired_token_even_if_we_were_fooled(client_estate: ClientEstate) -> None:
    settings = client_estate.keys("portal")._settings
    header, _, signature = client_estate.token("acme").split(".")
    forged = f"{header}.{client_estate.token('globex').split('.')[1]}.{signature}"
    with pytest.raises(TokenRefused):
        open_once(Aws(client_estate.runs_as("portal")), settings, "globex", forged)
    with pytest.raises(TokenExpired):
        expired = client_estate.token("acme", lifetime=timedelta(minutes=-5))
        open_once(Aws(client_estate.runs_as("portal")), settings, "acme", expired)


def test_in_web_identity_mode_nobody_names_a_tenant_without_a_token(client_estate: ClientEstate) -> None:
    with pytest.raises(ConfigurationError):
        client_estate.keys("portal").tenant_without_token("acme")


def test_a_token_of_one_tenant_cannot_open_a_session_that_another_uses(client_estate: ClientEstate) -> None:
    """STS reads the tag from the token; a session policy of another tenant meets it and nothing is left."""
    settings = client_estate.keys("portal")._settings
    session = open_once(Aws(client_estate.runs_as("portal")), settings, "globex", client_estate.token("acme"))
    kms = Aws(client_estate.runs_as("portal")).kms(region=REGION, session=session)
    for tenant in ("acme", "globex"):
        with pytest.raises(ClientError, match="AccessDenied"):
            kms.generate_data_key(KeyId=alias(tenant), NumberOfBytes=32, EncryptionContext={"tenant_id": tenant})


def test_a_copied_row_and_a_swapped_blob_open_nothing(client_estate: ClientEstate) -> None:
    keys = client_estate.keys("orders")
    acme, victim = keys.tenant(client_estate.token("acme")), keys.tenant(client_estate.token("repointed"))
    blob = victim.encrypt(b"secret", name="row/1")
    with pytest.raises(WrongRecord):
        victim.decrypt(blob, name="row/2")
    with pytest.raises(WrongTenant):
        acme.decrypt(blob, name="row/1")


def test_a_repointed_alias_opens_nothing_old(client_estate: ClientEstate) -> None:
    """Nobody may re-point an alias; here a deployment role opens the key's policy first, as the runbook would."""
    blob = client_estate.keys("orders").tenant(client_estate.token("repointed")).encrypt(b"secret", name="row")
    kms = client_estate.aws.session(CENTRAL).client("kms")
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        kms.update_alias(AliasName="alias/tenant-repointed", TargetKeyId=other)
    client_estate.as_role(
        f"cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{REGION}",
        "put_key_policy",
        KeyId=client_estate.key_arn("repointed"),
        Policy=kms.get_key_policy(KeyId=other)["Policy"],
        BypassPolicyLockoutSafetyCheck=True,
    )
    kms.update_alias(AliasName="alias/tenant-repointed", TargetKeyId=other)
    with pytest.raises(KeyMismatch):
        client_estate.keys("orders").tenant(client_estate.token("repointed")).decrypt(blob, name="row")


def test_the_sdks_own_keyring_with_the_keys_arn_reads_our_messages(client_estate: ClientEstate) -> None:
    """No lock-in: tenant wayne has `decrypt_by: key`, so that stock software may name the key."""
    data = b"x" * 100_000
    blob = client_estate.keys("orders").tenant(client_estate.token("wayne")).encrypt(data, name="row")
    session = open_wide_session(client_estate, "wayne")
    decryptor = StreamDecryptor(
        source=blob, keyring=stock_keyring(session, client_estate.key_arn("wayne")), commitment_policy=POLICY
    )
    assert decryptor.read() == b"\x01\x00\x03row" + data


def test_the_sdks_own_keyring_is_refused_where_the_tenant_did_not_ask_for_it(client_estate: ClientEstate) -> None:
    blob = client_estate.keys("orders").tenant(client_estate.token("acme")).encrypt(b"data", name="row")
    keyring = stock_keyring(open_wide_session(client_estate, "acme"), client_estate.key_arn("acme"))
    with client_estate.aws.watch() as decisions, pytest.raises(AWSEncryptionSDKClientError):
        StreamDecryptor(source=blob, keyring=keyring, commitment_policy=POLICY).read()
    assert [decision["outcome"] for decision in decisions] == ["EXPLICIT_DENY"]


def open_wide_session(client_estate: ClientEstate, tenant: str) -> Any:
    """The tenant's role as stock software assumes it, without our session policy."""
    role = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-{tenant}.orders"
    answer = client_estate.runs_as("orders").client("sts").assume_role(RoleArn=role, RoleSessionName="stock")
    return client_estate.aws.session(credentials=answer["Credentials"])


@pytest.mark.parametrize(
    "workload", ["portal", *(pytest.param(one, marks=pytest.mark.exhaustive) for one in MODES[:2])]
)
def test_fifty_tenants_and_eight_threads_never_see_each_others_data(client_estate: ClientEstate, workload: str) -> None:
    """Every thread uses every tenant, in another order, and tries the neighbour's message as well."""
    counters = Counters()
    keys: TenantKeys = client_estate.keys(workload, on_event=counters)
    tokens = {name: client_estate.token(name) for name in CROWD}
    shelf: dict[str, bytes] = {}
    start = threading.Barrier(8)

    def work(thread: int) -> int:
        start.wait()
        crossed = 0
        for turn in range(len(CROWD)):
            name = CROWD[(turn * 7 + thread * 3) % len(CROWD)]
            tenant = keys.tenant(tokens[name])
            for round_ in range(3):
                data = f"{name}/{thread}/{round_}".encode()
                blob = tenant.encrypt(data, name="row")
                assert tenant.decrypt(blob, name="row") == data
                shelf[name] = blob
            for other, blob in list(shelf.items()):
                try:
                    opened = tenant.decrypt(blob, name="row")
                except TenantKeysError:
                    continue
                crossed += other != name or not opened.startswith(name.encode())
        return crossed

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 0
    assert counters.total("sts") == len(CROWD), "one session a tenant, however many threads ask"
    assert counters.total("kms") == 2 * len(CROWD), "one data key a tenant to write, and one to read"
    assert set(counters.by_tenant("kms").values()) == {2}


def test_ten_thousand_messages_of_ten_tenants_take_twenty_kms_calls(client_estate: ClientEstate) -> None:
    """The same arithmetic as the benchmark, at a tenth of the messages: calls do not grow with messages."""
    keys = client_estate.keys("orders", on_event=(counters := Counters()))
    for name in CROWD[:10]:
        tenant = keys.tenant_without_token(name)
        for row in range(100):
            assert tenant.decrypt(tenant.encrypt(b"data", name=str(row)), name=str(row)) == b"data"
    assert counters.total("kms") == 20
    assert counters.total("cache_hit") == 2 * 1000 - 20


def logged(record: logging.LogRecord) -> dict[str, Any]:
    """All of a record but where this code is, which may be in a folder whose name has the letters of a secret."""
    return {name: value for name, value in vars(record).items() if name not in {"pathname", "filename"}}


def test_no_debug_line_of_a_real_conversation_carries_a_secret(
    client_estate: ClientEstate, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All loggers at DEBUG, from reading the settings to decrypting: what goes over the wire must not be in the log."""
    sessions: list[RoleSession] = []
    data_keys: list[bytes] = []

    def open_and_note(*arguments: Any) -> RoleSession:
        sessions.append(open_session(*arguments))
        return sessions[-1]

    def generate_and_note(*arguments: Any) -> OpenKey:
        made = generate(*arguments)
        data_keys.append(made.plaintext)
        return made

    monkeypatch.setattr("tenant_keys.client.tenant_session.open_session", open_and_note)
    monkeypatch.setattr("tenant_keys.client.data_keys.generate", generate_and_note)
    caplog.set_level(logging.DEBUG)
    for name in redaction._LOGGERS:  # as in a process that has not used the client yet
        logging.getLogger(name).removeFilter(redaction._FILTER)
    for workload in MODES:
        session = client_estate.runs_as(workload)
        own = session.get_credentials()
        assert own is not None
        token = client_estate.token("acme")
        keys = TenantKeys.from_environment(
            client_estate.environment(workload), session=session, limits=Limits(max_age=0)
        )
        keys._verifier = client_estate.keys(workload)._verifier
        tenant = keys.tenant(token)
        assert tenant.decrypt(tenant.encrypt(b"TOP-SECRET-DATA", name="row"), name="row") == b"TOP-SECRET-DATA"
        text = "\n".join(f"{record.getMessage()} {logged(record)}" for record in caplog.records)
        assert "GenerateDataKey" in text
        assert "left out" in text, "botocore did have something to say"
        secrets = [token, "TOP-SECRET-DATA", own.secret_key, own.token or "-" * 9]
        secrets += [secret for one in sessions for secret in (one.secret_access_key, one.session_token)]
        secrets += [form for key in data_keys for form in (base64.b64encode(key).decode(), key.hex(), repr(key)[2:-1])]
        assert len(secrets) >= 9
        for secret in secrets:
            assert secret not in text
        caplog.clear()


def test_a_missing_parameter_says_what_to_do(client_estate: ClientEstate) -> None:
    with pytest.raises(ConfigurationError, match="deploy the workload's stack"):
        TenantKeys.from_environment({"TENANT_KEYS_WORKLOAD": "orders"}, session=client_estate.aws.session(CENTRAL))
