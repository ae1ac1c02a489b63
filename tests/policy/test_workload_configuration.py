"""What a workload is given in each of its Regions, whole, written by hand."""

from __future__ import annotations

from dataclasses import replace

from tenant_keys.policy.workload_configuration import workload_configuration
from tests.policy.estates import estate_of_text, manifest, with_tenant

HELD = "arn:aws:kms:eu-central-1:555555555555:key/11111111-2222-3333-4444-555555555555"
OTHER = HELD.replace("555555555555", "666666666666")
ESTATE = estate_of_text(
    manifest(
        tenants=f"""\
  acme: {{workloads: [orders]}}
  globex: {{workloads: [orders], key: {{region: eu-central-1}}}}
  hooli: {{workloads: [orders], key: {{held_by: tenant, arns: {{eu-central-1: '{HELD}'}}}}}}
  initech: {{workloads: [orders], key: {{region: eu-central-1}}}}
  umbrella: {{workloads: [orders], key: {{held_by: tenant, arns: {{eu-central-1: '{OTHER}'}}}}}}
"""
    )
)
KEYS = "arn:aws:kms:{}:111111111111:alias/tenant-{}"
USUAL = {
    "version": 1,
    "workload": "orders",
    "access": "tenant-role",
    "role_arn": "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-{tenant_id}.orders",
    "alias_arn": KEYS.format("eu-central-1", "{tenant_id}"),
    "operations": ["decrypt", "encrypt"],
    "exceptions": {"acme": KEYS.format("eu-west-1", "acme")},
}


def test_the_usual_alias_is_in_the_region_of_most_keys_and_a_key_that_its_tenant_holds_has_none() -> None:
    assert workload_configuration(ESTATE.workloads["orders"], ESTATE, "eu-west-1") == USUAL


def test_a_key_that_its_tenant_holds_is_named_once_it_is_active() -> None:
    registered = ESTATE.tenants["hooli"].held
    assert registered is not None
    active = replace(registered, active={"eu-central-1": HELD})
    estate = with_tenant(ESTATE, "hooli", held=active)
    held = {"hooli": {"key_arn": HELD, "grace_seconds": 0}}
    assert workload_configuration(estate.workloads["orders"], estate, "eu-west-1") == {**USUAL, "held": held}
