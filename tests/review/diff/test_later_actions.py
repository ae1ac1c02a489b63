"""A pattern of actions also means those that AWS may add, so that to widen or narrow it alone is a change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tenant_keys.review.diff.safeguards import Text, lost_safeguards, rewritten

ROOT = {"AWS": "arn:aws:iam::111111111111:root"}
KEYS = "arn:aws:kms:eu-west-1:111111111111:key/*"
USE = ["kms:Decrypt", "kms:Encrypt", "kms:ReEncryptFrom"]
DENIED = ["kms:Dec*", "kms:Encrypt"]
"""Of the operations that KMS has, Decapsulate, Decrypt and no other begin with Dec."""
SERVICE = ', such as where the principal is a service, which {"AWS": "*"} may not name'
S3 = {"Service": "s3.amazonaws.com"}


def document(*statements: dict[str, Any], label: str = "key policy") -> dict[str, tuple[Text, ...]]:
    every = [{"Resource": "*", "Principal": ROOT, **one} for one in statements]
    return {"acme": (Text(label, json.dumps({"Version": "2012-10-17", "Statement": every}), KEYS),)}


def allow(*actions: str) -> dict[str, Any]:
    return {"Sid": "A", "Effect": "Allow", "Action": list(actions)}


def deny(*actions: str) -> dict[str, Any]:
    return {"Sid": "D", "Effect": "Deny", "Action": list(actions)}


@pytest.mark.parametrize("pattern", ["kms:*Something", "kms:Decrypt?*", "kms:?*Batch", "KMS:Future*"])
def test_an_allow_of_actions_yet_to_come_is_wider(pattern: str) -> None:
    [found] = lost_safeguards(document(allow(*USE)), document(allow(*USE), {**allow(pattern), "Sid": "B"}))
    assert found.startswith("key policy: a new Allow (kms:")
    assert found.endswith(", which AWS may add)")


@pytest.mark.parametrize("pattern", ["sts:*Future", "sts:AssumeRole?*By*"])
def test_a_trust_policy_that_allows_calls_yet_to_come_is_wider(pattern: str) -> None:
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    later = {"Effect": "Allow", "Action": pattern, "Resource": "*"}
    [found] = lost_safeguards(document(trusted, label="trust policy"), document(trusted, later, label="trust policy"))
    assert found.startswith("trust policy: a new Allow (sts:")
    assert "which AWS may add" in found


def test_a_deny_that_names_todays_actions_alone_is_weaker() -> None:
    spelled = deny("kms:Decrypt", "kms:Decapsulate", "kms:Encrypt")
    [found] = lost_safeguards(document(deny(*DENIED)), document(spelled))
    assert found.startswith("key policy: no Deny to anyone as strict as D was (kms:dec")
    assert found.endswith(", which AWS may add)")


def test_the_way_back_is_no_loss_and_is_not_called_the_same() -> None:
    spelled = deny("kms:Decrypt", "kms:Decapsulate", "kms:Encrypt")
    before, after = document(spelled), document(deny(*DENIED))
    assert lost_safeguards(before, after) == {}
    assert list(rewritten(before, after)) == [
        "key policy is written differently and allows less, or stops more, than before"
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (deny("kms:*"), deny("kms:*", "kms:Decrypt")),
        (deny("kms:Dec*", "kms:Encrypt"), deny("kms:Encrypt", "kms:dec*")),
        (allow("kms:Generate*"), allow("kms:Generate*", "kms:GenerateDataKey*")),
    ],
)
def test_a_pattern_beside_a_wider_one_means_the_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(rewritten(document(before), document(after))) == [
        "key policy is written differently and means the same"
    ]


@pytest.mark.parametrize(
    ("before", "after", "example"),
    [
        ({**deny("kms:Sign"), "Principal": "*"}, {**deny("kms:Sign"), "Principal": {"AWS": "*"}}, SERVICE),
        ({**allow("kms:Sign"), "Principal": {"AWS": "*"}}, {**allow("kms:Sign"), "Principal": "*"}, SERVICE),
        (
            {**deny("kms:Sign"), "Principal": "*"},
            {**deny("kms:Sign"), "Principal": {"AWS": "111111111111"}},
            "no Deny to anyone as strict as D was",
        ),
        (
            {**deny("kms:Sign"), "Principal": {"AWS": "*", **S3}},
            {**deny("kms:Sign"), "Principal": S3},
            ", such as where principal is anyone",
        ),
    ],
)
def test_aws_principals_may_leave_services_out_and_nobody_else(
    before: dict[str, Any], after: dict[str, Any], example: str
) -> None:
    [found] = lost_safeguards(document(before), document(after))
    assert f"{example} (kms:Sign)" in found


def test_the_way_to_everyone_stops_more() -> None:
    narrow = {**deny("kms:Sign"), "Principal": {"AWS": "*"}}
    assert lost_safeguards(document(narrow), document({**deny("kms:Sign"), "Principal": "*"})) == {}
    service = {**deny("kms:Sign"), "Principal": S3}
    assert lost_safeguards(document(service), document({**deny("kms:Sign"), "Principal": "*"})) == {}
    [found] = lost_safeguards(document(service), document(narrow))
    assert "no Deny to anyone as strict" in found
