"""The policies of the audit stack, typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.policy.audit.rules import RULES
from tenant_keys.review.iam import Policies, Policy, Principal, PrincipalKind, Request, authorize
from tests.conftest import Found
from tests.manifest.sample import TEXT, errors
from tests.policy.estates import estate_of_text, manifest
from tests.stacks.synth import artifacts, synthesized

DEPLOYER = "cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1"
REGION = "eu-west-1"
AUDIT, WORKLOAD = f"tenant-keys-audit-{REGION}", f"tenant-keys-workload-222222222222-{REGION}"
BUS = f"arn:aws:events:{REGION}:111111111111:event-bus/default"


def properties(resources: list[Found], stack: str, logical_id: str) -> dict[str, Any]:
    (found,) = [one for one in resources if (one.stack, one.logical_id) == (stack, logical_id)]
    return dict(found.body["Properties"])


def test_the_key_of_the_topic_is_used_by_its_publishers_and_administered_by_those_who_deploy(
    sample_resources: list[Found],
) -> None:
    key = properties(sample_resources, AUDIT, "AuditKey")
    deployer = "arn:aws:iam::111111111111:role/cdk-hnb659fds-cfn-exec-role-111111111111-"
    root = {"AWS": "arn:aws:iam::111111111111:root"}
    read, deploy, delete, publish = key["KeyPolicy"]["Statement"]
    assert set(read["Condition"]["ArnEquals"]["aws:PrincipalArn"]) == {
        *(f"{deployer}eu-west-1", f"{deployer}eu-central-1", "arn:aws:iam::111111111111:role/KeyAdministrator"),
        *("arn:aws:iam::111111111111:role/KeyBreakGlass", "arn:aws:iam::111111111111:role/SecurityAudit"),
    }
    assert all(action.startswith(("kms:Describe", "kms:Get", "kms:List")) for action in read["Action"])
    assert {**deploy, "Action": None} == {
        "Sid": "Deploy",
        "Effect": "Allow",
        "Principal": root,
        "Resource": "*",
        "Action": None,
        "Condition": {"ArnEquals": {"aws:PrincipalArn": [f"{deployer}eu-west-1", f"{deployer}eu-central-1"]}},
    }
    assert not {"kms:Decrypt", "kms:ScheduleKeyDeletion", "kms:CreateGrant"} & set(deploy["Action"])
    assert delete["Condition"] == {"ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::111111111111:role/KeyBreakGlass"]}}
    assert publish == {
        "Sid": "PublishEncrypted",
        "Effect": "Allow",
        "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
        "Resource": "*",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
    }
    assert key["EnableKeyRotation"] is True
    assert properties(sample_resources, AUDIT, "AuditTopic")["KmsMasterKeyId"] == {"Fn::GetAtt": ["AuditKey", "Arn"]}


def test_a_workload_account_may_report_refusals_of_sts_and_nothing_else(sample_resources: list[Found]) -> None:
    assert properties(sample_resources, AUDIT, "Bus222222222222")["Statement"] == {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": "events:PutEvents",
        "Resource": BUS,
        "Condition": {
            "ForAllValues:StringEquals": {
                "events:detail-type": "AWS API Call via CloudTrail",
                "events:source": "aws.sts",
            },
            "Null": {"events:detail-type": "false", "events:source": "false"},
        },
    }
    role = properties(sample_resources, WORKLOAD, "AuditForwarder")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "222222222222"}}
    (policy,) = role["Policies"]
    assert policy["PolicyDocument"]["Statement"] == [
        {"Sid": "ReportRefusals", "Effect": "Allow", "Resource": BUS, "Action": ["events:PutEvents"]}
    ]


BUCKET = "arn:aws:s3:::tenant-keys-trail-111111111111"
OWN = "arn:aws:cloudtrail:eu-west-1:111111111111:trail/tenant-keys-trail"


def test_an_estate_makes_no_trail_unless_it_says_so(sample_resources: list[Found]) -> None:
    types = {one.body["Type"] for one in sample_resources}
    assert not types & {"AWS::CloudTrail::Trail", "AWS::S3::Bucket"}


def test_cloudtrail_writes_for_exactly_the_own_trail_and_nobody_else_has_the_records(own_trail: dict[str, Any]) -> None:
    statements = own_trail["TrailBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [one for one in statements if one["Effect"] == "Allow"] == [
        {
            "Sid": "CheckAcl",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Resource": BUCKET,
            "Action": ["s3:GetBucketAcl"],
            "Condition": {"StringEquals": {"aws:SourceArn": OWN}},
        },
        {
            "Sid": "WriteRecords",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Resource": f"{BUCKET}/AWSLogs/111111111111/*",
            "Action": ["s3:PutObject"],
            "Condition": {"StringEquals": {"aws:SourceArn": OWN, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    ]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policies = Policies(
        identity=(Policy.parse({"Version": "2012-10-17", "Statement": [everything]}, name="all", kind="identity"),),
        resource=Policy.parse({"Version": "2012-10-17", "Statement": statements}, name="bucket", kind="resource"),
    )
    record = f"{BUCKET}/AWSLogs/111111111111/CloudTrail/eu-west-1/2026/11/28/one.json.gz"
    may: dict[str, set[str]] = {}
    for role in (
        "KeyAdministrator",
        "KeyBreakGlass",
        "SecurityAudit",
        DEPLOYER,
        "tenant-keys/orders/tenant-acme.orders",
    ):
        arn = f"arn:aws:iam::111111111111:role/{role}"
        session = f"arn:aws:sts::111111111111:assumed-role/{role.rpartition('/')[2]}/x"
        who = Principal(kind=PrincipalKind.ROLE_SESSION, arn=session, account="111111111111", role_arn=arn)
        for action, resource in (
            ("s3:GetObject", record),
            ("s3:PutObject", record),
            ("s3:DeleteObject", record),
            ("s3:DeleteObjectVersion", record),
            ("s3:DeleteBucket", BUCKET),
            ("s3:PutBucketPolicy", BUCKET),
            ("s3:PutLifecycleConfiguration", BUCKET),
            ("s3:PutBucketPublicAccessBlock", BUCKET),
        ):
            context = {"aws:SecureTransport": "true", "s3:x-amz-acl": "bucket-owner-full-control"}
            if authorize(Request(who, action, resource, "111111111111", context), policies).allowed:
                may.setdefault(action, set()).add(role)
    assert may == {
        "s3:GetObject": {"KeyBreakGlass", "SecurityAudit"},
        "s3:PutBucketPolicy": {DEPLOYER},
        "s3:PutLifecycleConfiguration": {DEPLOYER},
        "s3:PutBucketPublicAccessBlock": {DEPLOYER},
    }


def test_the_own_trail_has_every_call_of_every_region_and_stays_when_its_stack_goes(own_trail: dict[str, Any]) -> None:
    trail = own_trail["Trail"]
    assert {name: value for name, value in trail["Properties"].items() if name != "Tags"} == {
        "TrailName": "tenant-keys-trail",
        "S3BucketName": "tenant-keys-trail-111111111111",
        "IsLogging": True,
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "EnableLogFileValidation": True,
        "EventSelectors": [{"IncludeManagementEvents": True, "ReadWriteType": "All"}],
    }
    assert trail["DependsOn"] == ["TrailBucketPolicy"]
    assert {(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in own_trail.values()} == {("Retain", "Retain")}
    bucket = own_trail["TrailBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 400


@pytest.fixture(scope="module")
def own_trail(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Resources of the stack of the trail."""
    folder = tmp_path_factory.mktemp("trail")
    stacks = synthesized(estate_of_text(f"audit: {{trail: own}}\n{TEXT}"), folder)
    (artifact,) = [one for name, one in artifacts(folder).items() if name == "tenant-keys-trail"]
    assert artifact["properties"]["terminationProtection"] is True
    resources: dict[str, Any] = stacks["tenant-keys-trail"]["Resources"]
    return resources


def test_every_rule_has_a_sentence_a_severity_and_a_next_step() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) >= 20
    for rule in RULES:
        assert rule.sentence.endswith(".")
        assert rule.next
        assert len(rule.id) <= 25


def test_an_estate_may_do_without_it() -> None:
    assert estate_of_text(f'audit: "off"\n{TEXT}').audit is None


@pytest.mark.parametrize(
    ("audit", "reported"),
    [
        (
            "import_path: /elsewhere/",
            "got role/globex-import; audit.import_path /elsewhere/ must be the path of every",
        ),
        ("import_path: /tenant-keys/", "got /tenant-keys/, which also covers access roles"),
        ("import_path: key-import", 'audit.import_path: got "key-import"'),
        ("trail: mine", 'audit.trail: got "mine"; allowed: organization or own'),
    ],
)
def test_a_trail_or_a_path_that_is_none_is_an_error(audit: str, reported: str) -> None:
    reported_of = errors(f"audit: {{{audit}}}\n{TEXT}")
    assert any(reported in one for one in reported_of)
    assert not any("audit: got a mapping" in one for one in reported_of)


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("audit: {forward_from: [ou-AB]}\n" + manifest(), 'audit.forward_from[0]: got "ou-AB"'),
        (
            "audit: {forward_from: [ou-ab12-cdef3456, ou-ab12-cdef3456]}\n" + manifest(),
            "got ou-ab12-cdef3456 twice; remove one",
        ),
        (
            ("audit: {forward_from: [r-ab12]}\n" + manifest()).replace("organization: o-a1b2c3d4e5\n", ""),
            "organization: missing; audit.forward_from lets roles of the organization report",
        ),
        (
            "audit: {forward_from: [r-ab12]}\n"
            + manifest(
                "  orders: {account: '222222222222', runs_on: lambda, permissions_boundary: policy/Demanded}\n"
                "  billing: {account: '333333333333', runs_on: ecs}"
            ),
            "the workload accounts demand different permissions boundaries (none, policy/Demanded), and a stack",
        ),
        (
            "audit: {forward_from: [r-ab12]}\nguardrails: {management_account: '222222222222'}\n" + manifest(),
            "a workload is in the management account 222222222222, to which no stack set with service-managed",
        ),
    ],
)
def test_units_from_which_no_stack_set_can_forward_are_an_error(text: str, reported: str) -> None:
    assert any(reported in one for one in errors(text)), errors(text)


def test_a_path_is_named_once() -> None:
    moved = TEXT.replace("role/globex-import", "role/key-import/globex-import")
    guarded = "guardrails: {management_account: '444444444444', import_path: /key-import/}\n"
    (problem,) = errors(f"audit: {{import_path: /other/}}\n{guarded}{moved}")
    assert "audit.import_path: got /other/, and guardrails.import_path is /key-import/; leave it out" in problem


def test_a_role_that_administers_is_no_probe() -> None:
    (problem,) = errors(f"audit: {{probe_roles: [role/KeyAdministrator]}}\n{TEXT}")
    assert "audit.probe_roles" in problem
    assert "got role/KeyAdministrator, which central names too; name a role that does nothing but probe" in problem
