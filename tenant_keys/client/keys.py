"""The way in: from a workload's environment and a token to a tenant's handle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tenant_keys.client.aws import Aws
from tenant_keys.client.connections import Connections
from tenant_keys.client.deadline import Deadline, check_timeout
from tenant_keys.client.discovery import discover
from tenant_keys.client.errors import ConfigurationError
from tenant_keys.client.flight import Steps, drive
from tenant_keys.client.limits import Limits
from tenant_keys.client.tenant import Tenant
from tenant_keys.client.tenant_id import check_tenant_id
from tenant_keys.client.token import SESSION_TAG_CLAIM, Verifier, verifier_from_environment
from tenant_keys.client.transport import Transport

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
        verifier: Verifier | None = None,
        session: boto3.Session | None = None,
        limits: Limits | None = None,
        on_event: Hook | None = None,
    ) -> None:
        limits = limits or Limits()
        if settings.access == "web-identity" and verifier is not None and verifier.claims != {SESSION_TAG_CLAIM}:
            # What is cached for a tenant is handed out by our claim, so it must be the one that STS goes by.
            raise ConfigurationError("in web-identity mode the tenant's claim must be SESSION_TAG_CLAIM, as for STS")
        self._settings, self._verifier, self._limits = settings, verifier, limits
        self._connections = Connections(Transport(Aws(session), settings, limits=limits, on_event=on_event))

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        verifier: Verifier | None = None,
        session: boto3.Session | None = None,
        limits: Limits | None = None,
        on_event: Hook | None = None,
    ) -> Self:
        """Settings from TENANT_KEYS_CONFIG, else from the SSM parameter of TENANT_KEYS_WORKLOAD; the token's issuer
        from TENANT_KEYS_ISSUER and TENANT_KEYS_AUDIENCE, unless a verifier is given, such as `Issuers` for several;
        credentials from wherever boto3 finds them.
        """
        environ = os.environ if environ is None else environ
        limits = limits or Limits()
        aws = Aws(session)
        settings = discover(environ, aws)
        if verifier is None:
            verifier = verifier_from_environment(environ, web_identity=settings.access == "web-identity")
        return cls(settings, verifier=verifier, session=aws.session, limits=limits, on_event=on_event)

    def tenant(self, token: str, *, timeout: float | None = None) -> Tenant:
        """The handle of the tenant that the token proves. Keep it for the request; verify each token once.

        `timeout`: seconds that one operation of the handle may wait for AWS, and this call for the issuer; by default,
        and at most, `Limits.timeout`.
        """
        seconds = check_timeout(timeout, self._limits.timeout)
        return drive(self._tenant_steps(token, seconds), Deadline(seconds))

    def _tenant_steps(self, token: str, timeout: float) -> Steps[Tenant]:
        if self._verifier is None:
            raise ConfigurationError("no token verifier: set TENANT_KEYS_ISSUER and TENANT_KEYS_AUDIENCE")
        verified = yield from self._verifier.steps(token)
        tenant_id = self._settings.id_in_aws(verified.tenant_id)
        return Tenant(self._connections, tenant_id, verified, timeout=timeout)

    def tenant_without_token(self, tenant_id: str, *, timeout: float | None = None) -> Tenant:
        """For work that no request started, such as a batch job: nothing proves the tenant but the caller's word.

        Impossible in web-identity mode, where STS takes the tenant from a token alone.
        """
        if self._settings.access == "web-identity":
            raise ConfigurationError("in web-identity mode a tenant is named by its token; use tenant(token)")
        seconds = check_timeout(timeout, self._limits.timeout)
        return Tenant(self._connections, self._settings.id_in_aws(check_tenant_id(tenant_id)), timeout=seconds)

    def forget(self, tenant_id: str) -> None:
        """Drops a tenant's cached credentials and data keys now: revocation without waiting for `max_age`."""
        self._connections.forget(self._settings.id_in_aws(check_tenant_id(tenant_id)))

    def close(self) -> None:
        """Drops every tenant's. A later use connects anew."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
