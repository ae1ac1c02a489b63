"""What is beyond the limits of the proof is not proved, by name; what is just within them is decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.proof import (
    NotProved,
    actors,
    condition_keys,
    domain,
    examples,
    liveness,
    points,
    policy_differences,
    readers,
    requests,
    session_requests,
    solutions,
    tags,
)
from tenant_keys.review.proof.actor import role_session
from tenant_keys.review.proof.condition_keys import EARLIEST, known
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.domain import candidates, text_classes
from tenant_keys.review.proof.examples import distinguished_accounts
from tenant_keys.review.proof.inventory import Inventory, take_inventory
from tenant_keys.review.proof.key_actions import carries
from tenant_keys.review.proof.liveness import works
from tenant_keys.review.proof.outsiders import Outsiders
from tenant_keys.review.proof.readers import Parts, Pattern
from tenant_keys.review.proof.requests import Target, base_request, contexts
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.stopped import open_policy
from tenant_keys.review.proof.tags import tag_sets
from tenant_keys.review.proof.world import build_world
from tests.review.proof.test_classes import KEY, document, on
from tests.review.proof.test_kinds import estate_of
from tests.review.proof.test_solutions import ALIAS
from tools.random_estates.small_estates import CENTRAL, HEAD, Templates, templates_of

TAG = "aws:PrincipalTag/t"
ARN = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/1"
ACTOR = role_session(f"arn:aws:iam::{CENTRAL}:role/app")


@pytest.mark.parametrize(
    ("conditions", "reported"),
    [
        (
            {"StringEquals": {KEY: "a${*}"}},
            "key policy: a${*} holds an escape; no classes of values are derived for it",
        ),
        (
            {"StringEquals": {KEY: "${aws:SourceIdentity}"}},
            "key policy: ${aws:SourceIdentity} compares with aws:sourceidentity, of which no classes are derived",
        ),
        (
            {"StringEquals": {"aws:userid": "${aws:username}"}},
            "key policy: ${aws:username} is compared with aws:userid; no classes of both together are derived",
        ),
        (
            {"StringEquals": {KEY: "${aws:username, 'a*'}"}},
            "key policy: ${aws:username, 'a*'} has a wildcard as the default of a variable",
        ),
        (
            {"StringEquals": {"aws:NoSuchKey": "a"}},
            "key policy: aws:nosuchkey: the proof does not know this condition key",
        ),
    ],
)
def test_a_document_of_which_no_classes_are_determined_is_named(conditions: dict[str, Any], reported: str) -> None:
    with pytest.raises(NotProved) as caught:
        document(conditions)
    assert str(caught.value) == reported


def test_a_policy_variable_is_held_with_the_key_that_it_is_compared_with() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "kms:*",
        "Resource": ["arn:aws:kms:*:*:key/${aws:PrincipalAccount}"],
        "Condition": {"StringEquals": {"kms:ViaService": ["plain", f"a-${{{TAG}}}"], KEY: f"${{{TAG}}}"}},
    }
    named = Document.parse({"Version": "2012-10-17", "Statement": [statement]}, name="p", kind="resource")
    assert named.holding == {
        "aws:principalaccount": (("resource", "arn:aws:kms:*:*:key/${aws:PrincipalAccount}"),),
        TAG.lower(): (("kms:viaservice", f"a-${{{TAG}}}"), (KEY.lower(), f"${{{TAG}}}")),
    }


@pytest.mark.parametrize(
    ("key", "operators", "words"),
    [
        ("aws:userid", {"NumericEquals": "1", "Bool": "true"}, "Bool, NumericEquals"),
        (KEY, {"NumericEquals": "1", "StringLike": "1*"}, "NumericEquals, StringLike together"),
    ],
)
def test_operators_of_which_no_classes_of_values_are_determined_are_named(
    key: str, operators: dict[str, Any], words: str
) -> None:
    with pytest.raises(NotProved, match=rf"^{key.lower()}: no classes of values are derived for {words}$"):
        candidates(key.lower(), on(key, **operators), {"aws:principaltype": "User"})


def test_an_operator_of_no_family_is_named() -> None:
    with pytest.raises(NotProved, match=r"^k: no classes of values are derived for Sounds, StringLike$"):
        domain._of_text("k", {"StringLike": ("a",), "Sounds": ("b",)}, (), None)


def test_patterns_that_use_every_letter_are_named() -> None:
    with pytest.raises(NotProved, match=r"^patterns that use every letter on one key: write exact values$"):
        examples.examples(["zqxjkvwybfgu0123456789*"], arn=False)
    assert examples.examples(["zqxjkvwybfgu012345678*"], arn=False)[0] == ""


def test_patterns_that_interlock_in_too_many_ways_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of `a*` there are three states beside the start: none, `a`, and `a` with more is the same as `a`."""
    patterns = ["ab*", "cd*"]
    monkeypatch.setattr(examples, "MOST_STATES", 20)
    assert examples.examples(patterns, arn=False) == ["", "ab", "cd"]
    monkeypatch.setattr(examples, "MOST_STATES", 2)
    with pytest.raises(NotProved, match=r"^3 patterns with wildcards on one key: write exact values$"):
        examples.examples(patterns, arn=False)


def test_accounts_that_interlock_in_too_many_ways_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    number = Pattern.of([("*7*", False)], arn=False)
    monkeypatch.setattr(examples, "MOST_STATES", 3)
    assert len(distinguished_accounts([], [], [number], "aws")) == 2
    monkeypatch.setattr(examples, "MOST_STATES", 1)
    with pytest.raises(NotProved, match=r"^2 patterns distinguish accounts: write exact account ids$"):
        distinguished_accounts([], [], [number], "aws")


CHOSEN = {"StringEquals": {KEY: "a"}, "StringNotEquals": {"kms:EncryptionContext:y": "b"}}
"""Absent, the value and another, of each: nine combinations."""


def target(conditions: dict[str, Any], **more: Any) -> Target:
    return Target(ARN, CENTRAL, document(conditions), {}, more)


def test_combinations_of_context_values_are_tried_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    one = target(CHOSEN)
    base = base_request(ACTOR, "kms:Decrypt", one)
    monkeypatch.setattr(requests, "MOST_CONTEXTS", 9)
    tried = list(contexts(base, (one.document,), one, carries))
    assert len(tried) == 9
    assert [len(each) for each in tried] == [0, 1, 1, 1, 1, 2, 2, 2, 2]
    monkeypatch.setattr(requests, "MOST_CONTEXTS", 8)
    with pytest.raises(
        NotProved, match=r"kms:Decrypt by arn:aws:sts::1{12}:assumed-role/app/any-session: 9 combinations"
    ):
        list(contexts(base, (one.document,), one, carries))


def test_a_declared_call_is_tried_in_combinations_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    network = target({"StringEquals": {"aws:SourceVpc": "v", "aws:SourceVpce": "e"}})
    monkeypatch.setattr(liveness, "MOST_CONTEXTS", 9)
    assert not works(ACTOR, ("kms:Decrypt",), network, carries, {}, {}, {}).always
    monkeypatch.setattr(liveness, "MOST_CONTEXTS", 8)
    with pytest.raises(NotProved, match=r"too many combinations of context values$"):
        works(ACTOR, ("kms:Decrypt",), network, carries, {}, {}, {})


PAIRS = "kms:encryptioncontextkeys"


@pytest.mark.parametrize(
    ("conditions", "chosen", "limits", "expected"),
    [
        ({}, {}, {}, (False, False, "")),
        ({"Null": {"aws:SourceVpc": "false"}}, {}, {}, (False, True, "aws:sourcevpc")),
        ({"StringEquals": {KEY: "a"}}, {}, {}, (True, True, "")),
        ({"StringEquals": {KEY: "a"}}, {KEY.lower(): "a"}, {}, (True, True, "")),
        ({"StringEquals": {KEY: "a"}}, {KEY.lower(): "b"}, {}, (False, False, "")),
        # A key of which the manifest says the value is not among the circumstances.
        (
            {"StringEquals": {"aws:SourceVpc": "v"}, "Null": {"aws:SourceVpce": "false"}},
            {"aws:sourcevpc": "v"},
            {},
            (False, True, "aws:sourcevpce"),
        ),
        # A value that is limited may be chosen of those that are left.
        ({"StringEquals": {"kms:RequestAlias": "alias/a"}}, {}, {ALIAS: ["alias/a", None]}, (True, True, "")),
        ({"StringEquals": {"kms:RequestAlias": "alias/a"}}, {}, {ALIAS: ["alias/b", None]}, (False, False, "")),
        # A call of which the manifest declares a pair lists its name as it is declared.
        (
            {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "X"}, "StringEquals": {KEY: "a"}},
            {KEY.lower(): "a"},
            {},
            (False, False, ""),
        ),
        (
            {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "x"}, "StringEquals": {KEY: "a"}},
            {KEY.lower(): "a"},
            {},
            (True, True, ""),
        ),
    ],
)
def test_a_declared_call_works_always_or_only_in_some_circumstances(
    conditions: dict[str, Any], chosen: dict[str, Any], limits: dict[str, Any], expected: tuple[bool, bool, str]
) -> None:
    if not conditions:
        conditions = {"Bool": {"aws:SecureTransport": "false"}}
    found = works(ACTOR, ("kms:Decrypt",), target(conditions), carries, chosen, limits, {})
    assert (found.always, found.sometimes) == expected[:2]
    assert found.depends_on == expected[2] or not found.sometimes


ALIASES = "kms:resourcealiases"
OPEN_RULE = {"ForAnyValue:StringNotEquals": {"kms:ResourceAliases": "alias/x"}}
"""Whether it holds where the key is absent, AWS's documents leave open."""


@pytest.mark.parametrize(("own", "of_key"), [(True, False), (False, True), (True, True)])
def test_a_deny_that_stops_a_declared_call_by_one_reading_of_an_open_rule_is_a_doubt(own: bool, of_key: bool) -> None:
    def policy(name: str, kind: Any, denying: bool, **elements: Any) -> Document:
        allow = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **elements}
        deny = [{**allow, "Effect": "Deny", "Condition": OPEN_RULE}] if denying else []
        return Document.parse({"Version": "2012-10-17", "Statement": [allow, *deny]}, name=name, kind=kind)

    actor = replace(ACTOR, identity=(policy("own", "identity", own),))
    key = policy("key", "resource", of_key, Principal="*")
    for aliases, doubt in ((None, True), (("alias/x",), False)):
        found = works(actor, ("kms:Decrypt",), Target(ARN, CENTRAL, key, {}, {ALIASES: [aliases]}), carries, {}, {}, {})
        assert (found.always, found.sometimes) == (not doubt, True)
        assert found.depends_on == ("a rule that AWS's documents leave open" if doubt else "")


def test_a_context_that_cannot_be_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(NotProved, match=r"^a declared request has no context that can be$"):
        liveness._refusal([], lambda _: None)


def test_a_call_that_is_declared_at_no_value_of_a_key_is_named() -> None:
    one = target({"StringEquals": {"aws:SourceVpc": "v"}})
    found = works(ACTOR, ("kms:Decrypt",), one, carries, {}, {}, {"aws:sourcevpc": lambda value: value == "v"})
    assert found.always
    with pytest.raises(NotProved, match=r"^no value of aws:sourcevpc is derived at which the request is declared$"):
        works(ACTOR, ("kms:Decrypt",), one, carries, {}, {}, {"aws:sourcevpc": lambda value: value == "w"})


def test_a_variable_beside_numbers_of_one_tag_is_named() -> None:
    conditions = {
        "StringEquals": {KEY: f"a${{{TAG}}}"},
        "StringLike": {KEY: "ab*"},
        "NumericLessThan": {TAG: "5"},
    }
    with pytest.raises(NotProved, match=r"^aws:principaltag/t: a policy variable beside NumericLessThan$"):
        tag_sets([document(conditions)], {}, "acme", own={})


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ([], ["0", "1", "2"]),
        (["0"], ["0", "1"]),
        (["5"], ["4", "5", "6"]),
        (["5.5"], ["4", "5", "6"]),
        (["5", "9"], ["4", "5", "6", "8", "9", "10"]),
        (["-3"], []),
    ],
)
def test_a_whole_number_is_beside_each_threshold_and_never_negative(thresholds: list[str], expected: list[str]) -> None:
    assert points.whole_numbers(thresholds) == expected


def test_of_dates_there_is_a_moment_between_two() -> None:
    assert points.moments(["1970-01-03T00:00:00Z", "172801"]) == ["172799", "172800", "172800.5", "172801", "172802"]


def test_of_no_date_there_is_one_moment() -> None:
    assert points.moments([]) == ["1000000000"]


def test_a_range_of_addresses_may_name_an_address_within_it() -> None:
    zero = ".".join("0000")
    assert points.addresses(["10.1.2.3/8"]) == [zero, "10.0.0.0", "11.0.0.0", "::"]
    assert points.addresses(["255.255.255.255/32"]) == [zero, "255.255.255.255", "::"]


def test_a_time_is_none_before_the_first_review() -> None:
    key = "aws:currenttime"
    assert candidates(key, on("aws:CurrentTime", DateLessThan="2020-01-01T00:00:00Z"), {}) == [
        *(str(EARLIEST + step) for step in (0, 1)),
    ]
    later = candidates(key, on("aws:CurrentTime", DateLessThan=str(EARLIEST + 10)), {})
    assert later == [str(EARLIEST), str(EARLIEST + 5), str(EARLIEST + 10), str(EARLIEST + 11)]


def test_days_without_use_are_whole_numbers() -> None:
    key = "kms:trailingdayswithoutkeyusage"
    found = text_classes(on("kms:TrailingDaysWithoutKeyUsage", NumericLessThan="5"), {}, ("30",), known(key))
    assert found == ("4", "5", "6", "29", "30", "31")


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (f"a${{{TAG}}}?", "abc", ["b", "bc"]),
        (f"${{{TAG}}}?bc", "abc", ["a", "ab", "abc"]),
        (f"?${{{TAG}}}c", "abc", ["b", "ab"]),
        (f"ab${{{TAG}}}bc", "abc", []),
        (f"ab${{{TAG}}}c", "abc", [""]),
        (f"abc${{{TAG}}}*", "abc", []),  # the empty value, which is always tried, is the only one
        (f"*${{{TAG}}}bc", "abc", ["a"]),
    ],
)
def test_a_variable_beside_a_wildcard_may_be_any_piece_of_the_name(value: str, name: str, expected: list[str]) -> None:
    named = document({"StringLike": {"kms:RequestAlias": value}})
    assert solutions.solutions(named, TAG.lower(), {ALIAS: name}, lambda _: True) == expected


def read(**properties: Any) -> Inventory:
    made = Templates({}, {"stack": (CENTRAL, "us-east-1")})
    made.add("stack", "One", "AWS::Organizations::Policy", properties)
    return take_inventory(made, {})


def test_the_content_of_a_control_policy_is_json_that_names_nothing_twice() -> None:
    whole = {"Name": "n", "Type": "T", "TargetIds": ["1"]}
    for text in ("{", '{"a": 1, "a": 2}'):
        with pytest.raises(
            NotProved, match=r"^stack One\.Content: AWS::Organizations::Policy takes JSON, no name twice: "
        ):
            read(Content=text, **whole)
    (record,) = read(Content={"a": [1]}, **whole).controls
    assert (record.name, record.kind, record.targets, record.document, record.characters) == (
        *("n", "T", ("1",), {"a": [1]}),
        len('{"a":[1]}'),
    )
    (listed,) = read(Content="[1, 2]", **whole).controls
    assert (listed.document, listed.characters) == ({}, 6)


def test_a_resource_policy_that_allows_everything_is_one() -> None:
    assert open_policy().raw["Statement"] == [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]


def test_only_a_form_of_several_parts_has_a_colon() -> None:
    for parts, allowed in (((("ab", 1),), "ab"), ((("ab", 1), ("c", 2)), "ab:c")):
        assert [one for one in "ab:cd" if Parts(parts).allows(one)] == list(allowed)


def test_the_limits_are_these() -> None:
    """AWS's own: a colon of an ARN, digits of an account, and the characters of a tag's value; the others are ours."""
    assert (condition_keys.EARLIEST, readers._INNER_COLONS, tags.MOST_CHARACTERS) == (1_767_225_600, 5, 256)
    assert (domain.MOST_MEMBERS, session_requests.MOST_SESSION_TAGS, policy_differences._MOST) == (6, 5, 4)
    assert (examples.MOST_STATES, requests.MOST_CONTEXTS, session_requests.MOST_REQUESTS) == (50_000, 20_000, 50_000)
    assert (solutions.MOST, tags.MOST_TAGS) == (100, 400)


def test_a_permission_set_of_which_no_role_is_derived_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pattern is among those that distinguish roles, so that there is one; the proof does not lean on that."""
    central = "[permission-set/Audit]\n  identity_center_region: eu-central-1"
    estate = estate_of("acme: {}", head=HEAD.replace("[role/SecurityAudit]", central))
    reviewed = review_estate(templates_of(estate), estate)
    world = build_world(estate, reviewed.inventory, reviewed.promises, reviewed.classes)
    (case,) = world.keys
    found = {one.role_arn or "" for one in actors.declared_actors(case, world)}
    assert any("AWSReservedSSO_Audit_" in one for one in found)
    nobody = Outsiders((), (), (), (), (None,), {}, "aws", "any-session")
    monkeypatch.setattr(actors, "outsiders", lambda *_: nobody)
    with pytest.raises(NotProved, match=r"AWSReservedSSO_Audit_\?{16}: no role of the permission set is derived$"):
        list(actors.declared_actors(case, world))
