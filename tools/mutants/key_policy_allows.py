"""Key policies with a wider Allow."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.key_policy_statements import (
    ADMINISTRATION,
    ARN,
    MEMBERS,
    OTHER,
    OUTSIDER,
    statement,
)
from tools.mutants.mutant import (
    LostSafeguard,
    Mutant,
    Refuted,
    drop,
    setting,
    together,
    turn,
    without,
)
from tools.mutants.original import CENTRAL, Templates, identity


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
                    statement("ReadByAccessAnalyzer"),
                    "ArnEquals",
                    ARN,
                    [role_named("*AWSServiceRoleForAccessAnalyzer")],
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
                    setting(
                        statement(sid), operator, ARN, [role_named("KeyBreakGlass"), role_named("KeyAdministrator")]
                    )
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
                        [role_named("tenant-keys/import.ida"), role_named("key-import/hugo-key-import")],
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


def role_named(name: str) -> str:
    return f"arn:aws:iam::{CENTRAL}:role/{name}"


def _swap_policies(templates: Templates) -> None:
    one, other = templates.key("alma")["Properties"], templates.key("bert")["Properties"]
    one["KeyPolicy"], other["KeyPolicy"] = other["KeyPolicy"], one["KeyPolicy"]
