"""The sets of tags that a session can carry, one of each class that documents distinguish."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof import NotProved
from tenant_keys.review.proof.tags import tag_sets
from tests.review.proof.test_classes import KEY, TAG, document

RESOURCE: dict[str, Value] = {
    "resource": "arn:aws:kms:eu-west-1:111111111111:key/1",
    "kms:requestalias": ("alias/tenant-acme",),
}


@pytest.mark.parametrize(
    ("conditions", "own", "expected"),
    [
        ({}, {}, [{}, {"tenant_id": ""}, {"tenant_id": "acme"}, {"tenant_id": "other"}]),
        (
            {"StringEquals": {"aws:PrincipalTag/tenant_id": ["b*", "bolt"]}},
            {},
            [{}, *({"tenant_id": value} for value in ("", "acme", "bolt", "other"))],
        ),
        (
            {"StringEqualsIgnoreCase": {"aws:PrincipalTag/tenant_id": "bolt"}},
            {"Tenant_ID": "own", "team": "red"},
            [
                {"Tenant_ID": "own", "team": "red"},
                *({"team": "red", "tenant_id": value} for value in ("", "acme", "bolt", "BOLT", "other")),
            ],
        ),
        (
            {"StringLike": {"aws:PrincipalTag/tenant_id": "b?"}},
            {},
            [{}, *({"tenant_id": value} for value in ("", "acme", "z", "bz"))],
        ),
        (
            {"StringEquals": {"kms:RequestAlias": "alias/tenant-${aws:PrincipalTag/tenant_id}x"}},
            {},
            [{}, {"tenant_id": ""}, {"tenant_id": "acme"}, {"tenant_id": "other"}],
        ),
        (
            {"StringEquals": {"kms:RequestAlias": "alias/ten${aws:PrincipalTag/tenant_id}"}},
            {},
            [{}, *({"tenant_id": value} for value in ("", "acme", "ant-acme", "other"))],
        ),
        (
            {"NumericLessThan": {"aws:PrincipalTag/tenant_id": "5"}},
            {},
            [{}, *({"tenant_id": value} for value in ("", "acme", "4", "5", "6", "other"))],
        ),
    ],
)
def test_sessions_carry_one_set_of_tags_of_each_class(
    conditions: dict[str, Any], own: dict[str, str], expected: list[dict[str, str]]
) -> None:
    assert tag_sets([document(conditions)], RESOURCE, "acme", own=own) == expected


def test_a_tag_that_no_document_asks_for_is_left_out_where_it_may_be() -> None:
    assert tag_sets([document({})], RESOURCE, "acme", own={"a": "b"}, always=False) == [{"a": "b"}]
    four = {"StringEquals": {f"aws:PrincipalTag/{name}": "x" for name in "abcd"}}
    with pytest.raises(NotProved, match=r"^625 combinations of principal tags: write exact values$"):
        tag_sets([document(four)], RESOURCE, "acme", own={}, always=False)


@pytest.mark.parametrize(
    "conditions",
    [
        {"StringEqualsIgnoreCase": {"kms:RequestAlias": "${aws:PrincipalTag/tenant_id}"}},
        {"StringEquals": {"aws:PrincipalTag/tenant_id": "${aws:PrincipalTag/team}"}},
        {
            "StringEqualsIgnoreCase": {"aws:PrincipalTag/tenant_id": "a"},
            "StringLike": {TAG: "b", TAG[:-1] + "tenant_id": "b*"},
        },
    ],
)
def test_tags_of_which_no_classes_are_worked_out_are_named(conditions: dict[str, Any]) -> None:
    with pytest.raises(NotProved):
        tag_sets([document(conditions)], RESOURCE, "acme", own={})


OF_TENANT = "aws:PrincipalTag/tenant_id"


ARN = "arn:*:c:d:e:f"


@pytest.mark.parametrize(
    ("conditions", "tenant", "expected"),
    [
        (
            {"ArnLike": {OF_TENANT: ARN}, "StringNotLike": {OF_TENANT: ARN}},
            "acme",
            ["z", "arn::c:d:e:f", "arn:::c:d:e:f"],
        ),
        (
            {
                "StringLike": {KEY: "xa*"},
                "StringEquals": {KEY: f"x${{{OF_TENANT}}}"},
                "ArnLike": {OF_TENANT: ARN},
            },
            "acme",
            ["z", "a", "arn::c:d:e:f"],
        ),
        ({"StringEqualsIgnoreCase": {OF_TENANT: "bolt"}}, "BOLT", ["bolt", "Bolt", "other"]),
        (
            {
                "StringEqualsIgnoreCase": {OF_TENANT: "bolt"},
                "StringEquals": {"kms:RequestAlias": f"alias/${{{OF_TENANT}}}"},
                "StringNotEquals": {"kms:RequestAlias": "alias/BOLT"},
            },
            "acme",
            ["tenant-acme", "BOLT", "bolt", "Bolt", "other"],
        ),
        ({"StringEqualsIgnoreCase": {OF_TENANT: "bolt"}}, "Bolt", ["bolt", "BOLT", "other"]),
    ],
)
def test_the_tenants_tag_has_one_value_of_each_class(
    conditions: dict[str, Any], tenant: str, expected: list[str]
) -> None:
    found = tag_sets([document(conditions)], RESOURCE, tenant, own={})
    assert [one.get("tenant_id") for one in found] == [None, "", tenant, *expected]
