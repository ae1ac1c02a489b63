"""Whether an error is of one record or of the whole job."""

from __future__ import annotations

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError

from tenant_keys.client.errors import (
    ConfigurationError,
    ServiceUnavailable,
    TenantKeysError,
    Throttled,
    TokenError,
)

_ENDS = {
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidAccessKeyId", "NoSuchBucket",
    "RequestTimeTooSkewed", "ResourceNotFoundException", "SignatureDoesNotMatch", "UnrecognizedClientException",
}  # fmt: skip
"""Nothing can go on: credentials, clock, or the table or bucket itself (DynamoDB and S3 API references, errors)."""
_PASSES = {
    "ThrottlingException", "Throttling", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown",
    "InternalServerError", "InternalError", "ServiceUnavailable", "RequestTimeout",
}  # fmt: skip
"""May be better later, after the retries of botocore."""
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, TokenRetrievalError)
_NETWORK = (HTTPClientError, BotoConnectionError, IncompleteReadError)


def ends_the_job(error: Exception) -> bool:
    """Whether no other record could fare better."""
    if isinstance(error, ClientError):
        return _code(error) in _ENDS
    return isinstance(error, (ConfigurationError, TokenError, *_NO_CREDENTIALS))


def may_pass(error: Exception) -> bool:
    """Whether it may be AWS or the network, and not the record."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _code(error) in _PASSES or status >= 500
    return isinstance(error, (Throttled, ServiceUnavailable, TimeoutError, ConnectionError, *_NETWORK))


def describe(error: Exception) -> str:
    """For the list of failures. The text of a foreign error may hold plaintext, so its type must do."""
    kind = type(error).__name__
    if isinstance(error, TenantKeysError):
        return f"{kind}: {error}"
    if isinstance(error, ClientError):
        return f"{kind}: {error.operation_name}: {_code(error)}"
    return kind


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
