"""One local AWS for the whole folder: starting it takes a second, deploying the small estate two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.existing import assume
from tenant_keys.local.issuer import LocalIssuer
from tests.local import handmade
from tests.local.bootstrap import bootstrap

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


@pytest.fixture(scope="session")
def issuer() -> LocalIssuer:
    return LocalIssuer(f"https://{handmade.ISSUER}")


@pytest.fixture(scope="session")
def aws(issuer: LocalIssuer) -> Iterator[LocalAws]:
    """Empty accounts; each test makes keys of its own."""
    with LocalAws(
        accounts=(handmade.CENTRAL, handmade.WORKLOAD),
        outsiders=(handmade.OUTSIDER,),
        organization=handmade.ORGANIZATION,
        jwks={issuer.url: issuer.key_set},
    ) as running:
        yield running


@pytest.fixture(scope="session")
def kms(aws: LocalAws) -> KMSClient:
    """KMS as the root user of the key account."""
    return aws.session(handmade.CENTRAL).client("kms")


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small estate, synthesized."""
    return handmade.write_assembly(tmp_path_factory.mktemp("app") / "cdk.out", handmade.sample())


@dataclass
class LocalEstate:
    """The small estate deployed, and the sessions that its roles give."""

    aws: LocalAws
    issuer: LocalIssuer

    def orders(self) -> boto3.Session:
        return self.aws.run_as(handmade.ORDERS_RUNTIME)

    def billing(self) -> boto3.Session:
        return self.aws.run_as(handmade.BILLING_RUNTIME)

    def tenant(self, tenant: str, **arguments: object) -> boto3.Session:
        return self.become(self.orders(), handmade.tenant_role(tenant), **arguments)

    def tagged(self, tenant: str) -> boto3.Session:
        return self.become(self.billing(), handmade.SHARED, Tags=[{"Key": "tenant_id", "Value": tenant}])

    def portal(self, tenant: str) -> boto3.Session:
        token = self.issuer.token("portal-keys", {"tenant_id": tenant})
        answer = (
            self.aws.session()
            .client("sts")
            .assume_role_with_web_identity(RoleArn=handmade.PORTAL, RoleSessionName="portal", WebIdentityToken=token)
        )
        return self.aws.session(credentials=answer["Credentials"])

    def role(self, arn: str) -> boto3.Session:
        """A role that trusts the whole key account, through an administrator."""
        return assume(self.aws, arn)

    def become(self, session: boto3.Session, role_arn: str, **arguments: object) -> boto3.Session:
        sts = session.client("sts")
        answer = sts.assume_role(RoleArn=role_arn, RoleSessionName="test", **arguments)  # type: ignore[arg-type]
        return self.aws.session(credentials=answer["Credentials"])

    @cached_property
    def key_of(self) -> dict[str, tuple[str, str]]:
        """Id and ARN of each tenant's key."""
        ids = {tenant: self.aws.key_id(tenant) for tenant in handmade.TENANTS}
        return {
            name: (each, f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:key/{each}") for name, each in ids.items()
        }


@pytest.fixture(scope="session")
def local(issuer: LocalIssuer, assembly: Path) -> Iterator[LocalEstate]:
    with LocalAws(
        accounts=(handmade.CENTRAL, handmade.WORKLOAD),
        outsiders=(handmade.OUTSIDER,),
        organization=handmade.ORGANIZATION,
        jwks={issuer.url: issuer.key_set},
    ) as running:
        bootstrap(running, assembly)
        running.deploy(assembly)
        yield LocalEstate(running, issuer)
