"""Every error code of AWS that the client knows: which error it becomes, and whether the call may succeed later."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    DamagedMessage,
    KeyMismatch,
    ServiceUnavailable,
    TenantKeysError,
    TenantSuspended,
    Throttled,
    TokenExpired,
    TokenRefused,
    UnknownTenant,
    refusals,
)
from tenant_keys.client.reencrypt import refusal
from tests.client.reencryption import answer

WHERE = "kms:Decrypt on alias/tenant-acme: "
CLOCK = "the clock of this machine differs from that of AWS by minutes"

ANSWERS: dict[str, tuple[type[TenantKeysError], str]] = {
    "NotFoundException": (UnknownTenant, "the alias does not exist; the tenant is not deployed here, or offboarded"),
    "DisabledException": (TenantSuspended, "the tenant's key is disabled: suspended, or revoked by the tenant"),
    "KMSInvalidStateException": (TenantSuspended, "the key awaits imported material or its deletion"),
    "InvalidCiphertextException": (DamagedMessage, "the encrypted data key or its encryption context was altered"),
    "IncorrectKeyException": (KeyMismatch, "the alias does not lead to the key that encrypted this message"),
    "InvalidKeyUsageException": (KeyMismatch, "the alias leads to a key that is not for symmetric encryption"),
    "InvalidIdentityToken": (TokenRefused, "STS refused the token: signature, issuer or audience"),
    "IDPRejectedClaim": (TokenRefused, "STS refused the token's claims"),
    "PackedPolicyTooLarge": (
        ConfigurationError,
        "session policy and session tags exceed the packed size that STS accepts",
    ),
    "MalformedPolicyDocument": (ConfigurationError, "STS does not accept the session policy"),
    "RegionDisabledException": (ConfigurationError, "STS is not activated in this Region"),
    "OptInRequired": (ConfigurationError, "the account has not opted in to this Region or service"),
    "RequestExpired": (ConfigurationError, CLOCK),
    "RequestTimeTooSkewed": (ConfigurationError, CLOCK),
    "SomethingNew": (TenantKeysError, "SECRET"),
}
DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")
ENDED = ("ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId")
SIGNATURES = ("InvalidSignatureException", "SignatureDoesNotMatch")
PASSING: dict[str, tuple[type[TenantKeysError], str]] = {
    "KeyUnavailableException": (ServiceUnavailable, "the key is not available at the moment"),
    "DependencyTimeoutException": (ServiceUnavailable, "KMS timed out on its side"),
    "KMSInternalException": (ServiceUnavailable, "KMS failed on its side"),
    "InternalFailure": (ServiceUnavailable, "the service failed on its side"),
    "InternalError": (ServiceUnavailable, "the service failed on its side"),
    "ServiceUnavailable": (ServiceUnavailable, "the service failed on its side"),
    "ServiceUnavailableException": (ServiceUnavailable, "the service failed on its side"),
    "RequestTimeout": (ServiceUnavailable, "the service did not receive the request in time"),
    "RequestTimeoutException": (ServiceUnavailable, "the service did not receive the request in time"),
    "IDPCommunicationError": (ServiceUnavailable, "STS could not reach the identity provider"),
    "ThrottlingException": (Throttled, "lower the rate"),
    "Throttling": (Throttled, "lower the rate"),
    "ThrottledException": (Throttled, "lower the rate"),
    "LimitExceededException": (Throttled, "lower the rate"),
    "SlowDown": (Throttled, "lower the rate"),
    "TooManyRequestsException": (Throttled, "lower the rate"),
    "RequestLimitExceeded": (Throttled, "lower the rate"),
    "RequestThrottled": (Throttled, "lower the rate"),
    "RequestThrottledException": (Throttled, "lower the rate"),
    "RequestLimitExceededException": (Throttled, "lower the rate"),
    "PriorRequestNotComplete": (Throttled, "lower the rate"),
}

NO_OTHER_RECORD = (
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidAccessKeyId", "NoSuchBucket",
    "RequestTimeTooSkewed", "ResourceNotFoundException", "SignatureDoesNotMatch", "UnrecognizedClientException",
)  # fmt: skip
LATER = (
    "ThrottlingException", "Throttling", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown",
    "InternalServerError", "InternalError", "ServiceUnavailable", "RequestTimeout",
)  # fmt: skip


def said(error: ClientError, operation: str = "kms:Decrypt") -> TenantKeysError:
    return refusals.translate(error, operation=operation, target="alias/tenant-acme", retries=2)


def test_these_tables_have_every_code_of_the_client() -> None:
    assert {*ANSWERS, *DENIED, *ENDED, *SIGNATURES, *PASSING} - {"SomethingNew"} == {
        *refusals._BY_CODE,
        *refusals._FAILED_THERE,
        *refusals._THROTTLING,
        *refusals._DENIED,
        *refusals._SIGNATURE,
        *refusals.SESSION_ENDED,
    }
    assert (set(NO_OTHER_RECORD), set(LATER)) == (refusal._ENDS, refusal._PASSES)


@pytest.mark.parametrize("code", ANSWERS)
def test_an_answer_that_stays_the_same_has_its_error_and_is_not_tried_again(code: str) -> None:
    kind, cause = ANSWERS[code]
    error = said(answer(code))
    assert type(error) is kind
    assert str(error) == f"{WHERE}{cause} ({code})"
    assert not refusals.may_pass(answer(code))


@pytest.mark.parametrize("code", DENIED)
def test_a_denial_says_the_likely_cause_and_the_words_of_aws(code: str) -> None:
    error = said(answer(code))
    assert type(error) is AccessDenied
    assert str(error).startswith(f"{WHERE}KeyId is not an alias, ")
    assert str(error).endswith(" (AWS says: SECRET)")
    assert not refusals.may_pass(answer(code))


@pytest.mark.parametrize("code", ENDED)
def test_ended_credentials_are_the_tokens_fault_only_where_a_token_was_sent(code: str) -> None:
    error = said(answer(code))
    assert type(error) is AccessDenied
    assert str(error) == f"{WHERE}the credentials have expired, or AWS does not know them ({code})"
    with_token = said(answer(code), "sts:AssumeRoleWithWebIdentity")
    assert type(with_token) is TokenExpired
    assert str(with_token).endswith("alias/tenant-acme: STS says that the token has expired")
    assert not refusals.may_pass(answer(code))


@pytest.mark.parametrize("code", SIGNATURES)
def test_a_signature_that_aws_does_not_accept_is_the_configurations_fault(code: str) -> None:
    error = said(answer(code))
    assert type(error) is ConfigurationError
    assert str(error) == f"{WHERE}AWS does not accept the request's signature ({code}: SECRET)"
    assert not refusals.may_pass(answer(code))


@pytest.mark.parametrize("code", PASSING)
def test_an_answer_that_may_pass_is_tried_again_and_says_how_often(code: str) -> None:
    kind, cause = PASSING[code]
    error = said(answer(code))
    assert type(error) is kind
    assert str(error) == WHERE + (
        f"{code} after 2 retries with backoff; lower the request rate, or cache data keys for longer"
        if kind is Throttled
        else f"{cause} ({code}, HTTP 400) after 2 retries with backoff"
    )
    assert refusals.may_pass(answer(code))


@pytest.mark.parametrize(
    ("status", "kind"), [(429, Throttled), (499, TenantKeysError), (500, ServiceUnavailable), (599, ServiceUnavailable)]
)
def test_a_code_that_nobody_knows_is_judged_by_its_http_status(status: int, kind: type[TenantKeysError]) -> None:
    error = answer("SomethingNew", status)
    assert type(said(error)) is kind
    assert refusals.may_pass(error) == (kind is not TenantKeysError)


def test_an_answer_without_code_message_or_status_is_an_error_all_the_same() -> None:
    assert str(said(ClientError({}, "Decrypt"))) == f"{WHERE} (no error code)"
    assert str(said(ClientError({"Error": {"Code": "AccessDenied"}}, "Decrypt"))).endswith("(AWS says: AccessDenied)")


@pytest.mark.parametrize("code", [*NO_OTHER_RECORD, *LATER, "AccessDenied", "SomethingNew"])
def test_a_job_ends_goes_on_or_counts_the_error_by_its_code(code: str) -> None:
    assert refusal.ends_the_job(answer(code)) == (code in NO_OTHER_RECORD)
    assert refusal.may_pass(answer(code)) == (code in LATER)


def test_a_job_takes_every_failure_on_the_side_of_aws_for_one_that_may_pass() -> None:
    assert [refusal.may_pass(answer("SomethingNew", status)) for status in (499, 500, 503)] == [False, True, True]
    assert not refusal.may_pass(ClientError({}, "GetObject"))
    assert not refusal.ends_the_job(ClientError({}, "GetObject"))
