"""The template of the stack set that forwards refused sessions: the same text for every workload account and Region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import audit_prefix
from tenant_keys.policy.audit import topic
from tenant_keys.policy.audit.rules import RULES
from tenant_keys.policy.names import forwarder_role_name

_ACCOUNT: Final = "${AWS::AccountId}"
_REGION: Final = "${AWS::Region}"


def forwarding_template(estate: Estate, tags: Mapping[str, str]) -> dict[str, Any]:
    """A role and a rule, as a workload's own stack has them; account and Region are CloudFormation's pseudo parameters.

    The consistency of the manifest sees to it that all accounts demand the same permissions boundary.
    """
    rule = next(rule for rule in RULES if rule.id == "access-refused")
    own_tags = [{"Key": name, "Value": value} for name, value in sorted(tags.items())]
    role: dict[str, Any] = {
        "RoleName": forwarder_role_name(_REGION, estate),
        "Description": topic.FORWARDER,
        "AssumeRolePolicyDocument": topic.forwarder_trust(_ACCOUNT),
        "Policies": [{"PolicyName": "Report", "PolicyDocument": topic.forwarder_policy(_REGION, estate)}],
        "Tags": own_tags,
    }
    bounded = next((one for one in estate.workloads.values() if one.permissions_boundary), None)
    if bounded is not None:
        role["PermissionsBoundary"] = str(bounded.permissions_boundary).replace(bounded.account, _ACCOUNT, 1)
    target = {
        "Arn": topic.bus_arn(_REGION, estate),
        "Id": "KeyAccount",
        "RoleArn": {"Fn::GetAtt": ["AuditForwarder", "Arn"]},
    }
    forwarding = {
        "Name": f"{audit_prefix(estate.naming)}{rule.id}",
        "Description": f"{rule.severity}: {rule.sentence}",
        "EventPattern": rule.pattern(estate),
        "State": rule.state,
        "Targets": [target],
        "Tags": own_tags,
    }
    resources = {
        "AuditForwarder": {"Type": "AWS::IAM::Role", "Properties": role},
        "AuditForwarding": {"Type": "AWS::Events::Rule", "Properties": forwarding},
    }
    return {"Resources": _substituting(resources)}


def _substituting(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _substituting(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_substituting(one) for one in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${AWS::" in value else value
