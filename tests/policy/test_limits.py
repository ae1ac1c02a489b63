"""Each size that AWS limits: a manifest that breaks it, and what its author reads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from tenant_constructs.access_role import SharedAccessRole, TenantAccessRole
from tenant_constructs.tenant_key import TenantKey
from tenant_constructs.workload_role import WorkloadParameter, WorkloadTrustRole
from tenant_keys.aws_facts.quotas import (
    INLINE_POLICY_CHARACTERS,
    KEY_POLICY_BYTES,
    MANAGED_POLICY_CHARACTERS,
    PARAMETER_CHARACTERS,
    TEMPLATE_BYTES,
    TEMPLATE_RESOURCES,
    TRUST_POLICY_CHARACTERS,
)
from tenant_keys.manifest import Estate
from tenant_keys.manifest.model import Quotas
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_keys.policy.template_size import ADDED_BY_CDK
from tenant_stacks import add_stacks, template_limits
from tenant_stacks.template_limits import check_template
from tenant_stacks.validation import synthesize
from tests.policy.estates import estate_of_text, manifest


def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "stack")


def test_the_limits_are_those_of_aws() -> None:
    """Source: KMS, IAM, STS, SSM and CloudFormation quotas."""
    assert (KEY_POLICY_BYTES, INLINE_POLICY_CHARACTERS) == (32_768, 10_240)
    assert (PARAMETER_CHARACTERS, TEMPLATE_BYTES, TEMPLATE_RESOURCES) == (4_096, 1_000_000, 499)
    assert (TRUST_POLICY_CHARACTERS, MANAGED_POLICY_CHARACTERS) == (2_048, 6_144)


def in_regions(estate: Estate, count: int) -> Estate:
    """The estate in more Regions than AWS has, which no manifest may name."""
    regions = ("eu-west-1", *(f"eu-{a}{b}-1" for a in "abcdefghijkl" for b in "abcdefghij"))[:count]
    deployers = estate.central.deployers
    if "cfn-exec-role" in deployers[0]:
        deployers = tuple(deployers[0].replace("eu-west-1", region) for region in regions)
    central = replace(estate.central, regions=regions, deployers=deployers)
    workloads = {name: replace(each, regions=regions) for name, each in estate.workloads.items()}
    return replace(estate, central=central, workloads=workloads)


def served_by(number: int) -> Estate:
    names = [f"workload-{index:03d}" for index in range(number)]
    workloads = "\n".join(f"  {name}: {{account: '222222222222', runs_on: lambda}}" for name in names)
    return estate_of_text(manifest(workloads=workloads, tenants=f"  acme: {{workloads: [{', '.join(names)}]}}"))


def test_a_key_policy_has_room_for_fifty_workloads() -> None:
    TenantKey(stack(), "Construct", tenant=served_by(50).tenants["acme"], estate=served_by(50), cell="c")


def test_a_key_policy_that_is_too_large_names_the_tenant_and_the_way_out() -> None:
    estate = served_by(90)
    with pytest.raises(PolicyTooLarge) as refused:
        TenantKey(stack(), "Construct", tenant=estate.tenants["acme"], estate=estate, cell="c")
    text = str(refused.value)
    assert text.startswith("key policy of tenant acme: got 4")
    assert text.endswith(
        "characters, AWS accepts 32,768; let fewer workloads serve this tenant, which has 90, "
        "or name one role for all Regions in central.deployment_roles"
    )


def test_naming_one_deployment_role_is_a_way_out_where_regions_fill_the_key_policy() -> None:
    estate = in_regions(estate_of_text(manifest()), 55)
    with pytest.raises(PolicyTooLarge, match=r"which has 1, or name one role for all Regions"):
        TenantKey(stack(), "Construct", tenant=estate.tenants["acme"], estate=estate, cell="c")
    named = in_regions(estate_of_text(manifest(deployment_roles="[role/Deploy]")), 55)
    TenantKey(stack(), "Construct", tenant=named.tenants["acme"], estate=named, cell="c")


@pytest.mark.parametrize(
    ("runs_on", "reported"),
    [
        ("runs_on: ecs", "trust policy of role tenant-keys-orders: got 2,"),
        ("runs_on: existing-role, role: role/Orders", "policy of workload orders: got 6,"),
    ],
)
def test_a_policy_in_a_workload_account_that_is_too_large_names_the_workload_and_the_way_out(
    runs_on: str, reported: str
) -> None:
    """Its account's quotas are the defaults, for all that the manifest knows."""
    count = 60 if "ecs" in runs_on else 92
    text = manifest(workloads=f"  orders: {{account: '222222222222', {runs_on}}}")
    estate = in_regions(estate_of_text(text), count)
    with pytest.raises(PolicyTooLarge) as refused:
        WorkloadTrustRole(stack(), "Construct", workload=estate.workloads["orders"], estate=estate)
    assert str(refused.value).startswith(reported)
    assert str(refused.value).endswith("name fewer Regions in workloads.orders.regions")


def with_quota(estate: Estate, characters: int) -> Estate:
    quotas = Quotas(iam_roles=1_000, trust_policy_characters=characters)
    return replace(estate, central=replace(estate.central, quotas=quotas))


def test_a_trust_policy_that_is_too_large_names_the_role_and_the_way_out() -> None:
    """No manifest is known that reaches 2,048 characters; the check is there for one that does."""
    estate = with_quota(estate_of_text(manifest()), 100)
    with pytest.raises(PolicyTooLarge, match=r"trust policy of role tenant-acme\.orders: got 319 characters, AWS acc"):
        TenantAccessRole(
            stack(), "Role", tenant=estate.tenants["acme"], workload=estate.workloads["orders"], estate=estate, cell="c"
        )


def test_an_inline_policy_that_is_too_large_names_the_role_and_the_way_out() -> None:
    """AWS has fewer Regions than it takes."""
    text = manifest(workloads="  orders: {account: '222222222222', runs_on: lambda, access: session-tag}")
    estate = in_regions(estate_of_text(text), 121)
    with pytest.raises(PolicyTooLarge, match=r"policy of role shared\.orders: got 1\d,\d{3}.*fewer Regions in central"):
        SharedAccessRole(stack(), "Construct", workload=estate.workloads["orders"], estate=estate)


def test_a_parameter_that_is_too_large_names_the_workload_and_the_way_out() -> None:
    """Tenants whose keys are elsewhere than most are listed one by one."""
    tenants = "\n".join(
        f"  tenant-{number:03d}: {{workloads: [orders]{', key: {region: eu-central-1}' if number % 2 else ''}}}"
        for number in range(101)
    )
    estate = estate_of_text(manifest(tenants=tenants))
    with pytest.raises(PolicyTooLarge) as refused:
        WorkloadParameter(stack(), "Construct", workload=estate.workloads["orders"], estate=estate, region="eu-west-1")
    text = str(refused.value)
    assert text.startswith("parameter of workload orders in eu-west-1: got ")
    way_out = "give fewer of its tenants a key.region, make them multi_region, or make fewer of them opaque"
    assert f"SSM accepts 4,096; {way_out}" in text


def written(folder: Path, resources: dict[str, Any]) -> Path:
    template = folder / "cell.template.json"
    template.write_text(json.dumps({"Resources": resources}, separators=(",", ":")), encoding="utf-8")
    return template


def test_a_template_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """By the byte."""
    frame = len('{"Resources":{"Key":{"Type":"AWS::KMS::Key","Properties":{"Description":""}}}}')
    for size, fits in ((TEMPLATE_BYTES, True), (TEMPLATE_BYTES + 1, False)):
        description = "x" * (size - frame)
        key = {"Type": "AWS::KMS::Key", "Properties": {"Description": description}}
        template = written(tmp_path, {"Key": key})
        assert template.stat().st_size == size
        if fits:
            check_template(template, "cell")
            continue
        with pytest.raises(PolicyTooLarge, match=r"^stack cell: got a template of 1,000,001 bytes") as refused:
            check_template(template, "cell")
        assert "let fewer workloads serve its tenants, use access session-tag, or name one role" in str(refused.value)


def test_a_stack_with_more_resources_than_cloudformation_takes_is_refused(tmp_path: Path) -> None:
    roles: dict[str, Any] = {f"Role{number}": {"Type": "AWS::IAM::Role", "Properties": {}} for number in range(499)}
    check_template(written(tmp_path, {**roles, "CDKMetadata": {"Type": "AWS::CDK::Metadata"}}), "cell")
    roles["Role499"] = roles["Role0"]
    with pytest.raises(PolicyTooLarge, match="got 500 resources, CloudFormation accepts 499 beside the one") as refused:
        check_template(written(tmp_path, roles), "cell")
    assert str(refused.value).endswith("spread the workloads over more accounts, or declare fewer")


def test_the_refusal_of_a_template_ends_the_synth_with_its_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(template_limits, "TEMPLATE_BYTES", 5_000)
    app = cdk.App(outdir=str(tmp_path), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate_of_text(manifest()))
    with pytest.raises(SystemExit, match=r"^stack tenant-keys-cell-eu-west-1-001: got a template of .* accepts 5,000"):
        synthesize(app)


def test_a_template_leaves_room_for_what_the_cdk_adds(sample_templates: dict[str, Any]) -> None:
    for template in sample_templates.values():
        beside = {name: section for name, section in template.items() if name != "Resources"}
        assert 100 < len(json.dumps(beside)) < ADDED_BY_CDK - 1_000  # the CLI adds a resource of its own
