"""The name of each error of AWS, what is retried, and what an error may say."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
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
    DamagedMessage,
    KeyMismatch,
    Limits,
    ServiceUnavailable,
    TenantKeys,
    TenantKeysError,
    TenantSuspended,
    Throttled,
    TokenExpired,
    TokenRefused,
    UnknownTenant,
)
from tenant_keys.client.refusals import likely_cause, translate
from tenant_keys.client.token import SESSION_TAG_CLAIM
from tests.client.issuer import Issuer
from tests.client.standin import StandIn, settings


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
        ("kms:Decrypt", "with an explicit deny in a resource-based policy", "key policy denies"),
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
def test_no_network_and_no_credentials_are_distinguished(error: BotoCoreError, kind: type[Exception]) -> None:
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


def test_pauses_double_from_half_a_second_to_five(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    longest: list[float] = []

    def least(low: float, high: float) -> float:
        longest.append(high)
        return low

    monkeypatch.setattr("tenant_keys.client.retry.random.uniform", least)
    monkeypatch.setattr("tenant_keys.client.retry.time.sleep", lambda _: None)
    aws.fail["GenerateDataKey"] = "ThrottlingException"
    with pytest.raises(Throttled, match="after 6 retries"):
        aws.keys(limits=Limits(attempts=7)).tenant_without_token("acme").encrypt(b"x", name="n")
    of_the_renewal, *pauses = longest
    assert of_the_renewal == 300
    assert pauses[:6] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


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
