"""Key policies and the lockout check. Source: AWS KMS API reference, CreateKey and PutKeyPolicy."""

from __future__ import annotations

import json
from typing import Any

from tenant_keys.aws_facts.quotas import KEY_POLICY_BYTES
from tenant_keys.local.fault import Fault
from tenant_keys.local.kms import conditions
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.key import Key

SHARED = "AWS_RAM"
"""The name of the policy that AWS RAM writes (AWS KMS API, GetKeyPolicy)."""
LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


def default_policy(account: str) -> str:
    """What CreateKey gives a key without a policy (AWS KMS guide, key-policy-default)."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


def check_policy(call: Call, key: Key, policy: str) -> None:
    """Refuse a policy that is too large, malformed, names nobody, or locks its own author out.

    The caller must be able to call PutKeyPolicy again under the new policy. Its identity policies count where the key
    policy delegates to them (AWS KMS API, CreateKey; AWS KMS guide, key-policy-default).
    """
    if len(policy.encode()) > KEY_POLICY_BYTES:
        raise Fault("LimitExceededException", "Policy size exceeds the limit of 32768 bytes.")
    if any(not (" " <= character <= "\xff" or character in "\t\r\n") for character in policy):
        raise Fault("MalformedPolicyDocumentException", "Policy contains an invalid character.")
    call.authorizer.check_resource_policy(policy)
    if call.parameters.get("BypassPolicyLockoutSafetyCheck") is True:
        return
    before, key.policy = key.policy, policy
    try:
        allowed = call.authorizer.would_allow(call.question(key, None, "kms:PutKeyPolicy"))
    finally:
        key.policy = before
    if not allowed:
        raise Fault("MalformedPolicyDocumentException", LOCKED_OUT)


def put_key_policy(call: Call) -> dict[str, Any]:
    name = call.parameters.get("PolicyName") or "default"
    key = call.managed_key({**conditions.of_lockout_check(call.parameters), "kms:PolicyName": name})
    _require_default(call)
    key.require_not_deleting()
    policy = call.text("Policy")
    check_policy(call, key, policy)
    key.policy = policy
    return {}


def get_key_policy(call: Call) -> dict[str, Any]:
    name = call.parameters.get("PolicyName") or "default"
    key = call.managed_key({"kms:PolicyName": name})
    if name == SHARED and key.shared is not None:
        return {"Policy": key.shared, "PolicyName": SHARED}
    _require_default(call)
    return {"Policy": key.policy, "PolicyName": "default"}


def list_key_policies(call: Call) -> dict[str, Any]:
    key = call.managed_key()
    return {"PolicyNames": ["default", *([SHARED] if key.shared is not None else [])], "Truncated": False}


def _require_default(call: Call) -> None:
    if (call.parameters.get("PolicyName") or "default") != "default":
        raise Fault("NotFoundException", "No such policy exists")
