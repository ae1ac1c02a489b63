"""The KMS calls of one flight: with a tenant's session, its retries, and what a refusal means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tenant_keys.client import suspension
from tenant_keys.client.errors import AccessDenied, TenantSuspended
from tenant_keys.client.refusals import SESSION_ENDED, code_of

if TYPE_CHECKING:
    from tenant_keys.client.aws import BoundKms
    from tenant_keys.client.retry import Retries


class SessionEnded(AccessDenied):
    """Raised when AWS says that the session is over: clocks differ, roles get revoked. A new one may do."""


class TenantKms:
    """Looks like a boto3 KMS client, and raises this package's errors."""

    __slots__ = ("_alias_arn", "_held", "_kms", "_retries")

    def __init__(self, kms: Callable[[], BoundKms], retries: Retries, alias_arn: str, *, held: bool = False) -> None:
        self._kms, self._retries, self._alias_arn, self._held = kms, retries, alias_arn, held

    def generate_data_key(self, **request: Any) -> Any:
        return self._use("kms:GenerateDataKey", lambda: self._kms().generate_data_key(**request))

    def decrypt(self, **request: Any) -> Any:
        return self._use("kms:Decrypt", lambda: self._kms().decrypt(**request))

    def _describe(self) -> Any:
        return self._retries.call(
            lambda: self._kms().describe_key(KeyId=self._alias_arn),
            operation=suspension.OPERATION,
            target=self._alias_arn,
        )

    def _use(self, operation: str, call: Callable[[], Any]) -> Any:
        try:
            return self._retries.call(call, operation=operation, target=self._alias_arn)
        except TenantSuspended as error:
            raise suspension.or_unreachable(error, self._describe) if self._held else error from error.__cause__
        except AccessDenied as error:
            denial = error
        why = denial.__cause__
        if isinstance(why, ClientError) and code_of(why) in SESSION_ENDED:
            raise SessionEnded(*denial.args) from why
        raise suspension.cause_of(denial, self._describe) from why
