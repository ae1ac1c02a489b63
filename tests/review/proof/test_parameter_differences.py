"""The parameter of a workload, against what is declared: the first difference, by name. Typed by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.review.proof.test_structure import PROJECT, ROLES, SHARED, adding, found, removing, setting
from tools.random_estates.small_estates import CENTRAL


def value(**changed: Any) -> str:
    own = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-{{tenant_id}}.orders"
    usual = {
        "version": 1,
        "workload": "orders",
        "access": "tenant-role",
        "role_arn": own,
        "alias_arn": f"arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-{{tenant_id}}",
        "operations": ["encrypt", "decrypt"],
        "exceptions": {},
    }
    return json.dumps({name: one for name, one in (usual | changed).items() if one != "left out"})


PLACE = "parameters-222222222222-eu-west-1 orders: parameter /tenant-keys/orders in eu-west-1: "
CONTAINS = f"{PLACE}the parameter of workload orders contains "
NAMES = "access, alias_arn, exceptions, operations, role_arn, version, workload"


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        (value(), []),
        (value(ids={}), []),
        ("[", [f"{CONTAINS}what is not understood: Expecting value: line 1 column 2 (char 1)"]),
        ('{"a": 1, "a": 2}', [f"{CONTAINS}what is not understood: a name occurs twice in one object"]),
        ("[]", [f"{CONTAINS}something other than {NAMES}: []"]),
        (value(held={}), [f"{CONTAINS}something other than {NAMES}: {value(held={})[:80]}"]),
        (value(version="left out"), [f"{CONTAINS}something other than {NAMES}: {value(version='left out')[:80]}"]),
        (value(version=True), [f"{CONTAINS}version, which differs: version is true, declared is 1"]),
        (value(version=1.0), [f"{CONTAINS}version, which differs: version is 1.0, declared is 1"]),
        (
            value(workload="billing"),
            [f'{CONTAINS}workload, which differs: workload is "billing", declared is "orders"'],
        ),
        (
            value(access="session-tag"),
            [f'{CONTAINS}access, which differs: access is "session-tag", declared is "tenant-role"'],
        ),
        (
            value(role_arn=SHARED),
            [
                (
                    f'{CONTAINS}role_arn, which differs: role_arn is "{SHARED}", declared is '
                    f'"{ROLES}/tenant-keys/orders/tenant-{{tenant_id}}.orders"'
                ),
            ],
        ),
        (value(ids={"a": "b"}), [f'{CONTAINS}ids, which differs: ids.a is "b", and is not declared']),
        (
            value(operations=["decrypt"]),
            [f'{CONTAINS}operations ["decrypt"]; expected decrypt, encrypt'],
        ),
        (
            value(operations={}),
            [f"{CONTAINS}operations {{}}; expected decrypt, encrypt"],
        ),
        (value(alias_arn=1), [f"{CONTAINS}alias_arn 1, which is not the alias pattern of the key account"]),
        (
            value(alias_arn="alias/x"),
            [f'{CONTAINS}alias_arn "alias/x", which is not the alias pattern of the key account'],
        ),
        (value(exceptions=[]), [f"{CONTAINS}exceptions [], which is not an object"]),
        (
            value(exceptions={"zulu": "a", "umbrella": "b"}),
            [f'{CONTAINS}an alias for tenant "umbrella", which it does not serve'],
        ),
        (
            value(exceptions={"acme": "alias/x"}),
            [
                (
                    f'{CONTAINS}the alias "alias/x" for tenant acme; '
                    f"expected arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-acme"
                ),
            ],
        ),
        (
            value(alias_arn=f"arn:aws:kms:eu-central-1:{CENTRAL}:alias/tenant-{{tenant_id}}"),
            [
                (
                    f'{CONTAINS}the alias "arn:aws:kms:eu-central-1:{CENTRAL}:alias/tenant-acme" for tenant acme; '
                    f"expected arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-acme"
                ),
            ],
        ),
    ],
)
def test_a_parameter_that_is_not_as_declared_is_named_by_the_first_difference(
    written: str, reported: list[str]
) -> None:
    assert [
        what for _, what in found(setting("parameters-222222222222-eu-west-1", "orders", Value=written))
    ] == reported


def test_a_parameter_that_is_nested_too_deeply_is_named() -> None:
    ((_, what),) = found(setting("parameters-222222222222-eu-west-1", "orders", Value="[" * 4000))
    assert what.startswith(f"{CONTAINS}what is not understood: maximum recursion depth exceeded")


def test_a_parameter_is_there_once_and_of_a_declared_workload() -> None:
    stack = "parameters-222222222222-eu-west-1"
    missing = (
        "parameter /tenant-keys/orders of account 222222222222 in eu-west-1: it is in no template, and workload orders "
        "needs it to find its roles and aliases"
    )
    assert found(removing(stack, "orders")) == [("", missing)]
    for name, what in (
        ("/tenant-keys/orders", "the parameter is there twice in one Region"),
        ("/Tenant-keys/other", "a parameter of a workload that the manifest does not declare there"),
    ):
        again = adding(stack, "AWS::SSM::Parameter", Name=name, Type="String", Value=value(), Tags=PROJECT)
        assert found(again) == [("", f"{stack} Added: parameter {name} in eu-west-1: {what}")]
    other = adding(stack, "AWS::SSM::Parameter", Name="/others/a", Type="String", Value="a", Tags=PROJECT)
    assert found(other) == []
