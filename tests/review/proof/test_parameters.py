"""The parameters by which workloads find their roles and keys: one that is gone, changed or added is named."""

from __future__ import annotations

import json

import pytest

from tenant_keys.review.proof import Kind
from tenant_keys.review.proof.parameters import check_parameters
from tenant_keys.review.proof.reviewed import review_estate
from tests.review.proof.test_held_key_use import ESTATE, GLOBEX
from tests.review.proof.test_kinds import estate_of, proved
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of


@pytest.mark.parametrize(
    ("account", "region", "workload"),
    [
        ("222222222222", "eu-west-1", "orders"),
        ("222222222222", "eu-central-1", "portal"),
        ("333333333333", "eu-central-1", "billing"),
    ],
)
def test_a_parameter_that_is_gone_is_named(account: str, region: str, workload: str) -> None:
    def edit(templates: Templates) -> None:
        del templates.resources[f"parameters-{account}-{region}"][workload]

    proof = proved(edit)
    (finding,) = proof.findings
    assert finding.kind is Kind.REFUSED
    assert f"/tenant-keys/{workload} of account {account} in {region}" in finding.what


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workload", "billing"),
        ("access", "session-tag"),
        ("role_arn", f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-globex.orders"),
        ("alias_arn", f"arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-globex"),
        ("exceptions", {"acme": f"arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-globex"}),
        ("version", 1.0),
    ],
)
def test_a_parameter_that_sends_the_workload_elsewhere_is_named(name: str, value: object) -> None:
    def edit(templates: Templates) -> None:
        properties = templates.properties("parameters-222222222222-eu-west-1", "orders")
        properties["Value"] = json.dumps({**json.loads(properties["Value"]), name: value})

    (finding,) = proved(edit).findings
    assert finding.kind is Kind.INVENTORY
    assert "parameter /tenant-keys/orders in eu-west-1: the parameter of workload orders contains" in finding.what


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("/tenant-keys/nobody", "a parameter of a workload that the manifest does not declare there"),
        ("/Tenant-Keys/orders", "a parameter of a workload that the manifest does not declare there"),
        ("/tenant-keys/orders", "the parameter is there twice in one Region"),
        ("/app/orders", None),
    ],
)
def test_a_second_parameter_under_the_path_of_the_workloads_is_named(name: str, found: str | None) -> None:
    estate, place = estate_of(), "parameters-222222222222-eu-west-1"
    templates = templates_of(estate)
    templates.add(place, "z", "AWS::SSM::Parameter", {**templates.properties(place, "orders"), "Name": name})
    reviewed = review_estate(templates, estate)
    expected = [(Kind.INVENTORY, f"{place} z: parameter {name} in eu-west-1: {found}")] if found else []
    reported = check_parameters(reviewed.inventory, reviewed.promises, estate)
    assert [(one.kind, one.what) for one in reported] == expected


def test_a_tenant_that_holds_its_key_itself_has_no_alias() -> None:
    """A client that asked the alias first would go on with a key that the tenant has not chosen."""
    place, alias = "parameters-222222222222-eu-west-1", f"arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-globex"
    held = {"globex": {"key_arn": GLOBEX, "grace_seconds": 0}}

    def reported(exceptions: dict[str, str]) -> list[str]:
        templates = templates_of(ESTATE)
        properties = templates.properties(place, "orders")
        value = json.loads(properties["Value"]) | {"held": held, "exceptions": exceptions}
        properties["Value"] = json.dumps(value)
        reviewed = review_estate(templates, ESTATE)
        found = check_parameters(reviewed.inventory, reviewed.promises, ESTATE)
        return [one.what.partition(" contains ")[2] for one in found if one.what.startswith(f"{place} orders: ")]

    assert reported({}) == []
    assert reported({"globex": alias}) == ['an alias for tenant "globex", which it does not serve']
