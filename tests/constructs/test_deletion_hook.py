"""The CloudFormation Hook: what its function answers to the requests that CloudFormation documents.

The code is the one in the template, run as AWS Lambda runs it. Requests and payloads are written after the user guide
of CloudFormation Hooks, lambda-hooks-create-lambda-function; CloudFormation itself has not called the function.
"""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from tenant_constructs import hook_function
from tenant_constructs.deletion_hook import DeletionHook
from tests.constructs.hook_requests import (
    ALIAS,
    CHANGE_SET,
    CREATION,
    KEY,
    REPLICA,
    ROLE,
    TENANT,
    UPDATE,
    URL,
    Handler,
    Json,
    alias,
    change,
    change_set,
    event,
    gone,
    hook,
    imported,
    key,
    replica,
    tagged,
    template,
    update,
)
from tests.constructs.resources import resources_of
from tests.policy.estates import estate_of_text, manifest

BY_PARAMETER = key({"Ref": "Text"})
BY_PARAMETER["Properties"] |= {"MultiRegion": True, "KeySpec": "SYMMETRIC_DEFAULT"}
BY_REFERENCE = alias(target={"Ref": "Keyacme"})
POLICY: tuple[Json, Json] = ({"KeyPolicy": {"Statement": []}}, {"KeyPolicy": {"Statement": [{"Effect": "Deny"}]}})
ALLOWED: dict[str, tuple[Json, Json | str]] = {
    "a new tenant": (CHANGE_SET, change_set(change("CREATE", KEY, "Keynew"), change("CREATE", ALIAS, "Aliasnew"))),
    "another key policy": (CHANGE_SET, change_set(change("UPDATE", KEY, "Keyacme", *POLICY))),
    "another policy of a replica": (CHANGE_SET, change_set(change("UPDATE", REPLICA, "Replicaacme", *POLICY))),
    "a tenant that is suspended": (
        CHANGE_SET,
        change_set(change("UPDATE", KEY, "Keyacme", {"Enabled": "true"}, {"Enabled": "false"})),
    ),
    "rotation and tags": (
        CHANGE_SET,
        change_set(change("UPDATE", KEY, "Keyacme", {}, {"RotationPeriodInDays": "180", "Tags": []})),
    ),
    "a role that leaves, by an update": (
        UPDATE,
        update(TENANT, {name: one for name, one in TENANT.items() if name != "ImportRoleacme"}),
    ),
    "a role that is replaced": (UPDATE, update(TENANT, {**TENANT, "ImportRoleacme": {**ROLE, "Properties": {}}})),
    "an alias by the reference of its key": (
        UPDATE,
        update({**TENANT, "Aliasacme": BY_REFERENCE}, {**TENANT, "Aliasacme": BY_REFERENCE}),
    ),
    "another spelling of the stack's id": (
        {**{name: one for name, one in UPDATE.items() if name != "stackId"}, "stackID": UPDATE["stackId"]},
        update(TENANT, TENANT),
    ),
    "another spelling of the token": (
        {
            **{name: one for name, one in UPDATE.items() if name != "clientRequestToken"},
            "clientRequesttoken": UPDATE["clientRequestToken"],
        },
        update(TENANT, TENANT),
    ),
    "a key that is created": (event(KEY, "CREATE_PRE_PROVISION", targetModel={"resourceProperties": {}}), ""),
    "the deletion of an alias of somebody else": (
        event(
            ALIAS, "DELETE_PRE_PROVISION", "else", targetModel={"previousResourceProperties": {"AliasName": "alias/x"}}
        ),
        "not read",
    ),
    "the deletion of a key with other tags": (
        event(
            KEY,
            "DELETE_PRE_PROVISION",
            "else",
            targetModel={"previousResourceProperties": {"Tags": [{"Key": "tenant", "Value": "acme"}]}},
        ),
        "not read",
    ),
    "a role that leaves": (CHANGE_SET, change_set(change("DELETE", "AWS::IAM::Role", "ImportRoleacme"))),
    "an offboarded tenant, by a change set": (
        CHANGE_SET,
        change_set(
            change("DELETE", KEY, "KeygoneXcorp", tagged("gone-corp")),
            change("DELETE", REPLICA, "ReplicagoneXcorp", tagged("gone-corp")),
            change("DELETE", ALIAS, "AliasgoneXcorp", {"AliasName": "alias/tenant-gone-corp"}),
        ),
    ),
    "an offboarded tenant, by an update": (
        UPDATE,
        update(
            {**TENANT, "KeygoneXcorp": gone("gone-corp"), "AliasgoneXcorp": alias("alias/tenant-gone-corp")}, TENANT
        ),
    ),
    "an update of policies": (UPDATE, update(TENANT, {**TENANT, "Keyacme": key("another")})),
    "what may change in place, by a parameter": (UPDATE, update({"Keyacme": BY_PARAMETER}, {"Keyacme": BY_PARAMETER})),
    "an update of a replica": (UPDATE, update({"Replicaacme": replica()}, {"Replicaacme": replica()})),
    "a stack that is created": (CREATION, {"template": template(TENANT), "previousTemplate": None}),
    "a stack without keys": (event("STACK", "UPDATE_PRE_PROVISION", "tenant-keys-roles-001", **URL), "not read"),
    "the bootstrap": (event("CHANGE_SET", "CREATE_PRE_PROVISION", "CDKToolkit", **URL), "not read"),
    "another estate, whose prefix begins alike": (
        event("STACK", "UPDATE_PRE_PROVISION", "tenant-keys-two-cell-eu-west-1-001", **URL),
        "not read",
    ),
    "the deletion of a key of somebody else": (
        event(KEY, "DELETE_PRE_PROVISION", "CDKToolkit", targetModel={"previousResourceProperties": {"Enabled": True}}),
        "not read",
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_loses_no_key_goes_on(handle: Handler, case: str) -> None:
    assert handle(*ALLOWED[case]) == {
        "hookStatus": "SUCCESS",
        "message": "no tenant's key is lost",
        "clientRequestToken": "f8da6d11-b23f-48f4-814c-0fb6a667f50e",
    }


def test_a_payload_that_cannot_be_fetched_is_refused() -> None:
    index = imported(hook())
    answered = index["handler"](event("STACK", "UPDATE_PRE_PROVISION", payload="http://s3.example/payload"), None)
    assert (answered["hookStatus"], answered["errorCode"]) == ("FAILED", "InternalFailure")


def test_a_payload_is_fetched_by_its_presigned_url(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def opened(url: str, *, timeout: int) -> BytesIO:
        asked.append((url, timeout))
        return BytesIO(b"{}")

    monkeypatch.setattr("urllib.request.urlopen", opened)
    assert hook_function.fetched("https://s3.example/payload?X-Amz-Signature=1") == b"{}"
    assert asked == [("https://s3.example/payload?X-Amz-Signature=1", 15)]
    with pytest.raises(hook_function.NotUnderstood, match=r"^a payload at http://s3\.example/payload$"):
        hook_function.fetched("http://s3.example/payload?X-Amz-Signature=1")


def test_a_long_list_of_reasons_fits_what_cloudformation_keeps(handle: Handler) -> None:
    many = [change("DELETE", KEY, f"Key{number}", {}) for number in range(100)]
    assert len(handle(CHANGE_SET, change_set(*many))["message"]) == 1024


def test_aliases_are_recognized_by_the_estates_own_pattern() -> None:
    naming = "naming: {alias: 'alias/dev/{id}', stack_prefix: dev-keys}\n"
    own = resources_of(DeletionHook, estate=estate_of_text(naming + manifest(deletion_hook="true")), region="eu-west-1")
    index = imported(own)
    for name, answered in (
        ("alias/dev/acme", "FAILED"),
        ("alias/devacme", "SUCCESS"),
        ("alias/tenant-acme", "SUCCESS"),
    ):
        model = {"previousResourceProperties": {"AliasName": name}}
        request = event(ALIAS, "DELETE_PRE_PROVISION", "elsewhere", targetModel=model)
        assert index["handler"](request, None)["hookStatus"] == answered, name


def test_a_hook_that_cannot_answer_stops_everything_but_its_own_stack() -> None:
    hooks = {name: one["Properties"] for name, one in hook().items() if one["Type"].endswith("LambdaHook")}
    common = {
        "ExecutionRole": {"Fn::GetAtt": ["HookInvokingRole", "Arn"]},
        "FailureMode": "FAIL",
        "HookStatus": "ENABLED",
        "LambdaFunction": "arn:aws:lambda:eu-west-1:111111111111:function:tenant-keys-hook",
    }
    assert hooks == {
        "HookOfStacks": {
            **common,
            "Alias": "TenantKeys::Deletion::tenantkeysStacks",
            "TargetOperations": ["STACK", "CHANGE_SET"],
            "TargetFilters": {"Actions": ["CREATE", "UPDATE"], "InvocationPoints": ["PRE_PROVISION"]},
            "StackFilters": {"FilteringCriteria": "ALL", "StackNames": {"Exclude": ["tenant-keys-hook-eu-west-1"]}},
        },
        "HookOfKeys": {
            **common,
            "Alias": "TenantKeys::Deletion::tenantkeysKeys",
            "TargetOperations": ["RESOURCE", "CLOUD_CONTROL"],
            "TargetFilters": {
                "Actions": ["DELETE"],
                "InvocationPoints": ["PRE_PROVISION"],
                "TargetNames": ["AWS::KMS::Alias", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"],
            },
        },
    }


def test_its_roles_are_granted_two_log_operations_and_one_function_and_nothing_else() -> None:
    granted = [
        (name, statement["Action"], statement["Resource"])
        for name, one in hook().items()
        if one["Type"] == "AWS::IAM::Role"
        for policy in one["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert granted == [
        (
            "HookFunctionRole",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/tenant-keys-hook:*",
        ),
        (
            "HookInvokingRole",
            ["lambda:InvokeFunction"],
            "arn:aws:lambda:eu-west-1:111111111111:function:tenant-keys-hook",
        ),
    ]
    assert "ManagedPolicyArns" not in json.dumps(hook())


def test_its_roles_trust_one_service_each() -> None:
    trusted = {
        name: [
            (statement["Principal"], statement.get("Condition"))
            for statement in one["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        ]
        for name, one in hook().items()
        if one["Type"] == "AWS::IAM::Role"
    }
    condition = {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudformation:eu-west-1:111111111111:type/hook/TenantKeys-Deletion-*"},
    }
    assert trusted == {
        "HookFunctionRole": [({"Service": "lambda.amazonaws.com"}, None)],
        "HookInvokingRole": [({"Service": "hooks.cloudformation.amazonaws.com"}, condition)],
    }
