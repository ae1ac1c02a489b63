"""Key policies that lose a Deny, or have a weaker one."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.deletion_waits import WAIT
from tools.mutants.key_policy_statements import ADMINISTRATION, ARN, BERT, MEMBERS, statement
from tools.mutants.mutant import (
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    change,
    setting,
    turn,
    without,
)
from tools.mutants.original import Templates


def lost_denies() -> list[Mutant]:
    """Each Deny alone: another safeguard holds for every one of them but that of the suspended."""
    found = [
        Mutant(f"without {sid}", LostSafeguard((f"no Deny {guarded}",)), without("alma", sid))
        for sid, guarded in (
            ("DenyUseByAnyoneElse", "ArnNotEquals aws:principalarn"),
            ("DenySharedRoleOfOtherTenant", "ArnEquals aws:principalarn and StringNotEquals aws:principaltag"),
            ("DenyOtherContext", "StringNotEquals kms:encryptioncontext:tenant_id"),
            ("DenyOutsideOrganization", "StringNotEquals aws:principalorgid"),
            ("DenyDeployByAnyoneElse", "ArnNotEquals aws:principalarn"),
            ("DenyStopByAnyoneElse", "ArnNotEquals aws:principalarn"),
            ("DenyScheduleDeletionByAnyoneElse", "ArnNotEquals aws:principalarn"),
            ("DenyReadByAnyoneElse", "ArnNotEquals aws:principalarn"),
            ("DenyDescribeByAnyoneElse", "ArnNotEquals aws:principalarn"),
            ("DenyOtherReadsByConfig", "ArnEquals aws:principalarn"),
            ("DenyToEveryone", "to anyone"),
        )
    ]
    return [
        *found,
        Mutant(
            "without DenyOtherAlias",
            LostSafeguard(("no Deny StringNotEquals kms:requestalias",)),
            without("dora", "DenyOtherAlias"),
        ),
        Mutant(
            "without DenyOtherAlias, where a shared role may decrypt by key for another tenant",
            Refuted(Kind.MORE_THAN_DECLARED, ("shared.billing with tags {'tenant_id': 'alma'}", "Decrypt")),
            without("alma", "DenyOtherAlias"),
        ),
        Mutant("a key policy without any Deny but the waiting", LostSafeguard(("key policy",)), _only_the_waiting),
        Mutant(
            "a key policy without any Deny",
            Refuted(ADMINISTRATION, ("role/KeyBreakGlass", "ScheduleKeyDeletion")),
            without("dora"),
        ),
    ]


def _only_the_waiting(templates: Templates) -> None:
    policy = templates.policy("dora")
    kept = [one for one in policy["Statement"] if one["Effect"] == "Allow" or one["Sid"] == WAIT]
    policy["Statement"] = kept


def weakened_denies() -> list[Mutant]:
    return [
        Mutant(
            "one more role spared by the Deny on use",
            LostSafeguard(("no Deny ArnNotEquals aws:principalarn",)),
            lambda t: t.statement("alma", "DenyUseByAnyoneElse")["Condition"]["ArnNotEquals"][ARN].append(BERT),
        ),
        Mutant(
            "the Deny on use spares a wildcard",
            LostSafeguard(("no Deny ArnNotEquals aws:principalarn",)),
            setting(statement("DenyUseByAnyoneElse"), "ArnNotEquals", ARN, MEMBERS),
        ),
        Mutant(
            "the Deny on aliases spares a prefix",
            LostSafeguard(("no Deny StringNotEquals kms:requestalias",)),
            turn(
                statement("DenyOtherAlias"),
                "StringNotEquals",
                "StringNotLike",
                kms__RequestAlias="alias/tenant-a*",
            ),
        ),
        Mutant(
            "the Deny on aliases holds only if an alias is named",
            LostSafeguard(("no Deny StringNotEquals kms:requestalias",)),
            change(
                statement("DenyOtherAlias", "dora"),
                Condition={
                    "StringNotEquals": {"kms:RequestAlias": "alias/tenant-dora"},
                    "Null": {"kms:RequestAlias": "false"},
                },
            ),
        ),
        Mutant(
            "the Deny on use leaves services out",
            LostSafeguard(("no Deny ArnNotEquals",)),
            change(statement("DenyUseByAnyoneElse"), Principal={"AWS": "*"}),
        ),
        Mutant(
            "the Deny on use by NotPrincipal",
            NotProvedBecause(("a rule that AWS's documents leave open",)),
            _by_not_principal,
        ),
        Mutant(
            "the Deny on the tag ignores case",
            LostSafeguard(("StringNotEquals aws:principaltag/tenant_id",)),
            turn(statement("DenySharedRoleOfOtherTenant"), "StringNotEquals", "StringNotEqualsIgnoreCase"),
        ),
        Mutant(
            "the Deny on organizations spares a pattern",
            LostSafeguard(("no Deny StringNotEquals aws:principalorgid",)),
            turn(statement("DenyOutsideOrganization"), "StringNotEquals", "StringNotLike", aws__PrincipalOrgID="o-*"),
        ),
        Mutant(
            "the Deny on aliases for DescribeKey too",
            Refuted(Kind.REFUSED, ("DescribeKey",)),
            lambda t: t.statement("alma", "DenyOtherAlias")["Action"].append("kms:DescribeKey"),
        ),
        Mutant(
            "a suspended tenant is not denied",
            Refuted(Kind.MORE_THAN_DECLARED, ("tenant jan through workload orders", "Decrypt")),
            without("jan", "DenyUseWhileSuspended"),
        ),
    ]


def _by_not_principal(templates: Templates) -> None:
    deny = templates.statement("alma", "DenyUseByAnyoneElse")
    roles = deny.pop("Condition")["ArnNotEquals"][ARN]
    del deny["Principal"]
    deny["NotPrincipal"] = {"AWS": roles}
