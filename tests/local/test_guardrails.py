"""The project's own control policies at work: the local AWS denies what they keep, whatever a key policy allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.existing import assume, ensure_role
from tenant_keys.policy.guardrails import resource_control_policy, service_control_policy
from tests.local import handmade
from tests.local.refusal import refused
from tests.policy.estates import estate_of_text, manifest

DECLARED = 'guardrails: {management_account: "444444444444", import_path: /key-import/}\n'
ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
        for account in (handmade.CENTRAL, handmade.OUTSIDER)
    ],
}


@pytest.fixture(scope="module")
def key(aws: LocalAws) -> str:
    """A key whose own policy keeps nothing, from before the control policies."""
    created = str(aws.session().client("kms").create_key(Policy=json.dumps(ANYBODY))["KeyMetadata"]["Arn"])
    aws.session(handmade.OUTSIDER).client("kms").encrypt(
        KeyId=created, Plaintext=b"x"
    )  # nothing keeps outsiders away yet
    return created


@pytest.fixture(scope="module")
def guarded(aws: LocalAws, key: str) -> Iterator[LocalAws]:
    """Roles as the manifest names them, and both policies on the key account."""
    ensure_role(aws, handmade.BREAK_GLASS)
    ensure_role(aws, handmade.ADMINISTRATOR)
    taggable = handmade.document(
        handmade.allow("Assume", ["sts:AssumeRole", "sts:TagSession"], Principal=handmade.ROOT)
    )
    aws.session().client("iam").create_role(RoleName="taggable", AssumeRolePolicyDocument=json.dumps(taggable))
    declared = estate_of_text(DECLARED + manifest())
    resources = {
        name: {
            "Type": "AWS::Organizations::Policy",
            "Properties": {"Name": name, "Type": kind, "Content": content, "TargetIds": [handmade.CENTRAL]},
        }
        for name, kind, content in (
            ("Scp", "SERVICE_CONTROL_POLICY", service_control_policy(declared)),
            ("Rcp", "RESOURCE_CONTROL_POLICY", resource_control_policy(declared)),
        )
    }
    cloudformation: Any = aws.session().client("cloudformation")
    cloudformation.create_stack(StackName="Guardrails", TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="Guardrails", WaiterConfig={"Delay": 1})
    yield aws
    cloudformation.delete_stack(StackName="Guardrails")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="Guardrails", WaiterConfig={"Delay": 1})


CALLS: dict[str, dict[str, Any]] = {
    "schedule_key_deletion": {},
    "disable_key": {},
    "put_key_policy": {"Policy": json.dumps(ANYBODY)},
    "create_grant": {"GranteePrincipal": handmade.ADMINISTRATOR, "Operations": ["Decrypt"]},
    "create_alias": {"AliasName": "alias/tenant-stolen"},
    "get_parameters_for_import": {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_4096"},
    "tag_resource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
}


@pytest.mark.parametrize("call", CALLS)
def test_the_root_user_of_the_key_account_is_denied(guarded: LocalAws, key: str, call: str) -> None:
    kms: Any = guarded.session().client("kms")
    named = "TargetKeyId" if call == "create_alias" else "KeyId"
    with refused("AccessDeniedException", "with an explicit deny in a service control policy"):
        getattr(kms, call)(**{named: key}, **CALLS[call])


def test_an_account_outside_the_organization_is_denied_though_the_key_policy_allows_it(
    guarded: LocalAws, key: str
) -> None:
    guarded.session().client("kms").encrypt(KeyId=key, Plaintext=b"x")
    with guarded.watch() as seen, refused("AccessDeniedException"):  # KMS tells an outsider no reason
        guarded.session(handmade.OUTSIDER).client("kms").encrypt(KeyId=key, Plaintext=b"x")
    assert [one["sid"] for one in seen[-1]["decided_by"]] == ["DenyUseFromOutside"]


def test_the_tag_of_tenants_is_reserved(guarded: LocalAws) -> None:
    sts: Any = guarded.session(credentials=guarded.operator()).client("sts")
    session = {"RoleArn": f"arn:aws:iam::{handmade.CENTRAL}:role/taggable", "RoleSessionName": "tagged"}
    sts.assume_role(**session, Tags=[{"Key": "team", "Value": "x"}])
    with refused("AccessDenied", "sts:TagSession"):
        sts.assume_role(**session, Tags=[{"Key": "Tenant_ID", "Value": "globex"}])


def test_break_glass_may_schedule_a_deletion_and_an_administrator_may_cancel_it(guarded: LocalAws, key: str) -> None:
    assume(guarded, handmade.BREAK_GLASS).client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assume(guarded, handmade.ADMINISTRATOR).client("kms").cancel_key_deletion(KeyId=key)
