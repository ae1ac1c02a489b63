"""The policies of the audit stack, typed by hand."""

from __future__ import annotations

from typing import Any

from tenant_keys.policy.audit.rules import RULES
from tests.conftest import Found
from tests.manifest.sample import TEXT, errors
from tests.policy.estates import estate_of_text

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


def test_every_rule_has_a_sentence_a_severity_and_a_next_step() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) >= 20
    for rule in RULES:
        assert rule.sentence.endswith(".")
        assert rule.next
        assert len(rule.id) <= 25


def test_an_estate_may_do_without_it() -> None:
    assert estate_of_text(f'audit: "off"\n{TEXT}').audit is None


def test_a_role_that_administers_is_no_probe() -> None:
    (problem,) = errors(f"audit: {{probe_roles: [role/KeyAdministrator]}}\n{TEXT}")
    assert "audit.probe_roles" in problem
    assert "got role/KeyAdministrator, which central names too; name a role that does nothing but probe" in problem
