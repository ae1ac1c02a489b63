"""Turns what AWS answers into this package's errors, each with the cause that is likely here and what to do."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from tenant_keys.client.errors import (
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
)
from tenant_keys.client.printable import printable

# Error codes: KMS API reference (Decrypt, GenerateDataKey, common errors) and STS API reference.
_BY_CODE: dict[str, tuple[type[TenantKeysError], str]] = {
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
    "RequestExpired": (ConfigurationError, "the clock of this machine differs from that of AWS by minutes"),
    "RequestTimeTooSkewed": (ConfigurationError, "the clock of this machine differs from that of AWS by minutes"),
}
_FAILED_THERE = {
    "KeyUnavailableException": "the key is not available at the moment",
    "DependencyTimeoutException": "KMS timed out on its side",
    "KMSInternalException": "KMS failed on its side",
    "InternalFailure": "the service failed on its side",
    "InternalError": "the service failed on its side",
    "ServiceUnavailable": "the service failed on its side",
    "ServiceUnavailableException": "the service failed on its side",
    "RequestTimeout": "the service did not receive the request in time",
    "RequestTimeoutException": "the service did not receive the request in time",
    "IDPCommunicationError": "STS could not reach the identity provider",
}
"""All are `ServiceUnavailable` and may pass; so is every answer of HTTP status 5xx whose code is unknown."""

_THROTTLING = {"ThrottlingException", "Throttling", "ThrottledException", "LimitExceededException", "SlowDown",
               "TooManyRequestsException", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException",
               "RequestLimitExceededException", "PriorRequestNotComplete"}  # fmt: skip
_DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"}
_SIGNATURE = {"InvalidSignatureException", "SignatureDoesNotMatch"}
_SKEWED = ("signature expired", "signature not yet current")
"""What AWS says in these two codes when it is the time that differs (IAM guide, signature-v4-troubleshooting)."""

_UNREACHABLE = (BotoConnectionError, HTTPClientError, IncompleteReadError, MetadataRetrievalError, ResponseParserError)
"""No answer, or one that is no answer of AWS: a proxy's page. `ResponseParserError` is no `BotoCoreError`."""

AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)
"""All that botocore raises when a call fails."""

SESSION_ENDED = {"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"}
"""The session's credentials are no longer good; a new session may be."""


def may_pass(error: Exception) -> bool:
    """Whether the same call may succeed a moment later: throttling, a failure on the side of AWS, no connection."""
    if not isinstance(error, ClientError):
        return isinstance(error, _UNREACHABLE)
    return code_of(error) in _THROTTLING or code_of(error) in _FAILED_THERE or _status(error) >= 500 or _too_many(error)


def translate(error: Exception, *, operation: str, target: str, retries: int = 0) -> TenantKeysError:
    """The error to raise for one AWS call: `operation` as IAM writes it, `target` the role or alias it named.

    `error` is one of `AWS_ERRORS`.
    """
    where, after = f"{operation} on {target}", f"after {retries} retries with backoff"
    if not isinstance(error, ClientError):
        kind = type(error).__name__
        if isinstance(error, _UNREACHABLE):
            return ServiceUnavailable(f"{where}: {kind}: could not reach AWS, {after}")
        if isinstance(error, ParamValidationError):
            return TenantKeysError(f"{where}: botocore rejected the request: {printable(error)}")
        # What else botocore refuses to send: no credentials, an expired login of a profile, no Region.
        return ConfigurationError(f"{where}: {kind}: {printable(error)}")
    code, message = code_of(error), printable(error.response.get("Error", {}).get("Message") or "")
    if code in _THROTTLING or _too_many(error):
        return Throttled(f"{where}: {code} {after}; lower the request rate, or cache data keys for longer")
    if code in _FAILED_THERE or _status(error) >= 500:
        cause = _FAILED_THERE.get(code, "the service failed on its side")
        return ServiceUnavailable(f"{where}: {cause} ({code}, HTTP {_status(error)}) {after}")
    if code in _DENIED:
        return AccessDenied(f"{where}: {likely_cause(operation, message)} (AWS says: {message or code})")
    if code in SESSION_ENDED:
        if operation == "sts:AssumeRoleWithWebIdentity":
            return TokenExpired(f"{where}: STS says that the token has expired")
        return AccessDenied(f"{where}: the credentials have expired, or AWS does not know them ({code})")
    if code in _SIGNATURE:
        skewed = any(words in message.lower() for words in _SKEWED)
        cause = _BY_CODE["RequestExpired"][1] if skewed else "AWS does not accept the request's signature"
        return ConfigurationError(f"{where}: {cause} ({code}: {message})")
    known, cause = _BY_CODE.get(code, (TenantKeysError, message))
    return known(f"{where}: {cause} ({code})")


def code_of(error: ClientError) -> str:
    return printable(error.response.get("Error", {}).get("Code") or "no error code", 100)


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def _too_many(error: ClientError) -> bool:
    return _status(error) == 429


def likely_cause(operation: str, message: str) -> str:
    """AWS names the kind of policy that said no; what that means depends on how this project builds it."""
    if operation == "sts:AssumeRoleWithWebIdentity":
        return (
            "the role does not exist yet, or the token lacks what its trust policy requires: this workload's "
            "audience, and tenant_id "
            "among the principal_tags of claim https://aws.amazon.com/tags"
        )
    if operation.startswith("sts:"):
        return (
            "the role does not exist yet, does not trust the role that this process runs as, or the tenant is not one "
            "of this workload's; run as the role that the manifest gives the workload, deploy the tenant first, and "
            "check whether this process's own session carries transitive session tags, which access roles do not accept"
        )
    if not operation.startswith("kms:"):
        return "the workload's role does not allow the action"
    if "no session policy allows" in message:
        return (
            "the session policy does not allow the request: KeyId is not the tenant's alias, or the context "
            "is not the tenant's"
        )
    if "explicit deny in a resource-based policy" in message:
        return (
            "the key policy denies the request: KeyId is not the tenant's alias, the context's tenant_id is not "
            "this tenant, the "
            "role does not serve this tenant, or the tenant is suspended"
        )
    if "no identity-based policy allows" in message:
        return (
            "the role does not allow the request: KeyId must be the alias and not the key's ARN, the context "
            "must carry "
            "tenant_id, and the workload's operations must include it"
        )
    return (
        "KeyId is not an alias, the context's tenant_id is not this tenant, or the role was deployed less than five "
        "minutes ago"
    )
