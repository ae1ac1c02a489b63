"""Key policies with one thing broken."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import (
    Harmless,
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    change,
    drop,
    setting,
    together,
    turn,
    without,
)
from tools.mutants.original import CENTRAL, REPLICA, Body, Templates, identity

ROOT = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
BERT = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-bert.orders"
ALMA_TWO = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-alma-two.orders"
ARN = "aws:PrincipalArn"
DECRYPT = "kms:Decrypt"
MEMBERS = "arn:aws:iam::111111111111:role/tenant-keys/*"
IMPORTERS = ("tenant-keys/import.ida", "hugo-key-import")
OTHER, OUTSIDER, ADMINISTRATION = Kind.OTHER_TENANT, Kind.OUTSIDER, Kind.ADMINISTRATION


def statement(sid: str, tenant: str = "alma"):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return lambda templates: templates.statement(tenant, sid)


def lost_denies() -> list[Mutant]:
    """Each Deny alone: another guard holds for every one of them but that of the suspended."""
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
            "the Deny on organisations spares a pattern",
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


def widened_allows() -> list[Mutant]:
    tenant_role, shared_role = statement("DecryptThroughTenantRole"), statement("DecryptThroughSharedRole")
    return [
        Mutant(
            "decryption for the whole account, Denies in place",
            LostSafeguard(("an Allow without ArnEquals aws:principalarn",)),
            drop(tenant_role, "ArnEquals", ARN),
        ),
        Mutant(
            "decryption for the whole account, no Denies",
            Refuted(OUTSIDER, ("Decrypt", "alma")),
            together(without("alma"), drop(tenant_role, "ArnEquals", ARN)),
        ),
        Mutant(
            "decryption for all access roles, Denies in place",
            LostSafeguard(("an Allow without ArnEquals aws:principalarn",)),
            setting(tenant_role, "ArnEquals", ARN, MEMBERS),
        ),
        Mutant(
            "decryption for all access roles, no Denies",
            Refuted(OUTSIDER, ("role/tenant-keys/", "Decrypt")),
            together(without("alma"), setting(tenant_role, "ArnEquals", ARN, MEMBERS)),
        ),
        Mutant(
            "roles by the prefix of a tenant's name, the other's own policy open",
            Refuted(OTHER, ("tenant alma-two through workload orders", "Decrypt", "alma")),
            together(
                without("alma"),
                setting(
                    tenant_role, "ArnEquals", ARN, f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-alma*.orders"
                ),
                lambda t: identity(t.role("alma-two")).pop("Condition"),
            ),
        ),
        Mutant(
            "the shared role without the tag, no Denies but that on aliases",
            LostSafeguard(("an Allow without StringEquals aws:principaltag/tenant_id",)),
            together(
                without("alma", "DenyUseByAnyoneElse", "DenySharedRoleOfOtherTenant", "DenyOtherContext"),
                drop(shared_role, "StringEquals", "aws:PrincipalTag/tenant_id"),
            ),
        ),
        Mutant(
            "the shared role without the tag, no Denies, any alias",
            Refuted(OTHER, ("shared.billing", "Decrypt", "alma")),
            together(
                without("alma"),
                drop(shared_role, "StringEquals", "aws:PrincipalTag/tenant_id"),
                turn(
                    lambda t: identity(t.shared("billing")),
                    "StringEquals",
                    "StringLike",
                    kms__RequestAlias="alias/tenant-*",
                ),
            ),
        ),
        Mutant(
            "the tag ignoring case",
            LostSafeguard(("an Allow without StringEquals aws:principaltag/tenant_id",)),
            turn(shared_role, "StringEquals", "StringEqualsIgnoreCase"),
        ),
        Mutant(
            "the tag ignoring case, no Denies, any alias",
            Refuted(OTHER, ("'tenant_id': 'ALMA'", "Decrypt")),
            together(
                without("alma"),
                turn(shared_role, "StringEquals", "StringEqualsIgnoreCase"),
                lambda t: identity(t.shared("billing"))["Condition"]["StringEquals"].pop("kms:RequestAlias"),
            ),
        ),
        Mutant(
            "deployment by any role of the CDK",
            Refuted(ADMINISTRATION, ("PutKeyPolicy",)),
            together(
                setting(statement("Deploy"), "ArnEquals", ARN, f"arn:aws:iam::{CENTRAL}:role/cdk-*"),
                setting(statement("DenyDeployByAnyoneElse"), "ArnNotEquals", ARN, f"arn:aws:iam::{CENTRAL}:role/cdk-*"),
            ),
        ),
        Mutant(
            "deployment by any role of the CDK, the Deny in place",
            LostSafeguard(("an Allow without ArnEquals aws:principalarn",)),
            setting(statement("Deploy"), "ArnEquals", ARN, f"arn:aws:iam::{CENTRAL}:role/cdk-*"),
        ),
        Mutant(
            "AWS Config lists grants, which only Access Analyzer may",
            Refuted(ADMINISTRATION, ("AWSServiceRoleForConfig", "ListGrants")),
            together(
                without("alma", "DenyOtherReadsByConfig"),
                lambda t: t.statement("alma", "ReadByConfig")["Action"].append("kms:ListGrants"),
            ),
        ),
        Mutant(
            "AWS Config decrypts, where no Deny on use is left",
            Refuted(OUTSIDER, ("AWSServiceRoleForConfig", "Decrypt")),
            together(without("alma"), lambda t: t.statement("alma", "ReadByConfig")["Action"].append("kms:Decrypt")),
        ),
        Mutant(
            "Access Analyzer's role at any path",
            Refuted(ADMINISTRATION, ("AWSServiceRoleForAccessAnalyzer", "ListGrants")),
            together(
                without("alma", "DenyReadByAnyoneElse"),
                setting(
                    statement("ReadByAccessAnalyzer"), "ArnEquals", ARN, [_role("*AWSServiceRoleForAccessAnalyzer")]
                ),
            ),
        ),
        Mutant(
            "Access Analyzer is shut out",
            Refuted(Kind.REFUSED, ("AWSServiceRoleForAccessAnalyzer",)),
            without("alma", "ReadByAccessAnalyzer"),
        ),
        Mutant(
            "administrators schedule the deletion",
            Refuted(ADMINISTRATION, ("role/KeyAdministrator", "ScheduleKeyDeletion")),
            together(
                *(
                    setting(statement(sid), operator, ARN, [_role("KeyBreakGlass"), _role("KeyAdministrator")])
                    for sid, operator in (
                        ("ScheduleDeletion", "ArnEquals"),
                        ("DenyScheduleDeletionByAnyoneElse", "ArnNotEquals"),
                    )
                )
            ),
        ),
        Mutant(
            "another tenant's import role",
            Refuted(ADMINISTRATION, ("hugo-key-import", "ImportKeyMaterial")),
            together(
                *(
                    setting(
                        statement(sid, "ida"),
                        operator,
                        ARN,
                        [_role("tenant-keys/import.ida"), _role("key-import/hugo-key-import")],
                    )
                    for sid, operator in (("ImportMaterial", "ArnEquals"), ("DenyImportByAnyoneElse", "ArnNotEquals"))
                )
            ),
        ),
        Mutant(
            "any wrapping of key material",
            Refuted(ADMINISTRATION, ("GetParametersForImport",)),
            drop(statement("GetImportParameters", "hugo"), "StringEquals", "kms:WrappingAlgorithm"),
        ),
        Mutant(
            "material that expires where it must not",
            Refuted(ADMINISTRATION, ("ImportKeyMaterial", "ida")),
            setting(statement("ImportMaterial", "ida"), "StringEquals", "kms:ExpirationModel", "KEY_MATERIAL_EXPIRES"),
        ),
        Mutant(
            "the deployers forgotten",
            Refuted(Kind.REFUSED, ("cfn-exec-role", "CreateAlias")),
            without("alma", "Deploy"),
        ),
        Mutant(
            "key policies of two tenants swapped",
            Refuted(Kind.REFUSED, ("tenant alma through workload orders",)),
            _swap_policies,
        ),
    ]


def _role(name: str) -> str:
    return f"arn:aws:iam::{CENTRAL}:role/{name}"


def _swap_policies(templates: Templates) -> None:
    one, other = templates.key("alma")["Properties"], templates.key("bert")["Properties"]
    one["KeyPolicy"], other["KeyPolicy"] = other["KeyPolicy"], one["KeyPolicy"]


def added_allows() -> list[Mutant]:
    """An Allow put into a key policy; without Denies unless it says so."""
    cases: list[tuple[str, Kind, tuple[str, ...], Body]] = [
        ("everybody", OTHER, ("tenant", "Decrypt"), {"Principal": "*", "Action": DECRYPT}),
        ("every AWS principal", OTHER, ("tenant", "Decrypt"), {"Principal": {"AWS": "*"}, "Action": DECRYPT}),
        ("root with kms:*", OUTSIDER, ("role/", "Decrypt"), {"Principal": ROOT, "Action": "kms:*"}),
        ("NotAction", OUTSIDER, ("role/",), {"Principal": ROOT, "NotAction": "kms:Encrypt"}),
        ("a grant permission", OUTSIDER, ("CreateGrant",), {"Principal": ROOT, "Action": "kms:CreateGrant"}),
        ("another account", OUTSIDER, ("999999999999",), {"Principal": {"AWS": "999999999999"}, "Action": DECRYPT}),
        (
            "an account that nothing else names",
            OUTSIDER,
            ("555555555555",),
            {
                "Principal": "*",
                "Action": DECRYPT,
                "Condition": {"StringEquals": {"aws:PrincipalAccount": "555555555555"}},
            },
        ),
        (
            "roles of an account that nothing else names",
            OUTSIDER,
            ("555555555555",),
            {"Principal": "*", "Action": DECRYPT, "Condition": {"ArnLike": {ARN: "arn:aws:iam::555555555555:role/*"}}},
        ),
        (
            "accounts by a pattern",
            OUTSIDER,
            ("arn:aws:iam::7",),
            {"Principal": "*", "Action": DECRYPT, "Condition": {"StringLike": {ARN: "arn:aws:iam::7*"}}},
        ),
        (
            "a user",
            OUTSIDER,
            ("user/bob",),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"ArnEquals": {ARN: f"arn:aws:iam::{CENTRAL}:user/bob"}},
            },
        ),
        (
            "a user by name",
            OUTSIDER,
            ("user/bob",),
            {"Principal": ROOT, "Action": DECRYPT, "Condition": {"StringEquals": {"aws:username": "bob"}}},
        ),
        (
            "a service",
            OUTSIDER,
            ("s3.amazonaws.com",),
            {"Principal": {"Service": "s3.amazonaws.com"}, "Action": DECRYPT},
        ),
        (
            "a service by name",
            OUTSIDER,
            ("logs.amazonaws.com",),
            {
                "Principal": "*",
                "Action": DECRYPT,
                "Condition": {"StringEquals": {"aws:PrincipalServiceName": "logs.amazonaws.com"}},
            },
        ),
        (
            "another organisation",
            OUTSIDER,
            ("Decrypt",),
            {"Principal": "*", "Action": DECRYPT, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-evil"}}},
        ),
        (
            "a part of the organisation",
            OUTSIDER,
            ("Decrypt",),
            {
                "Principal": "*",
                "Action": DECRYPT,
                "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
            },
        ),
        (
            "whoever comes through S3",
            OUTSIDER,
            ("Decrypt",),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
            },
        ),
        (
            "a network address",
            OUTSIDER,
            ("Decrypt",),
            {"Principal": ROOT, "Action": DECRYPT, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
        ),
        (
            "whoever knows a session context",
            OUTSIDER,
            ("Decrypt",),
            {"Principal": ROOT, "Action": DECRYPT, "Condition": {"StringLike": {"aws:userid": "*:someone"}}},
        ),
        ("another tenant's role", OTHER, ("tenant bert", "Decrypt"), {"Principal": {"AWS": BERT}, "Action": DECRYPT}),
        (
            "a session of another tenant's role",
            OTHER,
            ("tenant bert", "Decrypt"),
            {"Principal": {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/tenant-bert.orders/batch"}, "Action": DECRYPT},
        ),
        (
            "a session of a shared role",
            OTHER,
            ("shared.billing", "Decrypt"),
            {"Principal": {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/shared.billing/batch"}, "Action": DECRYPT},
        ),
        (
            "a federated user",
            OUTSIDER,
            ("federated user", "Decrypt"),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"StringEquals": {"aws:PrincipalType": "FederatedUser"}},
            },
        ),
        (
            "a federated user, since its ARN is not one of IAM",
            OUTSIDER,
            ("federated user", "Decrypt"),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam:*"}},
            },
        ),
        (
            "another account lists grants, among actions that it cannot take",
            ADMINISTRATION,
            ("555555555555", "ListGrants"),
            {"Principal": {"AWS": "555555555555"}, "Action": ["kms:GetKeyLastUsage", "kms:ListGrants"]},
        ),
        (
            "a session younger than a great number of seconds",
            OUTSIDER,
            ("Decrypt",),
            {
                "Principal": ROOT,
                "Action": DECRYPT,
                "Condition": {"NumericEquals": {"aws:MultiFactorAuthAge": "12345678.5"}},
            },
        ),
        (
            "everybody changes the policy",
            ADMINISTRATION,
            ("PutKeyPolicy",),
            {"Principal": ROOT, "Action": "kms:PutKeyPolicy"},
        ),
        ("everybody deletes", ADMINISTRATION, ("ScheduleKeyDeletion",), {"Principal": ROOT, "Action": "kms:Schedule*"}),
        ("what KMS adds next", OUTSIDER, ("AnOperationYetToCome",), {"Principal": ROOT, "Action": "kms:An*"}),
    ]
    found = [
        Mutant(f"allowed: {name}", Refuted(kind, words), together(without("carla"), adding("carla", **body)))
        for name, kind, words, body in cases
    ]
    return [*found, *_with_denies()]


def _with_denies() -> list[Mutant]:
    session = {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/shared.billing/batch"}
    return [
        Mutant(
            "allowed in spite of the Denies: root with kms:*",
            Refuted(OUTSIDER, ("AnOperationYetToCome",)),
            adding("carla", Principal=ROOT, Action="kms:*"),
        ),
        Mutant(
            "allowed in spite of the Denies: everybody decrypts, a role that only encrypts too",
            Refuted(Kind.MORE_THAN_DECLARED, ("workload mails", "Decrypt")),
            adding("carla", Principal="*", Action=DECRYPT),
        ),
        Mutant(
            "held by the Denies: another tenant's role",
            LostSafeguard(("an Allow",)),
            adding("carla", Principal={"AWS": BERT}, Action=DECRYPT),
        ),
        Mutant(
            "held by the Denies: a session",
            LostSafeguard(("an Allow",)),
            adding("carla", Principal=session, Action=DECRYPT),
        ),
        Mutant(
            "held by the Denies: a grant permission",
            LostSafeguard(("an Allow that was not there (kms:CreateGrant)",)),
            adding("carla", Principal=ROOT, Action="kms:CreateGrant"),
        ),
    ]


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
            NotProvedBecause(("aws:userid", "no classes are worked out")),
            setting(
                statement("DecryptThroughTenantRole"),
                "StringEquals",
                "kms:EncryptionContext:tenant_id",
                "${aws:userid}",
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


WAIT, UNUSED, LESS = "DenyDeletionOfRecentlyUsedKey", "kms:TrailingDaysWithoutKeyUsage", "NumericLessThanIfExists"
SCHEDULES = ("role/KeyBreakGlass", "ScheduleKeyDeletion")


def waiting() -> list[Mutant]:
    """The days without use that KMS itself waits for: fewer or more than declared, or for more than deletion."""
    waits = statement(WAIT)
    too_soon, never = Refuted(ADMINISTRATION, SCHEDULES), Refuted(Kind.REFUSED, SCHEDULES)

    def of_replica(templates: Templates) -> Body:
        return templates.statement("gina", WAIT, REPLICA)

    return [
        Mutant("no waiting before a deletion", too_soon, without("alma", WAIT)),
        Mutant("seven days of waiting, not 30", too_soon, setting(waits, LESS, UNUSED, "7")),
        Mutant("a replica that waits for seven days", too_soon, setting(of_replica, LESS, UNUSED, "7")),
        Mutant("waiting only where KMS tells the last use", too_soon, turn(waits, LESS, "NumericLessThan")),
        Mutant("waiting by the wrong operator", too_soon, turn(waits, LESS, "NumericGreaterThanIfExists")),
        Mutant(
            "waiting for exactly one day",
            too_soon,
            turn(waits, LESS, "NumericEqualsIfExists", kms__TrailingDaysWithoutKeyUsage="29"),
        ),
        Mutant(
            "break-glass spared by the waiting",
            too_soon,
            setting(waits, "ArnNotEquals", ARN, _role("KeyBreakGlass")),
        ),
        Mutant("one day more than declared", never, turn(waits, LESS, "NumericLessThanEqualsIfExists")),
        Mutant("90 days of waiting, not 30", never, setting(waits, LESS, UNUSED, "90")),
        Mutant(
            "disabling waits too, as in AWS's example",
            NotProvedBecause(("DisableKey", "depends on", UNUSED.lower())),
            change(waits, Action=["kms:ScheduleKeyDeletion", "kms:DisableKey"]),
        ),
        Mutant("waiting for a word", NotProvedBecause(("is not a number",)), setting(waits, LESS, UNUSED, "thirty")),
        Mutant(
            "29 whole days, which is fewer than 30",
            Harmless(),
            turn(waits, LESS, "NumericLessThanEqualsIfExists", kms__TrailingDaysWithoutKeyUsage="29"),
        ),
        Mutant(
            "28 whole days",
            too_soon,
            turn(waits, LESS, "NumericLessThanEqualsIfExists", kms__TrailingDaysWithoutKeyUsage="28"),
        ),
        Mutant("30 written as a JSON number", Harmless(), setting(waits, LESS, UNUSED, 30)),
        Mutant(
            "the waiting in the Allow, and no Deny",
            LostSafeguard(("no Deny NumericLessThan",)),
            together(
                without("alma", WAIT),
                setting(statement("ScheduleDeletion"), "NumericGreaterThanEquals", UNUSED, "30"),
            ),
        ),
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
