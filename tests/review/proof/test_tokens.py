"""Who holds a token, as one trust policy and the manifest distinguish them; the claims typed by hand.

STS fills ISSUER:aud from the claim azp where a token has one, and ISSUER:oaud from aud then (IAM guide,
reference_policies_iam-condition-keys).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.tokens import audience_of, claim, pods_of, subject, token_holders
from tests.review.proof.test_kinds import estate_of
from tools.random_estates.small_estates import CENTRAL, HEAD

PROVIDER = f"arn:aws:iam::{CENTRAL}:oidc-provider/"
PORTAL, CLUSTER = "login.example.com", "oidc.eks.eu-west-1.amazonaws.com/id/A"
PODS = f"arn:aws:iam::222222222222:oidc-provider/{CLUSTER}"
ORDERS = "system:serviceaccount:shop:orders"
BOTH = estate_of(
    "acme: {workloads: [orders, portal]}",
    head=HEAD.replace(
        "runs_on: lambda",
        f"runs_on: eks, irsa: {{oidc_provider: {CLUSTER}, namespace: shop, service_account: orders}}",
    ),
)
Claims = tuple[str, str | None, str | None]


def held(*providers: str, **condition: Any) -> list[tuple[str, Claims]]:
    """Issuer, and `aud`, `oaud` and `sub` as STS fills the keys."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": list(providers)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    trust = Document.parse({"Version": "2012-10-17", "Statement": [statement]}, name="trust", kind="resource")
    found = []
    for actor in token_holders(trust, BOTH, {"aws:resourceaccount": "111111111111"}):
        issuer = str(actor.principal.arn).partition("provider/")[2]
        names = [f"{issuer.lower()}:{name}" for name in ("aud", "oaud", "sub")]
        assert actor.presents.keys() <= set(names)
        aud, oaud, sub = map(actor.presents.get, names)
        found.append((issuer, (str(aud), oaud, sub)))
    return found


def every(issuer: str, seen: list[str], audiences: list[str], subjects: list[str | None]) -> list[tuple[str, Claims]]:
    return [(issuer, row) for row in product(seen, [None, *audiences], subjects)]


def test_a_token_has_every_audience_and_azp_that_a_policy_or_the_manifest_distinguishes() -> None:
    own = ["portal-keys", "any"]
    pods = ["portal-keys", "sts.amazonaws.com", "any"]
    named = ["portal-keys", "x", "other"]
    found = held(PROVIDER + PORTAL, PODS, StringEquals={f"{PORTAL}:aud": ["x", "portal-keys"]})
    assert sorted(found, key=str) == sorted(
        [
            *every(PORTAL, named, own, [None]),
            *every("other.example.com", own, own, [None]),
            *every(CLUSTER, pods, pods, [ORDERS, "any"]),
        ],
        key=str,
    )


@pytest.mark.parametrize(
    ("condition", "seen"),
    [
        ({"StringEquals": ""}, ["portal-keys", "other"]),
        ({"StringLike": "*"}, ["portal-keys", "*", "z"]),
        ({"StringNotEquals": ["", "x"]}, ["portal-keys", "x", "other"]),
    ],
)
def test_no_token_is_for_an_audience_without_a_character(condition: dict[str, Any], seen: list[str]) -> None:
    """IAM API, CreateOpenIDConnectProvider, ClientIDList; STS takes a token for one of those alone."""
    (operator, values), *_ = condition.items()
    found = held(PROVIDER + PORTAL, **{operator: {f"{PORTAL}:aud": values}})
    assert {aud for issuer, (aud, _, _) in found if issuer == PORTAL} == set(seen)


@pytest.mark.parametrize("variable", ["${aws:ResourceAccount}", "${aws:ResourceAccount, 'acme'}"])
@pytest.mark.parametrize("name", ["aud", "sub"])
def test_a_claim_is_compared_with_what_the_role_decides_and_not_with_a_default(name: str, variable: str) -> None:
    found = held(PROVIDER + PORTAL, StringEquals={f"{PORTAL}:{name}": f"x{variable}"})
    claims = {aud if name == "aud" else sub for issuer, (aud, _, sub) in found if issuer == PORTAL}
    assert "x111111111111" in claims
    assert "xacme" not in claims


def test_subjects_differ_where_a_policy_names_one_and_a_saml_provider_has_no_audience() -> None:
    own = ["portal-keys", "any"]
    found = held(PROVIDER + PORTAL, f"arn:aws:iam::{CENTRAL}:saml-provider/Corp", StringEquals={f"{PORTAL}:sub": "u"})
    assert sorted(found, key=str) == sorted(
        [
            ("Corp", ("None", None, None)),
            *every(PORTAL, own, own, ["u", "other"]),
            *every("other.example.com", own, own, [None]),
        ],
        key=str,
    )


@pytest.mark.parametrize(
    ("presents", "audience"),
    [
        ({"login.example.com:aud": "a"}, "a"),
        ({"login.example.com:aud": "azp", "login.example.com:oaud": "a"}, "a"),
        ({"other.example.com:aud": "a"}, None),
    ],
)
def test_the_audience_of_a_token_is_its_claim_aud(presents: dict[str, str], audience: str | None) -> None:
    assert audience_of(PROVIDER + PORTAL, presents) == audience


def test_pods_have_the_provider_of_their_cluster_and_the_subject_of_their_service_account() -> None:
    orders, portal = BOTH.workloads["orders"], BOTH.workloads["portal"]
    assert (pods_of(orders), subject(orders)) == (PODS, ORDERS)
    assert subject(portal) == ""
    assert claim(PODS, "sub") == "oidc.eks.eu-west-1.amazonaws.com/id/a:sub"
