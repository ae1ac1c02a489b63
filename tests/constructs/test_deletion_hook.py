"""The CloudFormation Hook: what its function answers to the requests that CloudFormation documents.

The code is the one in the template, run as AWS Lambda runs it. Requests and payloads are written after the user guide
of CloudFormation Hooks, lambda-hooks-create-lambda-function; CloudFormation itself has not called the function.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any

import pytest

from tenant_constructs import hook_function
from tenant_constructs.deletion_hook import DeletionHook
from tenant_keys.manifest import Estate
from tests.constructs.resources import Resources, resources_of
from tests.policy.estates import estate_of_text, manifest

CELL = "tenant-keys-cell-eu-west-1-001"
Json = dict[str, Any]
Handler = Callable[[Json, Json | str], Json]


@cache
def estate() -> Estate:
    made = estate_of_text(manifest(deletion_hook="true"))
    return replace(made, offboarded=("gone-corp",))


@cache
def hook() -> Resources:
    return resources_of(DeletionHook, estate=estate(), region="eu-west-1")


def imported(resources: Resources) -> Json:
    """The module of the function, as AWS Lambda imports it; named so that coverage finds its lines."""
    code = resources["HookFunction"]["Properties"]["Code"]["ZipFile"]
    index: Json = {}
    exec(compile(code, hook_function.__file__, "exec"), index)  # noqa: S102 - the code of the template
    return index


@pytest.fixture(scope="module")
def handle() -> Handler:
    """The function of the template; `payload` is what the presigned URL names."""

    def run(event: Json, payload: Json | str) -> Json:
        index = imported(hook())
        asked = []

        def fetched(url: str) -> bytes:
            asked.append(url)
            return (payload if isinstance(payload, str) else json.dumps(payload)).encode()

        index["fetched"] = fetched
        answered: Json = index["handler"](event, None)
        assert asked in ([], ["https://s3.example/payload"])
        return answered

    return run


def event(target: str, point: str, stack: str = CELL, **data: Any) -> Json:
    """As the guide shows one."""
    where = "arn:aws:cloudformation:eu-west-1:111111111111"
    return {
        "clientRequestToken": "f8da6d11-b23f-48f4-814c-0fb6a667f50e",
        "awsAccountId": "111111111111",
        **({"stackId": f"{where}:stack/{stack}/1a2345b6-0000-00a0-a123-00abc0abc000"} if stack else {}),
        "changeSetId": f"{where}:changeSet/any/1a2345b6-0000-00a0-a123-00abc0abc000",
        "hookTypeName": "TenantKeys::Deletion::tenantkeysStacks",
        "hookTypeVersion": "00000008",
        "hookModel": {"LambdaFunction": "arn:aws:lambda:eu-west-1:111111111111:function:tenant-keys-hook"},
        "actionInvocationPoint": point,
        "requestData": {"targetName": target, "targetType": target, "targetLogicalId": "Keyacme", **data},
        "requestContext": {"invocation": 1, "callbackContext": None},
    }


URL = {"payload": "https://s3.example/payload"}
CHANGE_SET = event("CHANGE_SET", "CREATE_PRE_PROVISION", **URL)
UPDATE = event("STACK", "UPDATE_PRE_PROVISION", **URL)
CREATION = event("STACK", "CREATE_PRE_PROVISION", **URL)


def key(description: Any = "", **more: Any) -> Json:
    properties = {"Description": description, "KeyPolicy": {"Statement": []}, "Enabled": True}
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {"Type": "AWS::KMS::Key", **kept, "Properties": properties, **more}


def alias(name: Any = "alias/tenant-acme", target: Any = None, **more: Any) -> Json:
    kept = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    properties = {"AliasName": name, "TargetKeyId": target or {"Fn::GetAtt": ["Keyacme", "Arn"]}}
    return {"Type": "AWS::KMS::Alias", **kept, "Properties": properties, **more}


def replica(primary: str = "mrk-1", **more: Any) -> Json:
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    arn = f"arn:aws:kms:eu-west-1:111111111111:key/{primary}"
    return {"Type": "AWS::KMS::ReplicaKey", **kept, "Properties": {"PrimaryKeyArn": arn, "Enabled": True}, **more}


def template(resources: Json, **beside: Any) -> str:
    return json.dumps({**beside, "Resources": resources})


TWICE = '{"Resources": {}, "Resources": {}}'
LOOKED_UP = {"Aliasacme": alias(target="{{resolve:ssm:/key}}")}
ROLE = {"Type": "AWS::IAM::Role", "Condition": "Wanted", "Properties": {"RoleName": {"Ref": "Name"}}}
"""What CloudFormation may do to other types is no matter of the Hook."""
TENANT = {
    "Keyacme": key(Metadata={"checkov": {}}, DependsOn=["ImportRoleacme"]),
    "Aliasacme": alias(),
    "ImportRoleacme": ROLE,
}


def change(action: str, kind: str, logical_id: str, before: Any = None, after: Any = None) -> Json:
    contexts = [None if one is None else json.dumps({"Properties": one}) for one in (before, after)]
    return {
        "logicalResourceId": logical_id,
        "resourceType": kind,
        "action": action,
        "lineNumber": None,
        "beforeContext": contexts[0],
        "afterContext": contexts[1],
    }


def change_set(*changes: Json, resources: Json | None = None) -> Json:
    return {"template": template(TENANT if resources is None else resources), "changedResources": list(changes)}


def update(before: Json, after: Json, **beside: Any) -> Json:
    return {"template": template(after, **beside), "previousTemplate": template(before)}


def tagged(*tenants: str) -> Json:
    return {"Tags": [{"Key": "tenant-keys:tenant", "Value": one} for one in tenants]}


def gone(*tenants: str) -> Json:
    return key() | {"Properties": tagged(*tenants)}


def holding(kind: str) -> Json:
    return {"Type": kind, "Properties": {}}


def without(request: Json, *names: str) -> Json:
    return {name: one for name, one in request.items() if name not in names}


KEY, ALIAS, REPLICA = "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::KMS::ReplicaKey"
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
LOSSES: dict[str, tuple[Json, Json | str, str]] = {
    "a key removed by a change set": (
        CHANGE_SET,
        change_set(change("DELETE", KEY, "Keyacme", {})),
        "AWS::KMS::Key Keyacme would leave its stack, and its tenant was not offboarded",
    ),
    "an alias removed by a change set": (
        CHANGE_SET,
        change_set(change("DELETE", ALIAS, "Aliasacme", {})),
        "AWS::KMS::Alias Aliasacme would leave",
    ),
    "a replica removed by a change set": (
        CHANGE_SET,
        change_set(change("DELETE", REPLICA, "Replicaacme", {})),
        "AWS::KMS::ReplicaKey Replicaacme would leave",
    ),
    "the key of the topic": (CHANGE_SET, change_set(change("DELETE", KEY, "AuditKey", {})), "AuditKey would leave"),
    "an alias with another name": (
        CHANGE_SET,
        change_set(change("UPDATE", ALIAS, "Aliasacme", {"AliasName": "alias/a"}, {"AliasName": "alias/b"})),
        "AWS::KMS::Alias Aliasacme would be replaced, because AliasName changes",
    ),
    "an alias that is re-pointed": (
        CHANGE_SET,
        change_set(change("UPDATE", ALIAS, "Aliasacme", {"TargetKeyId": "1"}, {"TargetKeyId": "2"})),
        "because TargetKeyId changes",
    ),
    "a replica of another primary": (
        CHANGE_SET,
        change_set(change("UPDATE", REPLICA, "Replicaacme", {"PrimaryKeyArn": "1"}, {"PrimaryKeyArn": "2"})),
        "because PrimaryKeyArn changes",
    ),
    "a key of another spec": (
        CHANGE_SET,
        change_set(change("UPDATE", KEY, "Keyacme", {}, {"KeySpec": "RSA_2048"})),
        "because KeySpec changes",
    ),
    "a property of tomorrow": (
        CHANGE_SET,
        change_set(change("UPDATE", KEY, "Keyacme", {}, {"KeyStore": "x"})),
        "because KeyStore changes",
    ),
    "Retain that is lost": (
        CHANGE_SET,
        change_set(resources={**TENANT, "Keyacme": key(DeletionPolicy="Delete")}),
        "DeletionPolicy of AWS::KMS::Key Keyacme is Delete: a later change could delete it; keep Retain",
    ),
    "Retain that is left out": (
        UPDATE,
        update(TENANT, {**TENANT, "Keyacme": {**key(), "UpdateReplacePolicy": None}}),
        "UpdateReplacePolicy of AWS::KMS::Key Keyacme is None",
    ),
    "a snapshot for Retain": (
        CREATION,
        {"template": template({"Keyacme": key(DeletionPolicy="Snapshot")})},
        "DeletionPolicy of AWS::KMS::Key Keyacme is Snapshot",
    ),
    "a key removed by an update": (UPDATE, update(TENANT, {"Aliasacme": alias()}), "Key Keyacme would leave"),
    "a key removed by an update whose stack is spelled otherwise": (
        {**{name: one for name, one in UPDATE.items() if name != "stackId"}, "stackID": UPDATE["stackId"]},
        update(TENANT, {"Aliasacme": alias()}),
        "Key Keyacme would leave",
    ),
    "a key under another logical id": (
        UPDATE,
        update(TENANT, {"Keyother": key(), "Aliasacme": alias()}),
        "Key Keyacme would leave",
    ),
    "an alias replaced by an update": (
        UPDATE,
        update(TENANT, {**TENANT, "Aliasacme": alias("alias/tenant-other")}),
        "because AliasName changes",
    ),
    "a logical id of another type": (
        UPDATE,
        update(TENANT, {**TENANT, "Keyacme": replica()}),
        "AWS::KMS::Key Keyacme would leave",
    ),
    "an alias whose name a parameter decides": (
        UPDATE,
        update({"Aliasacme": alias({"Ref": "Name"})}, {"Aliasacme": alias({"Ref": "Name"})}),
        "AWS::KMS::Alias Aliasacme could be replaced: something beside the template decides AliasName",
    ),
    **{
        f"an alias whose key is decided by {next(iter(target))}": (
            UPDATE,
            update({**TENANT, "Aliasacme": alias(target=target)}, {**TENANT, "Aliasacme": alias(target=target)}),
            "decides TargetKeyId",
        )
        for target in (
            {"Fn::Sub": "${Keyacme}"},
            {"Fn::GetAtt": "Keyacme.Arn"},
            {"Fn::ImportValue": "key"},
            {"Deeper": {"Ref": "Name"}},
            {"Ref": "Keyacme", "Beside": "x"},
            {"Several": ["x", {"Fn::Select": [0, []]}]},
        )
    },
    "an alias of a key that is in no template": (
        UPDATE,
        update(
            {**TENANT, "Aliasacme": alias(target={"Fn::GetAtt": ["Keyother", "Arn"]})},
            {**TENANT, "Aliasacme": alias(target={"Fn::GetAtt": ["Keyother", "Arn"]})},
        ),
        "decides TargetKeyId",
    ),
    "an alias whose key is looked up at deployment": (UPDATE, update(LOOKED_UP, LOOKED_UP), "decides TargetKeyId"),
    "a key deleted with a stack": (
        event(KEY, "DELETE_PRE_PROVISION", targetModel={"previousResourceProperties": {"Enabled": True}}),
        "",
        "AWS::KMS::Key Keyacme of a tenant would be deleted",
    ),
    "a tenant's key deleted in another stack": (
        event(
            KEY,
            "DELETE_PRE_PROVISION",
            "elsewhere",
            targetModel={"previousResourceProperties": {"Tags": [{"Key": "tenant-keys:tenant", "Value": "acme"}]}},
        ),
        "",
        "of a tenant would be deleted",
    ),
    "a tenant's key whose properties come as the proposed ones": (
        event(
            KEY,
            "DELETE_PRE_PROVISION",
            "",
            targetModel={"resourceProperties": {"Tags": [{"Key": "tenant-keys:tenant", "Value": "acme"}]}},
        ),
        "",
        "AWS::KMS::Key Keyacme of a tenant would be deleted",
    ),
    "a tenant's alias deleted by Cloud Control API": (
        event(
            ALIAS,
            "DELETE_PRE_PROVISION",
            "",
            targetModel={"previousResourceProperties": {"AliasName": "alias/tenant-acme", "TargetKeyId": "1"}},
        ),
        "",
        "of a tenant would be deleted",
    ),
}
LOSSES |= {
    "a key of an offboarded tenant's logical id with another tenant's tag": (
        CHANGE_SET,
        change_set(change("DELETE", KEY, "KeygoneXcorp", tagged("acme"))),
        "AWS::KMS::Key KeygoneXcorp would leave its stack, and its tag tenant-keys:tenant is not gone-corp",
    ),
    "a key of an offboarded tenant's logical id with two tenants' tags": (
        CHANGE_SET,
        change_set(change("DELETE", KEY, "KeygoneXcorp", tagged("gone-corp", "acme"))),
        "is not gone-corp",
    ),
    "a replica of an offboarded tenant's logical id without a tag": (
        CHANGE_SET,
        change_set(change("DELETE", REPLICA, "ReplicagoneXcorp", {})),
        "AWS::KMS::ReplicaKey ReplicagoneXcorp would leave its stack, and its tag",
    ),
    "an alias of an offboarded tenant's logical id with another tenant's name": (
        CHANGE_SET,
        change_set(change("DELETE", ALIAS, "AliasgoneXcorp", {"AliasName": "alias/tenant-acme"})),
        "AWS::KMS::Alias AliasgoneXcorp would leave its stack, and its name is not that of gone-corp",
    ),
    "a key that an update removes under an offboarded tenant's logical id": (
        UPDATE,
        update({**TENANT, "KeygoneXcorp": gone("acme")}, TENANT),
        "is not gone-corp",
    ),
    "a tenant's key whose tags come beside untagged properties": (
        event(
            KEY,
            "DELETE_PRE_PROVISION",
            "",
            targetModel={"previousResourceProperties": {"KeyId": "1"}, "resourceProperties": tagged("acme")},
        ),
        "",
        "AWS::KMS::Key Keyacme of a tenant would be deleted",
    ),
    "a tenant's alias whose name comes beside another one": (
        event(
            ALIAS,
            "DELETE_PRE_PROVISION",
            "",
            targetModel={
                "previousResourceProperties": {"AliasName": "alias/x"},
                "resourceProperties": {"AliasName": "alias/tenant-acme"},
            },
        ),
        "",
        "of a tenant would be deleted",
    ),
    **{
        f"{kind} that a changing resource re-points": (
            UPDATE,
            update(*({"Par": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": v}}, **one} for v in ("a", "b"))),
            f"decides {name}",
        )
        for kind, name, one in (
            (ALIAS, "TargetKeyId", {"Aliasacme": alias(target={"Fn::GetAtt": ["Par", "Value"]})}),
            (ALIAS, "TargetKeyId", {"Aliasacme": alias(target={"Ref": "Par"})}),
            (
                REPLICA,
                "PrimaryKeyArn",
                {"Replicaacme": replica() | {"Properties": {"PrimaryKeyArn": {"Fn::GetAtt": ["Par", "Value"]}}}},
            ),
        )
    },
    "an alias of a key that the update adds": (
        UPDATE,
        update({"Aliasacme": alias()}, {"Aliasacme": alias(), "Keyacme": key()}),
        "decides TargetKeyId",
    ),
}
ELSEWHERE = event("STACK", "UPDATE_PRE_PROVISION", "elsewhere", **URL)
UNKNOWN: dict[str, tuple[Any, Json | str]] = {
    "an update of no stack": (without(UPDATE, "stackId"), update(TENANT, TENANT)),
    "a creation of no stack": (without(CREATION, "stackId"), {"template": template(TENANT)}),
    "a change set of no stack": ({**CHANGE_SET, "stackId": None}, change_set()),
    "an update of two stacks": ({**ELSEWHERE, "stackID": UPDATE["stackId"]}, update(TENANT, TENANT)),
    "the deletion of a key of two stacks": (
        {
            **event(KEY, "DELETE_PRE_PROVISION", "a", targetModel={"previousResourceProperties": {"Enabled": True}}),
            "stackID": ELSEWHERE["stackId"],
        },
        "",
    ),
    **{
        f"the deletion of {kind} by {sorted(properties)} alone": (
            event(kind, "DELETE_PRE_PROVISION", stack, targetModel={"previousResourceProperties": properties}),
            "",
        )
        for stack in ("", "elsewhere")
        for kind in (KEY, REPLICA)
        for properties in ({"KeyId": "1"}, {"KeyId": "1", "Arn": "arn:aws:kms:eu-west-1:111111111111:key/1"})
    },
    "the deletion of an alias without its name": (
        event(ALIAS, "DELETE_PRE_PROVISION", "", targetModel={"previousResourceProperties": {"TargetKeyId": "1"}}),
        "",
    ),
    "changes twice": (
        CHANGE_SET,
        json.dumps(change_set(change("DELETE", KEY, "Keyacme", {}))).removesuffix("}") + ', "changedResources": []}',
    ),
    **{
        f"properties twice in {name}": (
            CHANGE_SET,
            change_set(change("UPDATE", KEY, "Keyacme", {}, {}) | {name: '{"Properties": {"a": 1}, "Properties": {}}'}),
        )
        for name in ("beforeContext", "afterContext")
    },
    "an update whose contexts have no properties": (
        CHANGE_SET,
        change_set(change("UPDATE", KEY, "Keyacme", {}, {}) | {"beforeContext": "{}", "afterContext": "{}"}),
    ),
    "a removal without its context": (CHANGE_SET, change_set(change("DELETE", KEY, "KeygoneXcorp"))),
    "a change set at no point": ({**CHANGE_SET, "actionInvocationPoint": None}, change_set()),
    "a change set at a point of tomorrow": (event("CHANGE_SET", "EXECUTE_PRE_PROVISION", **URL), change_set()),
    "a creation of what was there": (CHANGE_SET, change_set(change("CREATE", KEY, "Keyacme", {}, {}))),
    **{
        f"{kind} that {words}": (request, payload)
        for kind in ("My::Org::Key::MODULE", "AWS::S3::Key::MODULE", "AWS::CloudFormation::Stack", "Custom::Key")
        for words, request, payload in (
            ("comes", UPDATE, update(TENANT, {**TENANT, "More": holding(kind)})),
            ("leaves", UPDATE, update({**TENANT, "More": holding(kind)}, TENANT)),
            ("is created", CREATION, {"template": template({**TENANT, "More": holding(kind)})}),
            ("changes", CHANGE_SET, change_set(change("UPDATE", kind, "More", {}, {}))),
            ("leaves by a change set", CHANGE_SET, change_set(change("DELETE", kind, "More", {}))),
        )
    },
    "no request": (None, ""),
    "an empty request": ({}, ""),
    "a target of tomorrow": (event("STACK_REFACTOR", "UPDATE_PRE_PROVISION", **URL), ""),
    "a resource that is not of KMS": (event("AWS::S3::Bucket", "CREATE_PRE_PROVISION", targetModel={}), ""),
    "a point of tomorrow": (event("STACK", "REFACTOR_PRE_PROVISION", **URL), update(TENANT, TENANT)),
    "a stack that is not named": ({**UPDATE, "stackId": "tenant-keys-cell-eu-west-1-001"}, update(TENANT, TENANT)),
    "no payload": (event("STACK", "UPDATE_PRE_PROVISION"), update(TENANT, TENANT)),
    "a payload that is no JSON": (UPDATE, "<Error>AccessDenied</Error>"),
    "a template in YAML": (UPDATE, {"template": "Resources: {}", "previousTemplate": "Resources: {}"}),
    "no previous template": (UPDATE, {"template": template(TENANT), "previousTemplate": None}),
    "a change set without its changes": (CHANGE_SET, {"template": template(TENANT)}),
    "an action of tomorrow": (CHANGE_SET, change_set(change("IMPORT", KEY, "Keyacme", {}, {}))),
    "an update without its contexts": (CHANGE_SET, change_set(change("UPDATE", KEY, "Keyacme"))),
    "a transform": (UPDATE, update(TENANT, TENANT, Transform="AWS::LanguageExtensions")),
    "a loop": (UPDATE, update(TENANT, {**TENANT, "Fn::ForEach::Keys": ["x", [], {}]})),
    "an include among the resources": (UPDATE, update(TENANT, {**TENANT, "Fn::Transform": {"Type": "AWS::X::Y"}})),
    "an include among the properties": (
        UPDATE,
        update(TENANT, {**TENANT, "Keyacme": {**key(), "Properties": {"Fn::Transform": {"Name": "AWS::Include"}}}}),
    ),
    "a key under a condition": (UPDATE, update(TENANT, {**TENANT, "Keyacme": key(Condition="Wanted")})),
    "one name twice": (UPDATE, {"template": TWICE, "previousTemplate": template({})}),
    "a key that is updated by Cloud Control API": (event(KEY, "UPDATE_PRE_PROVISION", "", targetModel={}), ""),
    "a deletion without properties": (event(KEY, "DELETE_PRE_PROVISION", targetModel={}), ""),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_loses_no_key_goes_on(handle: Handler, case: str) -> None:
    assert handle(*ALLOWED[case]) == {
        "hookStatus": "SUCCESS",
        "message": "no tenant's key is lost",
        "clientRequestToken": "f8da6d11-b23f-48f4-814c-0fb6a667f50e",
    }


@pytest.mark.parametrize("case", LOSSES)
def test_what_would_lose_a_key_is_refused_with_the_reason(handle: Handler, case: str) -> None:
    request, payload, reason = LOSSES[case]
    answered = handle(request, payload)
    assert (answered["hookStatus"], answered["errorCode"]) == ("FAILED", "NonCompliant")
    assert reason in answered["message"]
    assert answered["clientRequestToken"] == "f8da6d11-b23f-48f4-814c-0fb6a667f50e"


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_understood_is_refused(handle: Handler, case: str) -> None:
    answered = handle(*UNKNOWN[case])
    assert (answered["hookStatus"], answered["errorCode"]) == ("FAILED", "InternalFailure"), answered
    assert answered["message"].startswith("not understood, so refused: ")


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
