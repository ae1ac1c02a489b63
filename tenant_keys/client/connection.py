"""One tenant's credentials, KMS client and data keys, held apart from every other tenant's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.client.errors import TenantKeysError
from tenant_keys.client.events import Event, Hook, tell
from tenant_keys.client.keyring import AliasKeyring
from tenant_keys.client.materials import TenantMaterials
from tenant_keys.client.refusals import SESSION_ENDED, code_of, translate
from tenant_keys.client.role_session import RoleSession, open_session
from tenant_keys.client.tenant_id import CONTEXT_KEY

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

    from tenant_keys.client.aws import Aws
    from tenant_keys.client.limits import Limits
    from tenant_keys.client.settings import Settings

RENEW_BEFORE = 300
"""Seconds before its end in which a session is renewed; if that fails, the old one is used to its end."""

RETRY_RENEWAL = 30
"""Seconds until a failed renewal is tried again: all of a tenant's threads wait for it."""


class Connection:
    """Made on first use, one a tenant. Looks like a boto3 KMS client to the keyring."""

    def __init__(self, aws: Aws, settings: Settings, tenant_id: str, *, limits: Limits, on_event: Hook | None) -> None:
        self._aws, self._settings, self._tenant_id, self._on_event = aws, settings, tenant_id, on_event
        self._names = settings.names(tenant_id)
        self._lock = threading.Lock()
        self._session: RoleSession | None = None
        self._client: KMSClient | None = None
        self._renew_at = 0.0
        self._token: tuple[float, str | None] = (0.0, None)
        self.materials = TenantMaterials(
            AliasKeyring(kms=self, alias_arn=self._names.alias_arn, tenant_id=tenant_id),
            tenant_id=tenant_id,
            operations=settings.operations,
            limits=limits,
            on_event=on_event,
        )

    def offer(self, token: str, expires_at: float) -> None:
        """Keeps the longest-lived verified token of this tenant, for the next renewal of the session."""
        if expires_at > self._token[0]:
            self._token = (expires_at, token)

    def generate_data_key(self, **request: Any) -> Any:
        return self._call("kms:GenerateDataKey", lambda client: client.generate_data_key(**request))

    def decrypt(self, **request: Any) -> Any:
        return self._call("kms:Decrypt", lambda client: client.decrypt(**request))

    def material_of(self, data_key: bytes) -> str | None:
        answer = self.decrypt(
            KeyId=self._names.alias_arn, CiphertextBlob=data_key, EncryptionContext={CONTEXT_KEY: self._tenant_id}
        )
        material: str | None = answer.get("KeyMaterialId")
        return material

    def _call(self, operation: str, call: Callable[[KMSClient], Any]) -> Any:
        """Once more with a new session if AWS says that this one has ended: clocks differ, and roles get revoked."""
        client = self._kms()
        try:
            return self._timed("kms", operation, lambda: call(client))
        except ClientError as error:
            if code_of(error) not in SESSION_ENDED:
                raise translate(error, operation=operation, target=self._names.alias_arn) from error
        except BotoCoreError as error:
            raise translate(error, operation=operation, target=self._names.alias_arn) from error
        client = self._kms(instead_of=client)
        try:
            return self._timed("kms", operation, lambda: call(client))
        except (ClientError, BotoCoreError) as error:
            raise translate(error, operation=operation, target=self._names.alias_arn) from error

    def _kms(self, *, instead_of: KMSClient | None = None) -> KMSClient:
        with self._lock:
            now = time.time()
            if self._client is None or self._session is None or self._client is instead_of:
                return self._renew()
            if now < self._renew_at:
                return self._client
            try:
                return self._renew()
            except TenantKeysError:
                if now >= self._session.expires_at:
                    raise
                self._renew_at = min(now + RETRY_RENEWAL, self._session.expires_at)
                return self._client

    def _renew(self) -> KMSClient:
        expires_at, token = self._token
        live = token if expires_at > time.time() else None
        session = self._timed(
            "sts",
            self._settings.sts_operation,
            lambda: open_session(self._aws, self._settings, self._tenant_id, live),
        )
        self._client = self._aws.kms(region=self._names.region, session=session)
        self._session = session
        self._renew_at = session.expires_at - RENEW_BEFORE
        return self._client

    def _timed(self, kind: str, operation: str, call: Callable[[], Any]) -> Any:
        started, failure = time.perf_counter(), None
        try:
            return call()
        except ClientError as error:
            failure = code_of(error)
            raise
        except Exception as error:
            failure = type(error).__name__
            raise
        finally:
            tell(self._on_event, Event(kind, self._tenant_id, operation, time.perf_counter() - started, failure))
