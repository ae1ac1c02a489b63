"""The access roles of the key account: what they may do, and who may assume them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenant_keys.manifest import Estate, HeldKey, Tenant, Workload
from tenant_keys.policy import actions, names
from tenant_keys.policy.statement import Condition, Document, Statement, allow, document, only, root_of
from tenant_keys.policy.workload_role import has_source_identity, of_audience

OWN_TAG = f"${{aws:PrincipalTag/{names.TENANT_TAG}}}"
"""The tenant of a shared role's session. Without the tag a condition with it matches nothing (IAM guide, variables)."""


def tenant_role_policy(tenant: Tenant, workload: Workload, estate: Estate) -> Document:
    """Identity policy of the role of one tenant and one workload: bound to the tenant's alias by name."""
    if tenant.held is not None:
        return document(_use_held(workload, tenant, tenant.held, {}, ""))
    keys = names.keys_of_account(names.key_regions(tenant, estate), estate.central.account)
    return document(_use(workload, keys, tenant.id, estate, by_key=tenant.decrypt_by == "key"))


def shared_role_policy(workload: Workload, estate: Estate) -> Document:
    """Identity policy of a workload's shared role: bound to the alias of the tenant that the session carries."""
    keys = names.keys_of_account(estate.central.regions, estate.central.account)
    served = [tenant for tenant in estate.tenants.values() if workload in tenant.workloads]
    by_key = any(tenant.decrypt_by == "key" for tenant in served)
    statements = list(_use(workload, keys, OWN_TAG, estate, by_key=by_key))
    for tenant in served:
        if tenant.held is not None:
            own_tag = {f"aws:PrincipalTag/{names.TENANT_TAG}": tenant.id}
            of_tenant = "Of" + "".join(part.capitalize() for part in tenant.id.split("-"))
            statements += _use_held(workload, tenant, tenant.held, own_tag, of_tenant)
    return document(statements)


def _use_held(
    workload: Workload, tenant: Tenant, held: HeldKey, own: Mapping[str, str], of_tenant: str
) -> Iterator[Statement]:
    """Exactly the keys that the tenant has registered, in its own encryption context; none while it is not active.

    Across accounts both sides must allow: this policy, and the tenant's key policy (AWS KMS guide,
    key-policy-modifying-external-accounts). Keys are named by ARN, as ciphertexts name them.
    """
    if tenant.state != "active":
        return
    use = sorted(action for operation in workload.operations for action in actions.USE[operation])
    context = {f"kms:EncryptionContext:{names.TENANT_TAG}": tenant.id}
    yield allow(f"UseHeldKey{of_tenant}", use, {"StringEquals": {**context, **own}}, Resource=list(held.arns))
    tagged = {"StringEquals": dict(own)} if own else None
    yield allow(f"DescribeHeldKey{of_tenant}", actions.DESCRIBE, tagged, Resource=list(held.arns))


def _use(workload: Workload, keys: list[str], tenant_id: str, estate: Estate, *, by_key: bool) -> Iterator[Statement]:
    use = [action for operation in workload.operations for action in actions.USE[operation]]
    alias = names.alias_name(tenant_id, estate.naming)
    context = {f"kms:EncryptionContext:{names.TENANT_TAG}": tenant_id}
    by_alias = {"kms:RequestAlias": alias}
    yield allow("UseOwnTenantKey", sorted(use), {"StringEquals": by_alias | context}, Resource=keys)
    if by_key and "decrypt" in workload.operations:
        # For software that names the key itself, or nothing, when it decrypts: the AWS Encryption SDK among it.
        # kms:ResourceAliases is multi-valued and not valid in key policies (AWS KMS guide, conditions-kms).
        # A policy variable on a multi-valued key is written with StringLike (IAM guide, reference_policies_multi-value-
        # conditions); STS accepts no wildcard in a tag.
        any_value = "ForAnyValue:StringLike" if tenant_id == OWN_TAG else "ForAnyValue:StringEquals"
        by_resource = {any_value: {"kms:ResourceAliases": alias}, "StringEquals": context}
        yield allow("DecryptWithOwnTenantKey", actions.USE["decrypt"], by_resource, Resource=keys)
    yield allow("DescribeOwnTenantKey", actions.DESCRIBE, {"StringEquals": by_alias}, Resource=keys)


def tenant_role_trust(workload: Workload, estate: Estate) -> Document:
    """Only the workload's own role assumes it, with no session tags: sts:TagSession is not granted."""
    return document(_from_workload(workload, estate, ["sts:AssumeRole"], {}))


def shared_role_trust(workload: Workload, estate: Estate) -> Document:
    """Only the workload's own role assumes it, and only with the tenant as the one session tag."""
    return document(_from_workload(workload, estate, ["sts:AssumeRole", "sts:TagSession"], _with_tenant_tag_only()))


def _from_workload(workload: Workload, estate: Estate, of: list[str], tagged: Condition) -> Iterator[Statement]:
    whom = {**only([names.workload_role_arn(workload, estate)]), **_within(estate.organization)}
    principal = root_of(workload.account, workload.partition)
    yield allow("AssumeFromWorkload", of, {**whom, **tagged}, Principal=principal)
    if has_source_identity(workload):
        yield allow("KeepSourceIdentity", ["sts:SetSourceIdentity"], whom, Principal=principal)


def web_identity_trust(workload: Workload, provider_arn: object) -> Document:
    """Anyone who holds a token of the workload's own audience that carries the tenant as a signed tag.

    STS takes the tag from the token's `https://aws.amazon.com/tags` claim (IAM guide, id_session-tags).
    """
    if workload.identity_provider is None or workload.audience is None:
        raise ValueError(f"workload {workload.name} has no identity provider")
    issuer = workload.identity_provider.issuer.removeprefix("https://")
    return document(
        [
            allow(
                "AssumeWithToken",
                ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
                {**of_audience(issuer, workload.audience), **_with_tenant_tag_only()},
                Principal={"Federated": provider_arn},
            )
        ]
    )


def _with_tenant_tag_only() -> Condition:
    # ForAllValues also holds where no tag is sent; "?*" asks for a tag that is there and not empty (IAM guide,
    # reference_policies_multi-value-conditions, id_session-tags).
    return {
        "StringLike": {f"aws:RequestTag/{names.TENANT_TAG}": "?*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": [names.TENANT_TAG]},
    }


def _within(organization: str | None) -> Condition:
    return {"StringEquals": {"aws:PrincipalOrgID": organization}} if organization else {}
