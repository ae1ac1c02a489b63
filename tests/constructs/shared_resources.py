"""What resources that all tenants share have in common, typed by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenant_keys.manifest import Estate
from tests.policy.estates import estate_of_text, manifest

Json = dict[str, Any]
Make = Callable[[], Json]
TAGS = [{"Key": "tenant-keys:project", "Value": "tenant-keys"}]
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
SENTENCES = {"AlarmDescription", "Description", "DisplayName", "InputTemplate"}
"""For people: that there is one is expected, not which."""
ROLE = {
    "Type": "AWS::IAM::Role",
    "Metadata": {
        "guard": {
            "SuppressedRules": ["IAM_NO_INLINE_POLICY_CHECK"],
            "Reason": "The policy is this role's alone and is deleted with it; "
            "a managed policy could be attached elsewhere.",
        }
    },
}
BOUNDARY = "arn:aws:iam::{}:policy/Bound".format
UNITS = "audit: {forward_from: [ou-ab12-cdef3456]}\n"


def of(text: str = "", **central: str) -> Estate:
    workloads = "  orders: {account: '222222222222', runs_on: lambda, permissions_boundary: policy/Bound}"
    return estate_of_text(text + manifest(workloads, **central))


def policies(name: str) -> Json:
    return {"AssumeRolePolicyDocument": "...", "Policies": [{"PolicyName": name, "PolicyDocument": "..."}]}
