"""The bucket of the key account's own trail: CloudTrail writes into it for one trail, and nothing is removed.

Sources: CloudTrail guide, create-s3-bucket-policy-for-cloudtrail; S3 guide, lifecycle-configuration-bucket (a bucket
policy does not stop what lifecycle rules remove) and bucket-policies (the root user can always remove a bucket policy).
"""

from __future__ import annotations

from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.policy.statement import EVERYONE, Condition, Document, allow, anyone_but, deny, document

CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"
KEPT_DAYS: Final = 400
"""For which a record is kept: a year and the month in which the question is asked."""
READ: Final = ("s3:GetObject", "s3:GetObjectVersion")
REMOVE: Final = ("s3:DeleteBucket", "s3:DeleteObject", "s3:DeleteObjectVersion")
SETTINGS: Final = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)
"""Of the bucket: what opens it, sends its records elsewhere or ends them."""


def trail_arn(estate: Estate) -> str:
    """The trail of all Regions is one of the home Region."""
    central = estate.central
    return (
        f"arn:{central.partition}:cloudtrail:{central.home_region}:{central.account}:trail/{names.trail(estate.naming)}"
    )


def bucket_arn(estate: Estate) -> str:
    """A bucket's ARN has neither Region nor account."""
    return f"arn:{estate.central.partition}:s3:::{names.trail_bucket(estate.central.account, estate.naming)}"


def bucket_policy(estate: Estate) -> Document:
    """CloudTrail writes for this trail; readers and break-glass read; who deploys changes settings; none removes."""
    central, bucket = estate.central, bucket_arn(estate)
    records, service = f"{bucket}/AWSLogs/{central.account}/*", {"Service": CLOUDTRAIL}
    of_trail: Condition = {"StringEquals": {"aws:SourceArn": trail_arn(estate)}}
    written: Condition = {
        "StringEquals": {"aws:SourceArn": trail_arn(estate), "s3:x-amz-acl": "bucket-owner-full-control"}
    }
    readers = tuple(dict.fromkeys((*central.readers, central.break_glass)))
    plain: Condition = {"Bool": {"aws:SecureTransport": "false"}}
    for_another: Condition = {"StringNotEquals": {"aws:SourceArn": trail_arn(estate)}}
    below, whole = f"{bucket}/*", [bucket, f"{bucket}/*"]
    return document(
        [
            allow("CheckAcl", ("s3:GetBucketAcl",), of_trail, Principal=service, Resource=bucket),
            allow("WriteRecords", ("s3:PutObject",), written, Principal=service, Resource=records),
            deny("DenyPlainHttp", ("s3:*",), plain, Principal=EVERYONE, Resource=whole),
            deny("DenyWritingByAnyoneElse", ("s3:PutObject",), for_another, Principal=EVERYONE, Resource=below),
            deny("DenyReadingByAnyoneElse", READ, anyone_but(readers), Principal=EVERYONE, Resource=below),
            deny(
                "DenySettingsByAnyoneElse", SETTINGS, anyone_but(central.deployers), Principal=EVERYONE, Resource=bucket
            ),
            deny("DenyRemoval", REMOVE, Principal=EVERYONE, Resource=whole),
        ]
    )
