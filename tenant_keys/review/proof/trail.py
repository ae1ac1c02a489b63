"""The key account's own trail and its bucket, as the manifest declares them: written down a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.review.assembly import Resource

TRAIL_TYPES: Final = ("AWS::CloudTrail::Trail", "AWS::S3::Bucket", "AWS::S3::BucketPolicy")
Place = tuple[str, str, str, str]
"""Account, Region, type and name."""


def declared_trail(estate: Estate) -> Iterator[tuple[Place, Mapping[str, object]]]:
    """Place and properties of what records the calls; nothing where the organization's trail does."""
    if estate.audit is None or not estate.audit.own_trail:
        return
    account, region = estate.central.account, estate.central.home_region
    trail, bucket = names.trail(estate.naming), names.trail_bucket(account, estate.naming)
    yield (
        (account, region, "AWS::CloudTrail::Trail", trail),
        {
            "TrailName": trail,
            "S3BucketName": bucket,
            "IsLogging": True,
            "IsMultiRegionTrail": True,
            "IncludeGlobalServiceEvents": True,
            "EnableLogFileValidation": True,
            "EventSelectors": [{"IncludeManagementEvents": True, "ReadWriteType": "All"}],
        },
    )
    yield (account, region, "AWS::S3::BucketPolicy", bucket), {"Bucket": bucket, "PolicyDocument": _policy(estate)}
    yield (account, region, "AWS::S3::Bucket", bucket), {"BucketName": bucket, **_BUCKET}


def with_defaults(name: str, value: object) -> object:
    """The value with what it leaves out and without what names nothing.

    Source: CloudTrail API, EventSelector: IncludeManagementEvents is true and ReadWriteType All by default; S3 API,
    ServerSideEncryptionRule: no bucket key by default.
    """
    if name == "EventSelectors" and isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        return [{**_SELECTED, **{key: below for key, below in one.items() if below != []}} for one in value]
    if name == "BucketEncryption" and isinstance(value, Mapping):
        rules = value.get("ServerSideEncryptionConfiguration")
        if isinstance(rules, list) and all(isinstance(one, Mapping) for one in rules):
            return {**value, "ServerSideEncryptionConfiguration": [{"BucketKeyEnabled": False, **one} for one in rules]}
    return value


_SELECTED: Final = {"IncludeManagementEvents": True, "ReadWriteType": "All"}


def removable(resource: Resource) -> bool:
    """Whether records, or what makes them, may go with their stack."""
    kept = (resource.deletion_policy, resource.update_replace_policy) == ("Retain", "Retain")
    return resource.type in TRAIL_TYPES and not kept


_BUCKET: Final[Mapping[str, object]] = {
    "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    },
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    },
    "VersioningConfiguration": {"Status": "Enabled"},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
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
}


def _policy(estate: Estate) -> dict[str, Any]:
    central = estate.central
    bucket = f"arn:{central.partition}:s3:::{names.trail_bucket(central.account, estate.naming)}"
    trail = (
        f"arn:{central.partition}:cloudtrail:{central.home_region}:{central.account}:trail/{names.trail(estate.naming)}"
    )
    service, anybody = {"Service": "cloudtrail.amazonaws.com"}, "*"
    written = {"aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control"}
    readers = list(dict.fromkeys([*central.readers, central.break_glass]))
    settings = (
        "DeleteBucketPolicy PutBucketAcl PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock "
        "PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration PutReplicationConfiguration"
    )
    every, records = f"{bucket}/*", f"{bucket}/AWSLogs/{central.account}/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            _statement("Allow", service, "GetBucketAcl", bucket, {"StringEquals": {"aws:SourceArn": trail}}),
            _statement("Allow", service, "PutObject", records, {"StringEquals": written}),
            _statement("Deny", anybody, "*", [bucket, every], {"Bool": {"aws:SecureTransport": "false"}}),
            _statement("Deny", anybody, "PutObject", every, {"StringNotEquals": {"aws:SourceArn": trail}}),
            _statement("Deny", anybody, "GetObject GetObjectVersion", every, _but(readers)),
            _statement("Deny", anybody, settings, bucket, _but(list(central.deployers))),
            _statement("Deny", anybody, "DeleteBucket DeleteObject DeleteObjectVersion", [bucket, every], None),
        ],
    }


def _statement(effect: str, principal: object, actions: str, resource: object, condition: object) -> dict[str, object]:
    body = {
        "Effect": effect,
        "Principal": principal,
        "Resource": resource,
        "Action": [f"s3:{one}" for one in actions.split()],
    }
    return body | ({} if condition is None else {"Condition": condition})


def _but(roles: list[str]) -> dict[str, object]:
    # The roles of a permission set are a pattern; in AWS both operators mean the same.
    return {"ArnNotLike" if any("?" in role for role in roles) else "ArnNotEquals": {"aws:PrincipalArn": roles}}
