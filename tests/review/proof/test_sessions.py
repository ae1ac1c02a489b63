"""Who asks for a session with a certificate, and with which tags a session is obtained; typed by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tenant_keys.review.proof.actor import Actor, everything, role_session
from tenant_keys.review.proof.certificates import certificate_holders, is_own_certificate
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.obtained_sessions import Issuance
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.proof.session_requests import sessions
from tenant_keys.review.proof.world import keep, role_case
from tests.review.proof.test_places import AUTHORITY, estate

ROLE = "arn:aws:iam::222222222222:role/app"
STRANGER = role_session("arn:aws:iam::555555555555:role/app")


def trusting(**elements: Any) -> dict[str, Any]:
    statement = {"Sid": "Trust", "Effect": "Allow", "Principal": {"AWS": "555555555555"}, **elements}
    return {"Version": "2012-10-17", "Statement": [statement]}


def obtained(actor: Actor = STRANGER, **elements: Any) -> tuple[list[dict[str, str]], int]:
    """The tags of each session that the stranger obtains, and how many requests were tried."""
    role = RoleRecord("stack", "222222222222", ROLE, trusting(**elements), [], (), {})
    result = Issuance()
    return [dict(tags) for tags, _ in sessions(role_case(role, None, None, keep), actor, result)], result.requests


BOTH = ["sts:AssumeRole", "sts:TagSession"]
VALUES = (None, "a-tenant", "", "any")


def test_a_session_is_obtained_once_for_each_set_of_tags() -> None:
    """The external id may be any of two: it is tried absent, then as the first; without TagSession all four ways."""
    ids = {"StringEquals": {"sts:ExternalId": ["one", "two"]}}
    sets = [
        {name: value for name, value in (("tenant_id", own), ("another-tag", other)) if value is not None}
        for own, other in product(VALUES, VALUES)
    ]
    found, requests = obtained(Action=BOTH, Condition=ids)
    assert sorted(map(str, found)) == sorted(map(str, sets))
    assert requests == 16 * 2
    assert obtained(Action=BOTH[:1]) == ([{}], 16)
    assert obtained(Action=BOTH[:1], Condition=ids) == ([{}], 2 + 15 * 4)


def test_nothing_is_tried_for_whom_no_statement_names() -> None:
    assert obtained(Action=BOTH, Principal={"AWS": "666666666666"}) == ([], 0)
    assert obtained(Action="sts:TagSession") == ([], 0)


def test_a_statement_about_other_actions_makes_no_more_requests() -> None:
    """Of the caller's own policies, which speak of keys and of tags."""
    full, network = everything()[0].raw["Statement"], {"StringEquals": {"aws:SourceVpc": "v"}}
    for action, requests in (("kms:Decrypt", 16), ("sts:TagSession", 16 * 3 - 2), ("sts:AssumeRole", 16 * 3 - 2)):
        other = {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": network}
        own = Document.parse({"Version": "2012-10-17", "Statement": [*full, other]}, name="own", kind="identity")
        assert obtained(replace(STRANGER, identity=(own,)), Action=BOTH[:1]) == ([{}], requests)


@pytest.mark.parametrize("operator", ["ArnLike", "StringLike", "ArnEquals"])
def test_a_tag_has_a_name_of_each_class_that_a_pattern_of_names_distinguishes(operator: str) -> None:
    names = {f"ForAnyValue:{operator}": {"aws:TagKeys": "arn:*:c:d:e:f"}}
    found, _ = obtained(Action=BOTH, Condition=names)
    assert {key for tags in found for key in tags} >= {"arn::c:d:e:f", "tenant_id", "another-tag"}


def test_more_than_five_session_tags_are_not_tried_in_all_their_sets() -> None:
    three = {"StringLike": {f"aws:RequestTag/{name}": "x" for name in ("a", "b", "c")}}
    assert obtained(Action=BOTH, Condition=three)[0]
    four = {"StringLike": {**three["StringLike"], "aws:RequestTag/d": "x"}}
    message = "6 session tags are distinguished: a, another-tag, b, c, d, tenant_id"
    with pytest.raises(NotProved, match=f"^{message}$"):
        obtained(Action=BOTH, Condition=four)


def test_more_requests_than_can_be_tried_are_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = "tenant_keys.review.proof.session_requests.MOST_REQUESTS"
    monkeypatch.setattr(limit, 16)
    assert obtained(Action=BOTH[:1]) == ([{}], 16)
    monkeypatch.setattr(limit, 15)
    with pytest.raises(NotProved, match=f"^trust policy of {ROLE}: more than 15 classes of requests$"):
        obtained(Action=BOTH[:1])


ANCHORS = {
    "arn:aws:rolesanywhere:eu-west-1:333333333333:trust-anchor/a": AUTHORITY,
    "arn:aws:rolesanywhere:eu-west-1:333333333333:trust-anchor/b": f"{AUTHORITY}6",
}


def test_certificates_differ_by_trust_anchor_and_by_the_common_name_that_a_policy_asks_for() -> None:
    premises = estate().workloads["premises"]
    names = {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "other"}}
    body = trusting(Principal={"Service": "rolesanywhere.amazonaws.com"}, Action=BOTH, Condition=names)
    trust = Document.parse(body, name="trust", kind="resource")
    holders = list(certificate_holders(trust, premises, ANCHORS, {}))
    first, second = ANCHORS
    own = {
        (actor.presents["aws:sourcearn"], actor.principal.tags.get("x509subject/cn")): actor.label for actor in holders
    }
    says = {None: "any common name", "": 'common name ""', "premises": 'common name "premises"'}
    says |= {"other": 'common name "other"', "otherz": 'common name "otherz"'}
    issued = {first: f"issued by {AUTHORITY}", second: f"issued by {AUTHORITY}6", "any": "under any"}
    assert own == {
        (anchor, name): f"a holder of a certificate of {reported} {by}"
        for anchor, by in issued.items()
        for name, reported in says.items()
    }
    assert len(holders) == len(own)
    assert [one.label for one in holders if is_own_certificate(one, premises, ANCHORS)] == [
        f'a holder of a certificate of common name "premises" issued by {AUTHORITY}'
    ]
