"""Five keys of different kinds, adopted end to end on the local AWS, with the work killed after every change."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tenant_keys.manifest import load_estate, read_lock
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.operations.adopt import AdoptionRefused
from tenant_keys.operations.adopt.describe import describe
from tenant_keys.operations.adopt.found_key import read_key
from tenant_keys.operations.adopt.importing import CHANGE_SET, Importer, Wanted
from tenant_keys.operations.adopt.probe import probe
from tenant_keys.operations.errors import UnknownTenant
from tenant_keys.policy.key_policy import key_policy
from tests.adopt.office import ALL, CELL, COPIES, HOME, OLD, OTHER, Killed, Kills, Office
from tests.local import handmade
from tests.local.bootstrap import bootstrap
from tests.local.test_kms_import import bring

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with LocalAws(accounts=(handmade.CENTRAL, handmade.WORKLOAD)) as aws:
        topic = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}}
        stacks = {f"Bootstrapped-{region}": (handmade.CENTRAL, region, topic) for region in (HOME, OTHER)}
        bootstrap(aws, handmade.write_assembly(tmp_path_factory.mktemp("boot") / "cdk.out", stacks))
        yield Office(aws, tmp_path_factory.mktemp("project"))


def plain(office: Office) -> str:
    kms = office.client("kms")
    made = kms.create_key(Description="old", Tags=[{"TagKey": "owner", "TagValue": "shop"}])["KeyMetadata"]
    kms.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=180)
    kms.create_alias(AliasName="alias/shop/acme", TargetKeyId=made["KeyId"])
    return str(made["Arn"])


def imported(office: Office) -> str:
    kms = office.client("kms")
    made = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    bring(kms, made["KeyId"], secrets.token_bytes(32))
    kms.create_alias(AliasName="alias/shop/globex", TargetKeyId=made["KeyId"])
    return str(made["Arn"])


def replicated(office: Office) -> str:
    kms = office.client("kms")
    made = kms.create_key(MultiRegion=True)["KeyMetadata"]
    kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=OTHER)
    for region in (HOME, OTHER):
        office.client("kms", region).create_alias(AliasName="alias/shop/umbrella", TargetKeyId=made["KeyId"])
    return str(made["Arn"])


def retained(office: Office) -> str:
    """Its stack was deployed, and deleted: key and alias stay."""
    office.write(OLD)
    bring_up_to_date(office.manifest).write()
    before = office.synthesize(office.folder / "before")
    bootstrap(office.aws, before)
    cloudformation = office.client("cloudformation")
    cloudformation.create_stack(
        StackName=CELL,
        TemplateBody=(before / f"{CELL}.template.json").read_text(encoding="utf-8"),
        RoleARN=f"arn:aws:iam::{handmade.CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{handmade.CENTRAL}-{HOME}",
        EnableTerminationProtection=True,
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=CELL, WaiterConfig={"Delay": 0})
    key = office.resources(CELL)["Keyinitech"]
    cloudformation.update_termination_protection(StackName=CELL, EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName=CELL)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=CELL, WaiterConfig={"Delay": 1})
    return f"arn:aws:kms:{HOME}:{handmade.CENTRAL}:key/{key}"


def cancelled(office: Office) -> str:
    """Its deletion was scheduled and cancelled: it comes back disabled."""
    kms = office.client("kms")
    made = kms.create_key()["KeyMetadata"]
    kms.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=100)
    kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    kms.cancel_key_deletion(KeyId=made["KeyId"])
    return str(made["Arn"])


def test_five_keys_are_adopted_though_the_work_is_killed_after_every_change(office: Office) -> None:
    keys = {
        "initech": retained(office),
        "acme": plain(office),
        "globex": imported(office),
        "umbrella": replicated(office),
        "wonka": cancelled(office),
    }
    before = {tenant: office.policy(arn) for tenant, arn in keys.items()}
    sealed = office.client("kms").encrypt(
        KeyId="alias/shop/acme", Plaintext=b"old data", EncryptionContext={"tenant_id": "acme"}
    )
    office.write(ALL)
    for tenant, key in office.adoption(keys).plan().items():
        print(describe(tenant, key))  # noqa: T201  # shown with -s
    kills = Kills()
    runs = 0
    while True:
        runs += 1
        try:
            for done in office.adoption(keys, kills).run():
                print(f"  {runs:2}: {done}")  # noqa: T201
        except Killed as kill:
            print(f"  {runs:2}: killed after {kill}")  # noqa: T201
            continue
        break
    assert {name.split()[0] for name in kills.seen} >= {"create_alias", "create_change_set", "execute_change_set"}
    assert runs == len(kills.killed) + 1
    assert len(kills.killed) == math.ceil(len(kills.seen) / kills.each)
    assert list(office.adoption(keys).run()) == ["proved the estate with 5 adopted keys"]

    # Taken as they are: the same keys, policies and old aliases.
    ids = {tenant: arn.rpartition("/")[2] for tenant, arn in keys.items()}
    assert office.resources(CELL) == {
        **{f"Key{tenant}": key for tenant, key in ids.items()},
        **{f"Alias{tenant}": f"alias/tenant-{tenant}" for tenant in ids},
    }
    assert office.resources(COPIES, OTHER) == {
        "Replicaumbrella": ids["umbrella"],
        "Aliasumbrella": "alias/tenant-umbrella",
    }
    assert {tenant: office.policy(arn) for tenant, arn in keys.items()} == before
    entries = read_lock(office.manifest.with_suffix(".lock")).entries
    assert {name: (e.origin, e.multi_region, e.key_id, e.rotation_days) for name, e in entries.items()} == {
        "acme": ("aws-kms", False, None, None),
        "globex": ("imported", False, None, None),
        "initech": ("aws-kms", False, None, None),
        "umbrella": ("aws-kms", True, ids["umbrella"], None),
        "wonka": ("aws-kms", False, None, 100),
    }

    # The workload reaches them by their new names, under the present policies.
    assembly = office.synthesize(office.folder / "after")
    roles = ["tenant-keys-roles-001", "tenant-keys-workload-222222222222-eu-west-1"]
    office.aws.deploy(assembly, stacks=roles)
    orders = office.aws.run_as(f"arn:aws:iam::{handmade.WORKLOAD}:role/tenant-keys-orders")

    def probed() -> list[str]:
        active = {tenant: arn for tenant, arn in keys.items() if tenant != "wonka"}

        def open_kms(credentials: Any, region: str) -> Any:
            return office.aws.session(credentials=credentials, region=region).client("kms")

        return list(probe(load_estate(office.manifest), "orders", active, orders.client("sts"), open_kms))

    agreed = probed()
    alias = f"arn:aws:kms:{HOME}:{handmade.CENTRAL}:alias/tenant-acme"
    assert f"acme: orders may DescribeKey, Decrypt, GenerateDataKey by {alias}" in [
        line.replace("GenerateDataKey, Decrypt", "Decrypt, GenerateDataKey") for line in agreed
    ]
    assert len(agreed) == 4

    # Ours, by an ordinary deployment; nothing was created or re-encrypted, and the old names stay.
    office.aws.deploy(assembly)
    assert probed() == agreed
    made = load_estate(office.manifest)
    for tenant, arn in keys.items():
        assert office.policy(arn) == key_policy(made.tenants[tenant], made)
    assert office.policy(ids["umbrella"], OTHER) == key_policy(made.tenants["umbrella"], made)
    assert office.resources(CELL)["Keyacme"] == ids["acme"]
    names = {alias["AliasName"] for alias in office.client("kms").list_aliases()["Aliases"]}
    assert {"alias/shop/acme", "alias/shop/globex", "alias/shop/umbrella"} <= names
    described = office.client("kms").describe_key(KeyId=keys["wonka"])["KeyMetadata"]
    assert described["KeyState"] == "Disabled"
    role = f"arn:aws:iam::{handmade.CENTRAL}:role/tenant-keys/orders/tenant-acme.orders"
    given = orders.client("sts").assume_role(RoleArn=role, RoleSessionName="orders")["Credentials"]
    opened = (
        office.aws.session(credentials=given)
        .client("kms")
        .decrypt(
            KeyId=f"arn:aws:kms:{HOME}:{handmade.CENTRAL}:alias/tenant-acme",
            CiphertextBlob=sealed["CiphertextBlob"],
            EncryptionContext={"tenant_id": "acme"},
        )
    )
    assert opened["Plaintext"] == b"old data"


def only_root(*denied: str) -> str:
    """The default policy, which keeps CloudFormation's role from some calls."""
    deny: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": list(denied), "Resource": "*"}
    deny["Condition"] = {"StringLike": {"aws:PrincipalArn": "*cfn-exec*"}}
    allow = handmade.allow("Root", ["kms:*"], Principal=handmade.ROOT, Resource="*")
    return json.dumps(handmade.document(allow, deny))


def refused(office: Office, **keys: str) -> str:
    lock = office.manifest.with_suffix(".lock")
    before = lock.read_bytes() if lock.exists() else None
    with pytest.raises(AdoptionRefused) as refusal:
        list(office.adoption(keys).run())
    assert (lock.read_bytes() if lock.exists() else None) == before
    return str(refusal.value)


def test_what_cannot_be_adopted_is_refused_with_every_reason(office: Office) -> None:
    office.write("  hooli: {}\n  piedpiper: {}\n" + ALL)
    kms = office.client("kms")

    def key(**parameters: Any) -> str:
        return str(kms.create_key(**parameters)["KeyMetadata"]["Arn"])

    dying, granted, named, locked_out, other = key(), key(), key(), key(Policy=only_root("kms:PutKeyPolicy")), key()
    kms.schedule_key_deletion(KeyId=dying, PendingWindowInDays=7)
    admin = f"arn:aws:iam::{handmade.CENTRAL}:role/KeyAdministrator"
    kms.create_grant(KeyId=granted, GranteePrincipal=admin, Operations=["Decrypt"])
    kms.create_alias(AliasName="alias/tenant-other", TargetKeyId=named)
    elsewhere = office.client("kms", "eu-west-3").create_key()["KeyMetadata"]["Arn"]
    cases = {
        dying: "the key is PendingDeletion; have break-glass cancel its deletion first",
        granted: "the key has 1 grants, which the estate's key policy would make useless; retire them first",
        named: "the key has the alias alias/tenant-other, another tenant's; delete that first",
        locked_out: "denies cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1 PutKeyPolicy; allow these actions",
        elsewhere: "the key is in eu-west-3, which is not a Region of central.regions; add it there",
    }
    for arn, expected in cases.items():
        assert expected in refused(office, hooli=arn), expected
    assert "is to be hooli's too; one key serves one tenant" in refused(office, hooli=other, piedpiper=other)
    with pytest.raises(UnknownTenant, match="no tenant nobody; see: tenant-keys tenant list"):
        office.adoption({"nobody": other}).plan()
    assert "alias/tenant-acme in eu-west-1 names" in refused(office, acme=other)
    assert "give the ARN of the key" in refused(office, hooli="alias/x")
    both = refused(office, hooli=dying, piedpiper=granted).splitlines()
    assert [line.split(":")[0] for line in both] == ["hooli", "piedpiper"]


def test_a_birth_that_the_manifest_contradicts_is_refused(office: Office) -> None:
    office.write("  hooli: {key: {multi_region: true}}\n" + ALL)
    arn = str(office.client("kms").create_key()["KeyMetadata"]["Arn"])
    said = refused(office, hooli=arn)
    assert "the key is aws-kms, single-Region, in eu-west-1, but manifest and lock say aws-kms, multi-Region" in said


def resources(tenant: str) -> dict[str, Any]:
    """Key and alias as a template of the app has them."""
    found = handmade.key(tenant, KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT", Origin="AWS_KMS")
    found[f"Key{tenant}"]["Properties"] |= {"MultiRegion": False, "PendingWindowInDays": 30}
    return found


def test_202_resources_are_imported_in_two_change_sets_through_s3(office: Office) -> None:
    """CloudFormation API, CreateChangeSet: at most 200 resources; a template over 51,200 bytes comes from S3."""
    kms, wanted = office.client("kms"), []
    for number in range(101):
        tenant = f"many{number:03d}"
        key = kms.create_key(Description="as it was")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/tenant-{tenant}", TargetKeyId=key)
        own = resources(tenant)
        wanted.append(Wanted(f"Key{tenant}", own[f"Key{tenant}"], {"KeyId": key}, read_key(kms, key)))
        wanted.append(Wanted(f"Alias{tenant}", own[f"Alias{tenant}"], {"AliasName": f"alias/tenant-{tenant}"}, None))
    uploaded: list[int] = []

    def upload(body: bytes, name: str) -> str:
        uploaded.append(len(body))
        bucket = f"cdk-hnb659fds-assets-{handmade.CENTRAL}-{HOME}"
        office.client("s3").put_object(Bucket=bucket, Key=name, Body=body)
        return f"https://s3.{HOME}.amazonaws.com/{bucket}/{name}"

    cloudformation = office.client("cloudformation")
    role = f"arn:aws:iam::{handmade.CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{handmade.CENTRAL}-{HOME}"
    done = list(Importer(cloudformation, "tenant-keys-cell-eu-west-1-900", role, upload).run(wanted))
    assert [line.count("Key") for line in done] == [100, 1]
    assert len(uploaded) == 2
    assert all(size > 51_200 for size in uploaded)
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName="tenant-keys-cell-eu-west-1-900")
    assert sum(len(page["StackResourceSummaries"]) for page in pages) == 202
    assert list(Importer(cloudformation, "tenant-keys-cell-eu-west-1-900", role, upload).run(wanted)) == []


def test_the_local_aws_refuses_imports_as_aws_does(office: Office) -> None:
    cloudformation = office.client("cloudformation")
    key = office.client("kms").create_key()["KeyMetadata"]["KeyId"]
    own = resources("strict")

    def create(number: int, template: dict[str, Any], identifier: str = key) -> Any:
        one: dict[str, Any] = {"ResourceType": "AWS::KMS::Key", "LogicalResourceId": "Keystrict"}
        one |= {"ResourceIdentifier": {"KeyId": identifier}}
        cloudformation.create_change_set(
            StackName="Strict",
            ChangeSetName=CHANGE_SET,
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps({"Resources": template}),
            ResourcesToImport=[one] * number,
        )
        return cloudformation.describe_change_set(StackName="Strict", ChangeSetName=CHANGE_SET)

    with pytest.raises(ClientError, match="Member must have length less than or equal to 200"):
        create(201, {"Keystrict": own["Keystrict"]})
    unkept = {name: value for name, value in own["Keystrict"].items() if name != "DeletionPolicy"}
    with pytest.raises(ClientError, match="must have DeletionPolicy"):
        create(1, {"Keystrict": unkept})
    with pytest.raises(ClientError, match="is missing from ResourceToImport list"):
        create(1, own)
    missing = create(1, {"Keystrict": own["Keystrict"]}, "0" * 36)
    assert (missing["Status"], "does not exist" in missing["StatusReason"]) == ("FAILED", True)
