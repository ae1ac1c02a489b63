"""Every error that this package raises on purpose, by name."""

from __future__ import annotations


class TenantKeysError(Exception):
    """Raised when the client refuses or fails; the base of all errors here."""


class ConfigurationError(TenantKeysError):
    """Raised when the client does not know its workload, its roles, its Region or who signs its tokens."""


class UnknownTenant(TenantKeysError):
    """Raised when a tenant id is malformed, or when the tenant has no key: never deployed, or offboarded."""


class TokenError(TenantKeysError):
    """Raised when a token does not prove which tenant is speaking."""


class TokenExpired(TokenError):
    """Raised when a token, or the tenant handle that came from it, has outlived its `exp`."""


class TokenRefused(TokenError):
    """Raised when a token's signature, algorithm, issuer, audience or claims are not what they must be."""


class AccessDenied(TenantKeysError):
    """Raised when IAM, STS or the key policy says no; the message names the likely cause."""


class TenantSuspended(TenantKeysError):
    """Raised when the tenant's key is disabled, awaits its imported material, or is scheduled for deletion."""


class Throttled(TenantKeysError):
    """Raised when AWS still asks to slow down after the retries with exponential backoff and jitter."""


class ServiceUnavailable(TenantKeysError):
    """Raised when KMS, STS or SSM cannot be reached or fails on its side; trying again later may work."""


class TimedOut(ServiceUnavailable):
    """Raised when the operation's `timeout` is over before AWS or the issuer has answered."""


class NotConverted(TenantKeysError):
    """Raised when a record cannot be re-encrypted: too large, archived, or written by others again and again."""


class MessageRefused(TenantKeysError):
    """Raised when an encrypted message must not be opened here; no plaintext of it was returned."""


class WrongTenant(MessageRefused):
    """Raised when a message was encrypted for another tenant."""


class WrongRecord(MessageRefused):
    """Raised when a message was encrypted under another record's name: a row or object was copied or swapped."""


class WrongContext(MessageRefused):
    """Raised when a message carries another encryption context than the caller expects."""


class KeyMismatch(MessageRefused):
    """Raised when the tenant's alias does not lead to the key that encrypted the message: it was re-pointed."""


class DamagedMessage(MessageRefused):
    """Raised when a message is truncated, extended, altered, or is none of ours."""
