"""Every resource that a construct makes, typed by hand but for the text of its policies, which tests/policy types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import aws_cdk as cdk
import pytest

from tenant_constructs.access_role import SharedAccessRole, TenantAccessRole
from tenant_constructs.identity_provider import TokenIssuer
from tenant_constructs.logical_id import logical_id
from tenant_constructs.pod_identity import PodIdentity
from tenant_constructs.tenant_key import TenantKey, TenantReplicaKey
from tenant_constructs.workload_role import WorkloadTrustRole
from tenant_keys.manifest import Estate
from tests.constructs.synthesized import made
from tests.policy.estates import UMBRELLA_KEY, estate_of_text, manifest, sample, with_tenant

CA = "arn:aws:acm-pca:eu-west-1:222222222222:certificate-authority/11111111-2222-3333-4444-555555555555"
PROJECT = {"Key": "tenant-keys:project", "Value": "tenant-keys"}


def tags(tenant: str, cell: str) -> list[dict[str, str]]:
    return [
        {"Key": "tenant-keys:cell", "Value": cell},
        PROJECT,
        {"Key": "tenant-keys:tenant", "Value": tenant},
    ]


def alias(tenant: str, key: str) -> dict[str, Any]:
    return {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": f"alias/tenant-{tenant}", "TargetKeyId": {"Ref": key}},
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
    }


GENERATED: dict[str, Any] = {
    "Description": "Tenant acme",
    "Enabled": True,
    "PendingWindowInDays": 30,
    "Tags": tags("acme", "eu-west-1-001"),
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "Origin": "AWS_KMS",
    "MultiRegion": False,
    "KeyPolicy": "...",
    "EnableKeyRotation": True,
    "RotationPeriodInDays": 365,
}
IMPORTED = {
    **{name: value for name, value in GENERATED.items() if "Rotation" not in name},
    "Origin": "EXTERNAL",
}
IMPORT: dict[str, Any] = {
    "origin": "imported",
    "import_role": "arn:aws:iam::111111111111:role/acme-import",
    "rotation_days": None,
}


def unrotated(reason: str) -> dict[str, Any]:
    return {
        "checkov": {"skip": [{"id": "CKV_AWS_7", "comment": reason}]},
        "guard": {"SuppressedRules": ["CMK_BACKING_KEY_ROTATION_ENABLED"], "Reason": reason},
    }


METADATA = {
    "imported": unrotated("The tenant imports the key material; AWS KMS rotates no imported key automatically."),
    "off": unrotated("The manifest switches automatic rotation off for this tenant; it is rotated on demand."),
}
INLINE = {
    "guard": {
        "SuppressedRules": ["IAM_NO_INLINE_POLICY_CHECK"],
        "Reason": "The policy is this role's alone and is deleted with it; "
        "a managed policy could be attached elsewhere.",
    }
}


def policies(name: str) -> dict[str, Any]:
    return {"AssumeRolePolicyDocument": "...", "Policies": [{"PolicyName": name, "PolicyDocument": "..."}]}


KEYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "generated": ({}, GENERATED),
    "suspended": ({"state": "suspended"}, {**GENERATED, "Enabled": False}),
    "offboarding": ({"state": "offboarding"}, {**GENERATED, "Enabled": False}),
    "imported": (IMPORT, IMPORTED),
    "imported, suspended": ({**IMPORT, "state": "suspended"}, IMPORTED),
    "multi-Region": ({"multi_region": True}, {**GENERATED, "MultiRegion": True}),
    "rotated each quarter": ({"rotation_days": 90}, {**GENERATED, "RotationPeriodInDays": 90}),
    "never rotated": (
        {"rotation_days": None},
        {name: value for name, value in GENERATED.items() if name != "RotationPeriodInDays"}
        | {"EnableKeyRotation": False},
    ),
    "with another window": ({"deletion_window_days": 7}, {**GENERATED, "PendingWindowInDays": 7}),
}
"""An imported key is never disabled: DisableKey is invalid while its material is pending (KMS guide, key-state)."""


@pytest.mark.parametrize(("changes", "properties"), KEYS.values(), ids=KEYS)
def test_a_key_has_these_properties_and_its_alias(changes: dict[str, Any], properties: dict[str, Any]) -> None:
    estate = with_tenant(sample(), "acme", **changes)
    origin = "imported" if properties["Origin"] == "EXTERNAL" else "on" if properties["EnableKeyRotation"] else "off"
    metadata = {} if origin == "on" else {"Metadata": METADATA[origin]}
    assert made(TenantKey, tenant=estate.tenants["acme"], estate=estate, cell="eu-west-1-001") == {
        "Keyacme": {
            "Type": "AWS::KMS::Key",
            **metadata,
            "Properties": properties,
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        },
        "Aliasacme": alias("acme", "Keyacme"),
    }


@pytest.mark.parametrize(("state", "enabled"), [("active", True), ("suspended", False), ("offboarding", False)])
def test_a_replica_has_these_properties_and_an_alias_of_its_own(state: str, enabled: bool) -> None:
    estate = with_tenant(sample(), "umbrella", multi_region_key_id=UMBRELLA_KEY, state=state)
    assert made(TenantReplicaKey, tenant=estate.tenants["umbrella"], estate=estate, cell="eu-west-1-001") == {
        "Replicaumbrella": {
            "Type": "AWS::KMS::ReplicaKey",
            "Properties": {
                "PrimaryKeyArn": f"arn:aws:kms:eu-west-1:111111111111:key/{UMBRELLA_KEY}",
                "Description": "Tenant umbrella",
                "KeyPolicy": "...",
                "Enabled": enabled,
                "PendingWindowInDays": 30,
                "Tags": [{"Key": "plan", "Value": "enterprise"}, *tags("umbrella", "eu-west-1-001")],
            },
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        },
        "Aliasumbrella": alias("umbrella", "Replicaumbrella"),
    }


def test_an_access_role_lives_an_hour_under_the_path_of_its_workload() -> None:
    estate, acme = sample(), sample().tenants["acme"]
    orders, billing = estate.workloads["orders"], estate.workloads["billing"]
    assert made(TenantAccessRole, tenant=acme, workload=orders, estate=estate, cell="roles-001") == {
        "RoleacmeFororders": {
            "Type": "AWS::IAM::Role",
            "Metadata": INLINE,
            "Properties": {
                "RoleName": "tenant-acme.orders",
                "Path": "/tenant-keys/orders/",
                "MaxSessionDuration": 3600,
                **policies("UseTenantKey"),
                "Description": "Key of tenant acme, for workload orders",
                "Tags": tags("acme", "roles-001"),
            },
        }
    }
    assert made(SharedAccessRole, workload=billing, estate=estate) == {
        "SharedRolebilling": {
            "Type": "AWS::IAM::Role",
            "Metadata": INLINE,
            "Properties": {
                "RoleName": "shared.billing",
                "Path": "/tenant-keys/billing/",
                "MaxSessionDuration": 3600,
                **policies("UseTenantKey"),
                "Description": "Keys of the tenants of workload billing",
                "Tags": [PROJECT],
            },
        }
    }


def with_portals(existing: str) -> Estate:
    text = manifest(
        workloads="""\
  portal: {account: '222222222222', access: web-identity, identity_provider: customers, audience: portal-keys}
  mobile: {account: '222222222222', access: web-identity, identity_provider: customers, audience: mobile-keys}""",
        tenants="  acme: {workloads: [portal, mobile]}",
    )
    provider = f"identity_providers:\n  customers: {{issuer: https://login.example.com{existing}}}\nworkloads:"
    return estate_of_text(text.replace("workloads:", provider, 1))


def test_an_issuer_is_one_provider_with_the_audiences_of_its_workloads() -> None:
    estate = with_portals("")
    workloads = list(estate.workloads.values())
    assert made(TokenIssuer, issuer="https://login.example.com", workloads=workloads, estate=estate) == {
        "Issuer4b246bc1a12459de": {
            "Type": "AWS::IAM::OIDCProvider",
            "Properties": {
                "Url": "https://login.example.com",
                "ClientIdList": ["mobile-keys", "portal-keys"],
                "Tags": [PROJECT],
            },
        }
    }


@pytest.mark.parametrize(
    ("existing", "arn"),
    [
        ("", {"Ref": "Issuer4b246bc1a12459de"}),
        (", existing: true", "arn:aws:iam::111111111111:oidc-provider/login.example.com"),
    ],
)
def test_a_provider_is_named_by_its_arn_and_not_made_again_where_it_exists(existing: str, arn: object) -> None:
    estate = with_portals(existing)
    stack = cdk.Stack(cdk.App(), "stack")
    workloads = list(estate.workloads.values())
    issuer = TokenIssuer(stack, "Issuer", issuer="https://login.example.com", workloads=workloads, estate=estate)
    assert stack.resolve(issuer.provider_arn) == arn
    assert len(issuer.node.children) == (1 if not existing else 0)


def running(place: str) -> Estate:
    return estate_of_text(manifest(workloads=f"  orders: {{account: '222222222222', {place}}}", regions="eu-west-1"))


def test_a_pod_identity_association_has_these_properties() -> None:
    estate = running("runs_on: eks, pod_identity: {cluster: main, namespace: shop, service_account: till}")
    orders = estate.workloads["orders"]
    name = "arn:aws:iam::222222222222:role/tenant-keys-orders"
    assert made(PodIdentity, workload=orders, role_arn=name, estate=estate) == {
        "PodIdentityorders": {
            "Type": "AWS::EKS::PodIdentityAssociation",
            "Properties": {
                "ClusterName": "main",
                "Namespace": "shop",
                "ServiceAccount": "till",
                "RoleArn": name,
                "DisableSessionTags": True,
                "Tags": [PROJECT],
            },
        }
    }
    with pytest.raises(ValueError, match="workload orders has no pod identity"):
        made(PodIdentity, workload=replace(orders, pod_identity=None), role_arn=name, estate=estate)


ROLE = {
    "Type": "AWS::IAM::Role",
    "Metadata": INLINE,
    "Properties": {
        "RoleName": "tenant-keys-orders",
        "Description": "Workload orders",
        "Tags": [PROJECT],
        **policies("AssumeAccessRoles"),
    },
}
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "Lambda": ("runs_on: lambda", {"Roleorders": ROLE}),
    "EC2": (
        "runs_on: ec2",
        {
            "Roleorders": ROLE,
            "InstanceProfileorders": {
                "Type": "AWS::IAM::InstanceProfile",
                "Properties": {"InstanceProfileName": "tenant-keys-orders", "Roles": [{"Ref": "Roleorders"}]},
            },
        },
    ),
    "Roles Anywhere": (
        f"runs_on: roles-anywhere, roles_anywhere: {{certificate_authority: '{CA}', common_name: orders}}",
        {
            "TrustAnchororders": {
                "Type": "AWS::RolesAnywhere::TrustAnchor",
                "Properties": {
                    "Name": "tenant-keys-orders",
                    "Enabled": True,
                    "Source": {"SourceType": "AWS_ACM_PCA", "SourceData": {"AcmPcaArn": CA}},
                    "Tags": [PROJECT],
                },
            },
            "Roleorders": ROLE,
            "Profileorders": {
                "Type": "AWS::RolesAnywhere::Profile",
                "Properties": {
                    "Name": "tenant-keys-orders",
                    "Enabled": True,
                    "RoleArns": [{"Fn::GetAtt": ["Roleorders", "Arn"]}],
                    "Tags": [PROJECT],
                },
            },
        },
    ),
    "a role that exists": (
        "runs_on: existing-role, role: role/shop/Orders",
        {
            "Policyorders": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "ManagedPolicyName": "tenant-keys-orders",
                    "Roles": ["Orders"],
                    "PolicyDocument": "...",
                },
            }
        },
    ),
}


@pytest.mark.parametrize(("place", "resources"), PLACES.values(), ids=PLACES)
def test_a_workload_runs_as_a_role_with_what_the_place_needs(place: str, resources: dict[str, Any]) -> None:
    estate = running(place)
    assert made(WorkloadTrustRole, workload=estate.workloads["orders"], estate=estate) == resources


def test_tags_of_the_manifest_come_first_the_tenants_over_them_and_ours_over_both() -> None:
    base = estate_of_text(manifest())
    estate = with_tenant(
        replace(base, tags={"team": "a", "stage": "prod", "tenant-keys:project": "x"}),
        "acme",
        tags={"team": "b", "tenant-keys:tenant": "y", "tenant-keys:cell": "z"},
    )
    key = made(TenantKey, tenant=estate.tenants["acme"], estate=estate, cell="eu-west-1-001")["Keyacme"]
    assert key["Properties"]["Tags"] == [
        {"Key": "stage", "Value": "prod"},
        {"Key": "team", "Value": "b"},
        *tags("acme", "eu-west-1-001"),
    ]
    role = made(WorkloadTrustRole, workload=estate.workloads["orders"], estate=estate)["Roleorders"]
    assert role["Properties"]["Tags"] == [
        {"Key": "stage", "Value": "prod"},
        {"Key": "team", "Value": "a"},
        PROJECT,
    ]


@pytest.mark.parametrize(
    ("kind", "identifier", "workload", "expected"),
    [
        ("Key", "acme", "", "Keyacme"),
        ("Key", "acme-corp", "", "KeyacmeXcorp"),
        ("Role", "acme-corp", "order-desk", "RoleacmeXcorpFororderXdesk"),
        ("Role", "a", "b", "RoleaForb"),
    ],
)
def test_logical_ids_are_these(kind: str, identifier: str, workload: str, expected: str) -> None:
    """Changing one would lose a key."""
    assert logical_id(kind, identifier, workload) == expected
