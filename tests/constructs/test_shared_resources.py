"""Resources that all tenants share, typed by hand but for the text of their policies, which other tests type."""

from __future__ import annotations

import pytest

from tenant_constructs.access_role import CustodianImportRole, TenantAccessRole
from tenant_constructs.deletion_hook import DeletionHook
from tenant_constructs.guardrails import Guardrails
from tenant_constructs.trail import OwnTrail
from tests.constructs.shared_resources import BOUNDARY, KEPT, ROLE, SENTENCES, TAGS, Json, Make, of, policies
from tests.constructs.synthesized import abridged, made


def import_role() -> Json:
    custodian = "{account: '555555555555', role: role/Keys, external_id: g-1}"
    tenants = f"  acme: {{workloads: [orders], key: {{origin: imported, custodian: {custodian}}}}}"
    estate = of(tenants=tenants, permissions_boundary="policy/Bound")
    acme = estate.tenants["acme"]
    return made(CustodianImportRole, tenant=acme, custodian=acme.custodian, estate=estate, cell="eu-west-1-001")


def access_role() -> Json:
    estate = of(permissions_boundary="policy/Bound")
    acme, orders = estate.tenants["acme"], estate.workloads["orders"]
    return made(TenantAccessRole, tenant=acme, workload=orders, estate=estate, cell="roles-001")


def tenant_role(name: str, path: str, cell: str, policy: str) -> Json:
    tags = [{"Key": "tenant-keys:cell", "Value": cell}, *TAGS, {"Key": "tenant-keys:tenant", "Value": "acme"}]
    return {
        **ROLE,
        "Properties": {
            "RoleName": name,
            "Path": path,
            "MaxSessionDuration": 3600,
            **policies(policy),
            "PermissionsBoundary": BOUNDARY("111111111111"),
            "Description": "...",
            "Tags": tags,
        },
    }


def control_policy(kind: str, short: str) -> Json:
    properties = {
        "Name": f"tenant-keys-111111111111-{short}",
        "Description": "...",
        "Type": kind,
        "Content": "...",
        "TargetIds": ["111111111111"],
    }
    return {"Type": "AWS::Organizations::Policy", "Properties": properties}


def guardrails() -> Json:
    declared = of("guardrails: {management_account: '444444444444'}\n")
    return made(Guardrails, estate=declared)


def hook() -> Json:
    estate = of(deletion_hook="true", permissions_boundary="policy/Bound")
    made_of_it = made(DeletionHook, estate=estate, region="eu-west-1")
    assert "def handler(" in made_of_it["HookFunction"]["Properties"].pop("Code")["ZipFile"]
    assert [made_of_it.pop(f"HookOf{name}")["DependsOn"] for name in ("Stacks", "Keys")] == [["HookFunction"]] * 2
    for name in ("HookFunction", "HookLogs"):
        assert {"checkov", "guard"} == made_of_it[name].pop("Metadata").keys()
    return made_of_it


def hook_role(name: str) -> Json:
    boundary = BOUNDARY("111111111111")
    properties = {"RoleName": name, "Description": "...", "PermissionsBoundary": boundary, "Tags": TAGS}
    return {**ROLE, "Properties": {**properties, **policies("Hook")}}


MADE: dict[str, tuple[Make, Json]] = {
    "an access role under a boundary": (
        access_role,
        {"RoleacmeFororders": tenant_role("tenant-acme.orders", "/tenant-keys/orders/", "roles-001", "UseTenantKey")},
    ),
    "the role of a custodian": (
        import_role,
        {"ImportRoleacme": tenant_role("import.acme", "/tenant-keys/", "eu-west-1-001", "BringOwnKey")},
    ),
    "control policies": (
        guardrails,
        {
            "ServiceControlPolicy": control_policy("SERVICE_CONTROL_POLICY", "scp"),
            "ResourceControlPolicy": control_policy("RESOURCE_CONTROL_POLICY", "rcp"),
        },
    ),
    "a trail": (
        lambda: made(OwnTrail, estate=of()),
        {
            "TrailBucket": {
                "Type": "AWS::S3::Bucket",
                **KEPT,
                "Properties": {
                    "BucketName": "tenant-keys-trail-111111111111",
                    "BucketEncryption": {
                        "ServerSideEncryptionConfiguration": [
                            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                        ]
                    },
                    "LifecycleConfiguration": {
                        "Rules": [
                            {
                                "Id": "EndOfRecords",
                                "Status": "Enabled",
                                "ExpirationInDays": 400,
                                "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                            }
                        ]
                    },
                    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                    "PublicAccessBlockConfiguration": {
                        "BlockPublicAcls": True,
                        "BlockPublicPolicy": True,
                        "IgnorePublicAcls": True,
                        "RestrictPublicBuckets": True,
                    },
                    "VersioningConfiguration": {"Status": "Enabled"},
                    "Tags": TAGS,
                },
            },
            "TrailBucketPolicy": {
                "Type": "AWS::S3::BucketPolicy",
                **KEPT,
                "DependsOn": ["TrailBucket"],
                "Properties": {"Bucket": "tenant-keys-trail-111111111111", "PolicyDocument": "..."},
            },
            "Trail": {
                "Type": "AWS::CloudTrail::Trail",
                **KEPT,
                "DependsOn": ["TrailBucketPolicy"],
                "Properties": {
                    "TrailName": "tenant-keys-trail",
                    "S3BucketName": "tenant-keys-trail-111111111111",
                    "IsLogging": True,
                    "IsMultiRegionTrail": True,
                    "IncludeGlobalServiceEvents": True,
                    "EnableLogFileValidation": True,
                    "EventSelectors": [{"IncludeManagementEvents": True, "ReadWriteType": "All"}],
                    "Tags": TAGS,
                },
            },
        },
    ),
    "a Hook": (
        hook,
        {
            "HookLogs": {
                "Type": "AWS::Logs::LogGroup",
                "DeletionPolicy": "Delete",
                "UpdateReplacePolicy": "Delete",
                "Properties": {
                    "LogGroupName": "/aws/lambda/tenant-keys-hook",
                    "RetentionInDays": 365,
                    "Tags": TAGS,
                },
            },
            "HookFunctionRole": hook_role("tenant-keys-hook.eu-west-1"),
            "HookInvokingRole": hook_role("tenant-keys-hook.eu-west-1.invoke"),
            "HookFunction": {
                "Type": "AWS::Lambda::Function",
                "DependsOn": ["HookLogs"],
                "Properties": {
                    "FunctionName": "tenant-keys-hook",
                    "Description": "...",
                    "Handler": "index.handler",
                    "Runtime": "python3.14",
                    "Architectures": ["arm64"],
                    "MemorySize": 256,
                    "Timeout": 25,
                    "Role": {"Fn::GetAtt": ["HookFunctionRole", "Arn"]},
                    "Tags": TAGS,
                },
            },
        },
    ),
}


@pytest.mark.parametrize("case", MADE)
def test_what_all_tenants_share_has_exactly_these_properties(case: str) -> None:
    make, expected = MADE[case]
    assert abridged(make(), {*SENTENCES, "EventPattern"}) == expected
