"""Becomes the tenant's access role, in the way of the workload's access mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenant_keys.client.errors import TokenExpired
from tenant_keys.client.role_session import RoleSession
from tenant_keys.client.session_policy import session_policy
from tenant_keys.client.tenant_id import CONTEXT_KEY

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef, CredentialsTypeDef

    from tenant_keys.client.aws import Aws
    from tenant_keys.client.retry import Retries
    from tenant_keys.client.settings import Settings

DURATION = 3600
"""Seconds. The most that role chaining allows (IAM guide)."""


def open_session(aws: Aws, settings: Settings, tenant_id: str, token: str | None, retries: Retries) -> RoleSession:
    """One STS call. `token` is needed in web-identity mode alone, where STS reads the tenant from it."""
    names = settings.names(tenant_id)
    policy = session_policy(names, tenant_id, settings.operations)
    name = f"{settings.workload}-{tenant_id}"[:64]  # 2 to 64 characters (STS API reference)

    web_identity = settings.access == "web-identity"
    if web_identity and token is None:
        raise TokenExpired(f"tenant {tenant_id}: the session has expired, and no valid token is available to renew it")

    def with_token() -> CredentialsTypeDef:
        return aws.sts(region=names.region, signed=False).assume_role_with_web_identity(
            RoleArn=names.role_arn,
            RoleSessionName=name,
            WebIdentityToken=token or "",
            Policy=policy,
            DurationSeconds=DURATION,
        )["Credentials"]

    def as_workload() -> CredentialsTypeDef:
        request: AssumeRoleRequestTypeDef = {
            "RoleArn": names.role_arn,
            "RoleSessionName": name,
            "Policy": policy,
            "DurationSeconds": DURATION,
        }
        if settings.access == "session-tag":  # elsewhere the trust policy grants no sts:TagSession
            request["Tags"] = [{"Key": CONTEXT_KEY, "Value": tenant_id}]
        return aws.sts(region=names.region).assume_role(**request)["Credentials"]

    credentials: CredentialsTypeDef = retries.call(
        with_token if web_identity else as_workload,
        operation=settings.sts_operation,
        target=names.role_arn,
    )
    return RoleSession(
        access_key_id=credentials["AccessKeyId"],
        secret_access_key=credentials["SecretAccessKey"],
        session_token=credentials["SessionToken"],
        expires_at=credentials["Expiration"].timestamp(),
    )
