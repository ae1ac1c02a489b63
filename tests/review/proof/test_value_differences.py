"""Where a value first differs from the declared one, and which resources a Hook is asked about; sentences by hand."""

from __future__ import annotations

from dataclasses import replace
from operator import eq
from typing import Any

import pytest

from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof import prove
from tenant_keys.review.proof.detection import _canonical, message_difference
from tenant_keys.review.proof.equivalence import _Names, _sessions_of, tenant_classes
from tenant_keys.review.proof.exact import _difference, _not_fewer
from tenant_keys.review.proof.findings import Finding, Kind, describe_request
from tenant_keys.review.proof.key_records import tagged
from tenant_keys.review.proof.prove import _disclosed
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.spelled import spelled
from tenant_keys.review.proof.stack_set import instances
from tenant_keys.review.proof.value_differences import described, first_difference
from tests.review.proof.test_detection import transformer
from tests.review.proof.test_kinds import estate_of
from tools.random_estates.small_estates import CENTRAL, templates_of


@pytest.mark.parametrize(
    ("got", "declared", "difference"),
    [
        (1, 1, None),
        (1, 2, "P is 1, declared is 2"),
        ("a", None, 'P is "a", and is not declared'),
        (None, "a", 'P is missing, declared is "a"'),
        ({"a": 1}, {"a": 1, "b": 2}, "P.b is missing, declared is 2"),
        ({"a": 1, "b": 2}, {"b": 2}, "P.a is 1, and is not declared"),
        ({"b": {"c": [1, 2]}}, {"b": {"c": [1, 3]}}, "P.b.c[1] is 2, declared is 3"),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, "P.a is 1, declared is 2"),
        ([1, 2], [1], "P[1] is 2, and is not declared"),
        ([1], [1, 2], "P[1] is missing, declared is 2"),
        ([1], {"a": 1}, 'P is [1], declared is {"a": 1}'),
        ({"a": None}, {"a": 1}, "P.a is missing, declared is 1"),
    ],
)
def test_the_first_difference_is_named_with_its_path(got: object, declared: object, difference: str | None) -> None:
    assert first_difference("P", got, declared, eq) == difference


@pytest.mark.parametrize(
    ("got", "declared", "difference"),
    [
        ([1, 2, 3], [3, 1], "P has 2 more than is declared"),
        ([1], [3, 1, 4], "P lacks 3, 4"),
        ([1, 5, 6], [3, 1], "P has 5, 6 more than is declared and lacks 3"),
        ([{"a": 1}, {"b": 2}], [{"b": 3}, {"a": 1}], "P[1].b is 2, declared is 3"),
        ([{"x": [1, 2]}], [{"x": [2, 3]}], "P[0].x has 1 more than is declared and lacks 3"),
        ({"x": [1, 2]}, {"x": [2]}, "P.x has 1 more than is declared"),
    ],
)
def test_of_lists_without_an_order_the_members_are_named(got: object, declared: object, difference: str) -> None:
    def alike(one: object, other: object) -> bool:
        return _canonical(one) == _canonical(other)

    assert first_difference("P", got, declared, alike, ordered=False) == difference
    assert first_difference("P", [1, 2], [2, 1], alike, ordered=False) is None
    assert first_difference("P", [1, 1], [1], eq, ordered=False) == "P is [1, 1], declared is [1]"


def test_what_is_not_there_is_missing() -> None:
    assert described("P", None, None) == "P is missing, and is not declared"


@pytest.mark.parametrize(
    ("got", "declared", "fewer"),
    [
        (["a", "b"], ["a"], False),
        (["a"], ["a", "b"], True),
        (["*"], ["a", "b"], False),
        (["a?"], ["ab", "a"], True),
        ({"x": ["a"]}, {"x": ["a"]}, False),
        ({"x": ["a"]}, {"x": ["b"]}, True),
        ({"x": ["a"], "y": []}, {"x": ["a"]}, True),
        ({"x": ["a"]}, ["a"], True),
        (["a"], {"x": ["a"]}, True),
        ("a", ["a"], True),
        (["a"], "a", True),
    ],
)
def test_a_hook_is_asked_of_no_fewer_where_each_name_is_matched(got: object, declared: object, *, fewer: bool) -> None:
    assert _not_fewer(got, declared) is not fewer


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (1, "1"), ("1", "1"), ("a", "a"), (None, None)],
)
def test_cloudformation_reads_a_number_and_a_truth_value_as_text(value: object, text: object) -> None:
    assert spelled(value) == text
    assert spelled({"x": [value]}) == {"x": [text]}


def test_units_of_an_account_are_put_together_whatever_groups_name_them() -> None:
    def group(accounts: list[str], units: list[str], regions: list[str]) -> dict[str, Any]:
        targets = {"Accounts": accounts, "OrganizationalUnitIds": units}
        return {"DeploymentTargets": targets, "Regions": regions}

    groups = [group(["1", "2"], ["b"], ["r"]), group(["1"], ["a", "b"], ["r", "s"])]
    assert instances(groups) == {"r": {"1": ["a", "b"], "2": ["b"]}, "s": {"1": ["a", "b"]}}
    assert instances("x") == "x"


TEMPLATE = "InputTransformer.InputTemplate"


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ('"who": <who>', '"who": "<who>"', f'{TEMPLATE}.who is "<who>"'),
        ('"who": <who>', '"who": <role>', f'{TEMPLATE}.who is "<role>", declared is "<who>"'),
        ('"rule": "use-denied"', '"rule": "x"', f'{TEMPLATE}.rule is "x", declared is "use-denied"'),
        ("{", "[", f"{TEMPLATE} is not JSON with variables in place of values"),
        ('"severity": "high"', '"severity": 1', f"{TEMPLATE}.severity: got 1; a string with no variables but "),
    ],
)
def test_what_differs_in_a_message_is_named(old: str, new: str, difference: str) -> None:
    edited = transformer()
    edited["InputTemplate"] = edited["InputTemplate"].replace(old, new, 1)
    assert str(message_difference("use-denied", edited)).startswith(difference)


def test_a_message_that_is_no_object_of_text_is_named() -> None:
    assert message_difference("use-denied", {**transformer(), "InputTemplate": 1}) == f"{TEMPLATE}: got 1; a string"
    listed = message_difference("use-denied", {**transformer(), "InputTemplate": "[1]"})
    assert str(listed).startswith(f"{TEMPLATE}: got [1]; an object of ")
    other = message_difference("use-denied", {**transformer(), "InputTemplate": '{"a": 1}'})
    assert str(other).startswith(f'{TEMPLATE}: got ["a"]; an object of ')


def test_lists_in_another_order_and_numbers_in_another_spelling_are_alike() -> None:
    assert _canonical([1, {"a": 2.0}]) == _canonical([{"a": 2}, 1.0])
    assert _canonical(1) != _canonical(True) != _canonical("True")
    assert _canonical([1]) != _canonical({"1": 1})
    assert _canonical(None) != _canonical("None")


def test_the_condition_keys_of_tags_ignore_case_and_two_such_names_leave_them_open() -> None:
    assert tagged({"Plan": "gold", "a": "1", "A": "2"}) == {"aws:resourcetag/plan": ["gold"]}


def test_a_request_shows_tags_and_the_context_that_the_caller_sends() -> None:
    context: dict[str, Value] = {"kms:requestalias": "x", "kms:resourcealiases": ("x",), "kms:viaservice": "s"}
    shown = describe_request("p", {"a": "b"}, "kms:Decrypt", "r", "n", context)
    named = {"principal": "p", "action": "kms:Decrypt", "resource": "r", "named by": "n"}
    assert shown == {**named, "session tags": {"a": "b"}, "context": {"kms:viaservice": "s"}}
    assert describe_request("p", {}, "kms:Decrypt", "r", "n", {"kms:requestalias": "x"}) == named


ESTATE = estate_of("acme: {}", "globex: {}")
REVIEWED = review_estate(templates_of(ESTATE), ESTATE)
ACME = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-acme.orders"
SESSIONS = f"arn:aws:sts::{CENTRAL}:assumed-role/tenant-acme.orders"
ARN = f"arn:aws:kms:eu-west-1:{CENTRAL}"
UNRESOLVED = f"unresolved!{CENTRAL}!eu-west-1!keys!Keyacme"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("acme", "id"),
        ("alias/tenant-acme", "alias"),
        (ACME, "role orders"),
        (SESSIONS, "sessions orders"),
        (f"{SESSIONS}/one", "sessions orders"),
        (UNRESOLVED, f"key id {CENTRAL} eu-west-1"),
        (f"{ARN}:key/{UNRESOLVED}", f"key {CENTRAL} eu-west-1"),
        (f"{ARN}:alias/tenant-acme", f"alias {CENTRAL} eu-west-1"),
        ("ACME", "id"),
        ("acm?", "id"),
        (f"{ACME}/x", None),
        ("*", None),
        ("tenant-acme", None),
    ],
)
def test_a_value_that_names_a_tenant_is_found_by_each_of_its_names(value: str, name: str | None) -> None:
    names = _Names(REVIEWED.inventory, REVIEWED.promises)
    policy = f'{{"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "{value}"}}}}'
    met = names.meeting([policy])
    assert met.get("acme", frozenset()) == (frozenset() if name is None else frozenset({(value, name)}))


def test_a_variable_names_every_tenant_and_its_default_one() -> None:
    names = _Names(REVIEWED.inventory, REVIEWED.promises)
    by_default = "${aws:PrincipalTag/x, 'acme'}"
    policy = f'{{"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "alias/tenant-{by_default}"}}}}'
    value = f"alias/tenant-{by_default}"
    assert names.meeting([policy]) == {
        "acme": frozenset({(value, "alias"), (f"{value} by default", "alias")}),
        "globex": frozenset({(value, "alias")}),
    }


def test_sessions_of_a_role_are_named_without_its_path() -> None:
    assert _sessions_of(ACME) == SESSIONS
    assert _sessions_of("arn:aws-cn:iam::1:role/a:b/c") == "arn:aws-cn:sts::1:assumed-role/c"


def test_tenants_that_no_document_distinguishes_are_of_one_class() -> None:
    (tenants,) = tenant_classes(REVIEWED.inventory, REVIEWED.promises).values()
    assert (tenants.count, tenants.first) == (2, ["acme", "globex"])


def test_a_text_that_tells_who_is_behind_an_opaque_name_is_reported_or_may_be() -> None:
    place = (CENTRAL, "eu-west-1", "keys", "Keyacme")
    telling = replace(REVIEWED, disclosed=((place, "t-1", "Description"), (place, "", "Metadata, a function")))
    told = Finding(
        Kind.INVENTORY,
        "keys Keyacme: Description tells the id in the manifest of tenant t-1, whose name is opaque",
        "remove the id: the workload's parameter alone holds it",
        "t-1",
    )
    unread = Finding(
        Kind.NOT_PROVED,
        "keys Keyacme: Metadata, a function, and may tell the id of a tenant whose name is opaque",
        "write the value literally, in printable ASCII",
    )
    assert list(_disclosed(telling)) == [told, unread]
    proof = prove(telling, ESTATE)
    assert proof.findings == (told, unread)
    assert (proof.safeguards, proof.guardrails) == ((), ())
    assert REVIEWED.resources[place].properties.keys() == {"PendingWindowInDays", "MultiRegion", "Enabled"} | {
        *("EnableKeyRotation", "RotationPeriodInDays", "Tags")
    }


KEY = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("got", "same"),
    [
        (KEY, True),
        (f"arn:aws:kms:eu-west-1:{CENTRAL}:key/{KEY}", True),
        (f"alias/{KEY}", False),
        (KEY.replace("1", "2"), False),
        (None, False),
    ],
)
def test_the_key_of_a_topic_is_named_by_its_id_or_arn_and_by_no_alias(got: object, same: bool) -> None:
    """An alias with the name of the key's id may point to another key."""
    declared = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/{KEY}"
    assert (_difference("KmsMasterKeyId", got, declared) is None) is same
