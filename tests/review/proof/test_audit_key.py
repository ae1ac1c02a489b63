"""What the key of the audit topic is to be like, and the role that forwards refusals; sentences typed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.manifest.estate import Audit
from tenant_keys.review.assembly import Resource
from tenant_keys.review.proof.audit import _facts, _forwarder_arn, _watches, check_audit
from tenant_keys.review.proof.findings import Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.parameters import _held
from tests.review.proof.test_held_key_use import GLOBEX, activated, held
from tests.review.proof.test_kinds import estate_of
from tools.random_estates.small_estates import CENTRAL

ESTATE = estate_of("acme: {}")
AS_DECLARED = {
    "kms:multiregion": "false",
    "kms:keyspec": "SYMMETRIC_DEFAULT",
    "kms:keyusage": "ENCRYPT_DECRYPT",
    "kms:keyorigin": "AWS_KMS",
}
KEY = KeyRecord(
    *("audit", "Key", CENTRAL, "eu-west-1", "1", "{}", 2),
    enabled=True,
    retained=True,
    replica=False,
    properties=AS_DECLARED,
    rotation_days=365,
)


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({}, None),
        ({"account": "2"}, f'account is "2", declared is "{CENTRAL}"'),
        ({"enabled": False}, "Enabled is false, declared is true"),
        ({"retained": False}, "Retain is false, declared is true"),
        ({"replica": True}, "ReplicaKey is true, declared is false"),
        ({"rotation_days": None}, "RotationPeriodInDays is missing, declared is 365"),
        ({"rotation_days": 366}, "RotationPeriodInDays is 366, declared is 365"),
        *(
            (
                {"properties": {**AS_DECLARED, f"kms:{name.lower()}": "x"}},
                f'kms:{name} is "x", declared is "{declared}"',
            )
            for name, declared in (
                ("MultiRegion", "false"),
                ("KeySpec", "SYMMETRIC_DEFAULT"),
                ("KeyUsage", "ENCRYPT_DECRYPT"),
                ("KeyOrigin", "AWS_KMS"),
            )
        ),
    ],
)
def test_a_key_of_a_topic_that_is_not_as_declared_is_named(changed: dict[str, Any], difference: str | None) -> None:
    found = [(one.kind, one.what) for one in _facts(replace(KEY, **changed), "where", ESTATE)]
    assert found == ([] if difference is None else [(Kind.INVENTORY, f"where: {difference}")])


@pytest.mark.parametrize(
    ("region", "stack", "named"),
    [
        ("eu-west-1", "tenant-keys-audit-eu-west-1", False),
        ("eu-west-1", "tenant-keys-audit-eu-central-1", True),
        ("us-east-1", "tenant-keys-audit-us-east-1", True),
        ("eu-west-1", "other-audit-eu-west-1", True),
    ],
)
def test_a_key_of_a_topic_in_another_stack_than_declared_is_named(region: str, stack: str, named: bool) -> None:
    estate = replace(ESTATE, audit=Audit((), own_trail=False, import_path=None, forward_from=()))
    key = replace(KEY, region=region, stack=stack, logical_id="AuditKey")
    said = [one.what for one in check_audit(Inventory(audit_keys=[key]), estate)]
    assert (f"{stack} AuditKey: a key that no tenant's alias names" in said) is named


def test_the_role_that_forwards_has_the_name_of_its_key_account() -> None:
    arn = "arn:aws:iam::222222222222:role/tenant-keys-audit"
    assert _forwarder_arn("222222222222", "eu-west-1", ESTATE) == f"{arn}.eu-west-1"


def watched(**properties: Any) -> list[str]:
    rule = Resource("audit", CENTRAL, "eu-west-1", "Rule", "AWS::Events::Rule", properties, "Retain", "Retain")
    return [one.what for one in _watches(rule, "key-deleted", ESTATE) if "EventPattern" not in one.what]


def test_a_rule_that_tells_nothing_or_tells_it_otherwise_is_named() -> None:
    assert watched() == []
    off = 'audit Rule: the rule detects nothing: State is "DISABLED", declared is "ENABLED"'
    assert watched(State="DISABLED") == [off]
    every = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    assert watched(State=every) == [f'audit Rule: State is "{every}", declared is "ENABLED"']
    assert watched(Targets="x") == []
    plain = "InputTransformer: got nothing; an object of InputPathsMap and InputTemplate"
    assert watched(Targets=[{"Arn": "a"}, "x", {"RoleArn": "r"}]) == [
        f"audit Rule: Targets[{at}].{plain}" for at in (0, 1)
    ]
    assert watched(Targets=[{"RoleArn": "r", "InputTransformer": 1}]) == [
        "audit Rule: Targets[0].InputTransformer is 1, and is not declared"
    ]


def test_a_workload_is_given_the_key_of_its_region_or_the_first() -> None:
    arns = {region: f"arn:aws:kms:{region}:555555555555:key/mrk-1" for region in ("eu-west-1", "eu-west-3")}
    estate = activated(estate_of("acme: {}", held("globex", GLOBEX)))
    tenant = estate.tenants["globex"]
    assert tenant.held is not None
    several = replace(tenant, held=replace(tenant.held, active=arns, grace_minutes=7))
    waiting = replace(tenant, held=replace(tenant.held, active={}))
    tenants = (estate.tenants["acme"], waiting, several)
    for region, given in (("eu-west-3", "eu-west-3"), ("eu-central-1", "eu-west-1")):
        assert list(_held(tenants, region)) == [("globex", {"key_arn": arns[given], "grace_seconds": 420})]
