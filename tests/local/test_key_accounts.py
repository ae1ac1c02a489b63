"""Two key accounts deployed by the CDK CLI: each tenant uses its own key, and a principal of one account is refused in
the other, by whatever name it asks for the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.handlers import json_decode_template_body

from tenant_keys.local import LocalAws
from tenant_keys.local.deploy import operator_credentials
from tenant_keys.local.existing import ensure_role
from tenant_keys.manifest import Estate
from tenant_keys.operations.verify.verify import Options, verify
from tests import two_key_accounts as two

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]
REGION = "eu-west-1"
ORDERS, BILLING = (
    "arn:aws:iam::222222222222:role/tenant-keys-orders",
    "arn:aws:iam::222222222222:role/tenant-keys-billing",
)
SHOP, INVOICES = (
    "arn:aws:iam::222222222222:role/tenant-keys-shop",
    "arn:aws:iam::222222222222:role/tenant-keys-invoices",
)
FOLDERS = {two.ONE: "arn:aws:iam::111111111111:role", two.TWO: "arn:aws:iam::444444444444:role"}
TENANT_ROLES = {
    "acme": (ORDERS, "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-acme.orders"),
    "initech": (SHOP, "arn:aws:iam::444444444444:role/tenant-keys/shop/tenant-initech.shop"),
}
SHARED_ROLES = {
    "acme": (BILLING, "arn:aws:iam::111111111111:role/tenant-keys/billing/shared.billing"),
    "initech": (INVOICES, "arn:aws:iam::444444444444:role/tenant-keys/invoices/shared.invoices"),
}
HOLDER = {"acme": two.ONE, "initech": two.TWO}
SERVICES = {ORDERS: "lambda.amazonaws.com", SHOP: "lambda.amazonaws.com"}
TASKS = {
    "aws:SourceAccount": "222222222222",
    "aws:SourceArn": "arn:aws:ecs:eu-west-1:222222222222:cluster/orders",
}


@dataclass
class Deployed:
    """Both key accounts."""

    aws: LocalAws
    keys: dict[str, str]
    """ARN of each tenant's key."""
    folder: Path
    """Of the manifest, its lock and the assembly."""

    def workload(self, role: str) -> boto3.Session:
        service = SERVICES.get(role, "ecs-tasks.amazonaws.com")
        return self.aws.run_as(role, service=service, context=None if role in SERVICES else TASKS)

    def become(self, session: boto3.Session, role: str, tenant: str = "") -> boto3.Session:
        tags: Any = {"Tags": [{"Key": "tenant_id", "Value": tenant}]} if tenant else {}
        answer = session.client("sts").assume_role(RoleArn=role, RoleSessionName="test", **tags)
        return self.aws.session(credentials=answer["Credentials"])

    def tenant(self, tenant: str) -> boto3.Session:
        workload, role = TENANT_ROLES[tenant]
        return self.become(self.workload(workload), role)

    def tagged(self, tenant: str, claimed: str) -> boto3.Session:
        workload, role = SHARED_ROLES[tenant]
        return self.become(self.workload(workload), role, claimed)

    def person(self, role: str) -> boto3.Session:
        operator = self.aws.session(credentials=operator_credentials(self.aws, role.split(":")[4]))
        return self.become(operator, role)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("two")
    estates = two.estates(folder)
    two.synthesize(estates[0], folder / "cdk.out")
    yield from _deployed(estates, folder)


def _deployed(estates: tuple[Estate, ...], folder: Path) -> Iterator[Deployed]:
    with LocalAws(
        accounts=(two.ONE, two.TWO, two.WORKLOADS, "555555555555"),
        organization="o-a1b2c3d4e5",
        management="555555555555",
        region=REGION,
    ) as aws:
        for estate in estates:
            for role in (*estate.central.administrators, *estate.central.readers, estate.central.break_glass):
                ensure_role(aws, role)
        aws.deploy(folder / "cdk.out")
        keys = {}
        for account in (two.ONE, two.TWO):
            trail = aws.session(account).client("cloudtrail")
            trail.create_trail(Name="own", S3BucketName="logs", IsMultiRegionTrail=True)
            trail.start_logging(Name="own")
            for alias in aws.session(account).client("kms").list_aliases()["Aliases"]:
                if alias["AliasName"].startswith("alias/tenant-"):
                    tenant = alias["AliasName"].removeprefix("alias/tenant-")
                    keys[tenant] = f"arn:aws:kms:{REGION}:{account}:key/{alias['TargetKeyId']}"
        assert {tenant: arn.split(":")[4] for tenant, arn in keys.items()} == {
            "acme": "111111111111",
            "globex": "111111111111",
            "initech": "444444444444",
            "umbrella": "444444444444",
        }
        yield Deployed(aws, keys, folder)


def alias_arn(tenant: str) -> str:
    return f"arn:aws:kms:{REGION}:{HOLDER[tenant]}:alias/tenant-{tenant}"


def refused(call: Callable[[], object]) -> bool:
    """Whether AWS denies the call; any other answer, and any other error, is not a denial."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return False


@pytest.mark.parametrize("tenant", ["acme", "initech"])
def test_each_tenant_uses_its_own_key_in_its_own_account(deployed: Deployed, tenant: str) -> None:
    for session in (deployed.tenant(tenant), deployed.tagged(tenant, tenant)):
        kms, context = session.client("kms"), {"tenant_id": tenant}
        sealed = kms.encrypt(KeyId=alias_arn(tenant), Plaintext=b"own", EncryptionContext=context)
        assert sealed["KeyId"] == deployed.keys[tenant]
        opened = kms.decrypt(
            KeyId=alias_arn(tenant), CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context
        )
        assert opened["Plaintext"] == b"own"


def principals(deployed: Deployed, tenant: str, victim: str) -> dict[str, boto3.Session]:
    """Everybody of a tenant's key account, and the workloads of its tenants."""
    account = HOLDER[tenant]
    return {
        "tenant": deployed.tenant(tenant),
        "tagged as itself": deployed.tagged(tenant, tenant),
        "tagged as the victim": deployed.tagged(tenant, victim),
        "root": deployed.aws.session(account),
        "administrator": deployed.person(f"{FOLDERS[account]}/KeyAdministrator"),
        "break-glass": deployed.person(f"{FOLDERS[account]}/KeyBreakGlass"),
        "operator": deployed.aws.session(credentials=operator_credentials(deployed.aws, account)),
        "workload": deployed.workload(TENANT_ROLES[tenant][0]),
        "task": deployed.workload(SHARED_ROLES[tenant][0]),
    }


@pytest.mark.parametrize(("tenant", "victim"), [("acme", "initech"), ("initech", "acme")])
def test_nobody_of_one_key_account_does_anything_with_a_key_of_the_other(
    deployed: Deployed, tenant: str, victim: str
) -> None:
    context = {"tenant_id": victim}
    sealed = deployed.tenant(victim).client("kms")
    blob = sealed.encrypt(KeyId=alias_arn(victim), Plaintext=b"secret", EncryptionContext=context)["CiphertextBlob"]
    allowed, tried = [], 0
    for who, session in principals(deployed, tenant, victim).items():
        kms = session.client("kms")
        for key in (alias_arn(victim), deployed.keys[victim]):
            calls: dict[str, Callable[[], object]] = {
                "Encrypt": partial(kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context),
                "Decrypt": partial(kms.decrypt, KeyId=key, CiphertextBlob=blob, EncryptionContext=context),
                "GenerateDataKey": partial(
                    kms.generate_data_key, KeyId=key, KeySpec="AES_256", EncryptionContext=context
                ),
                "DescribeKey": partial(kms.describe_key, KeyId=key),
            }
            if key == deployed.keys[victim]:
                calls |= {
                    "GetKeyPolicy": partial(kms.get_key_policy, KeyId=key),
                    "PutKeyPolicy": partial(kms.put_key_policy, KeyId=key, Policy="{}"),
                    "DisableKey": partial(kms.disable_key, KeyId=key),
                    "ScheduleKeyDeletion": partial(kms.schedule_key_deletion, KeyId=key),
                    "CreateGrant": partial(
                        kms.create_grant, KeyId=key, GranteePrincipal=TENANT_ROLES[tenant][1], Operations=["Decrypt"]
                    ),
                }
            for action, call in calls.items():
                tried += 1
                if not refused(call):
                    allowed.append((who, action, key))
        tried += 1
        if not refused(partial(kms.decrypt, CiphertextBlob=blob, EncryptionContext=context)):
            allowed.append((who, "Decrypt", "the key that the ciphertext names"))
    assert allowed == []
    assert tried == 9 * (4 + 9 + 1)


@pytest.mark.parametrize(("tenant", "victim"), [("acme", "initech"), ("initech", "acme")])
def test_nobody_of_one_key_account_obtains_a_role_of_the_other(deployed: Deployed, tenant: str, victim: str) -> None:
    got = []
    for who, session in principals(deployed, tenant, victim).items():
        sts = session.client("sts")
        for role, tags in ((TENANT_ROLES[victim][1], []), (SHARED_ROLES[victim][1], [("tenant_id", victim)])):
            given: Any = {"Tags": [{"Key": key, "Value": value} for key, value in tags]} if tags else {}
            if not refused(partial(sts.assume_role, RoleArn=role, RoleSessionName="test", **given)):
                got.append((who, role))
    assert got == []


@pytest.mark.parametrize(("name", "account"), [("one", two.ONE), ("two", two.TWO)])
def test_each_key_account_is_verified_beside_what_the_other_has_in_the_workload_account(
    deployed: Deployed, name: str, account: str, tmp_path: Path
) -> None:
    reader = deployed.person(f"{FOLDERS[account]}/SecurityAudit")

    def client_of(where: str, region: str, service: str) -> Any:
        session: Any = reader if where == account else deployed.aws.session(where)
        client = session.client(service, region_name=region)
        if service == "cloudformation":  # as the sessions of verify do
            client.meta.events.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
        return client

    manifest = deployed.folder / f"tenants.yaml#{name}"
    found = verify(manifest, deployed.folder / "cdk.out", Options(tmp_path / "record", share=1.0), client_of=client_of)
    assert {(one.kind, one.account, one.resource, one.what) for one in found.findings} == set()
    assert found.proof.proved
    assert found.keys == 3


def test_an_alias_of_the_same_name_in_the_other_account_opens_nothing(deployed: Deployed) -> None:
    """Anyone who deploys in account one names a key there as initech's is named in account two."""
    role = f"{FOLDERS[two.ONE]}/cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1"
    kms = deployed.aws.run_as(role, service="cloudformation.amazonaws.com").client("kms")
    kms.create_alias(AliasName="alias/tenant-initech", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    there = f"arn:aws:kms:{REGION}:{two.ONE}:alias/tenant-initech"
    context = {"tenant_id": "initech"}
    initech, acme = deployed.tenant("initech").client("kms"), deployed.tenant("acme").client("kms")
    assert refused(partial(initech.encrypt, KeyId=there, Plaintext=b"x", EncryptionContext=context))
    for name in (there, "alias/tenant-initech"):
        assert refused(partial(acme.encrypt, KeyId=name, Plaintext=b"x", EncryptionContext=context))
    sealed = initech.encrypt(KeyId="alias/tenant-initech", Plaintext=b"x", EncryptionContext=context)
    assert sealed["KeyId"] == deployed.keys["initech"]
    blob = sealed["CiphertextBlob"]
    assert refused(partial(acme.decrypt, KeyId=there, CiphertextBlob=blob, EncryptionContext=context))
