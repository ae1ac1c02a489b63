"""Credentials of those whom the manifest names, as AWS gives them: for `tenant-keys local env`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tenant_keys.local.errors import LocalAwsError
from tenant_keys.local.existing import assume
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.manifest.platforms import PLATFORMS
from tenant_keys.policy import names

KNOWN = "operator, administrator, reader, break-glass, WORKLOAD, TENANT@WORKLOAD"


class UnknownPrincipal(LocalAwsError):
    """Raised when no principal of that name is in the manifest, or nothing runs code as that role here."""


class Principals:
    """Who may be played on a running local AWS."""

    def __init__(self, aws: LocalAws, estate: Estate, issuers: Mapping[str, LocalIssuer]) -> None:
        """Take the running instance, its manifest, and the identity providers that it was started with, by URL."""
        self._aws, self._estate, self._issuers = aws, estate, issuers

    def credentials(self, who: str) -> Mapping[str, str]:
        """AccessKeyId, SecretAccessKey and, of a session, SessionToken.

        Raises:
            UnknownPrincipal: no principal of that name, or no service here that runs code as the role.
            LocalAwsError: the role is not deployed, or its trust policy denies.
        """
        if who == "operator":
            return self._aws.operator()
        try:
            return _of(self._session(who))
        except ClientError as refused:
            raise LocalAwsError(f"--as {who}: {refused}; deploy the estate with: tenant-keys local deploy") from None

    def _session(self, who: str) -> boto3.Session:
        central, (tenant, at, workload) = self._estate.central, who.partition("@")
        named = {
            "administrator": central.administrators,
            "reader": central.readers,
            "break-glass": (central.break_glass,),
        }
        if at:
            return self._tenant(tenant, workload)
        if named.get(who):
            return assume(self._aws, named[who][0])
        if who in self._estate.workloads:
            return self._runtime(self._estate.workloads[who])
        raise UnknownPrincipal(f"--as {who}: no such principal; allowed: {KNOWN}")

    def _tenant(self, tenant: str, workload: str) -> boto3.Session:
        found = self._estate.called(tenant)
        if found is None or found.state == "offboarding":
            gone = (
                "is being offboarded, and has no role any more"
                if found
                else "no such tenant; see: tenant-keys tenant list"
            )
            raise UnknownPrincipal(f"--as {tenant}@{workload}: {tenant}: {gone}")
        serving = {each.name: each for each in found.workloads}
        if workload not in serving:
            allowed = ", ".join(f"{tenant}@{name}" for name in serving) or "none"
            raise UnknownPrincipal(f"--as {tenant}@{workload}: {workload} does not serve {tenant}; allowed: {allowed}")
        return self._serving(found, serving[workload])

    def _serving(self, tenant: Tenant, workload: Workload) -> boto3.Session:
        if workload.identity_provider is not None:
            issuer = self._issuers.get(workload.identity_provider.issuer)
            if issuer is None:
                url = workload.identity_provider.issuer
                raise UnknownPrincipal(
                    f"{workload.name}: the local AWS was started without the issuer {url}; restart it"
                )
            sts = self._aws.session().client("sts")
            answer: Any = sts.assume_role_with_web_identity(
                RoleArn=names.shared_role_arn(workload, self._estate),
                RoleSessionName=tenant.id,
                WebIdentityToken=issuer.token(str(workload.audience), {"tenant_id": tenant.id}),
            )
            return self._aws.session(credentials=answer["Credentials"])
        assume_role: Any = self._runtime(workload).client("sts").assume_role
        role, tags = names.tenant_role_arn(tenant.id, workload, self._estate), []
        if workload.access == "session-tag":
            role, tags = names.shared_role_arn(workload, self._estate), [{"Key": "tenant_id", "Value": tenant.id}]
        answer = assume_role(RoleArn=role, RoleSessionName=tenant.id, Tags=tags)
        return self._aws.session(credentials=answer["Credentials"])

    def _runtime(self, workload: Workload) -> boto3.Session:
        """The workload's own code, as its compute service runs it."""
        service = PLATFORMS[workload.runs_on].service if workload.runs_on else None
        if service is None:
            raise UnknownPrincipal(
                f"{workload.name}: no service runs code as a role of runs_on: {workload.runs_on}; "
                f"name a tenant: TENANT@{workload.name}"
                if workload.identity_provider
                else f"{workload.name}: no service of the local AWS runs code as a role of runs_on: {workload.runs_on}"
            )
        account, region = workload.account, self._estate.central.home_region
        cluster = f"arn:aws:ecs:{region}:{account}:cluster/{workload.name}"
        return self._aws.run_as(
            names.workload_role_arn(workload, self._estate),
            service=service,
            session_name=workload.name,
            context={"aws:SourceAccount": account, "aws:SourceArn": cluster},
        )


def _of(session: boto3.Session) -> dict[str, str]:
    held = session.get_credentials()
    if held is None:  # a session that STS answered has some
        raise LocalAwsError("a session without credentials")
    key = held.get_frozen_credentials()
    token = {"SessionToken": key.token} if key.token else {}
    return {"AccessKeyId": str(key.access_key), "SecretAccessKey": str(key.secret_key), **token}
