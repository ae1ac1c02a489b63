"""A local AWS with two customers' accounts, and the access roles of an estate with the policies that are deployed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.deploy import ADMINISTRATOR
from tenant_keys.manifest import Estate, Workload, load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.policy import names
from tenant_keys.policy.access_role import (
    shared_role_policy,
    shared_role_trust,
    tenant_role_policy,
    tenant_role_trust,
)

CENTRAL, WORKLOAD, GLOBEX, HOOLI = "111111111111", "222222222222", "555555555555", "666666666666"
REGIONS = ("eu-west-1", "eu-central-1")
ORGANIZATION = "o-a1b2c3d4e5"
MANIFEST = """\
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1]
  administrators: [role/Admin]
  break_glass: role/BreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  billing: {account: "222222222222", runs_on: lambda, access: session-tag}
tenants:
  acme: {workloads: [orders, billing]}
  globex: {workloads: [orders, billing], key: {held_by: tenant, arns: {GLOBEX_ARNS}}}
  hooli: {workloads: [orders, billing], key: {held_by: tenant, arns: {HOOLI_ARNS}}}
"""


@dataclass
class Customers:
    """The running AWS, the folder of the estate, and what each customer does in its own account."""

    aws: LocalAws
    manifest: Path
    keys: dict[str, str]
    """ARN of the key of each customer, in the home Region."""

    def write(self, text: str) -> None:
        """Save the manifest, and bring its lock up to date."""
        self.manifest.write_text(text)
        bring_up_to_date(self.manifest, base=None, merge=False).write()

    def text(self, globex: str | None = None, hooli: str | None = None) -> str:
        """The manifest with these ARNs; by default each customer's own."""
        arns = {"GLOBEX": globex or self.keys["globex"], "HOOLI": hooli or self.keys["hooli"]}
        text = MANIFEST
        for name, arn in arns.items():
            text = text.replace(f"{name}_ARNS", f'{arn.split(":")[3]}: "{arn}"')
        return text

    def estate(self) -> Estate:
        return load_estate(self.manifest)

    def deploy(self) -> None:
        """The identity policies that the manifest makes now, as a deployment would leave them."""
        estate = self.estate()
        iam = self.aws.session(CENTRAL).client("iam")
        for workload in estate.workloads.values():
            for name, policy, trust in _access_roles(workload, estate):
                path = names.access_role_path(workload, estate)
                with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
                    iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust))
                iam.put_role_policy(RoleName=name, PolicyName="UseTenantKey", PolicyDocument=json.dumps(policy))

    def session(self, tenant: str, workload: str = "orders") -> Any:
        """A session of the tenant's access role, as the workload obtains it; gives KMS clients."""
        estate = self.estate()
        used = estate.workloads[workload]
        own = self.aws.run_as(names.workload_role_arn(used, estate)).client("sts")
        given: dict[str, Any] = {"RoleArn": names.tenant_role_arn(tenant, used, estate)}
        if used.access == "session-tag":
            tags = [{"Key": "tenant_id", "Value": tenant}]
            given = {"RoleArn": names.shared_role_arn(used, estate), "Tags": tags}
        found = own.assume_role(RoleSessionName="test", **given)["Credentials"]
        return lambda region: self.aws.session(credentials=found, region=region).client("kms")

    def paste(self, tenant: str, statements: list[dict[str, Any]]) -> None:
        """The customer adds statements to what its key's policy says by default, and replaces its own earlier ones."""
        arn = self.keys[tenant]
        account = arn.split(":")[4]
        root = {"Sid": "Own", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}
        document = {
            "Version": "2012-10-17",
            "Statement": [{**root, "Action": "kms:*", "Resource": "*"}, *statements],
        }
        self.aws.session(account).client("kms").put_key_policy(KeyId=arn, Policy=json.dumps(document))


def _access_roles(workload: Workload, estate: Estate) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    if workload.access == "session-tag":
        yield (
            names.shared_role_name(workload, estate),
            shared_role_policy(workload, estate),
            shared_role_trust(workload, estate),
        )
        return
    for tenant in estate.tenants.values():
        name = names.tenant_role_name(tenant.id, workload, estate)
        yield name, tenant_role_policy(tenant, workload, estate), tenant_role_trust(workload, estate)


@pytest.fixture(scope="session")
def customers_aws() -> Iterator[LocalAws]:
    accounts = (CENTRAL, WORKLOAD)
    with LocalAws(accounts=accounts, outsiders=(GLOBEX, HOOLI), organization=ORGANIZATION) as running:
        yield running


@pytest.fixture
def customers(customers_aws: LocalAws, tmp_path: Path) -> Customers:
    """Both registered in the manifest, nothing pasted yet, the roles deployed."""
    aws = customers_aws
    aws.reset()
    keys = {}
    for tenant, account in (("globex", GLOBEX), ("hooli", HOOLI)):
        keys[tenant] = aws.session(account).client("kms").create_key()["KeyMetadata"]["Arn"]
    found = Customers(aws, tmp_path / "tenants.yaml", keys)
    found.write(found.text())
    iam = aws.session(WORKLOAD).client("iam")
    for name in ("orders", "billing"):
        service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [service]})
        iam.create_role(RoleName=f"tenant-keys-{name}", AssumeRolePolicyDocument=trust)
        iam.attach_role_policy(RoleName=f"tenant-keys-{name}", PolicyArn=ADMINISTRATOR)
    found.deploy()
    return found
