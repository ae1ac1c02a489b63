"""The function of the CloudFormation Hook as the template has it, and requests as CloudFormation documents them.

Requests and payloads are written after the user guide of CloudFormation Hooks, lambda-hooks-create-lambda-function.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

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
