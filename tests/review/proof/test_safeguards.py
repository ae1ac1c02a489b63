"""What is lost without each Deny and each condition, where several of them are gone already; typed by hand."""

from __future__ import annotations

from tenant_keys.review.proof import prove
from tests.review.proof.test_kinds import GLOBEX, ROOT, adding, estate_of, without
from tools.random_estates.small_estates import templates_of

ADMINISTRATOR, BREAK_GLASS, OTHER = (
    f"arn:aws:iam::111111111111:role/{role} may " for role in ("KeyAdministrator", "KeyBreakGlass", "other")
)
LOST = {
    ("key", "DenyDeployByAnyoneElse", None): ("administration", f"{ADMINISTRATOR}PutKeyPolicy "),
    ("key", "DenyDeletionOfRecentlyUsedKey", None): ("administration", f"{BREAK_GLASS}ScheduleKeyDeletion "),
    ("key", "DenyDescribeByAnyoneElse", None): ("description", f"{OTHER}DescribeKey "),
    ("key", "EncryptThroughTenantRole", "ArnEquals aws:principalarn"): ("plaintext", f"{ADMINISTRATOR}Encrypt, "),
    ("key", "DecryptThroughTenantRole", "ArnEquals aws:principalarn"): ("plaintext", f"{ADMINISTRATOR}Decrypt "),
    ("key", "Added", "ArnEquals aws:principalarn"): ("plaintext", f"{ADMINISTRATOR}Decrypt "),
    ("identity", "UseOwnTenantKey", "StringEquals kms:requestalias"): (
        "plaintext",
        "tenant globex through workload orders may Decrypt ",
    ),
}
KEPT = {
    *(
        ("key", sid, "ArnEquals aws:principalarn")
        for sid in (
            "Deploy",
            "Stop",
            "ScheduleDeletion",
            "CancelDeletion",
            "Rotate",
            "Read",
            "DescribeThroughTenantRole",
        )
    ),
    *(
        ("key", sid, None)
        for sid in (
            *("DenyStopByAnyoneElse", "DenyScheduleDeletionByAnyoneElse", "DenyCancelDeletionByAnyoneElse"),
            *("DenyRotateByAnyoneElse", "DenyReadByAnyoneElse", "DenyToEveryone", "DenyOtherAlias"),
        )
    ),
    ("identity", "UseOwnTenantKey", "StringEquals kms:encryptioncontext:tenant_id"),
    ("identity", "DescribeOwnTenantKey", "StringEquals kms:requestalias"),
}
"""Of which each has another beside it."""


def test_what_each_safeguard_prevents_is_found_by_taking_it_away() -> None:
    """Each key policy lets the other tenant's role decrypt, which its own policy and the alias alone prevent."""
    estate = estate_of("acme: {}", "globex: {}")
    templates = templates_of(estate)
    for tenant, other in (("acme", "globex"), ("globex", "acme")):
        without("DenyUseByAnyoneElse", "DenyOtherContext", "DenyOutsideOrganization", tenant=tenant)(templates)
        role = {"ArnEquals": {"aws:PrincipalArn": GLOBEX.replace("globex", other)}}
        adding(tenant, Principal=ROOT, Condition=role)(templates)
        adding(tenant, Sid="Open", Action=["kms:DescribeKey", "kms:PutKeyPolicy"], Principal=ROOT)(templates)
    proof = prove(templates, estate, with_safeguards=True)
    assert proof.findings == ()
    found = {(one.kind, one.sid, one.condition): one for one in proof.safeguards}
    assert len(found) == len(proof.safeguards)
    assert found.keys() == LOST.keys() | KEPT
    for part, one in found.items():
        lost, example = LOST.get(part, ("nothing", ""))
        assert (one.lost, one.example[: len(example)]) == (lost, example), part
        by_alias = "plaintext" if one.sid == "DenyOtherAlias" else lost
        assert one.with_repointed_alias == by_alias, part
        assert bool(one.example) is (lost != "nothing")


def test_what_is_refused_is_lost_to_nobody() -> None:
    """Nobody encrypts, so that without any other statement nobody gains it."""
    estate = estate_of("acme: {}", "globex: {}")
    templates = templates_of(estate)
    for tenant in ("acme", "globex"):
        adding(tenant, Effect="Deny", Principal="*", Action="kms:Encrypt")(templates)
    proof = prove(templates, estate, with_safeguards=True)
    assert proof.verdict == "refuted"
    assert {one.sid for one in proof.safeguards if one.lost != "nothing"} == {"DenyDeletionOfRecentlyUsedKey"}
