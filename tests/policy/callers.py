"""Everyone who might ask a tenant's key for something, and what the evaluator answers them.

Each caller of an account has an identity policy that allows everything: every refusal comes from the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.review.iam import Decision, Policies, Policy, Principal, PrincipalKind, Request, authorize

ORGANIZATION: Final = "o-a1b2c3d4e5"
CENTRAL: Final = "111111111111"
KEY: Final = "arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555"
EVERYTHING: Final = Policy.parse(
    {"Version": "2012-10-17", "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]},
    name="everything",
    kind="identity",
)


def session(role: str, account: str = CENTRAL, organization: str | None = ORGANIZATION, **tags: str) -> Principal:
    """A session of a role, given as `path/Name`."""
    name = role.rpartition("/")[2]
    return Principal(
        PrincipalKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/session",
        account=account,
        role_arn=f"arn:aws:iam::{account}:role/{role}",
        organization=organization,
        tags=tags,
    )


def _own_and_others(tenant: str, other: str) -> dict[str, Principal]:
    return {
        "own role": session(f"tenant-keys/orders/tenant-{tenant}.orders"),
        "billing for it": session("tenant-keys/billing/shared.billing", tenant_id=tenant),
        "portal for it": session("tenant-keys/portal/shared.portal", tenant_id=tenant),
        "role of another tenant": session(f"tenant-keys/orders/tenant-{other}.orders"),
        "billing for another": session("tenant-keys/billing/shared.billing", tenant_id=other),
        "portal for another": session("tenant-keys/portal/shared.portal", tenant_id=other),
        "billing, upper case": session("tenant-keys/billing/shared.billing", tenant_id=tenant.upper()),
        "own role under another path": session(f"tenant-{tenant}.orders"),
        "own role of another account": session(f"tenant-keys/orders/tenant-{tenant}.orders", "444444444444"),
    }


def callers(tenant: str) -> dict[str, Principal]:
    """By name, all who are worth asking about the key of this tenant."""
    return {
        "deployer of eu-west-1": session("cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1"),
        "deployer of eu-central-1": session("cdk-hnb659fds-cfn-exec-role-111111111111-eu-central-1"),
        "administrator": session("KeyAdministrator"),
        "break-glass": session("KeyBreakGlass"),
        "reader": session("SecurityAudit"),
        "import role of globex": session("key-import/globex-key-import"),
        **_own_and_others(tenant, "globex" if tenant == "acme" else "acme"),
        "billing without a tag": session("tenant-keys/billing/shared.billing"),
        "portal without a tag": session("tenant-keys/portal/shared.portal"),
        "workload role itself": session("tenant-keys-orders", "222222222222"),
        "stray administrator": session("Administrator", tenant_id=tenant),
        "deployer of another Region": session("cdk-hnb659fds-cfn-exec-role-111111111111-us-east-1"),
        "deploy role": session("cdk-hnb659fds-deploy-role-111111111111-eu-west-1"),
        "break-glass of another account": session("KeyBreakGlass", "444444444444"),
        "stranger": session("Administrator", "999999999999", None, tenant_id=tenant),
        "user": Principal(PrincipalKind.USER, f"arn:aws:iam::{CENTRAL}:user/eve", CENTRAL, organization=ORGANIZATION),
        "root user": Principal(
            PrincipalKind.ROOT_USER, f"arn:aws:iam::{CENTRAL}:root", CENTRAL, organization=ORGANIZATION
        ),
        "S3": Principal(PrincipalKind.SERVICE, "s3.amazonaws.com"),
        "anonymous": Principal(PrincipalKind.ANONYMOUS),
    }


def use_context(tenant: str) -> dict[str, str | tuple[str, ...]]:
    """What a well-formed request for use carries."""
    return {
        "kms:RequestAlias": f"alias/tenant-{tenant}",
        "kms:ResourceAliases": (f"alias/tenant-{tenant}",),
        "kms:EncryptionContext:tenant_id": tenant,
        "kms:EncryptionContextKeys": ("tenant_id",),
    }


def import_context() -> dict[str, str | tuple[str, ...]]:
    """What an import of material carries, as the manifest of globex has it."""
    return {
        "kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "kms:WrappingKeySpec": "RSA_4096",
        "kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }


def ask(
    key_policy: Mapping[str, Any] | Policy,
    caller: Principal,
    action: str,
    context: Mapping[str, str | tuple[str, ...]],
    identity: Mapping[str, Any] | None = None,
) -> Decision:
    """What IAM decides; `identity` instead of the policy that allows everything."""
    resource = key_policy if isinstance(key_policy, Policy) else parse_key_policy(key_policy)
    own = EVERYTHING if identity is None else Policy.parse(identity, name="identity", kind="identity")
    policies = Policies(identity=(own,) if caller.in_account else (), resource=resource)
    return authorize(Request(caller, action, KEY, CENTRAL, context), policies)


def parse_key_policy(document: Mapping[str, Any]) -> Policy:
    return Policy.parse(document, name="key policy", kind="resource")
