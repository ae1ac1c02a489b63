"""One boto3 client for each service and Region, shared by all tenants: one pool of connections, one signer.

A session of its own costs 160 ms and 9 MB, a client of its own 5 ms, 0.2 MB and a socket.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from tenant_keys.client.errors import ConfigurationError
from tenant_keys.client.lanes import CALLS
from tenant_keys.client.redaction import redact_botocore

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

    from tenant_keys.client.role_session import RoleSession

CONNECT_TIMEOUT = 3
"""Seconds."""
READ_TIMEOUT = 5
"""Seconds."""

_BOUND = "TenantSession"
"""The argument with which a call carries its tenant's session to the signer; it never goes to AWS."""
_NOBODY = "no-session-was-bound"
"""The shared KMS client's own credentials: AWS knows no such access key, so that a call without a session fails."""

Client = TypeVar("Client")


class Aws:
    """Makes clients. Creating one from a shared session is not thread-safe in botocore, hence the lock."""

    def __init__(self, session: boto3.Session | None = None) -> None:
        redact_botocore()  # before the first request: each carries the workload's own session token
        try:
            self.session = session or boto3.Session()
        except BotoCoreError as error:  # AWS_PROFILE names no profile
            raise ConfigurationError(f"AWS credentials: {error}") from error
        self._lock = threading.Lock()
        self._clients: dict[tuple[object, ...], Any] = {}
        self._config = Config(
            # Retries are ours (retry.py): botocore's share one budget in a client, so that one tenant's would be
            # spent by all, and know no deadline.
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=CALLS,
            user_agent_extra="tenant-keys-client",
        )

    def ssm(self) -> SSMClient:
        """Once a process, before any tenant: botocore's own retries do."""
        config = self._config.merge(Config(retries={"mode": "standard", "total_max_attempts": 5}))
        with self._lock:
            return self.session.client("ssm", config=config)

    def sts(self, *, region: str, signed: bool = True) -> STSClient:
        """The Regional endpoint of the caller's own Region, else of the key's.

        Unsigned for AssumeRoleWithWebIdentity, which takes no AWS credentials (STS API reference).
        """
        region = self.session.region_name or region
        config = self._config if signed else self._config.merge(Config(signature_version=UNSIGNED))
        return self._shared(
            ("sts", region, signed),
            lambda: self.session.client("sts", region_name=region, config=config),
        )

    def kms(self, *, region: str, session: RoleSession) -> BoundKms:
        """The shared client, bound to one tenant's session."""
        return BoundKms(self._shared(("kms", region), lambda: self._kms_client(region)), session)

    def _kms_client(self, region: str) -> KMSClient:
        client = self.session.client(
            "kms",
            region_name=region,
            aws_access_key_id=_NOBODY,
            aws_secret_access_key=_NOBODY,
            config=self._config,
        )
        client.meta.events.register_first("provide-client-params.kms", _sign_as_tenant)
        return client

    def _shared(self, key: tuple[object, ...], make: Callable[[], Client]) -> Client:
        if (found := self._clients.get(key)) is None:
            with self._lock:
                if (found := self._clients.get(key)) is None:
                    found = self._clients[key] = make()
        return cast("Client", found)


class BoundKms:
    """The KMS calls of one tenant's session. Looks like a boto3 KMS client to `AliasKeyring`."""

    __slots__ = ("_client", "_session")

    def __init__(self, client: KMSClient, session: RoleSession) -> None:
        self._client: Any = client
        self._session = session

    def generate_data_key(self, **request: Any) -> Any:
        return self._client.generate_data_key(**request, **{_BOUND: self._session})

    def decrypt(self, **request: Any) -> Any:
        return self._client.decrypt(**request, **{_BOUND: self._session})

    def describe_key(self, **request: Any) -> Any:
        return self._client.describe_key(**request, **{_BOUND: self._session})


def _sign_as_tenant(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Hands the call's session to botocore's signer, with the call and not with the thread or the client.

    botocore signs with `context["signing"]["request_credentials"]` in place of the client's own (signers.py).
    """
    session: RoleSession = params.pop(_BOUND)  # a call that brings none ends here
    context.setdefault("signing", {})["request_credentials"] = Credentials(
        session.access_key_id, session.secret_access_key, session.session_token, method="tenant-keys"
    )
