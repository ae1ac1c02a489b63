"""A small estate written by hand in the form of the design, independent of our policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CENTRAL, WORKLOAD, OUTSIDER = "111111111111", "222222222222", "999999999999"
ORGANIZATION = "o-a1b2c3d4e5"
REGION, OTHER_REGION = "eu-west-1", "eu-central-1"
ISSUER = "login.example.com"
TENANTS = ("acme", "globex", "initech")
SUSPENDED = "initech"

ROOT = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
WORKLOAD_DEPLOYER = f"arn:aws:iam::{WORKLOAD}:role/company/Deploy"
DEPLOYERS = [f"arn:aws:iam::{CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{r}" for r in (REGION, OTHER_REGION)]
ADMINISTRATOR = f"arn:aws:iam::{CENTRAL}:role/KeyAdministrator"
BREAK_GLASS = f"arn:aws:iam::{CENTRAL}:role/KeyBreakGlass"
IMPORTER = f"arn:aws:iam::{CENTRAL}:role/globex-key-import"
SHARED = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/billing/shared.billing"
PORTAL = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/portal/shared.portal"
ORDERS_RUNTIME = f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-orders"
BILLING_RUNTIME = f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-billing"

CRYPTOGRAPHIC = [
    f"kms:{name}"
    for name in [
        "Decapsulate",
        "Decrypt",
        "DeriveSharedSecret",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GetPublicKey",
        "ReEncryptFrom",
        "ReEncryptTo",
        "Sign",
        "Verify",
        "VerifyMac",
    ]
]
WITH_CONTEXT = [
    f"kms:{name}"
    for name in [
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    ]
]
DEPLOY = [
    f"kms:{name}"
    for name in [
        "PutKeyPolicy",
        "TagResource",
        "UntagResource",
        "UpdateKeyDescription",
        "EnableKeyRotation",
        "DisableKeyRotation",
        "EnableKey",
        "ReplicateKey",
        "CreateAlias",
        "DeleteAlias",
    ]
]
READ = [
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:ListKeyRotations",
]
USE = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]

Document = dict[str, Any]


def tenant_role(tenant: str) -> str:
    return f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-{tenant}.orders"


def document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(sid: str, actions: list[str], **elements: Any) -> Document:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, **elements}


def deny(sid: str, actions: list[str], condition: Document) -> Document:
    everyone = {"AWS": "*"}
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": everyone,
        "Action": actions,
        "Resource": "*",
        "Condition": condition,
    }


def only(*roles: str) -> Document:
    return {"ArnEquals": {"aws:PrincipalArn": list(roles)}}


def anyone_but(*roles: str) -> Document:
    return {"ArnNotEquals": {"aws:PrincipalArn": list(roles)}}


def key_policy(tenant: str, deployers: list[str] = DEPLOYERS) -> Document:
    alias = f"alias/tenant-{tenant}"
    role = tenant_role(tenant)
    readers = [*deployers, ADMINISTRATOR, BREAK_GLASS]
    tag = {"aws:PrincipalTag/tenant_id": tenant}
    key = {"Principal": ROOT, "Resource": "*"}
    imports = ["kms:GetParametersForImport", "kms:ImportKeyMaterial", "kms:DeleteImportedKeyMaterial"]
    return document(
        allow("Deploy", DEPLOY, **key, Condition=only(*deployers)),
        deny("DenyDeployByAnyoneElse", DEPLOY, anyone_but(*deployers)),
        allow("Stop", ["kms:DisableKey"], **key, Condition=only(*readers)),
        allow("Rotate", ["kms:RotateKeyOnDemand"], **key, Condition=only(ADMINISTRATOR, IMPORTER)),
        allow("ScheduleDeletion", ["kms:ScheduleKeyDeletion"], **key, Condition=only(BREAK_GLASS)),
        allow("CancelDeletion", ["kms:CancelKeyDeletion"], **key, Condition=only(BREAK_GLASS, ADMINISTRATOR)),
        allow("Read", READ, **key, Condition=only(*readers, IMPORTER)),
        allow("Import", imports, **key, Condition=only(IMPORTER)),
        allow("UseThroughTenantRole", USE, **key, Condition=only(role)),
        allow("UseThroughSharedRole", USE, **key, Condition={**only(SHARED, PORTAL), "StringEquals": tag}),
        allow("Describe", ["kms:DescribeKey"], **key, Condition=only(role, SHARED, PORTAL)),
        deny("DenyUseByAnyoneElse", CRYPTOGRAPHIC, anyone_but(role, SHARED, PORTAL)),
        deny(
            "DenySharedRoleOfOtherTenant",
            [*CRYPTOGRAPHIC, "kms:DescribeKey"],
            {**only(SHARED, PORTAL), "StringNotEquals": tag},
        ),
        deny("DenyOtherAlias", CRYPTOGRAPHIC, {"StringNotEquals": {"kms:RequestAlias": alias}}),
        deny("DenyOtherContext", WITH_CONTEXT, {"StringNotEquals": {"kms:EncryptionContext:tenant_id": tenant}}),
        deny(
            "DenyOutsideOrganization",
            [*CRYPTOGRAPHIC, "kms:CreateGrant"],
            {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
        ),
        deny("DenyToEveryone", ["kms:CreateGrant", "kms:UpdateAlias"], {"StringLike": {"aws:PrincipalArn": "*"}}),
    )


def use_policy(tenant: str) -> Document:
    """Of an access role; `tenant` may be a policy variable."""
    keys = [f"arn:aws:kms:{region}:{CENTRAL}:key/*" for region in (REGION, OTHER_REGION)]
    alias = {"kms:RequestAlias": f"alias/tenant-{tenant}"}
    context = {"kms:EncryptionContext:tenant_id": tenant}
    return document(
        allow("UseOwnTenantKey", USE, Resource=keys, Condition={"StringEquals": alias | context}),
        allow("DescribeOwnTenantKey", ["kms:DescribeKey"], Resource=keys, Condition={"StringEquals": alias}),
    )


def role(arn: str, trust: Document, policy: Document | None = None) -> Document:
    path, _, name = arn.partition(":role")[2].rpartition("/")
    inline = [{"PolicyName": "Use", "PolicyDocument": policy}] if policy else []
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": name, "Path": f"{path}/", "AssumeRolePolicyDocument": trust, "Policies": inline},
    }


def key(tenant: str, policy: Document | None = None, **properties: Any) -> dict[str, Document]:
    """Key and alias, with the logical ids that the real stacks pin: Key<tenant>, Alias<tenant>."""
    return {
        f"Key{tenant}": {
            "Type": "AWS::KMS::Key",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"KeyPolicy": policy or key_policy(tenant), "Description": tenant, **properties},
        },
        f"Alias{tenant}": {
            "Type": "AWS::KMS::Alias",
            "DeletionPolicy": "RetainExceptOnCreate",
            "Properties": {
                "AliasName": f"alias/tenant-{tenant}",
                "TargetKeyId": {"Fn::GetAtt": [f"Key{tenant}", "Arn"]},
            },
        },
    }


_TAGGED = {
    "StringLike": {"aws:RequestTag/tenant_id": "?*"},
    "ForAllValues:StringEquals": {"aws:TagKeys": ["tenant_id"]},
}
_FROM_WORKLOAD = {"AWS": f"arn:aws:iam::{WORKLOAD}:root"}


def role_stack() -> Document:
    member = {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
    resources = {
        f"Role{tenant}": role(
            tenant_role(tenant),
            document(
                allow(
                    "AssumeFromWorkload",
                    ["sts:AssumeRole"],
                    Principal=_FROM_WORKLOAD,
                    Condition={**only(ORDERS_RUNTIME), **member},
                )
            ),
            use_policy(tenant),
        )
        for tenant in TENANTS
    }
    resources["Shared"] = role(
        SHARED,
        document(
            allow(
                "AssumeFromWorkload",
                ["sts:AssumeRole", "sts:TagSession"],
                Principal=_FROM_WORKLOAD,
                Condition={**only(BILLING_RUNTIME), **member, **_TAGGED},
            )
        ),
        use_policy("${aws:PrincipalTag/tenant_id}"),
    )
    resources["Portal"] = role(
        PORTAL,
        document(
            allow(
                "AssumeWithToken",
                ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
                Principal={"Federated": {"Fn::GetAtt": ["Provider", "Arn"]}},
                Condition={
                    "StringEquals": {f"{ISSUER}:aud": "portal-keys"},
                    "StringEqualsIfExists": {f"{ISSUER}:oaud": "portal-keys"},
                    **_TAGGED,
                },
            )
        ),
        use_policy("${aws:PrincipalTag/tenant_id}"),
    )
    resources["Provider"] = {
        "Type": "AWS::IAM::OIDCProvider",
        "Properties": {"Url": f"https://{ISSUER}", "ClientIdList": ["portal-keys"]},
    }
    for name, arn in (("Administrator", ADMINISTRATOR), ("BreakGlass", BREAK_GLASS), ("Importer", IMPORTER)):
        trust = document(allow("Assume", ["sts:AssumeRole"], Principal=ROOT))
        everything = document(allow("Everything", ["*"], Resource="*"))
        resources[name] = role(arn, trust, everything)
    return {"Resources": resources}


def key_stack() -> Document:
    resources: dict[str, Document] = {}
    for tenant in TENANTS:
        resources |= key(tenant, Enabled=tenant != SUSPENDED, EnableKeyRotation=True, RotationPeriodInDays=180)
    return {"Resources": resources}


def workload_stack() -> Document:
    resources = {}
    for name, arn, roles in (
        ("Orders", ORDERS_RUNTIME, f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/*"),
        ("Billing", BILLING_RUNTIME, SHARED),
    ):
        resources[name] = role(
            arn,
            document(allow("RunOnLambda", ["sts:AssumeRole"], Principal={"Service": "lambda.amazonaws.com"})),
            document(allow("AssumeAccessRoles", ["sts:AssumeRole", "sts:TagSession"], Resource=roles)),
        )
    return {"Resources": resources}


def write_assembly(folder: Path, stacks: dict[str, tuple[str, str, Document]]) -> Path:
    """Synthesize stacks (name to account, Region, template) with the DefaultStackSynthesizer."""
    import aws_cdk as cdk

    app = cdk.App(outdir=str(folder))
    for name, (account, region, template) in stacks.items():
        own = cdk.DefaultStackSynthesizer(qualifier="company", cloud_formation_execution_role=WORKLOAD_DEPLOYER)
        env = cdk.Environment(account=account, region=region)
        stack = cdk.Stack(app, name, env=env, synthesizer=own if account == WORKLOAD else None)
        _include(stack, template)
    app.synth()
    return folder


def _include(stack: Any, template: Document) -> None:
    import aws_cdk as cdk

    for logical_id, resource in template["Resources"].items():
        made = cdk.CfnResource(stack, logical_id, type=resource["Type"], properties=resource["Properties"])
        made.override_logical_id(logical_id)
        for name in ("DeletionPolicy", "UpdateReplacePolicy"):
            if name in resource:
                made.add_override(name, resource[name])


def sample() -> dict[str, tuple[str, str, Document]]:
    return {
        "Roles": (CENTRAL, REGION, role_stack()),
        "Keys": (CENTRAL, REGION, key_stack()),
        "Workloads": (WORKLOAD, REGION, workload_stack()),
    }
