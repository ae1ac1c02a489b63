"""The access roles of the key account: one per tenant and workload, or one per workload."""

from __future__ import annotations

from aws_cdk import CfnTag
from aws_cdk import aws_iam as iam
from constructs import Construct

from tenant_constructs.logical_id import logical_id
from tenant_constructs.metadata import add_metadata
from tenant_constructs.tags import estate_tags, tenant_tags
from tenant_keys.aws_facts.quotas import INLINE_POLICY_CHARACTERS
from tenant_keys.manifest import Custodian, Estate, Tenant, Workload
from tenant_keys.manifest.naming_rules import import_role_name
from tenant_keys.policy import names
from tenant_keys.policy.access_role import (
    shared_role_policy,
    shared_role_trust,
    tenant_role_policy,
    tenant_role_trust,
    web_identity_trust,
)
from tenant_keys.policy.acknowledged import INLINE_POLICY_METADATA
from tenant_keys.policy.import_role import import_role_policy, import_role_trust
from tenant_keys.policy.limits import check_size
from tenant_keys.policy.statement import Document


class _AccessRole(Construct):
    """A role of the key account with one inline policy and a trust policy that names who assumes it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        logical_id: str,
        name: str,
        path: str,
        description: str,
        estate: Estate,
        trust: Document,
        policy: Document,
        policy_name: str = "UseTenantKey",
        tags: list[CfnTag],
    ) -> None:
        super().__init__(scope, construct_id)
        self.role_name = name
        """Name of the role, without its path."""
        # IAM refuses a policy without statements (IAM guide, reference_policies_grammar): a role that is allowed
        # nothing today, that of a suspended tenant which holds its key, has no policy.
        inline = [policy] if policy["Statement"] else []
        self._role = iam.CfnRole(
            self,
            "Role",
            role_name=name,
            path=path,
            description=description,
            max_session_duration=3600,  # role chaining allows no more (STS API, AssumeRole)
            assume_role_policy_document=_checked_trust(trust, name, estate),
            policies=[
                iam.CfnRole.PolicyProperty(policy_name=policy_name, policy_document=_checked_policy(one, name))
                for one in inline
            ]
            or None,
            permissions_boundary=estate.central.permissions_boundary,
            tags=tags,
        )
        self._role.override_logical_id(logical_id)
        add_metadata(self._role, INLINE_POLICY_METADATA)

    @property
    def role_arn(self) -> str:
        """ARN of the role: an attribute that CloudFormation resolves at deployment."""
        return self._role.attr_arn


class TenantAccessRole(_AccessRole):
    """The role through which one workload uses one tenant's key."""

    def __init__(
        self, scope: Construct, construct_id: str, *, tenant: Tenant, workload: Workload, estate: Estate, cell: str
    ) -> None:
        """`cell`: name of the stack's cell, a tag of the role (`roles-001`).

        Raises:
            PolicyTooLarge: IAM would refuse a document for its size.
        """
        super().__init__(
            scope,
            construct_id,
            logical_id=logical_id("Role", tenant.id, workload.name),
            name=names.tenant_role_name(tenant.id, workload, estate),
            path=names.access_role_path(workload, estate),
            description=f"Key of tenant {tenant.id}, for workload {workload.name}",
            estate=estate,
            trust=tenant_role_trust(workload, estate),
            policy=tenant_role_policy(tenant, workload, estate),
            tags=tenant_tags(tenant, estate, cell),
        )


class SharedAccessRole(_AccessRole):
    """The role through which one workload uses the key of whichever tenant its session carries."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workload: Workload,
        estate: Estate,
        provider_arn: str | None = None,
    ) -> None:
        """`provider_arn`: ARN of the OIDC provider, for a workload of web identity alone (`TokenIssuer.provider_arn`).

        Raises:
            PolicyTooLarge: IAM would refuse a document for its size.
        """
        if workload.access == "web-identity":
            trust = web_identity_trust(workload, provider_arn)
        else:
            trust = shared_role_trust(workload, estate)
        super().__init__(
            scope,
            construct_id,
            logical_id=logical_id("SharedRole", workload.name),
            name=names.shared_role_name(workload, estate),
            path=names.access_role_path(workload, estate),
            description=f"Keys of the tenants of workload {workload.name}",
            estate=estate,
            trust=trust,
            policy=shared_role_policy(workload, estate),
            tags=estate_tags(estate),
        )


class CustodianImportRole(_AccessRole):
    """The role through which a customer's own principal brings, rotates and withdraws its key material.

    It is beside the key: a tenant that is leaving keeps it as long as its key is in the stack.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, tenant: Tenant, custodian: Custodian, estate: Estate, cell: str
    ) -> None:
        """`cell`: name of the key's cell, a tag of the role (`eu-west-1-001`).

        Raises:
            PolicyTooLarge: IAM would refuse a document for its size.
        """
        super().__init__(
            scope,
            construct_id,
            logical_id=logical_id("ImportRole", tenant.id),
            name=import_role_name(tenant.id, estate.naming),
            path=estate.naming.role_path,
            description=f"Key material of tenant {tenant.id}, for its custodian",
            estate=estate,
            trust=import_role_trust(custodian, estate),
            policy_name="BringOwnKey",
            policy=import_role_policy(tenant, estate),
            tags=tenant_tags(tenant, estate, cell),
        )


def _checked_trust(trust: Document, name: str, estate: Estate) -> Document:
    limit = estate.central.quotas.trust_policy_characters
    raised = (
        "shorten the names in it, or request a quota increase and record it in central.quotas.trust_policy_characters"
    )
    return check_size(trust, limit, f"trust policy of role {name}", raised)


def _checked_policy(policy: Document, name: str) -> Document:
    fewer = "name fewer Regions in central.regions"
    return check_size(policy, INLINE_POLICY_CHARACTERS, f"policy of role {name}", fewer)
