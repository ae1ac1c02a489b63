"""CloudFormation must be able to do its work in every state of a tenant, and its lockout check must pass.

The calls are those that the registry schemas of the resource types declare for their handlers.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from tenant_keys.manifest import Estate
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.review.iam import Outcome, catalogue
from tests.policy.callers import ask, parse_key_policy, session, use_context
from tests.policy.estates import UMBRELLA_KEY, sample, with_tenant

REGIONS = ("eu-west-1", "eu-central-1")
EXECUTION_ROLES = {region: f"cdk-hnb659fds-cfn-exec-role-111111111111-{region}" for region in REGIONS}
PREVENTED = {
    ("AWS::KMS::Key", "kms:ScheduleKeyDeletion"),  # keys are retained
    ("AWS::KMS::ReplicaKey", "kms:ScheduleKeyDeletion"),
    ("AWS::KMS::Alias", "kms:UpdateAlias"),  # an alias is never pointed elsewhere
}


def handler_calls(resource_type: str) -> set[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", resource_type).schema
    calls = {call for handler in schema["handlers"].values() for call in handler["permissions"]}
    return calls | set(schema["tagging"].get("permissions", ()))


TYPES = ("AWS::KMS::Key", "AWS::KMS::Alias", "AWS::KMS::ReplicaKey")
CALLS = sorted(
    {
        call
        for resource_type in TYPES
        for call in handler_calls(resource_type)
        if (resource_type, call) not in PREVENTED and call in catalogue.actions_on("kms", "key")
    }
)


def test_the_calls_are_those_of_todays_handlers() -> None:
    """Pinned, so that a handler that comes to call something new is looked at."""
    assert [
        *("kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:DisableKeyRotation"),
        *("kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"),
        *("kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ReplicateKey", "kms:TagResource", "kms:UntagResource"),
        "kms:UpdateKeyDescription",
    ] == CALLS
    others = {call for resource_type in TYPES for call in handler_calls(resource_type)} - set(CALLS)
    assert others == {
        *("kms:CreateKey", "kms:ListKeys", "kms:ListAliases"),  # not on a key: identity policies alone decide
        *("kms:ScheduleKeyDeletion", "kms:UpdateAlias"),
    }


IMPORTED: dict[str, Any] = {
    "origin": "imported",
    "import_role": "arn:aws:iam::111111111111:role/acme-key-import",
    "rotation_days": None,
}
KINDS: dict[str, dict[str, Any]] = {
    "generated": {},
    "imported": IMPORTED,
    "imported, expiring": {**IMPORTED, "material_expires": True},
    "multi-Region": {"multi_region": True, "multi_region_key_id": UMBRELLA_KEY},
    "decrypt by key": {"decrypt_by": "key"},
    "without rotation": {"rotation_days": None},
    "without workloads": {"workloads": ()},
}
STATES = ("active", "suspended", "offboarding")


def estate_of(kind: str, state: str) -> Estate:
    return with_tenant(sample(), "acme", **KINDS[kind], state=state)


def policy_of(estate: Estate) -> dict[str, Any]:
    return key_policy(estate.tenants["acme"], estate)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_call_of_cloudformation_is_allowed(kind: str, state: str, region: str) -> None:
    """Every execution role at every key: its own Region's key or replica, and the primary that it replicates."""
    policy = parse_key_policy(policy_of(estate_of(kind, state)))
    for call in CALLS:
        decision = ask(policy, session(EXECUTION_ROLES[region]), call, {})
        assert decision.allowed, decision.reason


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_new_policy_lets_its_caller_change_it_again(kind: str, state: str, region: str) -> None:
    """KMS refuses a policy under which the caller could not call PutKeyPolicy (KMS API, PutKeyPolicy)."""
    decision = ask(policy_of(estate_of(kind, state)), session(EXECUTION_ROLES[region]), "kms:PutKeyPolicy", {})
    assert decision.allowed, decision.reason
    assert "Deploy" in {decider.sid for decider in decision.deciders}


LIVES = [
    ("active", "suspended", "active"),
    ("active", "offboarding", "active"),
    ("suspended", "offboarding", "suspended"),
    ("active", "suspended", "offboarding"),
]


@pytest.mark.parametrize("life", LIVES, ids=" to ".join)
@pytest.mark.parametrize("kind", KINDS)
def test_every_step_of_a_life_can_be_deployed(kind: str, life: tuple[str, ...]) -> None:
    """A handler calls under the old policy until PutKeyPolicy, and under the new one after it."""
    for before, after in pairwise(life):
        for policy in (policy_of(estate_of(kind, before)), policy_of(estate_of(kind, after))):
            for call in ("kms:DescribeKey", "kms:PutKeyPolicy", "kms:EnableKey", "kms:DisableKey", "kms:TagResource"):
                for role in EXECUTION_ROLES.values():
                    assert ask(policy, session(role), call, {}).allowed, (before, after, call)


def test_leaving_needs_no_call_that_is_denied() -> None:
    """From offboarding to offboarded key and alias leave the template and are retained: no handler calls anything."""
    policy = policy_of(estate_of("generated", "offboarding"))
    for role in EXECUTION_ROLES.values():
        assert ask(policy, session(role), "kms:ScheduleKeyDeletion", {}).outcome is Outcome.EXPLICIT_DENY
        assert ask(policy, session(role), "kms:UpdateAlias", {}).outcome is Outcome.EXPLICIT_DENY


@pytest.mark.parametrize("state", STATES)
def test_a_deployer_uses_no_key(state: str) -> None:
    policy = parse_key_policy(policy_of(estate_of("generated", state)))
    for role in EXECUTION_ROLES.values():
        for action in ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"):
            assert not ask(policy, session(role), action, use_context("acme")).allowed


def test_a_new_region_keeps_the_deployers_of_the_old() -> None:
    """Adding a Region changes every key policy; the roles that deploy the change are in the old and the new."""
    central = sample().central
    new = f"arn:aws:iam::111111111111:role/{EXECUTION_ROLES['eu-west-1'].replace('eu-west-1', 'eu-north-1')}"
    wider = replace(
        sample(), central=replace(central, regions=(*REGIONS, "eu-north-1"), deployers=(*central.deployers, new))
    )
    for role in (*EXECUTION_ROLES.values(), new.rpartition("/")[2]):
        for call in CALLS:
            assert ask(policy_of(wider), session(role), call, {}).allowed, (role, call)
