"""The SSM parameter that tells a workload its roles and aliases."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tenant_constructs.workload_role import WorkloadParameter
from tenant_keys.manifest import Estate
from tests.constructs.synthesized import made
from tests.policy.estates import UMBRELLA_KEY, estate_of_text, manifest, sample, with_tenant


def parameter(estate: Estate, workload: str, region: str) -> dict[str, Any]:
    (resource,) = made(WorkloadParameter, workload=estate.workloads[workload], estate=estate, region=region).values()
    assert resource["Type"] == "AWS::SSM::Parameter"
    value = json.loads(resource["Properties"].pop("Value"))
    assert resource["Properties"] == {
        "Name": f"/tenant-keys/{workload}",
        "Type": "String",
        "Description": f"Roles and aliases of workload {workload}",
        "Tags": {"tenant-keys:project": "tenant-keys"},
    }
    found: dict[str, Any] = value
    return found


ALIAS = "arn:aws:kms:{}:111111111111:alias/tenant-{}".format


def test_a_parameter_gives_a_workload_its_roles_and_aliases() -> None:
    estate = with_tenant(sample(), "umbrella", multi_region_key_id=UMBRELLA_KEY)
    orders = {
        "version": 1,
        "workload": "orders",
        "access": "tenant-role",
        "role_arn": "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-{tenant_id}.orders",
        "alias_arn": ALIAS("eu-west-1", "{tenant_id}"),
        "operations": ["decrypt", "encrypt"],
        "exceptions": {},
    }
    assert parameter(estate, "orders", "eu-west-1") == orders
    assert parameter(estate, "orders", "eu-central-1") == {
        **orders,
        "exceptions": {"umbrella": ALIAS("eu-central-1", "umbrella")},
    }
    assert parameter(estate, "billing", "eu-west-1") == {
        "version": 1,
        "workload": "billing",
        "access": "session-tag",
        "role_arn": "arn:aws:iam::111111111111:role/tenant-keys/billing/shared.billing",
        "alias_arn": ALIAS("eu-west-1", "{tenant_id}"),
        "operations": ["decrypt"],
        "exceptions": {},
    }


def test_a_workload_without_tenants_is_given_the_home_region() -> None:
    estate = replace(sample(), tenants={})
    assert parameter(estate, "orders", "eu-central-1")["alias_arn"] == ALIAS("eu-west-1", "{tenant_id}")


def test_the_aliases_region_is_that_of_most_tenants() -> None:
    tenants = """\
  a: {workloads: [orders], key: {region: eu-central-1}}
  b: {workloads: [orders], key: {region: eu-central-1}}
  c: {workloads: [orders]}"""
    value = parameter(estate_of_text(manifest(tenants=tenants)), "orders", "eu-west-1")
    assert value["alias_arn"] == ALIAS("eu-central-1", "{tenant_id}")
    assert value["exceptions"] == {"c": ALIAS("eu-west-1", "c")}


def test_tenants_of_other_workloads_are_no_business_of_a_parameter() -> None:
    workloads = """\
  orders: {account: '222222222222', runs_on: lambda}
  desk: {account: '222222222222', runs_on: lambda}"""
    tenants = """\
  a: {workloads: [desk], key: {region: eu-central-1}}
  b: {workloads: [desk], key: {region: eu-central-1}}
  c: {workloads: [orders]}"""
    value = parameter(estate_of_text(manifest(workloads, tenants)), "orders", "eu-west-1")
    assert value["alias_arn"] == ALIAS("eu-west-1", "{tenant_id}")
    assert value["exceptions"] == {}


def test_a_parameter_is_written_without_white_space() -> None:
    """A standard parameter holds 4,096 characters (Systems Manager quotas)."""
    estate = sample()
    workload = estate.workloads["orders"]
    (parameter,) = made(WorkloadParameter, workload=workload, estate=estate, region="eu-west-1").values()
    value = parameter["Properties"]["Value"]
    assert value.startswith('{"version":1,"workload":"orders","access":"tenant-role","role_arn":"arn:aws:iam::')
    assert " " not in value


def test_a_parameter_has_active_keys_that_tenants_hold_and_their_grace_in_seconds() -> None:
    arn = "arn:aws:kms:eu-west-1:555555555555:key/11111111-2222-3333-4444-555555555555"
    tenants = f"""\
  a: {{workloads: [orders]}}
  b: {{workloads: [orders], key: {{held_by: tenant, arns: {{eu-west-1: '{arn}'}}, grace_minutes: 30}}}}"""
    registered = estate_of_text(manifest(tenants=tenants))
    assert "held" not in parameter(registered, "orders", "eu-west-1")
    held = registered.tenants["b"].held
    assert held is not None
    value = parameter(
        with_tenant(registered, "b", held=replace(held, active={"eu-west-1": arn})), "orders", "eu-west-1"
    )
    assert value["held"] == {"b": {"key_arn": arn, "grace_seconds": 1_800}}
    assert value["exceptions"] == {}


def test_a_parameter_has_the_opaque_name_of_each_id_that_has_one() -> None:
    estate = estate_of_text(manifest(tenants="  a: {workloads: [orders]}\n  b: {workloads: [orders]}"))
    name = "x-abcdefghijklmnopqrstuvwxyz"
    opaque = replace(estate, tenants={"a": estate.tenants["a"], name: replace(estate.tenants["b"], id=name)})
    assert parameter(opaque, "orders", "eu-west-1")["ids"] == {"b": name}
    assert "ids" not in parameter(estate, "orders", "eu-west-1")
