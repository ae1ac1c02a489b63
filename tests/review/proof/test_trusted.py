"""Who must be trusted, from what is allowed; and whether aliases and grants are among what counts. Typed by hand."""

from __future__ import annotations

import pytest

from tenant_keys.review.proof import prove
from tenant_keys.review.proof.key_access import KeyAccess
from tenant_keys.review.proof.obtained_sessions import Issuance, Step
from tenant_keys.review.proof.trusted import trusted
from tests.review.proof.test_declared_calls import EVERY_MODE
from tests.review.proof.test_kinds import GLOBEX, ROOT, Edit, adding, estate_of, proved, without
from tools.random_estates.small_estates import templates_of

WHO = {
    "kms:PutKeyPolicy": {"deployer"},
    "kms:CreateAlias": {"b"},
    "kms:UpdateAlias": {"a"},
    "kms:DeleteAlias": {"a", "c"},
    "kms:CreateGrant": {"granter"},
    "kms:ReplicateKey": {"deployer"},
    "kms:UpdatePrimaryRegion": {"mover"},
    "kms:DisableKey": {"stopper"},
    "kms:ScheduleKeyDeletion": {"breaker"},
    "kms:ImportKeyMaterial": {"importer"},
    "kms:DeleteImportedKeyMaterial": {"withdrawer"},
    "kms:Decrypt": {"nobody of the list"},
}
SHARED = "arn:aws:iam::111111111111:role/tenant-keys/billing/shared.billing"
STEPS = {Step("billing", SHARED, "any"), Step("orders", "arn:aws:iam::1:role/a", None)}


@pytest.mark.parametrize("aliases", [True, False])
@pytest.mark.parametrize("grants", [True, False])
def test_anyone_who_could_change_what_is_proved_is_listed_with_what_that_breaks(aliases: bool, grants: bool) -> None:
    listed = trusted(
        KeyAccess(who=WHO), Issuance(steps=STEPS), EVERY_MODE, aliases_matter=aliases, grants_matter=grants
    )
    by_alias, by_grant = ("plaintext" if matters else "access" for matters in (aliases, grants))
    roles = "principals that IAM allows to change roles in account %s, its root user included"
    assert [(one.who, one.may, one.breaks) for one in listed] == [
        ("deployer", "change a key policy", "plaintext"),
        *((one, "create, move or delete an alias", by_alias) for one in "abc"),
        ("granter", "grant", by_grant),
        *((one, "replicate a key", "plaintext") for one in ("deployer", "mover")),
        ("stopper", "stop a key", "access"),
        ("breaker", "schedule a deletion", "access"),
        *((one, "import or delete key material", "access") for one in ("importer", "withdrawer")),
        ("billing", "carry any tenant's tag into shared.billing", "which tenant"),
        (roles % "111111111111", "change roles of the key account", "plaintext"),
        *(
            (roles % account, f"become or change the roles of account {account}", "plaintext")
            for account in ("333333333333", "222222222222")
        ),
        ("the issuer https://login.example.com", "sign a token with any tenant's tag", "which tenant"),
    ]


OTHERS = {"acme": "globex", "globex": "acme"}


def of_both(*sids: str, lets_in: bool = False) -> list[Edit]:
    """Denies gone from both keys; `lets_in`: the other tenant's role, which its own policy holds to its own alias."""
    edits = [without(*sids or ("none",), tenant=tenant) for tenant in OTHERS]
    for tenant, other in OTHERS.items() if lets_in else ():
        role = {"ArnEquals": {"aws:PrincipalArn": GLOBEX.replace("globex", other)}}
        edits.append(adding(tenant, Principal=ROOT, Condition=role))
    return edits


APART = ("DenyUseByAnyoneElse", "DenyOtherContext", "DenyOutsideOrganization")


@pytest.mark.parametrize(
    ("edits", "by_alias", "by_grant"),
    [
        (of_both(), False, False),
        (of_both("DenyUseByAnyoneElse"), False, True),
        (of_both(*APART, lets_in=True), False, True),
        (of_both(*APART, "DenyOtherAlias", lets_in=True), True, True),
    ],
)
def test_aliases_and_grants_count_where_no_deny_stops_what_they_open(
    edits: list[Edit], by_alias: bool, by_grant: bool
) -> None:
    proof = proved(*edits, estate=estate_of("acme: {}", "globex: {}"))
    assert proof.findings == ()
    assert (proof.alias_administrators_gain_plaintext, proof.grants_open_the_key) == (by_alias, by_grant)


def test_where_the_claim_does_not_hold_both_are_taken_to_count() -> None:
    estate = estate_of("acme: {}", "globex: {}")
    templates = templates_of(estate)
    without()(templates)
    adding(Principal=ROOT)(templates)
    proof = prove(templates, estate)
    assert proof.verdict == "refuted"
    assert (proof.alias_administrators_gain_plaintext, proof.grants_open_the_key) == (True, True)
