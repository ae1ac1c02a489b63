"""Key policies with one thing broken."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.deletion_waits import waiting
from tools.mutants.key_policy_additions import added_allows
from tools.mutants.key_policy_allows import widened_allows
from tools.mutants.key_policy_denies import lost_denies, weakened_denies
from tools.mutants.key_policy_statements import ARN, BERT, DECRYPT, OTHER, ROOT, statement
from tools.mutants.mutant import (
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    change,
    setting,
    together,
    turn,
    without,
)
from tools.mutants.original import CENTRAL, REPLICA


def replicas() -> list[Mutant]:
    return [
        Mutant(
            "a replica with another policy",
            Refuted(OTHER, ("gina", "eu-central-1", "Decrypt")),
            together(
                without("gina", stack=REPLICA),
                adding("gina", REPLICA, Principal="*", Action=DECRYPT),
            ),
        ),
        Mutant(
            "a replica without the Deny on use",
            LostSafeguard(("key policy in eu-central-1", "no Deny ArnNotEquals")),
            without("gina", "DenyUseByAnyoneElse", stack=REPLICA),
        ),
        Mutant(
            "a replica of another key",
            Refuted(Kind.INVENTORY, ("a replica of",)),
            lambda t: t.key("gina", REPLICA)["Properties"].update(
                PrimaryKeyArn=f"arn:aws:kms:eu-west-1:{CENTRAL}:key/mrk-{'0b' * 16}"
            ),
        ),
    ]


def not_understood() -> list[Mutant]:
    stop = statement("Stop")
    return [
        Mutant(
            "a condition key that the catalogue does not list",
            NotProvedBecause(("kms:somethingnew: the proof does not know this condition key",)),
            adding("carla", Principal=ROOT, Action=DECRYPT, Condition={"StringEquals": {"kms:SomethingNew": "x"}}),
        ),
        Mutant(
            "two values of such a key",
            NotProvedBecause(("kms:somethingnew: the proof does not know this condition key",)),
            adding(
                "carla",
                Principal=ROOT,
                Action=DECRYPT,
                Condition={
                    "ForAnyValue:StringEquals": {"kms:SomethingNew": "x"},
                    "ForAnyValue:StringLike": {"kms:SomethingNew": "y*"},
                },
            ),
        ),
        Mutant("an unknown operator", NotProvedBecause(("StringSomehow",)), turn(stop, "ArnEquals", "StringSomehow")),
        Mutant(
            "a date",
            NotProvedBecause(("Decrypt", "depends on aws:currenttime")),
            setting(statement("DecryptThroughTenantRole"), "DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),
        ),
        Mutant(
            "NotPrincipal in an Allow",
            NotProvedBecause(("NotPrincipal",)),
            adding("carla", NotPrincipal={"AWS": BERT}, Action=DECRYPT),
        ),
        Mutant(
            "Fn::If",
            NotProvedBecause(("Fn::If",)),
            change(stop, Action={"Fn::If": ["Loose", "kms:*", "kms:DisableKey"]}),
        ),
        Mutant(
            "a variable that the caller chooses",
            NotProvedBecause(("aws:userid", "no classes are derived")),
            setting(
                statement("DecryptThroughTenantRole"),
                "StringEquals",
                "kms:EncryptionContext:tenant_id",
                "${aws:userid}",
            ),
        ),
        Mutant(  # a federated user has whatever tags it gives itself, its own id among them
            "a unique id that is compared with a tag",
            NotProvedBecause(("aws:userid", "no classes of both together")),
            adding(
                "carla",
                Principal={"AWS": "arn:aws:iam::555555555555:root"},
                Action="kms:Generate*",
                Condition={"StringLike": {"aws:userid": "${aws:PrincipalTag/team}"}},
            ),
        ),
        Mutant(
            "a session's ARN as aws:PrincipalArn",
            Refuted(Kind.REFUSED, ("KeyAdministrator may not DisableKey",)),
            setting(stop, "ArnEquals", ARN, f"arn:aws:sts::{CENTRAL}:assumed-role/KeyAdministrator/x"),
        ),
        Mutant(
            "no key policy",
            NotProvedBecause(("KMS's default",)),
            lambda t: t.key("alma")["Properties"].pop("KeyPolicy"),
        ),
        Mutant(
            "the lockout check bypassed",
            NotProvedBecause(("BypassPolicyLockoutSafetyCheck",)),
            lambda t: t.key("alma")["Properties"].update(BypassPolicyLockoutSafetyCheck=True),
        ),
        Mutant("no statement", NotProvedBecause(("Statement",)), lambda t: t.policy("alma").pop("Statement")),
    ]


MUTANTS = (
    *lost_denies(),
    *weakened_denies(),
    *widened_allows(),
    *added_allows(),
    *replicas(),
    *waiting(),
    *not_understood(),
)
