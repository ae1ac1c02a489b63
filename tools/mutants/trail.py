"""The key account's own trail with one thing broken: what it records, what becomes of the records, who reaches them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import Edit, Harmless, Mutant, NotProvedBecause, Refuted, adding_resource, change
from tools.mutants.original import CENTRAL, Body, Templates

TRAIL = "tenant-keys-trail"
BUCKET = f"arn:aws:s3:::tenant-keys-trail-{CENTRAL}"
STRANGER = "arn:aws:iam::999999999999:root"
INVENTORY = Kind.INVENTORY


def of(name: str) -> Callable[[Templates], Body]:
    """The properties of a resource of the trail's stack."""
    return lambda templates: templates.resources(TRAIL)[name]["Properties"]


def statement(number: int) -> Callable[[Templates], Body]:
    """A statement of the bucket policy."""
    return lambda templates: of("TrailBucketPolicy")(templates)["PolicyDocument"]["Statement"][number]


def _without(find: Callable[[Templates], Body], name: str) -> Edit:
    def edit(templates: Templates) -> None:
        del find(templates)[name]

    return edit


def _missing(name: str) -> Edit:
    """Without the resource, and without what waits for it."""

    def edit(templates: Templates) -> None:
        resources = templates.resources(TRAIL)
        del resources[name]
        for body in resources.values():
            if name in body.get("DependsOn", ()):
                del body["DependsOn"]

    return edit


def _removable(name: str, policy: str) -> Edit:
    return lambda templates: templates.resources(TRAIL)[name].update({policy: "Delete"})


def _statement_less(number: int) -> Edit:
    def edit(templates: Templates) -> None:
        del of("TrailBucketPolicy")(templates)["PolicyDocument"]["Statement"][number]

    return edit


def _statement_more(added: Mapping[str, Any]) -> Edit:
    return lambda templates: of("TrailBucketPolicy")(templates)["PolicyDocument"]["Statement"].append(dict(added))


def _selecting(**selector: object) -> Edit:
    whole = {"IncludeManagementEvents": True, "ReadWriteType": "All"}
    return change(of("Trail"), EventSelectors=[{**whole, **selector}])


_POLICY = ("PolicyDocument",)
_READ: Mapping[str, Any] = {"Sid": "Added", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}

MUTANTS = [
    Mutant("the trail does not log", Refuted(INVENTORY, ("IsLogging is false",)), change(of("Trail"), IsLogging=False)),
    Mutant(
        "the trail leaves KMS out",
        NotProvedBecause(('EventSelectors[0].ExcludeManagementEventSources is ["kms.amazonaws.com"]',)),
        _selecting(ExcludeManagementEventSources=["kms.amazonaws.com"]),
    ),
    Mutant(
        "the trail records what writes alone",
        NotProvedBecause(('EventSelectors[0].ReadWriteType is "WriteOnly", declared is "All"',)),
        _selecting(ReadWriteType="WriteOnly"),
    ),
    Mutant(
        "the trail has no management events",
        NotProvedBecause(("EventSelectors[0].IncludeManagementEvents is false, declared is true",)),
        _selecting(IncludeManagementEvents=False),
    ),
    Mutant(
        "the trail selects nothing that it says",
        NotProvedBecause(("EventSelectors is missing, declared is [",)),
        _without(of("Trail"), "EventSelectors"),
    ),
    Mutant(
        "the trail selects by fields",
        NotProvedBecause(("AWS::CloudTrail::Trail AdvancedEventSelectors",)),
        change(
            of("Trail"), AdvancedEventSelectors=[{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]
        ),
    ),
    Mutant(
        "the trail is of one Region",
        Refuted(INVENTORY, ("IsMultiRegionTrail is false",)),
        change(of("Trail"), IsMultiRegionTrail=False),
    ),
    Mutant(
        "the trail leaves IAM out",
        Refuted(INVENTORY, ("IncludeGlobalServiceEvents is false",)),
        change(of("Trail"), IncludeGlobalServiceEvents=False),
    ),
    Mutant(
        "nothing shows that a record was changed",
        Refuted(INVENTORY, ("EnableLogFileValidation is false",)),
        change(of("Trail"), EnableLogFileValidation=False),
    ),
    Mutant(
        "the trail writes into another bucket",
        Refuted(INVENTORY, ("S3BucketName is",)),
        change(of("Trail"), S3BucketName="a-strangers-bucket"),
    ),
    Mutant(
        "the trail is encrypted with a key that the manifest does not know",
        NotProvedBecause(("AWS::CloudTrail::Trail KMSKeyId",)),
        change(of("Trail"), KMSKeyId="arn:aws:kms:eu-west-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ),
    Mutant(
        "the trail tells a topic of each file",
        NotProvedBecause(("AWS::CloudTrail::Trail SnsTopicName",)),
        change(of("Trail"), SnsTopicName="tenant-keys-audit"),
    ),
    Mutant(
        "the trail is gone",
        Refuted(INVENTORY, ("AWS::CloudTrail::Trail tenant-keys-trail is declared",)),
        _missing("Trail"),
    ),
    Mutant(
        "the trail is deleted with its stack",
        Refuted(INVENTORY, ("Trail: is deleted with its stack",)),
        _removable("Trail", "DeletionPolicy"),
    ),
    Mutant(
        "a second trail",
        NotProvedBecause(("AWS::CloudTrail::Trail",)),
        adding_resource(TRAIL, "AWS::CloudTrail::Trail", TrailName="second", S3BucketName="second", IsLogging=True),
    ),
    Mutant("the bucket is gone", Refuted(INVENTORY, ("AWS::S3::Bucket", "is declared")), _missing("TrailBucket")),
    Mutant(
        "the bucket is deleted with its stack",
        Refuted(INVENTORY, ("TrailBucket: is deleted with its stack",)),
        _removable("TrailBucket", "DeletionPolicy"),
    ),
    Mutant(
        "the bucket goes when it is replaced",
        Refuted(INVENTORY, ("TrailBucket: is deleted with its stack",)),
        _removable("TrailBucket", "UpdateReplacePolicy"),
    ),
    Mutant(
        "the bucket may be public",
        Refuted(INVENTORY, ("PublicAccessBlockConfiguration",)),
        lambda templates: of("TrailBucket")(templates)["PublicAccessBlockConfiguration"].update(
            RestrictPublicBuckets=False
        ),
    ),
    Mutant(
        "nothing keeps the bucket from being public",
        Refuted(INVENTORY, ("PublicAccessBlockConfiguration is missing",)),
        _without(of("TrailBucket"), "PublicAccessBlockConfiguration"),
    ),
    Mutant(
        "the bucket keeps no versions",
        Refuted(INVENTORY, ("VersioningConfiguration",)),
        change(of("TrailBucket"), VersioningConfiguration={"Status": "Suspended"}),
    ),
    Mutant(
        "the bucket has access control lists",
        Refuted(INVENTORY, ("OwnershipControls",)),
        change(of("TrailBucket"), OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}),
    ),
    Mutant(
        "records are removed after a day",
        NotProvedBecause(("LifecycleConfiguration.Rules[0].ExpirationInDays is 1, declared is 400",)),
        lambda templates: of("TrailBucket")(templates)["LifecycleConfiguration"]["Rules"][0].update(ExpirationInDays=1),
    ),
    Mutant(
        "records are copied elsewhere",
        NotProvedBecause(("AWS::S3::Bucket ReplicationConfiguration",)),
        change(of("TrailBucket"), ReplicationConfiguration={"Role": "r", "Rules": []}),
    ),
    Mutant(
        "the bucket is a website",
        NotProvedBecause(("AWS::S3::Bucket WebsiteConfiguration",)),
        change(of("TrailBucket"), WebsiteConfiguration={"IndexDocument": "index.html"}),
    ),
    Mutant(
        "the bucket has no policy",
        Refuted(INVENTORY, ("AWS::S3::BucketPolicy", "is declared")),
        _missing("TrailBucketPolicy"),
    ),
    Mutant(
        "the policy is of another bucket",
        Refuted(INVENTORY, ("AWS::S3::BucketPolicy", "is declared")),
        change(of("TrailBucketPolicy"), Bucket="another"),
    ),
    Mutant("CloudTrail writes for any trail", Refuted(INVENTORY, _POLICY), _without(statement(1), "Condition")),
    Mutant(
        "CloudTrail writes for a trail of another account",
        Refuted(INVENTORY, _POLICY),
        lambda templates: statement(1)(templates)["Condition"]["StringEquals"].update(
            {"aws:SourceArn": "arn:aws:cloudtrail:eu-west-1:999999999999:trail/tenant-keys-trail"}
        ),
    ),
    Mutant(
        "CloudTrail writes for every trail of the account",
        Refuted(INVENTORY, _POLICY),
        lambda templates: statement(1)(templates).update(
            Condition={"StringLike": {"aws:SourceArn": f"arn:aws:cloudtrail:eu-west-1:{CENTRAL}:trail/*"}}
        ),
    ),
    Mutant("CloudTrail may do anything", Refuted(INVENTORY, _POLICY), change(statement(1), Action=["s3:*"])),
    Mutant("anybody asks who may write", Refuted(INVENTORY, _POLICY), _without(statement(0), "Condition")),
    Mutant("the bucket takes plain HTTP", Refuted(INVENTORY, _POLICY), _statement_less(2)),
    Mutant("anybody of the account writes records", Refuted(INVENTORY, _POLICY), _statement_less(3)),
    Mutant("anybody of the account reads records", Refuted(INVENTORY, _POLICY), _statement_less(4)),
    Mutant(
        "an administrator of keys reads records",
        Refuted(INVENTORY, _POLICY),
        lambda templates: statement(4)(templates)["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append(
            f"arn:aws:iam::{CENTRAL}:role/KeyAdministrator"
        ),
    ),
    Mutant("anybody of the account opens the bucket", Refuted(INVENTORY, _POLICY), _statement_less(5)),
    Mutant("records may be removed", Refuted(INVENTORY, _POLICY), _statement_less(6)),
    Mutant(
        "break-glass removes records",
        Refuted(INVENTORY, _POLICY),
        lambda templates: statement(6)(templates).update(
            Condition={"ArnNotEquals": {"aws:PrincipalArn": [f"arn:aws:iam::{CENTRAL}:role/KeyBreakGlass"]}}
        ),
    ),
    Mutant("everybody reads records", Refuted(INVENTORY, _POLICY), _statement_more({**_READ, "Principal": "*"})),
    Mutant(
        "a stranger reads records",
        Refuted(INVENTORY, _POLICY),
        _statement_more({**_READ, "Principal": {"AWS": STRANGER}}),
    ),
    Mutant(
        "no reader reads records",
        NotProvedBecause(("PolicyDocument differs from what is declared",)),
        _statement_more({**_READ, "Effect": "Deny", "Principal": "*"}),
    ),
    Mutant(
        "settings in another order",
        Harmless(),
        lambda templates: statement(5)(templates)["Action"].reverse(),
    ),
    Mutant(
        "other tags on the bucket", Harmless(), change(of("TrailBucket"), Tags=[{"Key": "team", "Value": "security"}])
    ),
]
"""By hand: what the proof says of each."""
