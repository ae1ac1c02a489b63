"""The key account's own trail, for an account whose calls no other trail has, and the bucket that it writes into."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tenant_constructs.tags import estate_tags
from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.policy.audit.trail import KEPT_DAYS, bucket_policy


class OwnTrail(Construct):
    """Records calls in every Region, those of AWS KMS among them. All of it stays when the stack goes.

    Amazon S3 encrypts with keys of its own (SSE-S3): a key of the account would let those who administer keys make the
    records of what they did unreadable.
    """

    def __init__(self, scope: Construct, construct_id: str, *, estate: Estate) -> None:
        super().__init__(scope, construct_id)
        name = names.trail_bucket(estate.central.account, estate.naming)
        bucket = self._bucket(name, estate)
        policy = s3.CfnBucketPolicy(self, "Policy", bucket=name, policy_document=bucket_policy(estate))
        policy.add_resource_dependency(bucket)
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=names.trail(estate.naming),
            s3_bucket_name=name,
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            event_selectors=[
                cloudtrail.CfnTrail.EventSelectorProperty(include_management_events=True, read_write_type="All")
            ],
            tags=estate_tags(estate),
        )
        trail.add_resource_dependency(policy)  # CloudTrail takes no bucket that it cannot write into
        for resource, logical_id in ((bucket, "TrailBucket"), (policy, "TrailBucketPolicy"), (trail, "Trail")):
            resource.apply_removal_policy(RemovalPolicy.RETAIN)
            resource.override_logical_id(logical_id)

    def _bucket(self, name: str, estate: Estate) -> s3.CfnBucket:
        closed = s3.CfnBucket.PublicAccessBlockConfigurationProperty(
            block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
        )
        by_default = s3.CfnBucket.ServerSideEncryptionByDefaultProperty(sse_algorithm="AES256")
        kept = s3.CfnBucket.RuleProperty(
            id="EndOfRecords",
            status="Enabled",
            expiration_in_days=KEPT_DAYS,
            noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(noncurrent_days=30),
            abort_incomplete_multipart_upload=s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
                days_after_initiation=7
            ),
        )
        return s3.CfnBucket(
            self,
            "Bucket",
            bucket_name=name,
            public_access_block_configuration=closed,
            bucket_encryption=s3.CfnBucket.BucketEncryptionProperty(
                server_side_encryption_configuration=[
                    s3.CfnBucket.ServerSideEncryptionRuleProperty(server_side_encryption_by_default=by_default)
                ]
            ),
            versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
            ownership_controls=s3.CfnBucket.OwnershipControlsProperty(
                rules=[s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
            ),
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(rules=[kept]),
            tags=estate_tags(estate),
        )
