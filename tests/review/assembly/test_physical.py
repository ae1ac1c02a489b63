"""What each type of resource will be called: expected values from the type's page in the template reference."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore
import pytest

from tenant_keys.review.assembly import is_unresolved
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.assembly.physical import RETURN_VALUES

ID = "unresolved!111111111111!eu-west-1!app!It"
PRIMARY = "arn:aws:kms:eu-central-1:111111111111:key/mrk-1234abcd12ab34cd56ef1234567890ab"

CASES: list[tuple[str, dict[str, Any], str | None, str]] = [
    ("AWS::KMS::Key", {}, None, ID),
    ("AWS::KMS::Key", {}, "KeyId", ID),
    ("AWS::KMS::Key", {}, "Arn", f"arn:aws:kms:eu-west-1:111111111111:key/{ID}"),
    ("AWS::KMS::Key", {"MultiRegion": True}, None, f"mrk-{ID}"),
    ("AWS::KMS::Key", {"MultiRegion": False}, "Arn", f"arn:aws:kms:eu-west-1:111111111111:key/{ID}"),
    ("AWS::KMS::ReplicaKey", {"PrimaryKeyArn": PRIMARY}, None, "mrk-1234abcd12ab34cd56ef1234567890ab"),
    (
        "AWS::KMS::ReplicaKey",
        {"PrimaryKeyArn": PRIMARY},
        "Arn",
        "arn:aws:kms:eu-west-1:111111111111:key/mrk-1234abcd12ab34cd56ef1234567890ab",
    ),
    ("AWS::KMS::Alias", {"AliasName": "alias/tenant-acme"}, None, "alias/tenant-acme"),
    ("AWS::IAM::Role", {"RoleName": "writer"}, None, "writer"),
    ("AWS::IAM::Role", {}, None, ID),
    ("AWS::IAM::Role", {"RoleName": "writer"}, "Arn", "arn:aws:iam::111111111111:role/writer"),
    ("AWS::IAM::Role", {"RoleName": "w", "Path": "/a/b/"}, "Arn", "arn:aws:iam::111111111111:role/a/b/w"),
    ("AWS::IAM::Role", {"RoleName": {"Ref": "AWS::Region"}}, "Arn", "arn:aws:iam::111111111111:role/eu-west-1"),
    ("AWS::IAM::Role", {"RoleName": "writer"}, "RoleId", ID),
    (
        "AWS::IAM::OIDCProvider",
        {"Url": "https://idp.example.com/realm"},
        None,
        "arn:aws:iam::111111111111:oidc-provider/idp.example.com/realm",
    ),
    ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "p"}, None, "arn:aws:iam::111111111111:policy/p"),
    ("AWS::IAM::ManagedPolicy", {"Path": "/x/"}, "PolicyArn", f"arn:aws:iam::111111111111:policy/x/{ID}"),
    ("AWS::IAM::InstanceProfile", {"InstanceProfileName": "p"}, None, "p"),
    ("AWS::IAM::InstanceProfile", {}, "Arn", f"arn:aws:iam::111111111111:instance-profile/{ID}"),
    ("AWS::RolesAnywhere::TrustAnchor", {}, None, ID),
    (
        "AWS::RolesAnywhere::TrustAnchor",
        {},
        "TrustAnchorArn",
        f"arn:aws:rolesanywhere:eu-west-1:111111111111:trust-anchor/{ID}",
    ),
    ("AWS::RolesAnywhere::Profile", {}, "ProfileId", ID),
    ("AWS::RolesAnywhere::Profile", {}, "ProfileArn", f"arn:aws:rolesanywhere:eu-west-1:111111111111:profile/{ID}"),
    ("AWS::SSM::Parameter", {"Name": "/a/b", "Type": "String", "Value": "v"}, None, "/a/b"),
    ("AWS::SSM::Parameter", {"Name": "/a/b", "Type": "String", "Value": "v"}, "Value", "v"),
    ("AWS::SSM::Parameter", {"Name": "/a/b"}, "Arn", "arn:aws:ssm:eu-west-1:111111111111:parameter/a/b"),
    ("AWS::SSM::Parameter", {"Name": "a"}, "Arn", "arn:aws:ssm:eu-west-1:111111111111:parameter/a"),
    (
        "AWS::EKS::PodIdentityAssociation",
        {"ClusterName": "c"},
        None,
        f"arn:aws:eks:eu-west-1:111111111111:podidentityassociation/c/{ID}",
    ),
    ("AWS::Logs::LogGroup", {"LogGroupName": "/l"}, "Arn", "arn:aws:logs:eu-west-1:111111111111:log-group:/l:*"),
    ("AWS::SNS::Topic", {"TopicName": "t"}, None, "arn:aws:sns:eu-west-1:111111111111:t"),
    ("AWS::Lambda::Function", {"FunctionName": "f"}, "Arn", "arn:aws:lambda:eu-west-1:111111111111:function:f"),
    ("AWS::S3::Bucket", {"BucketName": "b"}, "Arn", "arn:aws:s3:::b"),
]


@pytest.mark.parametrize(("kind", "properties", "attribute", "expected"), CASES)
def test_it_is_called_what_cloudformation_documents(
    resolve: Callable[..., Any], kind: str, properties: dict[str, Any], attribute: str | None, expected: str
) -> None:
    value = {"Fn::GetAtt": ["It", attribute]} if attribute else {"Ref": "It"}
    assert resolve(value, Resources={"It": {"Type": kind, "Properties": properties}}) == expected


def test_every_type_of_the_table_has_a_case() -> None:
    assert {kind for kind, *_ in CASES} == set(RETURN_VALUES)


def test_an_id_that_aws_has_yet_to_choose_differs_by_account_region_stack_and_resource(
    resolve: Callable[..., Any],
) -> None:
    key = {"Type": "AWS::KMS::Key", "Properties": {}}
    ids = {
        resolve({"Ref": logical_id}, environment, Resources={"A": key, "B": key})
        for logical_id in ("A", "B")
        for environment in (
            "aws://111111111111/eu-west-1",
            "aws://111111111111/cn-north-1",
            "aws://222222222222/eu-west-1",
        )
    }
    assert len(ids) == 6
    assert all(is_unresolved(token) for token in ids)


def test_arns_carry_the_partition_of_their_region(resolve: Callable[..., Any]) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}
    arn = resolve({"Fn::GetAtt": ["R", "Arn"]}, "aws://111111111111/cn-north-1", Resources={"R": role})
    assert arn == "arn:aws-cn:iam::111111111111:role/r"


def test_every_region_that_botocore_knows_is_in_its_partition() -> None:
    data = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
    seen = 0
    for partition in data["partitions"]:
        for region in partition["regions"]:
            if region.endswith("-global"):
                continue
            seen += 1
            assert partition_of(region) == (partition["id"], partition["outputs"]["dnsSuffix"]), region
    assert seen > 30
