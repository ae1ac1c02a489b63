"""Documents of detection that no sample has: the stack set's template, long patterns, roles of permission sets."""

from __future__ import annotations

from datetime import date

import pytest

from tenant_keys.policy.audit.forwarding import forwarding_template
from tenant_keys.policy.audit.questions import QUESTIONS, Period, logs_insights, table
from tenant_keys.policy.audit.rule import Rule
from tenant_keys.policy.audit.topic import bus_statement_of_organization
from tenant_keys.policy.limits import PolicyTooLarge
from tests.policy.estates import estate_of_text, manifest

FORWARDING = "audit: {forward_from: [r-ab12]}\n"
WORKLOADS = "  orders: {account: '222222222222', runs_on: lambda%s}"
BUS = {"Fn::Sub": "arn:aws:events:${AWS::Region}:111111111111:event-bus/default"}
TAGS = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
ROLE = {
    "RoleName": {"Fn::Sub": "tenant-keys-audit.${AWS::Region}"},
    "Description": "Reports refused sessions of access roles to the key account",
    "AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Forward",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": ["sts:AssumeRole"],
                "Condition": {"StringEquals": {"aws:SourceAccount": {"Fn::Sub": "${AWS::AccountId}"}}},
            }
        ],
    },
    "Policies": [
        {
            "PolicyName": "Report",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "ReportRefusals", "Effect": "Allow", "Resource": BUS, "Action": ["events:PutEvents"]}
                ],
            },
        }
    ],
    "Tags": TAGS,
}
ROLES = "arn:aws:iam::111111111111:role/tenant-keys/"
RULE = {
    "Name": "tenant-keys-audit-access-refused",
    "EventPattern": {
        "source": ["aws.sts"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["sts.amazonaws.com"],
            "eventName": ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"],
            "errorCode": [{"prefix": "AccessDenied"}],
            "$or": [
                {"requestParameters": {"roleArn": [{"prefix": ROLES}]}},
                {"errorMessage": [{"wildcard": f"*{ROLES}*"}]},
            ],
        },
    },
    "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
    "Targets": [{"Arn": BUS, "Id": "KeyAccount", "RoleArn": {"Fn::GetAtt": ["AuditForwarder", "Arn"]}}],
    "Tags": TAGS,
}


def test_the_stack_set_forwards_by_one_role_and_one_rule() -> None:
    estate = estate_of_text(FORWARDING + manifest(WORKLOADS % ""))
    resources = forwarding_template(estate, {"b": "2", "a": "1"})
    description = resources["Resources"]["AuditForwarding"]["Properties"].pop("Description")
    assert description.startswith("high: A role was denied an access role: a workload requests a tenant")
    assert resources == {
        "Resources": {
            "AuditForwarder": {"Type": "AWS::IAM::Role", "Properties": ROLE},
            "AuditForwarding": {"Type": "AWS::Events::Rule", "Properties": RULE},
        }
    }


def test_the_stack_set_has_the_boundary_that_every_account_demands() -> None:
    estate = estate_of_text(FORWARDING + manifest(WORKLOADS % ", permissions_boundary: policy/222222222222"))
    role = forwarding_template(estate, {})["Resources"]["AuditForwarder"]["Properties"]
    assert role["PermissionsBoundary"] == {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/222222222222"}


def test_the_bus_takes_refusals_from_the_forwarders_of_the_organization_alone() -> None:
    estate = estate_of_text(FORWARDING + manifest(WORKLOADS % ""))
    assert bus_statement_of_organization("eu-west-1", estate) == {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": "arn:aws:events:eu-west-1:111111111111:event-bus/default",
        "Condition": {
            "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/tenant-keys-audit.eu-west-1"},
            "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
            "ForAllValues:StringEquals": {
                "events:detail-type": "AWS API Call via CloudTrail",
                "events:source": "aws.sts",
            },
            "Null": {"events:detail-type": "false", "events:source": "false"},
        },
    }


def test_a_pattern_has_at_most_as_many_characters_as_eventbridge_accepts() -> None:
    """`{"a":["` and `"]}` are ten of the 2,048."""
    for characters in (2_038, 2_039):
        pattern = {"a": ["x" * characters]}
        rule = Rule("long", "low", "A sentence.", "next", lambda _, pattern=pattern: pattern)  # type: ignore[misc]
        if characters == 2_038:
            assert rule.pattern(estate_of_text(manifest())) == pattern
            continue
        with pytest.raises(PolicyTooLarge, match=r"^audit rule long: got a pattern of 2,049 characters, EventBridge "):
            rule.pattern(estate_of_text(manifest()))


def test_the_questions_about_one_tenant_are_two() -> None:
    assert {one.name: one.of_tenant for one in QUESTIONS} == {
        "who-used": True,
        "last-use": True,
        "denials-by-tenant": False,
        "wrong-tenant": False,
        "break-glass-sessions": False,
        "usage-by-tenant": False,
    }


DAYS = Period(date(2026, 1, 1), date(2026, 1, 31))
SET = manifest(identity_center_region="eu-west-1").replace("role/KeyBreakGlass", "permission-set/Key_Glass")
FOLDER = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-west-1"


def test_break_glass_may_be_a_role_or_any_role_of_a_permission_set() -> None:
    (question,) = [one for one in QUESTIONS if one.name == "break-glass-sessions"]
    role, of_set = estate_of_text(manifest()), estate_of_text(SET)
    own = "arn:aws:iam::111111111111:role/KeyBreakGlass"
    assert question.sql(role, DAYS, "").count(f" = '{own}'") == 2
    escaped = f"{FOLDER}/AWSReservedSSO\\_Key\\_Glass\\_{'_' * 16}"
    assert question.sql(of_set, DAYS, "").count(f" LIKE '{escaped}' ESCAPE '\\'") == 2
    assert str(logs_insights("break-glass-sessions", role, "")).count(f' = "{own}"') == 2
    folder = FOLDER.replace("/", "\\/").replace(".", "\\.")
    expected = f" like /^{folder}\\/AWSReservedSSO_Key_Glass_{'.' * 16}$/"
    assert str(logs_insights("break-glass-sessions", of_set, "")).count(expected) == 2


def test_a_trail_of_the_account_itself_is_not_below_an_organization() -> None:
    estate = estate_of_text(manifest())
    assert "LOCATION 's3://trail/AWSLogs/'" in table("trail", None, estate)
    assert "LOCATION 's3://trail/AWSLogs/o-a1b2c3d4e5/'" in table("trail", "o-a1b2c3d4e5", estate)


def test_a_question_about_one_tenant_names_its_alias_alone() -> None:
    estate = estate_of_text(manifest())
    one = str(logs_insights("who-used", estate, "acme"))
    assert one.count("requestParameters.keyId like /alias\\/tenant-acme$/") == 1
    assert one.count("alias") == 1
