"""Whether a workload reaches an adopted key by its new name: asked of AWS, with the workload's own credentials.

KMS decides a request with `DryRun` as any other and does nothing; success is the error DryRunOperationException (AWS
KMS guide, testing-permissions). Such requests are charged, and recorded by CloudTrail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.operations.adopt.plan import AdoptionRefused
from tenant_keys.policy.names import TENANT_TAG, alias_arn, shared_role_arn, tenant_role_arn

Open = Callable[[dict[str, Any], str], Any]
"""A KMS client of a Region with the credentials that AssumeRole gave."""

PROBES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "encrypt": ("generate_data_key", {"KeySpec": "AES_256"}),
    "decrypt": ("decrypt", {"DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
}
"""By operation of the manifest: the call, and its parameters."""


def probe(
    estate: Estate, workload: str, keys: Mapping[str, str], sts: Any, open_kms: Open | None = None
) -> Iterator[str]:
    """Ask for each tenant whether the workload may do what the manifest says, and that the alias names the key.

    Raises:
        AdoptionRefused: the workload does not serve a tenant by a role that it assumes, or AWS decides otherwise.
    """
    served = estate.workloads.get(workload)
    if served is None or served.access == "web-identity":
        raise AdoptionRefused(f"{workload}: no workload that assumes a role with credentials; web-identity uses tokens")
    for tenant_id, arn in keys.items():
        tenant = estate.by_manifest_id.get(tenant_id)
        if tenant is None or served not in tenant.workloads:
            raise AdoptionRefused(f"{tenant_id}: no tenant of workload {workload}")
        yield _probe(estate, served, tenant, arn, sts, open_kms or _open)


def _probe(estate: Estate, workload: Workload, tenant: Tenant, arn: str, sts: Any, open_kms: Open) -> str:
    region = arn.split(":")[3]
    given: dict[str, Any] = {"RoleArn": tenant_role_arn(tenant.id, workload, estate)}
    if workload.access == "session-tag":
        tags = [{"Key": TENANT_TAG, "Value": tenant.id}]
        given = {"RoleArn": shared_role_arn(workload, estate), "Tags": tags}
    kms = open_kms(sts.assume_role(RoleSessionName="adoption-probe", **given)["Credentials"], region)
    alias, context = alias_arn(tenant.id, region, estate), {TENANT_TAG: tenant.id}
    named = kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"]
    if named != arn:
        raise AdoptionRefused(f"{tenant.id}: {alias} names {named}, not {arn}")
    done = ["DescribeKey"]
    for operation, (call, parameters) in PROBES.items():
        if operation in workload.operations:
            done.append(_dry_run(kms, call, KeyId=alias, EncryptionContext=context, **parameters))
    return f"{tenant.id}: {workload.name} may {', '.join(done)} by {alias}"


def _dry_run(kms: Any, call: str, **parameters: Any) -> str:
    try:
        getattr(kms, call)(DryRun=True, **parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] != "DryRunOperationException":
            raise
        return "".join(map(str.title, call.split("_")))
    raise AdoptionRefused(f"KMS did {call} despite DryRun")


def _open(credentials: dict[str, Any], region: str) -> Any:
    return boto3.client(
        "kms",
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
