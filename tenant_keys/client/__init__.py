"""The runtime client: encrypt and decrypt a tenant's data under the tenant's own KMS key."""

from tenant_keys.client.errors import (
    AccessDenied,
    ConfigurationError,
    DamagedMessage,
    KeyMismatch,
    MessageRefused,
    NotConverted,
    ServiceUnavailable,
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
)
from tenant_keys.client.events import Counters, Event
from tenant_keys.client.issuer_keys import IssuerKeys
from tenant_keys.client.keyring import AliasKeyring
from tenant_keys.client.keys import TenantKeys
from tenant_keys.client.limits import Limits
from tenant_keys.client.settings import Settings
from tenant_keys.client.tenant import Tenant
from tenant_keys.client.token import Issuers, TokenVerifier

__all__ = [
    "AccessDenied",
    "AliasKeyring",
    "ConfigurationError",
    "Counters",
    "DamagedMessage",
    "Event",
    "IssuerKeys",
    "Issuers",
    "KeyMismatch",
    "Limits",
    "MessageRefused",
    "NotConverted",
    "ServiceUnavailable",
    "Settings",
    "Tenant",
    "TenantKeys",
    "TenantKeysError",
    "TenantSuspended",
    "Throttled",
    "TimedOut",
    "TokenError",
    "TokenExpired",
    "TokenRefused",
    "TokenVerifier",
    "UnknownTenant",
    "WrongContext",
    "WrongRecord",
    "WrongTenant",
]
