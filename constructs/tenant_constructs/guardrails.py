"""The control policies of the key account."""

from __future__ import annotations

from aws_cdk import aws_organizations as organizations
from constructs import Construct

from tenant_keys.aws_facts.quotas import RESOURCE_CONTROL_POLICY_CHARACTERS, SERVICE_CONTROL_POLICY_CHARACTERS
from tenant_keys.manifest import Estate
from tenant_keys.policy.guardrails import resource_control_policy, service_control_policy
from tenant_keys.policy.limits import FEWER_DEPLOYERS, check_size
from tenant_keys.policy.statement import Document


class Guardrails(Construct):
    """A service control policy and a resource control policy, attached to the key account."""

    def __init__(self, scope: Construct, construct_id: str, *, estate: Estate) -> None:
        """Raises PolicyTooLarge where a policy has more characters than AWS Organizations accepts."""
        super().__init__(scope, construct_id)
        for kind, content, limit in (
            ("ServiceControlPolicy", service_control_policy(estate), SERVICE_CONTROL_POLICY_CHARACTERS),
            ("ResourceControlPolicy", resource_control_policy(estate), RESOURCE_CONTROL_POLICY_CHARACTERS),
        ):
            self._add(kind, check_size(content, limit, f"{kind} of the guardrails", FEWER_DEPLOYERS), estate)

    def _add(self, kind: str, content: Document, estate: Estate) -> None:
        short = "scp" if kind == "ServiceControlPolicy" else "rcp"
        policy = organizations.CfnPolicy(
            self,
            kind,
            name=f"{estate.naming.stack_prefix}-{estate.central.account}-{short}",
            description="Keeps tenants' keys for the roles that tenants.yaml names",
            type="SERVICE_CONTROL_POLICY" if short == "scp" else "RESOURCE_CONTROL_POLICY",
            content=content,
            target_ids=[estate.central.account],
        )
        policy.override_logical_id(kind)
