"""What stops a deployment is named; what cannot be asked is no answer of "nothing". tests/recovery deploys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tenant_keys.manifest.lock import Entry, Lock, Phase
from tenant_keys.operations.errors import NotDeployed
from tenant_keys.operations.preflight import preflight
from tenant_keys.review.assembly import Environment

CENTRAL, REGION, STACK = "111111111111", "eu-west-1", "tenant-keys-workload-111111111111-eu-west-1"
RESOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "Issuer": ("AWS::IAM::OIDCProvider", {"Url": "https://login.example.com/t", "ClientIdList": ["a"]}),
    "Parameter": ("AWS::SSM::Parameter", {"Name": "/tenant-keys/orders", "Type": "String", "Value": "x"}),
    "Policy": ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "tenant-keys-orders", "PolicyDocument": {}}),
    "InstanceProfile": ("AWS::IAM::InstanceProfile", {"InstanceProfileName": "tenant-keys-orders", "Roles": ["r"]}),
    "Role": ("AWS::IAM::Role", {"RoleName": "tenant-keys-orders", "AssumeRolePolicyDocument": {}}),
}


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("app") / "cdk.out"
    app = cdk.App(outdir=str(folder), builtin_cloud_formation_validation=False)
    environment = cdk.Environment(account=CENTRAL, region=REGION)
    stack = cdk.Stack(app, STACK, stack_name=STACK, env=environment, termination_protection=True)
    for name, (kind, properties) in RESOURCES.items():
        cdk.CfnResource(stack, name, type=kind, properties=properties).override_logical_id(name)
    app.synth()
    return folder


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(accounts=(CENTRAL,)) as running:
        yield running


def look(assembly: Path, aws: LocalAws) -> list[str]:
    def client_of(place: Environment, service: str, office: str) -> Any:
        assert office == "lookup"
        return aws.session(region=place.region).client(service)  # type: ignore[call-overload]

    return [one.what for one in preflight(assembly, CENTRAL, repair=False, client_of=client_of)]


def test_every_kind_of_name_that_is_taken_is_named_and_a_free_one_is_not(assembly: Path, aws: LocalAws) -> None:
    aws.reset()
    assert look(assembly, aws) == []
    iam, nobody = aws.session().client("iam"), json.dumps({"Version": "2012-10-17", "Statement": []})
    nothing = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    )
    iam.create_open_id_connect_provider(Url="https://login.example.com/t", ClientIDList=["a"])
    iam.create_role(RoleName="tenant-keys-orders", AssumeRolePolicyDocument=nobody)
    iam.create_policy(PolicyName="tenant-keys-orders", PolicyDocument=nothing)
    iam.create_instance_profile(InstanceProfileName="tenant-keys-orders")
    aws.session().client("ssm").put_parameter(Name="/tenant-keys/orders", Value="x", Type="String")
    assert [what.split(" exists already")[0] for what in look(assembly, aws)] == [
        "Issuer: provider arn:aws:iam::111111111111:oidc-provider/login.example.com/t",
        "Parameter: parameter /tenant-keys/orders",
        "Policy: policy tenant-keys-orders",
        "InstanceProfile: instance profile tenant-keys-orders",
        "Role: role tenant-keys-orders",
    ]


class CloudFormation:
    """A stack in one state, which holds every resource."""

    def __init__(self, status: str, *, protected: bool = True, further: str = "") -> None:
        self.status, self.protected, self.further = status, protected, further
        self.turned: list[bool] = []

    def describe_stacks(self, **_: str) -> Any:
        return {"Stacks": [{"StackStatus": self.status, "EnableTerminationProtection": self.protected}]}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: str) -> Any:
        held = [{"LogicalResourceId": name} for name in RESOURCES]
        if self.further:
            alias = {"LogicalResourceId": "Aliasacme", "PhysicalResourceId": f"alias/tenant-{self.further}"}
            held += [{"LogicalResourceId": "Keyacme", "PhysicalResourceId": "k"}, alias]
        return [{"StackResourceSummaries": held}]

    def update_termination_protection(self, *, StackName: str, EnableTerminationProtection: bool) -> None:
        assert StackName == STACK
        self.turned.append(EnableTerminationProtection)


STATES = {
    "CREATE_COMPLETE": "",
    "UPDATE_ROLLBACK_COMPLETE": "",
    "IMPORT_COMPLETE": "",
    "UPDATE_IN_PROGRESS": "an operation is running; wait for its end",
    "UPDATE_ROLLBACK_FAILED": f"then run cdk rollback {STACK}, and deploy again",
    "CREATE_FAILED": f"then run cdk rollback {STACK}, and deploy again",
    "DELETE_FAILED": "no deployment can start from this status",
    "A_STATE_OF_TOMORROW": "no deployment can start from this status",
}


@pytest.mark.parametrize(("status", "said"), STATES.items())
def test_a_state_from_which_no_deployment_starts_is_named(assembly: Path, status: str, said: str) -> None:
    stack = CloudFormation(status)
    found = preflight(assembly, CENTRAL, repair=True, client_of=lambda *_: stack)
    assert [said in one.what for one in found] == ([True] if said else [])
    assert stack.turned == []


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_protection_is_turned_off_only_for_a_failed_creation_and_only_when_asked(assembly: Path, status: str) -> None:
    class Empty:
        def __getattr__(self, name: str) -> Any:
            raise ClientError({"Error": {"Code": "NoSuchEntity"}}, name)

    stack = CloudFormation(status)

    def client_of(_: Environment, service: str, __: str) -> Any:
        return stack if service == "cloudformation" else Empty()

    for repair, turned in ((False, []), (True, [False])):
        with pytest.raises(ClientError):  # what IAM does not answer is not free
            preflight(assembly, CENTRAL, repair=repair, client_of=client_of)
        assert stack.turned == turned


def test_an_account_without_stacks_is_reported(assembly: Path) -> None:
    with pytest.raises(NotDeployed, match="contains no stack of account 999999999999"):
        preflight(assembly, "999999999999", repair=False)


@pytest.mark.parametrize(("phase", "stops"), [(None, True), ("offboarding", True), ("offboarded", False)])
def test_a_key_leaves_its_stack_only_after_its_tenant_was_offboarded(
    assembly: Path, phase: Phase | None, stops: bool
) -> None:
    entry = Entry("acme", 1, "aws-kms", multi_region=False, primary_region=REGION, phase=phase)
    stack = CloudFormation("UPDATE_COMPLETE", further="acme")
    for lock in (Lock(CENTRAL, REGION, {"acme": entry}), None):
        found = preflight(assembly, CENTRAL, repair=True, lock=lock, client_of=lambda *_: stack)
        expected = "Aliasacme: the key of acme would leave the stack, though acme was not offboarded"
        assert [one.what.startswith(expected) for one in found] == ([True] if stops or lock is None else [])
