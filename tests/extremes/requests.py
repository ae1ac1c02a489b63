"""The requests that CloudFormation's handlers make of a resource, as far as its properties go into them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
Request = tuple[str, str, Json]


def _text(document: Json) -> str:
    return json.dumps(document, separators=(",", ":"))


def _tags(properties: Json, key: str = "Key", value: str = "Value") -> list[Json]:
    return [{key: tag["Key"], value: tag["Value"]} for tag in properties.get("Tags", ())]


def requests(kind: str, p: Json) -> Iterator[Request]:  # noqa: C901, PLR0912, PLR0915  # one case for each type
    """Service, operation and parameters; intrinsics are resolved already."""
    kms_tags = _tags(p, "TagKey", "TagValue") if isinstance(p.get("Tags"), list) else []
    match kind:
        case "AWS::KMS::Key":
            names = ("KeySpec", "KeyUsage", "Origin", "MultiRegion", "Description")
            given = {name: p[name] for name in names if name in p}
            yield "kms", "CreateKey", {**given, "Policy": _text(p["KeyPolicy"]), "Tags": kms_tags}
            if p.get("EnableKeyRotation"):
                period = {name: p[name] for name in ("RotationPeriodInDays",) if name in p}
                yield "kms", "EnableKeyRotation", {"KeyId": "k" * 36, **period}
            yield "kms", "ScheduleKeyDeletion", {"KeyId": "k" * 36, "PendingWindowInDays": p["PendingWindowInDays"]}
        case "AWS::KMS::ReplicaKey":
            given = {"KeyId": p["PrimaryKeyArn"], "ReplicaRegion": "ap-southeast-2", "Description": p["Description"]}
            yield "kms", "ReplicateKey", {**given, "Policy": _text(p["KeyPolicy"]), "Tags": kms_tags}
        case "AWS::KMS::Alias":
            yield "kms", "CreateAlias", {"AliasName": p["AliasName"], "TargetKeyId": p["TargetKeyId"]}
        case "AWS::IAM::Role":
            fields = ("RoleName", "Path", "Description", "MaxSessionDuration")
            given = {name: p[name] for name in fields if name in p}
            trust = {"AssumeRolePolicyDocument": _text(p["AssumeRolePolicyDocument"])}
            yield "iam", "CreateRole", {**given, **trust, "Tags": _tags(p)}
            for policy in p["Policies"]:
                named = {"RoleName": p["RoleName"], "PolicyName": policy["PolicyName"]}
                yield "iam", "PutRolePolicy", {**named, "PolicyDocument": _text(policy["PolicyDocument"])}
        case "AWS::IAM::ManagedPolicy":
            named = {"PolicyName": p["ManagedPolicyName"], "PolicyDocument": _text(p["PolicyDocument"])}
            yield "iam", "CreatePolicy", named
            for role in p["Roles"]:
                arn = f"arn:aws:iam::222222222222:policy/{p['ManagedPolicyName']}"
                yield "iam", "AttachRolePolicy", {"RoleName": role, "PolicyArn": arn}
        case "AWS::IAM::OIDCProvider":
            yield (
                "iam",
                "CreateOpenIDConnectProvider",
                {"Url": p["Url"], "ClientIDList": p["ClientIdList"], "Tags": _tags(p)},
            )
        case "AWS::IAM::InstanceProfile":
            yield "iam", "CreateInstanceProfile", {"InstanceProfileName": p["InstanceProfileName"]}
            for role in p["Roles"]:
                named = {"InstanceProfileName": p["InstanceProfileName"], "RoleName": role}
                yield "iam", "AddRoleToInstanceProfile", named
        case "AWS::SSM::Parameter":
            tags = [{"Key": key, "Value": value} for key, value in p["Tags"].items()]
            yield "ssm", "PutParameter", {**{n: p[n] for n in ("Name", "Type", "Value", "Description")}, "Tags": tags}
        case "AWS::EKS::PodIdentityAssociation":
            renamed = {"ClusterName": "clusterName", "Namespace": "namespace", "ServiceAccount": "serviceAccount"}
            renamed |= {"RoleArn": "roleArn", "DisableSessionTags": "disableSessionTags"}
            by_key = {tag["Key"]: tag["Value"] for tag in p["Tags"]}
            given = {name: p[own] for own, name in renamed.items()}
            yield "eks", "CreatePodIdentityAssociation", {**given, "clientRequestToken": "x", "tags": by_key}
        case "AWS::RolesAnywhere::TrustAnchor":
            source = {"sourceType": p["Source"]["SourceType"]}
            source["sourceData"] = {"acmPcaArn": p["Source"]["SourceData"]["AcmPcaArn"]}
            tags = _tags(p, "key", "value")
            yield "rolesanywhere", "CreateTrustAnchor", {"name": p["Name"], "source": source, "tags": tags}
        case "AWS::RolesAnywhere::Profile":
            tags = _tags(p, "key", "value")
            yield "rolesanywhere", "CreateProfile", {"name": p["Name"], "roleArns": p["RoleArns"], "tags": tags}
        case "AWS::SNS::Topic":
            attributes = {name: p[name] for name in ("DisplayName", "KmsMasterKeyId")}
            yield "sns", "CreateTopic", {"Name": p["TopicName"], "Attributes": attributes, "Tags": _tags(p)}
        case "AWS::SNS::TopicPolicy":
            for topic in p["Topics"]:
                given = {"AttributeName": "Policy", "AttributeValue": _text(p["PolicyDocument"])}
                yield "sns", "SetTopicAttributes", {"TopicArn": topic, **given}
        case "AWS::Events::Rule":
            given = {name: p[name] for name in ("Name", "Description", "State")}
            yield "events", "PutRule", {**given, "EventPattern": _text(p["EventPattern"]), "Tags": _tags(p)}
            yield "events", "PutTargets", {"Rule": p["Name"], "Targets": p["Targets"]}
        case "AWS::Events::EventBusPolicy":
            named = {"StatementId": p["StatementId"], "EventBusName": p["EventBusName"]}
            yield "events", "PutPermission", {**named, "Policy": _text(p["Statement"])}
        case "AWS::CloudWatch::Alarm":
            given = {name: value for name, value in p.items() if name != "Tags"}
            yield "cloudwatch", "PutMetricAlarm", {**given, "Tags": _tags(p)}
        case _:
            raise NotImplementedError(kind)
