"""Changes that the CloudFormation Hook refuses: those that would lose a key, and those that it does not understand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.constructs.hook_requests import (
    ALIAS,
    CHANGE_SET,
    CREATION,
    KEY,
    LOOKED_UP,
    REPLICA,
    TENANT,
    TWICE,
    UPDATE,
    URL,
    Handler,
    Json,
    alias,
    change,
    change_set,
    event,
    gone,
    holding,
    key,
    replica,
    tagged,
    template,
    update,
    without,
)

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
    **{
        f"the deletion of {kind} of no stack by {sorted(properties)}": (
            event(kind, "DELETE_PRE_PROVISION", "", targetModel={"previousResourceProperties": properties}),
            "",
        )
        for kind in (KEY, REPLICA)
        for properties in ({"KeyId": "1", "Description": "a"}, {"KeyId": "1", "Enabled": True})
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
