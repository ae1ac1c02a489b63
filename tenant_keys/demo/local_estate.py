"""The local: a local AWS with the estate's accounts, and the roles that an organization has before us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import msgspec

from tenant_keys.demo.errors import NothingToServe
from tenant_keys.demo.identity_provider import published
from tenant_keys.demo.report import Statement
from tenant_keys.local import LocalAws
from tenant_keys.local.existing import ensure_auditors, ensure_boundaries, ensure_role
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.local.settings import tenant_of
from tenant_keys.manifest import Estate
from tenant_keys.manifest.platforms import PLATFORMS
from tenant_keys.policy import names
from tenant_keys.policy.held_key import owner_statements


@dataclass(slots=True)
class LocalEstate:
    """What the demonstration is played on."""

    aws: LocalAws
    estate: Estate
    issuer: LocalIssuer | None
    jwks_url: str
    key_of: dict[str, str] = field(default_factory=dict)
    """Key id to tenant, once deployed."""

    def runs(self, workload: str, *, region: str | None = None) -> boto3.Session:
        """The workload's code as its compute service runs it, with the credentials that AWS gives it there."""
        known = self.estate.workloads[workload]
        service = PLATFORMS[known.runs_on].service if known.runs_on else None
        if service is None:
            raise NothingToServe(f"workloads.{workload}: no service runs code as a role of runs_on: {known.runs_on}")
        cluster = f"arn:aws:ecs:{region or self.estate.central.home_region}:{known.account}:cluster/{workload}"
        return self.aws.run_as(
            names.workload_role_arn(known, self.estate),
            service=service,
            session_name=workload,
            region=region,
            context={"aws:SourceAccount": known.account, "aws:SourceArn": cluster},
        )

    def learn_keys(self) -> None:
        """Which key is whose, by alias."""
        for page in self.aws.session().client("kms").get_paginator("list_aliases").paginate():
            for alias in page["Aliases"]:
                if tenant := tenant_of(alias["AliasName"], self.aws.settings.naming):
                    self.key_of[alias["TargetKeyId"]] = tenant

    def key_arn(self, tenant: str) -> str:
        """The tenant's key in the Region where it was created."""
        key_id = next(key for key, owner in self.key_of.items() if owner == tenant)
        return f"arn:aws:kms:{self.estate.tenants[tenant].primary_region}:{self.aws.accounts[0]}:key/{key_id}"

    def deciders(self, decision: dict[str, Any]) -> tuple[Statement, ...]:
        """Statements of an entry of the decision log, with the policy that each is in; each once."""
        found = [Statement(self._policy(each, decision), each["sid"]) for each in decision["decided_by"]]
        return tuple(dict.fromkeys(found))

    def _policy(self, decider: dict[str, Any], decision: dict[str, Any]) -> str:
        policy = str(decider["policy"])
        if policy != "key policy":
            return policy
        key_id = str(decision["resource"]).rpartition("/")[2]
        return f"key policy of {self.key_of.get(key_id, key_id)}"


def customers_of(estate: Estate) -> tuple[str, ...]:
    """The accounts of customers who bring key material or hold their keys: outside the organization."""
    found = {one.custodian.account for one in estate.tenants.values() if one.custodian is not None}
    found |= {arn.split(":")[4] for one in estate.tenants.values() if one.held is not None for arn in one.held.arns}
    return tuple(sorted(found))


def ensure_held_keys(aws: LocalAws, estate: Estate) -> None:
    """The keys that tenants hold in their own accounts, with the statements that `held register` prints."""
    for tenant in estate.tenants.values():
        held = tenant.held
        for arn in held.arns if held is not None else ():
            owner = f"arn:{estate.central.partition}:iam::{arn.split(':')[4]}:root"
            own = {"Sid": "Owner", "Effect": "Allow", "Principal": {"AWS": owner}, "Action": "kms:*", "Resource": "*"}
            statements = [own, *owner_statements(tenant, estate, held.nonce if held else None)]
            aws.hold_key(arn, json.dumps({"Version": "2012-10-17", "Statement": statements}))


@contextmanager
def local_estate(estate: Estate, port: int = 0) -> Iterator[LocalEstate]:
    """Start it; at the end of the block nothing of it is left.

    Raises:
        PortInUse: the port asked for is taken.
        StartFailed: it did not come up.
    """
    central = estate.central
    urls = {each.identity_provider.issuer for each in estate.workloads.values() if each.identity_provider is not None}
    issuers = [LocalIssuer(url) for url in sorted(urls)]
    with LocalAws(
        accounts=estate.accounts,
        outsiders=customers_of(estate),
        organization=estate.organization,
        management=estate.management_account,
        jwks={issuer.url: issuer.key_set for issuer in issuers},
        naming=msgspec.structs.asdict(estate.naming),
        region=central.home_region,
        port=port,
    ) as aws:
        for role in (*central.administrators, *central.readers, central.break_glass):
            ensure_role(aws, role)
        ensure_auditors(aws, central.auditors.values())
        ensure_boundaries(aws, estate.permissions_boundaries)
        ensure_held_keys(aws, estate)
        if not issuers:
            yield LocalEstate(aws, estate, None, "")
            return
        with published(issuers[0]) as jwks_url:
            yield LocalEstate(aws, estate, issuers[0], jwks_url)
