"""Turns what AWS answers into this package's errors, each with the cause that is likely here and what to do."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, MetadataRetrievalError
from botocore.exceptions import ConnectionError as BotoConnectionError

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

# Error codes: KMS API reference (Decrypt, GenerateDataKey, common errors) and STS API reference.
_BY_CODE: dict[str, tuple[type[TenantKeysError], str]] = {
    "NotFoundException": (UnknownTenant, "the alias does not exist; the tenant is not deployed here, or offboarded"),
    "DisabledException": (TenantSuspended, "the tenant's key is disabled: suspended, or revoked by the tenant"),
    "KMSInvalidStateException": (TenantSuspended, "the key awaits imported material or its deletion"),
    "InvalidCiphertextException": (DamagedMessage, "the encrypted data key or its encryption context was altered"),
    "IncorrectKeyException": (KeyMismatch, "the alias does not lead to the key that encrypted this message"),
    "KeyUnavailableException": (ServiceUnavailable, "the key is not available at the moment; try again"),
    "DependencyTimeoutException": (ServiceUnavailable, "KMS timed out on its side; try again"),
    "KMSInternalException": (ServiceUnavailable, "KMS failed on its side; try again"),
    "InternalFailure": (ServiceUnavailable, "the service failed on its side; try again"),
    "ServiceUnavailable": (ServiceUnavailable, "the service failed on its side; try again"),
    "IDPCommunicationError": (ServiceUnavailable, "STS could not reach the identity provider; try again"),
    "InvalidIdentityToken": (TokenRefused, "STS refused the token: signature, issuer or audience"),
    "IDPRejectedClaim": (TokenRefused, "STS refused the token's claims"),
    "PackedPolicyTooLarge": (ConfigurationError, "session policy and tags are larger than STS packs"),
    "RegionDisabledException": (ConfigurationError, "STS is not activated in this Region"),
}
_THROTTLING = {"ThrottlingException", "Throttling", "LimitExceededException", "TooManyRequestsException", "SlowDown",
               "RequestLimitExceeded", "RequestThrottled"}  # fmt: skip
_DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"}
_UNREACHABLE = (BotoConnectionError, HTTPClientError, MetadataRetrievalError)

SESSION_ENDED = {"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"}
"""The session's credentials are no longer good; a new session may be."""


def translate(error: ClientError | BotoCoreError, *, operation: str, target: str) -> TenantKeysError:
    """The error to raise for one AWS call: `operation` as IAM writes it, `target` the role or alias it named."""
    where = f"{operation} on {target}"
    if not isinstance(error, ClientError):
        if isinstance(error, _UNREACHABLE):
            return ServiceUnavailable(f"{where}: {type(error).__name__}: could not reach AWS")
        # What else botocore refuses to send: no credentials, an expired login of a profile, no Region.
        return ConfigurationError(f"{where}: {type(error).__name__}: {error}")
    code, message = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
    if code in _THROTTLING:
        retries = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
        return Throttled(f"{where}: {code} after {retries} retries with backoff; lower the rate, or cache for longer")
    if code in _DENIED:
        return AccessDenied(f"{where}: {likely_cause(operation, message)} (AWS says: {message or code})")
    if code in SESSION_ENDED:
        if operation == "sts:AssumeRoleWithWebIdentity":
            return TokenExpired(f"{where}: STS says that the token has expired")
        return AccessDenied(f"{where}: the credentials have expired ({code})")
    kind, cause = _BY_CODE.get(code, (TenantKeysError, message))
    return kind(f"{where}: {cause} ({code})")


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def likely_cause(operation: str, message: str) -> str:
    """AWS names the kind of policy that said no; what that means depends on how this project builds it."""
    if operation == "sts:AssumeRoleWithWebIdentity":
        return (
            "the role does not exist yet, or the token lacks what it asks for: this workload's audience, and tenant_id "
            "among the principal_tags of claim https://aws.amazon.com/tags"
        )
    if operation.startswith("sts:"):
        return (
            "the role does not exist yet, does not trust this workload's role, or the tenant is not one of this "
            "workload's; run as role tenant-keys-<workload>, and deploy the tenant first"
        )
    if not operation.startswith("kms:"):
        return "the workload's role does not grant it"
    if "no session policy allows" in message:
        return (
            "the session policy does not cover it: KeyId is not the tenant's alias, or the context is not the tenant's"
        )
    if "explicit deny in a resource-based policy" in message:
        return (
            "the key policy refuses: KeyId is not the tenant's alias, the context's tenant_id is not this tenant, the "
            "role does not serve this tenant, or the tenant (imported key) is suspended"
        )
    if "no identity-based policy allows" in message:
        return (
            "the role does not grant it: KeyId must be the alias and not the key's ARN, the context must carry "
            "tenant_id, and the workload's operations must include it"
        )
    return (
        "KeyId is not an alias, the context's tenant_id is not this tenant, or the role was deployed less than five "
        "minutes ago"
    )
