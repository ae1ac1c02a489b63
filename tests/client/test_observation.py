"""What hooks, counters and log lines say, and what they must not."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest

from tenant_keys.client import (
    Counters,
    Event,
    Limits,
    TenantSuspended,
)
from tenant_keys.client.events import notify
from tenant_keys.client.redaction import redact_botocore
from tenant_keys.client.token import SESSION_TAG_CLAIM
from tests.client.issuer import Issuer
from tests.client.standin import StandIn


def test_every_call_and_hit_is_reported_with_its_tenant(aws: StandIn) -> None:
    events: list[Event] = []
    tenant = aws.keys(on_event=events.append).tenant_without_token("acme")
    for _ in range(2):
        tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n")
    reported = [(event.kind, event.operation) for event in events]
    assert reported == [
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


def test_a_log_line_says_who_what_and_how_long_and_warns_of_what_failed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tenant_keys.client")
    notify(None, Event("kms", "acme", "kms:Decrypt", 0.01234))
    notify(None, Event("kms", "acme", "kms:Decrypt", 0.0, "AccessDenied"))
    notify(None, Event("cache_hit", "acme", "decrypt"))
    done, failed = caplog.records
    assert (done.levelname, done.getMessage()) == ("DEBUG", "kms:Decrypt done")
    assert (failed.levelname, failed.getMessage()) == ("WARNING", "kms:Decrypt AccessDenied")
    names = ("event", "tenant_id", "operation", "milliseconds", "error")
    assert [getattr(done, name) for name in names] == ["kms", "acme", "kms:Decrypt", 12.3, None]
    assert [getattr(failed, name) for name in names] == ["kms", "acme", "kms:Decrypt", 0.0, "AccessDenied"]


SECRETS = (
    "Plaintext",
    "SecretAccessKey",
    "SessionToken",
    "WebIdentityToken",
    "X-Amz-Security-Token",
    "x-amz-security-token",
)
LOGGERS = ("parsers", "endpoint", "hooks", "auth", "retryhandler", "httpsession", "awsrequest")


@pytest.mark.parametrize("logger", LOGGERS)
def test_each_logger_of_botocore_leaves_out_each_line_with_a_secret(
    logger: str, caplog: pytest.LogCaptureFixture
) -> None:
    redact_botocore()
    caplog.set_level(logging.DEBUG)
    for secret in SECRETS:
        logging.getLogger(f"botocore.{logger}").debug("%s", {secret: "VALUE"})
    assert [record.getMessage() for record in caplog.records] == ["(left out: the line carries keys or tokens)"] * 6


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
