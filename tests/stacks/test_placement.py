"""Which tenants and roles are in which cell, and what each stack says of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tenant_keys.manifest import Estate
from tenant_stacks.members import key_cells, role_cells
from tenant_stacks.placement import role_region
from tenant_stacks.validation import accepted_findings
from tests.policy.estates import UMBRELLA_KEY, estate_of_text, manifest, sample, with_tenant
from tests.stacks.synth import artifacts, synthesized
from tests.stacks.test_workload_accounts import everywhere

ROTATION = "KMSBackingKeyRotationEnabled"
INLINE = "IAMNoInlinePolicy"
PACKS = ("NIST.800.53.R5::NIST.800.53.R5", "HIPAA.Security::HIPAA.Security", "PCI.DSS.321::PCI.DSS.321")


def scattered() -> Estate:
    """Cells out of the order of ids, two Regions, a tenant that leaves, workloads of each access."""
    workloads = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag}
  legacy: {account: '222222222222', runs_on: existing-role, role: role/shop/Legacy}"""
    tenants = """\
  a: {workloads: [orders, billing]}
  b: {workloads: [orders, legacy], rotation_days: off}
  c: {workloads: [orders], key: {region: eu-central-1, origin: imported, import_role: role/import-c}}
  d: {workloads: [orders], state: offboarding}"""
    estate = estate_of_text(manifest(workloads, tenants))
    estate = with_tenant(estate, "a", cell=2, role_cells={"orders": 3})
    return with_tenant(estate, "b", role_cells={"orders": 2, "legacy": 3})


def test_key_cells_are_in_the_order_of_regions_and_numbers() -> None:
    found = [(region, number, [tenant.id for tenant in tenants]) for region, number, tenants in key_cells(scattered())]
    assert found == [("eu-central-1", 1, ["c"]), ("eu-west-1", 1, ["b", "d"]), ("eu-west-1", 2, ["a"])]


def test_role_cells_hold_the_roles_of_single_tenants_that_stay() -> None:
    found = [(n, [(tenant.id, workload.name) for tenant, workload in roles]) for n, roles in role_cells(scattered())]
    assert found == [(1, [("c", "orders")]), (2, [("b", "orders")]), (3, [("a", "orders"), ("b", "legacy")])]


def test_a_role_is_in_the_home_region_but_where_a_certificate_authority_is_elsewhere() -> None:
    estate = everywhere()
    regions = {name: role_region(workload, estate) for name, workload in estate.workloads.items()}
    assert regions.pop("premises") == "eu-central-1"
    assert set(regions.values()) == {"eu-west-1"}


def test_a_finding_is_accepted_at_the_construct_that_it_is_about() -> None:
    found = {(entry.scope, entry.finding) for entry in accepted_findings(scattered())}
    cell_b, cell_c = "tenant-keys-cell-eu-west-1-001", "tenant-keys-cell-eu-central-1-001"
    keys = [f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:aws:kms:{region}:111111111111:key/*]" for region in REGIONS]
    roles = "AwsSolutions::AwsSolutions-IAM5[Resource::arn:aws:iam::111111111111:role/tenant-keys/{}/*]".format
    home = "tenant-keys-workload-222222222222-eu-west-1"
    access = ("tenant-keys-roles-001", "tenant-keys-roles-002", "tenant-keys-roles-003", "tenant-keys-shared-access")
    reporting = [(account, region) for account in ("222222222222", "333333333333") for region in REGIONS]
    assert found == {
        *(
            ((stack, tenant), finding)
            for stack, tenant in ((cell_b, "b"), (cell_c, "c"))
            for finding in (f"{PACKS[0]}-{ROTATION}", f"{PACKS[2]}-{ROTATION}", "AwsSolutions::AwsSolutions-KMS5")
        ),
        *(
            ((stack,), f"{pack}-{INLINE}")
            for stack in (*access, *(f"tenant-keys-workload-{account}-{region}" for account, region in reporting))
            for pack in PACKS
        ),
        *(((stack,), finding) for stack in access for finding in keys),
        ((home, "orders"), roles("orders")),
        ((home, "legacy"), roles("legacy")),
    }


REGIONS = ("eu-west-1", "eu-central-1")


def test_an_estate_of_roles_for_each_tenant_alone_accepts_nothing_of_a_shared_stack() -> None:
    estate = estate_of_text(manifest())
    assert not [entry for entry in accepted_findings(estate) if "tenant-keys-shared-access" in entry.scope]
    assert {entry.scope[0] for entry in accepted_findings(estate)} == {
        "tenant-keys-roles-001",
        "tenant-keys-workload-222222222222-eu-central-1",
        "tenant-keys-workload-222222222222-eu-west-1",
    }


def test_a_cell_with_a_custodians_role_accepts_the_roles_inline_policy_and_its_keys() -> None:
    custodian = "{account: '555555555555', role: role/Keys, external_id: g-1}"
    tenants = f"""\
  a: {{workloads: [orders]}}
  b: {{workloads: [orders], key: {{region: eu-central-1, origin: imported, custodian: {custodian}}}}}"""
    found = accepted_findings(estate_of_text(manifest(tenants=tenants)))
    cell = ("tenant-keys-cell-eu-central-1-001",)
    assert {entry.finding for entry in found if entry.scope == cell} == {
        *(f"{pack}-{INLINE}" for pack in PACKS),
        *(f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:aws:kms:{region}:111111111111:key/*]" for region in REGIONS),
    }
    assert not [entry for entry in found if entry.scope[0] == "tenant-keys-cell-eu-west-1-001"]


def test_the_findings_on_the_hook_and_the_own_trail_are_accepted_where_they_are() -> None:
    """The reasons of each pack of rules are those of `tenant_keys.policy.acknowledged`."""
    text = manifest(regions="eu-west-1", deletion_hook="true") + "audit: {trail: own}\n"
    found = {(one.scope, one.finding) for one in accepted_findings(estate_of_text(text))}
    hook, trail, bucket = ("tenant-keys-hook-eu-west-1",), (*TRAIL, "Trail"), (*TRAIL, "Bucket")
    logs = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/tenant-keys-hook:*"
    assert {one for one in found if one[0] in (hook, trail, bucket)} == {
        (hook, f"AwsSolutions::AwsSolutions-IAM5[Resource::{logs}]"),
        *((hook, f"{pack}-{name}") for pack in PACKS for name in (INLINE, "CloudWatchLogGroupEncrypted")),
        *((hook, f"{pack}-LambdaInsideVPC") for pack in PACKS),
        *((hook, f"{pack}-{name}") for pack in PACKS[:2] for name in ("LambdaConcurrency", "LambdaDLQ")),
        (bucket, "AwsSolutions::AwsSolutions-S1"),
        *((bucket, f"{pack}-{name}") for pack in PACKS for name in BUCKET),
        *((trail, f"{pack}-{name}") for pack in PACKS for name in RECORDING),
    }


TRAIL = ("tenant-keys-trail", "Trail")
BUCKET = ("S3BucketLoggingEnabled", "S3BucketReplicationEnabled", "S3DefaultEncryptionKMS")
RECORDING = ("CloudTrailEncryptionEnabled", "CloudTrailCloudWatchLogsEnabled")


def test_a_workload_of_an_existing_role_or_of_tokens_alone_has_no_inline_policy() -> None:
    estate = scattered()
    lone = replace(estate, audit=None, workloads={"legacy": estate.workloads["legacy"]}, tenants={})
    assert [entry.scope for entry in accepted_findings(lone)] == [
        ("tenant-keys-workload-222222222222-eu-west-1", "legacy")
    ]


def test_each_stack_says_what_it_holds_and_is_written_without_white_space(tmp_path: Path) -> None:
    templates = synthesized(with_tenant(sample(), "umbrella", multi_region_key_id=UMBRELLA_KEY), tmp_path)
    central, orders, billing = "aws://111111111111/", "aws://222222222222/", "aws://333333333333/"
    expected = {
        "tenant-keys-cell-eu-west-1-001": (f"{central}eu-west-1", "Tenants' keys, cell eu-west-1-001"),
        "tenant-keys-replica-eu-central-1-of-eu-west-1-001": (
            f"{central}eu-central-1",
            "Replicas in eu-central-1 of cell eu-west-1-001",
        ),
        "tenant-keys-roles-001": (f"{central}eu-west-1", "Access roles of single tenants, cell 001"),
        "tenant-keys-shared-access": (f"{central}eu-west-1", "Access roles that tenants share"),
        **{
            f"tenant-keys-audit-{region}": (f"{central}{region}", f"Detection of misuse of tenants' keys in {region}")
            for region in REGIONS
        },
        **{
            f"tenant-keys-workload-{account}-{region}": (
                f"{place}{region}",
                f"Workload roles and parameters in account {account}",
            )
            for account, place in (("222222222222", orders), ("333333333333", billing))
            for region in REGIONS
        },
    }
    places = artifacts(tmp_path)
    assert {name: (places[name]["environment"], template["Description"]) for name, template in templates.items()} == (
        expected
    )
    for name, template in templates.items():
        text = (tmp_path / f"{name}.template.json").read_text(encoding="utf-8")
        assert text == json.dumps(template, separators=(",", ":"), ensure_ascii=False), name
        assert places[name]["properties"].get("stackName", name) == name
