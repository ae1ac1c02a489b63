"""Names of context pairs and tags ignore case, lists of them do not; outside ASCII no case is documented.

AWS KMS guide, conditions-kms; IAM guide, reference_policies_condition-keys (aws:TagKeys) and access_tags.
"""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.proof import Kind
from tests.review.proof.test_declared_calls import BILLING, PROVED, REFUTED, Body, requiring, trust, verdict
from tests.review.proof.test_kinds import ROOT, adding, estate_of, kinds_of, proved, without
from tools.random_estates.small_estates import CENTRAL, Templates

NAMES, PAIR = "kms:EncryptionContextKeys", "kms:EncryptionContext:tenant_id"
OPEN = adding(Principal=ROOT, Condition={"StringEquals": {PAIR: "acme"}})


def denied(condition: Body) -> Any:
    return adding(
        Sid="Harder", Effect="Deny", Principal="*", Action=["kms:Decrypt", "kms:Encrypt"], Condition=condition
    )


@pytest.mark.parametrize(
    "condition",
    [
        {"ForAnyValue:StringEquals": {NAMES: "tenant_id"}},
        {"ForAnyValue:StringEquals": {NAMES: ["tenant_id", "TENANT_ID", "Tenant_Id"]}},
        {"ForAnyValue:StringLike": {NAMES: "tenant_i?"}},
        {"ForAnyValue:StringLike": {NAMES: "t*"}},
        {"ForAnyValue:StringNotEquals": {NAMES: "Tenant_ID"}},
    ],
)
def test_a_deny_on_listed_names_stops_no_other_spelling_of_a_pair(condition: Body) -> None:
    assert Kind.OUTSIDER in kinds_of(proved(without(), OPEN, denied(condition)))


@pytest.mark.parametrize(
    "condition",
    [
        {"ForAnyValue:StringEqualsIgnoreCase": {NAMES: "tenant_id"}},
        {"ForAnyValue:StringLike": {NAMES: "?enant_id"}, "Null": {PAIR: "false"}},
        {"ForAnyValue:StringEquals": {NAMES: ["tenant_id"]}},
    ],
)
def test_a_deny_on_every_spelling_of_the_declared_pair_leaves_nothing_of_the_declared_use(condition: Body) -> None:
    assert kinds_of(proved(denied(condition))) == {Kind.REFUSED}


@pytest.mark.parametrize(
    "condition",
    [
        {"ForAllValues:StringNotEquals": {NAMES: "tenant_id"}},
        {"ForAnyValue:StringEquals": {NAMES: ["Tenant_ID", "TENANT_ID"]}},
        {"ForAnyValue:StringLike": {NAMES: "T*"}},
    ],
)
def test_the_declared_spelling_of_the_pair_may_be_pinned(condition: Body) -> None:
    edits = [
        adding(tenant, Sid="Harder", Effect="Deny", Principal="*", Action="kms:Decrypt", Condition=condition)
        for tenant in ("acme", "globex")
    ]
    assert proved(*edits).findings == ()


SHARED = trust("shared.billing")
TAG_KEYS = "aws:TagKeys"


def taking(listed: Body) -> Any:
    """Another statement with other conditions on the names of tags, for a role of a tenant."""
    statement = {
        "Sid": "Added",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-acme.orders"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringLike": {"aws:RequestTag/tenant_id": "?*"}, **listed},
    }

    def edit(templates: Templates) -> None:
        SHARED(templates).append(statement)
        reach = {"Sid": "Added", "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}
        role = templates.properties("roles", "tenant-acme.orders")
        role["Policies"][0]["PolicyDocument"]["Statement"].append(reach)

    return edit


@pytest.mark.parametrize(
    "listed",
    [
        {"ForAllValues:StringNotEquals": {TAG_KEYS: ["tenant_id"]}},
        {"ForAllValues:StringNotLike": {TAG_KEYS: ["t*"]}},
        {"ForAllValues:StringEquals": {TAG_KEYS: ["Tenant_ID"]}},
        {"ForAnyValue:StringLike": {TAG_KEYS: ["T?NANT_ID"]}},
    ],
)
def test_a_session_tag_in_another_spelling_is_the_tenants_tag(listed: Body) -> None:
    proof = proved(taking(listed), estate=estate_of("acme: {workloads: [orders, billing]}", "globex: {}"))
    reported = [finding.what.lower() for finding in proof.findings if finding.kind is Kind.OBTAINS_SESSION]
    assert any("tenant-acme.orders obtains a session" in one and "'tenant_id': 'a-tenant'" in one for one in reported)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"ForAllValues:StringEquals": {TAG_KEYS: ["tenant_id", "Tenant_ID"]}}, PROVED),
        ({"ForAllValues:StringEquals": {TAG_KEYS: ["tenant_id", "TENANT_ID", "tenant_Id"]}}, PROVED),
        ({"ForAllValues:StringEquals": {TAG_KEYS: ["Tenant_ID"]}}, REFUTED),
        ({"ForAllValues:StringEquals": {TAG_KEYS: ["tenant_id", "team"]}}, REFUTED),
    ],
)
def test_the_client_writes_the_tag_as_it_is_declared(condition: Body, expected: str) -> None:
    assert verdict(BILLING, requiring(SHARED, condition)) == expected


@pytest.mark.parametrize(
    ("exact", "ignoring", "words"),
    [
        ("\u212a", "k", "apart from case"),  # the sign of kelvin, which Unicode folds to k
        ("stra\u00dfe", "STRASSE", "apart from case"),
        ("\u00c9cole", "\u00e9cole", "apart from case"),
        ("\u03a3", "\u03c2", "apart from case"),
    ],
)
def test_case_outside_ascii_is_not_proved(exact: str, ignoring: str, words: str) -> None:
    key = "aws:PrincipalTag/a"
    condition = {"StringEquals": {key: exact}, "StringNotEqualsIgnoreCase": {key: ignoring}}
    proof = proved(without(), adding(Principal=ROOT, Condition=condition))
    assert proof.verdict == "not proved"
    assert any(words in one.what for one in proof.findings)


@pytest.mark.parametrize(
    "key", ["aws:PrincipalTag/\u212a", "aws:RequestTag/\u00c9", "kms:EncryptionContext:stra\u00dfe"]
)
def test_a_name_outside_ascii_in_a_condition_key_is_not_proved(key: str) -> None:
    proof = proved(without(), adding(Principal=ROOT, Condition={"StringEquals": {key: "a"}}))
    assert proof.verdict == "not proved"
    assert any("in ASCII" in one.what for one in proof.findings)
