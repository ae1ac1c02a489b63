"""A Deny that goes or denies less needs a review, also where another Deny of the old policy denies the same requests.

Decided by IAM's documents before the comparison was asked: a request is denied if one Deny matches it, so each Deny
that matches it protects by itself.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tenant_keys.review.diff.safeguards import Text, lost_safeguards, rewritten

KEYS = "arn:aws:kms:eu-west-1:111111111111:key/*"
Json = dict[str, Any]
SAME = ["key policy is written differently and means the same"]


def deny(sid: str, *actions: str, **condition: Json) -> Json:
    made: Json = {"Sid": sid, "Effect": "Deny", "Action": list(actions), "Resource": "*", "Principal": "*"}
    return made | ({"Condition": condition} if condition else {})


def document(*statements: Json, label: str = "key policy") -> dict[str, tuple[Text, ...]]:
    return {"acme": (Text(label, json.dumps({"Version": "2012-10-17", "Statement": statements}), KEYS),)}


def lost(before: list[Json], after: list[Json]) -> list[str]:
    """What needs a review; then nothing is said to mean the same."""
    old, new = document(*before), document(*after)
    found = list(lost_safeguards(old, new))
    assert not found or not rewritten(old, new)
    return found


def note(before: list[Json], after: list[Json]) -> list[str]:
    """What is said of two versions of which neither loses a Deny."""
    assert lost(before, after) == []
    return list(rewritten(document(*before), document(*after)))


USE = ("kms:Decrypt", "kms:Encrypt")
ALIAS = deny("Alias", *USE, StringNotEquals={"kms:RequestAlias": "alias/acme"})
ROLE = deny("Role", *USE, ArnNotEquals={"aws:PrincipalArn": ["arn:aws:iam::111111111111:role/orders"]})
SUSPENDED = deny("Suspended", *USE)
OPEN = deny("Open", *USE, Null={"kms:RequestAlias": "true"})
NAMED = deny("Named", *USE, Null={"kms:RequestAlias": "false"})
NO_ALIAS = "key policy: no Deny StringNotEquals kms:requestalias"
LESS = f"{NO_ALIAS} as strict as Alias was"
NO_ROLE = "key policy: no Deny ArnNotEquals aws:principalarn as strict as Role was"
BOTH = "(kms:Decrypt, kms:Encrypt); Suspended still denies it"
MORE = "such as where aws:principalarn is arn:aws:iam::111111111111:role/more"
OTHER = "such as where aws:principalarn is arn:aws:iam::111111111111:role/other (kms:Decrypt, kms:Encrypt)"


def changed(statement: Json, **elements: object) -> Json:
    return {**statement, **elements}


def where(statement: Json, **condition: Json) -> Json:
    return {**statement, "Condition": condition}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([ALIAS, SUSPENDED], [SUSPENDED], [f"{LESS} {BOTH}"], id="gone"),
        pytest.param(
            [ALIAS, ROLE, SUSPENDED],
            [SUSPENDED],
            [f"{LESS} {BOTH}", f"{NO_ROLE} {BOTH}"],
            id="two gone",
        ),
        pytest.param(
            [ROLE, SUSPENDED],
            [
                where(
                    ROLE,
                    ArnNotEquals={
                        "aws:PrincipalArn": [
                            "arn:aws:iam::111111111111:role/orders",
                            "arn:aws:iam::111111111111:role/more",
                        ]
                    },
                ),
                SUSPENDED,
            ],
            [f"{NO_ROLE}, {MORE} {BOTH}"],
            id="a role more spared",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [changed(ALIAS, Action="kms:Encrypt"), SUSPENDED],
            [f"{LESS} (kms:Decrypt); Suspended still denies it"],
            id="an action less",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [changed(ALIAS, Resource="arn:aws:s3:::bucket"), SUSPENDED],
            [f"{LESS} {BOTH}"],
            id="another resource",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [changed(ALIAS, Principal={"AWS": "999999999999"}), SUSPENDED],
            [f"{LESS} {BOTH}"],
            id="one account",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [changed(ALIAS, Effect="Allow"), SUSPENDED],
            [f"{LESS} {BOTH}", "key policy: a new Allow (kms:Decrypt, kms:Encrypt)"],
            id="an Allow in its place",
        ),
        pytest.param([ALIAS, SUSPENDED], [SUSPENDED, changed(SUSPENDED, Sid="Again")], [f"{LESS} {BOTH}"], id="a copy"),
        pytest.param(
            [changed(ALIAS, Sid=None), changed(SUSPENDED, Sid=None)],
            [changed(SUSPENDED, Sid=None), changed(SUSPENDED, Sid=None)],
            [f"{NO_ALIAS} as strict as a statement was (kms:Decrypt, kms:Encrypt); a statement still denies it"],
            id="a copy, without Sids",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [changed(SUSPENDED, Sid="Alias")],
            [f"{LESS} (kms:Decrypt, kms:Encrypt); Alias still denies it"],
            id="the other under its Sid",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [changed(SUSPENDED, Action=[*USE, "kms:Sign"])],
            [f"{LESS} {BOTH}"],
            id="the other with an action more",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [
                where(SUSPENDED, Bool={"aws:SecureTransport": "true"}),
                where(changed(SUSPENDED, Sid="Plain"), BoolIfExists={"aws:SecureTransport": "false"}),
            ],
            [f"{LESS} (kms:Decrypt, kms:Encrypt); Plain and Suspended still deny it"],
            id="the other in two parts",
        ),
        pytest.param(
            [ALIAS, ROLE],
            [where(ROLE, ArnNotEquals={"aws:PrincipalArn": "arn:aws:iam::111111111111:role/other"})],
            [f"{LESS}, {OTHER}", f"{NO_ROLE}, {OTHER}"],
            id="nothing denies it any more",
        ),
        pytest.param(
            [ALIAS, OPEN, NAMED],
            [OPEN, NAMED],
            [f"{LESS} (kms:Decrypt, kms:Encrypt); Named and Open still deny it"],
            id="two others together",
        ),
        pytest.param(
            [ALIAS, changed(ALIAS, Sid="Decrypt", Action="kms:Decrypt")],
            [changed(ALIAS, Sid="Decrypt", Action="kms:Decrypt")],
            [f"{LESS} (kms:Encrypt)", f"{LESS} (kms:Decrypt); Decrypt still denies it"],
            id="of which a part is there twice",
        ),
    ],
)
def test_what_another_deny_still_denies_needs_a_review(
    before: list[Json], after: list[Json], expected: list[str]
) -> None:
    assert sorted(lost(before, after)) == sorted(expected)


def test_another_deny_that_was_widened_at_the_same_time_replaces_nothing() -> None:
    """The list of spared roles of the other Deny got shorter, which alone would be a note."""
    orders, mails = "arn:aws:iam::111111111111:role/orders", "arn:aws:iam::111111111111:role/mails"
    spared = where(ROLE, ArnNotEquals={"aws:PrincipalArn": [orders, mails]})
    both = where(ALIAS, ArnNotEquals={"aws:PrincipalArn": [orders, mails]}, **ALIAS["Condition"])
    [found] = lost([both, spared], [ROLE])
    assert found == (
        "key policy: no Deny ArnNotEquals aws:principalarn and StringNotEquals kms:requestalias as strict as Alias was "
        "(kms:Decrypt, kms:Encrypt); Role still denies it"
    )


def test_a_pattern_of_actions_that_matches_fewer_names_needs_a_review() -> None:
    """Of the operations that KMS has, `kms:De?rypt` leaves Decapsulate out."""
    wide = deny("Alias", "kms:Dec*", StringNotEquals={"kms:RequestAlias": "alias/acme"})
    found = lost([wide, deny("Suspended", "kms:*")], [changed(wide, Action="kms:De?rypt"), deny("Suspended", "kms:*")])
    [today] = [one for one in found if "kms:Decapsulate" in one]
    assert today.startswith(f"{LESS} (kms:Decapsulate, ")
    assert all(one.endswith("; Suspended still denies it") for one in found)


@pytest.mark.parametrize("label", ["trust policy of the role of orders", "service control policy of 111111111111"])
def test_any_policy_is_compared_alike(label: str) -> None:
    assumed = deny("Tag", "sts:AssumeRole", StringNotEquals={"aws:PrincipalTag/t": "x"})
    old = document(assumed, deny("All", "sts:*"), label=label)
    [found] = lost_safeguards(old, document(deny("All", "sts:*"), label=label))
    gone = "no Deny StringNotEquals aws:principaltag/t as strict as Tag was"
    assert found == f"{label}: {gone} (sts:AssumeRole); All still denies it"


TWO = ["alias/acme", "alias/more"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([ALIAS, changed(ALIAS, Sid="Again"), ROLE], [ALIAS, ROLE], id="a duplicate goes"),
        pytest.param([ALIAS, changed(ALIAS, Sid="Again"), ROLE], [changed(ALIAS, Sid="Again"), ROLE], id="the other"),
        pytest.param(
            [ALIAS, where(ALIAS, StringNotEqualsIfExists={"KMS:RequestAlias": ["alias/acme"]})],
            [ALIAS],
            id="a duplicate in another spelling",
        ),
        pytest.param([ALIAS], [ALIAS, changed(ALIAS, Sid="Again")], id="a duplicate comes"),
        pytest.param([ALIAS, SUSPENDED], [SUSPENDED, ALIAS], id="another order"),
        pytest.param(
            [ALIAS, SUSPENDED], [changed(SUSPENDED, Sid="Alias"), changed(ALIAS, Sid="Suspended")], id="Sids exchanged"
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [
                changed(ALIAS, Sid="A", Action="kms:Decrypt"),
                changed(ALIAS, Sid="B", Action="kms:Encrypt"),
                SUSPENDED,
            ],
            id="split by action, under another",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [
                where(ALIAS, Null={"kms:RequestAlias": "false"}, **ALIAS["Condition"]),
                where(changed(ALIAS, Sid="None"), Null={"kms:RequestAlias": "true"}),
                SUSPENDED,
            ],
            id="split by presence, under another",
        ),
        pytest.param(
            [
                changed(ALIAS, Sid="A", Action="kms:Decrypt"),
                changed(ALIAS, Sid="B", Action="kms:Encrypt"),
                SUSPENDED,
            ],
            [ALIAS, SUSPENDED],
            id="merged by action, under another",
        ),
        pytest.param(
            [ALIAS, changed(ALIAS, Sid="More", Action=["kms:Encrypt", "kms:Sign"])],
            [changed(ALIAS, Action=[*USE, "kms:Sign"])],
            id="merged where both had an action",
        ),
        pytest.param(
            [
                deny("A", *USE, StringEquals={"kms:RequestAlias": ["alias/a", "alias/b"]}),
                deny("B", *USE, StringEquals={"kms:RequestAlias": ["alias/b", "alias/c"]}),
            ],
            [deny("A", *USE, StringEquals={"kms:RequestAlias": ["alias/a", "alias/b", "alias/c"]})],
            id="merged where both had a value",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [where(ALIAS, StringNotLike={"kms:RequestAlias": "alias/acme"}), SUSPENDED],
            id="another operator, under another",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [
                where(ALIAS, StringNotLike={"kms:RequestAlias": "alias/acme"}),
                changed(SUSPENDED, Resource=KEYS, Action=["KMS:decrypt", "kms:Encrypt"]),
            ],
            id="both in other words",
        ),
        pytest.param(
            [ALIAS, SUSPENDED],
            [
                where(ALIAS, Null={"kms:RequestAlias": "false"}, **ALIAS["Condition"]),
                where(changed(ALIAS, Sid="None"), Null={"kms:RequestAlias": "true"}),
                where(SUSPENDED, Bool={"aws:SecureTransport": "true"}),
                where(changed(SUSPENDED, Sid="Plain"), BoolIfExists={"aws:SecureTransport": "false"}),
            ],
            id="both in two parts",
        ),
    ],
)
def test_the_same_meaning_is_a_note(before: list[Json], after: list[Json]) -> None:
    assert note(before, after) == SAME


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([ALIAS, ROLE], [ALIAS, ROLE, SUSPENDED], id="a Deny more"),
        pytest.param(
            [where(ALIAS, StringNotEquals={"kms:RequestAlias": TWO}), SUSPENDED, ROLE],
            [ALIAS, SUSPENDED, ROLE],
            id="a stricter one",
        ),
        pytest.param([ALIAS, ROLE], [ALIAS, changed(SUSPENDED, Sid="Role")], id="one that denies all it did and more"),
        pytest.param([ALIAS, ROLE], [SUSPENDED], id="a new one in place of two"),
        pytest.param(
            [ALIAS, SUSPENDED],
            [deny("Alias", *USE, "kms:Sign"), SUSPENDED],
            id="one that also denies all that another does",
        ),
    ],
)
def test_what_denies_more_is_a_note(before: list[Json], after: list[Json]) -> None:
    assert note(before, after) == ["key policy is written differently and allows less, or stops more, than before"]
