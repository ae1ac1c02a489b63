"""Deployments with the real CDK CLI: as the execution role, with the types and the refusals that matter for keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.errors import DeploymentFailed
from tests.local import handmade
from tests.local.bootstrap import bootstrap
from tests.local.handmade import Document
from tests.local.refusal import refused


@pytest.fixture(scope="module")
def running() -> Iterator[LocalAws]:
    with LocalAws(accounts=(handmade.CENTRAL, handmade.WORKLOAD), organization=handmade.ORGANIZATION) as aws:
        yield aws


class Deployer:
    """Deploys templates through CloudFormation's API as the CDK CLI does: with the bootstrap's execution role."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws

    def stack(self, name: str, resources: dict[str, Document], region: str = handmade.REGION) -> str:
        """Create or update a stack; answers its final status."""
        cloudformation = self.aws.session(region=region).client("cloudformation")
        role = f"arn:aws:iam::{handmade.CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{handmade.CENTRAL}-{region}"
        known = {each["StackName"] for each in cloudformation.list_stacks()["StackSummaries"]}
        operation = cloudformation.update_stack if name in known else cloudformation.create_stack
        operation(
            StackName=name,
            TemplateBody=json.dumps({"Resources": resources}),
            RoleARN=role,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        return self.estate_of_text(name, region)

    def estate_of_text(self, name: str, region: str = handmade.REGION) -> str:
        cloudformation = self.aws.session(region=region).client("cloudformation")
        while True:
            status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                return status

    def reasons(self, name: str) -> str:
        self.estate_of_text(name)
        cloudformation = self.aws.session().client("cloudformation")
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return "\n".join(
            event.get("ResourceStatusReason", "") for event in events if "FAILED" in event["ResourceStatus"]
        )


@pytest.fixture(scope="module")
def deployer(running: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """Both Regions bootstrapped."""
    folder = tmp_path_factory.mktemp("boot")
    topics = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}
    stacks = {
        f"Boot-{region}": (handmade.CENTRAL, region, {"Resources": topics})
        for region in (handmade.REGION, handmade.OTHER_REGION)
    }
    assembly = handmade.write_assembly(folder / "cdk.out", stacks)
    bootstrap(running, assembly)
    running.deploy(assembly)
    return Deployer(running)


def describe(aws: LocalAws, alias: str, region: str = handmade.REGION) -> dict[str, Any]:
    """DescribeKey as the execution role, which the hand-written policies let read."""
    role = f"arn:aws:iam::{handmade.CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{handmade.CENTRAL}-{region}"
    session = aws.run_as(role, service="cloudformation.amazonaws.com", region=region)
    return dict(session.client("kms").describe_key(KeyId=alias)["KeyMetadata"])


def as_deployer(aws: LocalAws) -> Any:
    role = f"arn:aws:iam::{handmade.CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{handmade.CENTRAL}-{handmade.REGION}"
    return aws.run_as(role, service="cloudformation.amazonaws.com").client("kms")


def test_every_call_of_a_deployment_is_made_as_the_execution_role(deployer: Deployer) -> None:
    with deployer.aws.watch() as seen:
        assert deployer.stack("Who", handmade.key("who", EnableKeyRotation=True)) == "CREATE_COMPLETE"
    mine = [entry for entry in seen if entry["via"] == "cloudformation.amazonaws.com"]
    assert {entry["role"] for entry in mine} == {handmade.DEPLOYERS[0]}
    assert [entry["operation"] for entry in mine if entry["action"] != "kms:TagResource"] == [
        "CreateKey",
        "EnableKeyRotation",
        "DescribeKey",
        "CreateAlias",
        "CreateAlias",
    ]


def test_a_key_policy_that_forgets_the_deployer_fails_and_rolls_back(deployer: Deployer) -> None:
    policy = handmade.key_policy("forgotten", deployers=[handmade.ADMINISTRATOR])
    assert deployer.stack("Forgotten", handmade.key("forgotten", policy)) == "ROLLBACK_COMPLETE"
    assert "will not allow you to update the key policy in the future" in deployer.reasons("Forgotten")


def test_an_update_that_forgets_the_deployer_fails_and_leaves_the_policy(deployer: Deployer) -> None:
    assert deployer.stack("Locked", handmade.key("locked")) == "CREATE_COMPLETE"
    policy = handmade.key_policy("locked", deployers=[handmade.ADMINISTRATOR])
    assert deployer.stack("Locked", handmade.key("locked", policy)) == "UPDATE_ROLLBACK_COMPLETE"
    assert describe(deployer.aws, "alias/tenant-locked")["KeyState"] == "Enabled"


def test_a_duplicate_alias_fails_and_leaves_the_retained_key(deployer: Deployer) -> None:
    assert deployer.stack("First", handmade.key("twice")) == "CREATE_COMPLETE"
    before = describe(deployer.aws, "alias/tenant-twice")["KeyId"]
    with deployer.aws.watch() as seen:
        assert deployer.stack("Second", handmade.key("twice")) == "ROLLBACK_COMPLETE"
    assert "'alias/tenant-twice' already exists" in deployer.reasons("Second")
    assert describe(deployer.aws, "alias/tenant-twice")["KeyId"] == before
    assert "ScheduleKeyDeletion" not in {entry["operation"] for entry in seen}


def test_an_alias_that_is_retained_except_on_create_goes_with_a_failed_creation(deployer: Deployer) -> None:
    resources = handmade.key("retry")
    broken = {"Broken": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "wrong", "TargetKeyId": "x"}}}
    broken["Broken"]["DependsOn"] = ["Aliasretry"]
    assert deployer.stack("Retry", {**resources, **broken}) == "ROLLBACK_COMPLETE"
    with refused("NotFoundException"):
        describe(deployer.aws, "alias/tenant-retry")


def test_an_alias_removed_from_a_template_stays(deployer: Deployer) -> None:
    assert deployer.stack("Stays", {**handmade.key("stays"), **handmade.key("leaves")}) == "CREATE_COMPLETE"
    assert deployer.stack("Stays", handmade.key("stays")) == "UPDATE_COMPLETE"
    assert describe(deployer.aws, "alias/tenant-leaves")["KeyState"] == "Enabled"


def test_an_external_key_waits_for_material(deployer: Deployer) -> None:
    assert deployer.stack("Imported", handmade.key("imported", Origin="EXTERNAL")) == "CREATE_COMPLETE"
    assert describe(deployer.aws, "alias/tenant-imported")["KeyState"] == "PendingImport"


def test_rotation_period_and_disabled_state_come_from_the_template(deployer: Deployer) -> None:
    properties: dict[str, Any] = {"Enabled": False, "EnableKeyRotation": True, "RotationPeriodInDays": 180}
    assert deployer.stack("Period", handmade.key("period", **properties)) == "CREATE_COMPLETE"
    found = describe(deployer.aws, "alias/tenant-period")
    assert found["KeyState"] == "Disabled"
    status = as_deployer(deployer.aws).get_key_rotation_status(KeyId=found["KeyId"])
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)


def test_rotation_of_a_disabled_key_cannot_be_changed(deployer: Deployer) -> None:
    assert deployer.stack("Still", handmade.key("still", EnableKeyRotation=True)) == "CREATE_COMPLETE"
    assert deployer.stack("Still", handmade.key("still", EnableKeyRotation=True, Enabled=False)) == "UPDATE_COMPLETE"
    changed = handmade.key("still", EnableKeyRotation=True, RotationPeriodInDays=90, Enabled=False)
    assert deployer.stack("Still", changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert "You cannot change the EnableKeyRotation property" in deployer.reasons("Still")


def test_a_deployment_that_disables_a_key_may_change_its_rotation(deployer: Deployer) -> None:
    """The handler rotates first and disables then."""
    assert deployer.stack("Last", handmade.key("last", EnableKeyRotation=True)) == "CREATE_COMPLETE"
    changed = handmade.key("last", EnableKeyRotation=True, RotationPeriodInDays=90, Enabled=False)
    with deployer.aws.watch() as seen:
        assert deployer.stack("Last", changed) == "UPDATE_COMPLETE"
    assert [entry["operation"] for entry in seen][-3:] == ["DescribeKey", "EnableKeyRotation", "DisableKey"]


def test_a_key_is_disabled_and_enabled_by_an_edit(deployer: Deployer) -> None:
    assert deployer.stack("Toggle", handmade.key("toggle")) == "CREATE_COMPLETE"
    for enabled, state in ((False, "Disabled"), (True, "Enabled")):
        assert deployer.stack("Toggle", handmade.key("toggle", Enabled=enabled)) == "UPDATE_COMPLETE"
        assert describe(deployer.aws, "alias/tenant-toggle")["KeyState"] == state


@pytest.mark.parametrize("change", [{"Origin": "EXTERNAL"}, {"MultiRegion": True}], ids=str)
def test_origin_and_multi_region_of_a_key_cannot_be_changed(deployer: Deployer, change: dict[str, Any]) -> None:
    name = f"Fixed{next(iter(change))}"
    assert deployer.stack(name, handmade.key(name.lower())) == "CREATE_COMPLETE"
    assert deployer.stack(name, handmade.key(name.lower(), **change)) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_replica_stands_in_its_own_region_with_the_primary_s_material(deployer: Deployer) -> None:
    assert deployer.stack("Primary", handmade.key("wide", MultiRegion=True)) == "CREATE_COMPLETE"
    primary = describe(deployer.aws, "alias/tenant-wide")
    replica = handmade.key("wide")
    replica["Keywide"]["Type"] = "AWS::KMS::ReplicaKey"
    replica["Keywide"]["Properties"]["PrimaryKeyArn"] = primary["Arn"]
    assert deployer.stack("Replica", replica, handmade.OTHER_REGION) == "CREATE_COMPLETE"
    found = describe(deployer.aws, "alias/tenant-wide", handmade.OTHER_REGION)
    assert (found["KeyId"], found["MultiRegionConfiguration"]["MultiRegionKeyType"]) == (primary["KeyId"], "REPLICA")


def test_a_replica_needs_the_other_region_s_deployer_in_the_primary_s_policy(deployer: Deployer) -> None:
    policy = handmade.key_policy("narrow", deployers=handmade.DEPLOYERS[:1])
    assert deployer.stack("Narrow", handmade.key("narrow", policy, MultiRegion=True)) == "CREATE_COMPLETE"
    replica = handmade.key("narrow")
    replica["Keynarrow"]["Type"] = "AWS::KMS::ReplicaKey"
    replica["Keynarrow"]["Properties"]["PrimaryKeyArn"] = describe(deployer.aws, "alias/tenant-narrow")["Arn"]
    assert deployer.stack("NarrowReplica", replica, handmade.OTHER_REGION) == "ROLLBACK_COMPLETE"


def test_a_role_that_may_not_be_passed_deploys_nothing(deployer: Deployer) -> None:
    """The caller, not CloudFormation, must hold iam:PassRole."""
    iam = deployer.aws.session().client("iam")
    by_lambda = handmade.allow("Run", ["sts:AssumeRole"], Principal={"Service": "lambda.amazonaws.com"})
    trust = json.dumps(handmade.document(by_lambda))
    arn = iam.create_role(RoleName="half", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allowed = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cloudformation:*","Resource":"*"}]}'
    iam.put_role_policy(RoleName="half", PolicyName="p", PolicyDocument=allowed)
    cloudformation = deployer.aws.run_as(arn).client("cloudformation")
    with refused("AccessDenied", "iam:PassRole"):
        cloudformation.create_stack(StackName="Passed", TemplateBody='{"Resources":{}}', RoleARN=handmade.DEPLOYERS[0])


def test_without_an_execution_role_the_caller_s_own_rights_count(deployer: Deployer) -> None:
    cloudformation = deployer.aws.run_as(f"arn:aws:iam::{handmade.CENTRAL}:role/half").client("cloudformation")
    template = '{"Resources":{"Key":{"Type":"AWS::KMS::Key","Properties":{}}}}'
    cloudformation.create_stack(StackName="Own", TemplateBody=template)
    assert "no identity-based policy allows the kms:CreateKey action" in deployer.reasons("Own")


def test_an_iam_role_that_exists_already_is_not_taken_over(deployer: Deployer) -> None:
    """Role names ignore case."""
    role = {"Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "HALF", "AssumeRolePolicyDocument": {}}}}
    assert deployer.stack("Taken", role) == "ROLLBACK_COMPLETE"
    assert "already exists" in deployer.reasons("Taken")


def test_types_that_are_only_recorded_answer_their_attributes(deployer: Deployer) -> None:
    resources = {
        "Trail": {
            "Type": "AWS::CloudTrail::Trail",
            "Properties": {"IsLogging": True, "S3BucketName": "somewhere"},
        },
        "Anchor": {"Type": "AWS::RolesAnywhere::TrustAnchor", "Properties": {"Name": "a", "Source": {}}},
        "Profile": {"Type": "AWS::RolesAnywhere::Profile", "Properties": {"Name": "p", "RoleArns": []}},
        "Pod": {
            "Type": "AWS::EKS::PodIdentityAssociation",
            "Properties": {"ClusterName": "c", "Namespace": "n", "ServiceAccount": "s", "RoleArn": "r"},
        },
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::GetAtt": ["Anchor", "TrustAnchorArn"]}},
        },
    }
    assert deployer.stack("Recorded", resources) == "CREATE_COMPLETE"


def test_a_template_over_51200_bytes_deploys_through_the_bootstrap_bucket(
    running: LocalAws, deployer: Deployer, tmp_path: Path
) -> None:
    resources: dict[str, Document] = {}
    for number in range(40):
        resources |= handmade.key(f"t{number}")
    out = handmade.write_assembly(
        tmp_path / "cdk.out",
        {"Large": (handmade.CENTRAL, handmade.REGION, {"Resources": resources})},
    )
    assert (out / "Large.template.json").stat().st_size > 51_200
    running.deploy(out)
    assert describe(running, "alias/tenant-t39")["KeyState"] == "Enabled"


def test_a_failed_deployment_says_why(running: LocalAws, deployer: Deployer, tmp_path: Path) -> None:
    policy = handmade.key_policy("bad", deployers=[handmade.ADMINISTRATOR])
    stacks = {
        "Bad": (
            handmade.CENTRAL,
            handmade.REGION,
            {"Resources": handmade.key("bad", policy)},
        )
    }
    with pytest.raises(DeploymentFailed, match="will not allow you to update the key policy"):
        running.deploy(handmade.write_assembly(tmp_path / "cdk.out", stacks))


def test_a_control_policy_takes_part_in_every_decision(deployer: Deployer) -> None:
    guard = handmade.document(
        {"Sid": "NoDeletion", "Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}
    )
    policy = {
        "Type": "AWS::Organizations::Policy",
        "Properties": {
            "Name": "guard",
            "Type": "SERVICE_CONTROL_POLICY",
            "Content": guard,
            "TargetIds": [handmade.CENTRAL],
        },
    }
    kms = deployer.aws.session().client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    assert deployer.stack("Guard", {"Guard": policy}) == "CREATE_COMPLETE"
    with refused("AccessDeniedException", "explicit deny in a service control policy"):
        kms.schedule_key_deletion(KeyId=key_id)
    deployer.aws.session().client("cloudformation").delete_stack(StackName="Guard")
