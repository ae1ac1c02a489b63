"""The way in: from a workload's environment and a token to a tenant's handle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tenant_keys.client.aws import Aws
from tenant_keys.client.connections import Connections
from tenant_keys.client.discovery import discover
from tenant_keys.client.errors import ConfigurationError
from tenant_keys.client.limits import Limits
from tenant_keys.client.tenant import Tenant
from tenant_keys.client.tenant_id import check_tenant_id
from tenant_keys.client.token import SESSION_TAG_CLAIM, TokenVerifier, verifier_from_environment

if TYPE_CHECKING:
    import boto3

    from tenant_keys.client.events import Hook
    from tenant_keys.client.settings import Settings


class TenantKeys:
    """One a process, made once, shared by all threads; made after a fork, not before.

    keys = TenantKeys.from_environment()
    tenant = keys.tenant(token)
    blob = tenant.encrypt(b"...", name="orders/42")
    """

    def __init__(
        self,
        settings: Settings,
        *,
        verifier: TokenVerifier | None = None,
        session: boto3.Session | None = None,
        limits: Limits | None = None,
        on_event: Hook | None = None,
    ) -> None:
        limits = limits or Limits()
        if settings.access == "web-identity" and verifier is not None and verifier.claim != SESSION_TAG_CLAIM:
            # What is cached for a tenant is handed out by our claim, so it must be the one that STS goes by.
            raise ConfigurationError("in web-identity mode the tenant's claim must be SESSION_TAG_CLAIM, as for STS")
        self._settings, self._verifier = settings, verifier
        self._connections = Connections(
            Aws(session, attempts=limits.attempts), settings, limits=limits, on_event=on_event
        )

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        session: boto3.Session | None = None,
        limits: Limits | None = None,
        on_event: Hook | None = None,
    ) -> Self:
        """Settings from TENANT_KEYS_CONFIG, else from the SSM parameter of TENANT_KEYS_WORKLOAD; the token's issuer
        from TENANT_KEYS_ISSUER and TENANT_KEYS_AUDIENCE; credentials from wherever boto3 finds them.
        """
        environ = os.environ if environ is None else environ
        limits = limits or Limits()
        aws = Aws(session, attempts=limits.attempts)
        settings = discover(environ, aws)
        verifier = verifier_from_environment(environ, web_identity=settings.access == "web-identity")
        return cls(settings, verifier=verifier, session=aws.session, limits=limits, on_event=on_event)

    def tenant(self, token: str) -> Tenant:
        """The handle of the tenant that the token proves. Keep it for the request; verify each token once."""
        if self._verifier is None:
            raise ConfigurationError("no token verifier: set TENANT_KEYS_ISSUER and TENANT_KEYS_AUDIENCE")
        verified = self._verifier.verify(token)
        return Tenant(self._connections, verified.tenant_id, verified)

    def tenant_without_token(self, tenant_id: str) -> Tenant:
        """For work that no request started, such as a batch job: nothing proves the tenant but the caller's word.

        Impossible in web-identity mode, where STS takes the tenant from a token alone.
        """
        if self._settings.access == "web-identity":
            raise ConfigurationError("in web-identity mode a tenant is named by its token; use tenant(token)")
        return Tenant(self._connections, check_tenant_id(tenant_id))

    def forget(self, tenant_id: str) -> None:
        """Drops a tenant's cached credentials and data keys now: revocation without waiting for `max_age`."""
        self._connections.forget(check_tenant_id(tenant_id))

    def close(self) -> None:
        """Drops every tenant's. A later use connects anew."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
