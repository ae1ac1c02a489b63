"""What must be there and what must not: keys, aliases, roles, and that no deployment loses a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.proof.audit import check_audit
from tenant_keys.review.proof.declared_tags import check_tags
from tenant_keys.review.proof.deletion_hook import check_deletion_hook
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_records import SYMMETRIC, USAGE, KeyRecord
from tenant_keys.review.proof.named_principals import check_named
from tenant_keys.review.proof.parameters import check_parameters
from tenant_keys.review.proof.places import check_places
from tenant_keys.review.proof.promise import (
    Promise,
    access_role_arn,
    access_roles,
    administering,
    custodian_role,
    is_role,
    parameter_arn,
    workload_role,
)
from tenant_keys.review.proof.reach import assuming, beyond, denying, mutating, reaching
from tenant_keys.review.proof.refusals import check_refusals
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.syntax import Document, parse_document


def check_structure(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> list[Finding]:
    """Compare what is in the templates with what is declared, name by name."""
    return [
        *_keys(inventory, promises, estate),
        *_aliases(inventory, promises),
        *check_tags(inventory, promises, estate),
        *_roles(inventory, promises, estate),
        *_loose(inventory, estate),
        *check_refusals(inventory, estate),
        *check_places(inventory, estate),
        *check_audit(inventory, estate),
        *check_deletion_hook(inventory, estate),
        *check_parameters(inventory, promises, estate),
        *(Finding(Kind.NOT_PROVED, what, _REFER) for what in inventory.early),
        *(Finding(Kind.NOT_PROVED, what, _PROPERTY) for what in inventory.properties),
        *check_named(inventory.named, estate),
        *(
            Finding(Kind.NOT_PROVED, f"{what}: the proof does not know what it grants", _APART)
            for what in inventory.unmodelled
        ),
    ]


_REFER = "refer to it by Ref or Fn::GetAtt, or add DependsOn"
_PROPERTY = "synthesize again; correct the value, or remove the property"
_BY_OTHERS = "the templates do not show with whose permissions it acts"
_APART = "keep it in an app of its own, or extend the review to cover it"


def _keys(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> Iterator[Finding]:
    for record in inventory.keys.get(None, ()):
        yield Finding(
            Kind.INVENTORY,
            f"{record.where}: a key that no tenant's alias names",
            "add the tenant to tenants.yaml, or remove the key",
        )
    for tenant, promise in promises.items():
        records = inventory.keys.get(tenant, [])
        found = sorted(record.region for record in records)
        if found != sorted(promise.regions):
            yield Finding(
                Kind.INVENTORY,
                f"tenant {tenant} has keys in {', '.join(found) or 'no Region'}, not in {', '.join(promise.regions)}",
                "synthesize again; if it persists, alias and key of the tenant do not belong together",
                tenant,
            )
        for record in records:
            yield from _key(record, promise, estate)


def _key(record: KeyRecord, promise: Promise, estate: Estate) -> Iterator[Finding]:
    where = record.where
    if record.account != estate.central.account:
        yield Finding(
            Kind.INVENTORY, f"{where}: a key outside the key account", "move it to the key account", promise.tenant
        )
    if record.enabled != promise.enabled:
        state = "enabled" if record.enabled else "disabled"
        yield Finding(
            Kind.INVENTORY,
            f"{where}: the key is {state}, its tenant's state says otherwise",
            "synthesize again",
            promise.tenant,
        )
    yield from _kind_of_key(record, promise, estate, where)
    yield from _schedules(record, estate.tenants[promise.tenant], where)
    if record.primary_arn is not None and record.primary_arn != _primary(promise, estate):
        yield Finding(
            Kind.INVENTORY,
            f"{where}: a replica of {record.primary_arn}, which is not the key that is recorded for tenant "
            f"{promise.tenant}: it decrypts whatever that key encrypted",
            "synthesize again, with the key id that tenants.lock records",
            promise.tenant,
        )
    if not record.retained:
        yield Finding(
            Kind.INVENTORY,
            f"{where}: a change of the stack could schedule the key's deletion",
            "DeletionPolicy and UpdateReplacePolicy of a key are Retain",
            promise.tenant,
        )


def _kind_of_key(record: KeyRecord, promise: Promise, estate: Estate, where: str) -> Iterator[Finding]:
    """What is declared needs a symmetric key whose material comes from where the manifest says."""
    if record.replica:
        return  # what its primary is
    tenant = estate.tenants[promise.tenant]
    expected = {
        "kms:keyspec": SYMMETRIC,
        "kms:keyusage": USAGE,
        "kms:keyorigin": {"imported": "EXTERNAL"}.get(tenant.origin, "AWS_KMS"),
        "kms:multiregion": "true" if tenant.multi_region else "false",
    }
    for name, value in expected.items():
        if record.properties.get(name) != value:
            said = {"kms:keyspec": "KeySpec", "kms:keyusage": "KeyUsage", "kms:keyorigin": "Origin"}
            yield Finding(
                Kind.INVENTORY,
                f"{where}: {said.get(name, 'MultiRegion')} of the key of tenant {promise.tenant} is "
                f"{record.properties.get(name)}; expected {value}",
                "synthesize again; CloudFormation cannot change it in place",
                promise.tenant,
            )


def _schedules(record: KeyRecord, tenant: Tenant, where: str) -> Iterator[Finding]:
    """Rotation is the primary's and no imported key's (KMS guide, rotate-keys); a replica has a window of its own."""
    rotates = not record.replica and tenant.origin != "imported"
    expected = {
        "RotationPeriodInDays": (record.rotation_days, tenant.rotation_days if rotates else None),
        "PendingWindowInDays": (record.deletion_window_days, tenant.deletion_window_days),
    }
    for name, (got, declared) in expected.items():
        if got != declared:
            yield Finding(
                Kind.INVENTORY,
                f"{where}: {name} of the key of tenant {tenant.id} is {got or 'off'}; expected {declared or 'off'}",
                "synthesize again",
                tenant.id,
            )


def _primary(promise: Promise, estate: Estate) -> str:
    tenant = estate.tenants[promise.tenant]
    where = f"arn:{estate.central.partition}:kms:{tenant.primary_region}:{estate.central.account}"
    return f"{where}:key/{tenant.multi_region_key_id}"


def _aliases(inventory: Inventory, promises: Mapping[str, Promise]) -> Iterator[Finding]:
    owners = {
        (record.region, record.key_id): tenant for tenant, records in inventory.keys.items() for record in records
    }
    seen: set[tuple[str, str, str]] = set()
    for (region, key_id), aliases in inventory.aliases.items():
        tenant = owners.get((region, key_id))
        for alias in aliases:
            where = f"{alias.stack} {alias.name}"
            if (alias.account, region, alias.name) in seen:
                yield Finding(
                    Kind.INVENTORY, f"{where}: the alias occurs twice in {region}", "an alias names one key", tenant
                )
            seen.add((alias.account, region, alias.name))
            if tenant is None:
                yield Finding(Kind.INVENTORY, f"{where}: the alias points at no tenant's key", "take it out")
            elif alias.name != promises[tenant].alias:
                yield Finding(
                    Kind.INVENTORY,
                    f"{where}: a second alias on the key of tenant {tenant}",
                    "one key, one alias: a condition on aliases holds for each of them",
                    tenant,
                )
            elif not alias.retained:
                yield Finding(
                    Kind.INVENTORY,
                    f"{where}: a change of the stack could delete the alias, and with it all access",
                    "DeletionPolicy of an alias is RetainExceptOnCreate, UpdateReplacePolicy is Retain",
                    tenant,
                )


def _roles(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> Iterator[Finding]:
    declared = {use.role_arn for promise in promises.values() for use in promise.uses}
    shared = {access_role_arn("", w, estate) for w in estate.workloads.values() if w.access != "tenant-role"}
    own = {workload_role(replace(w, existing_role=None), estate) for w in estate.workloads.values()}
    existing = {w.existing_role for w in estate.workloads.values()}
    custody = {custodian_role(promise.tenant, estate) for promise in promises.values() if promise.custodian}
    known = declared | shared | own | existing | custody
    named = administering(estate)
    for arn in inventory.twice:
        yield Finding(
            Kind.INVENTORY,
            f"{arn}: another role of the account has the same name, and which of them AWS would create is not known",
            "give one of them another name",
        )
    run = {workload_role(w, estate) for w in estate.workloads.values() if w.access != "web-identity"} - existing
    for arn in sorted((declared | run | custody) - set(inventory.roles)):
        yield Finding(Kind.REFUSED, f"{arn}: the role is declared and is in no template", "synthesize again")
    for arn, role in inventory.roles.items():
        if any(key.lower() == "tenant_id" for key in role.tags):
            yield Finding(
                Kind.INVENTORY,
                f"{arn}: the tag tenant_id of a role is a tag of all its sessions",
                "remove the tag from the role: the tenant is a tag of the session",
            )
        if role.managed:
            yield Finding(
                Kind.NOT_PROVED,
                f"{arn}: what {', '.join(role.managed)} allows is not in the templates",
                "write the statements into the role",
            )
        if arn in known:
            yield from _powers(role, inventory, estate)
            continue
        if role.boundary is not None and any(is_role(arn, one) for one in named):
            yield _bounded(role)
        if estate.naming.role_path != "/" and arn.lower().startswith(access_roles(estate).lower()):
            yield Finding(
                Kind.NOT_PROVED,
                f"{arn}: a role among the access roles that the manifest does not declare",
                "remove the role from the app, or declare it",
            )
        reach = sorted({a for document in _trees(role) for a in reaching(document)})
        if role.account == estate.central.account and reach:
            yield Finding(
                Kind.INVENTORY,
                f"{arn}: a role that the manifest does not declare is allowed {', '.join(reach[:4])}",
                "remove the role from the app, or the permission from the role",
            )


def _powers(role: RoleRecord, inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """What a declared role could do beside the requests that are tried."""
    declared = _boundary(role.arn, estate)
    if role.boundary is not None and role.boundary != declared:
        yield _bounded(role)
    elif declared in inventory.managed:
        yield Finding(
            Kind.NOT_PROVED,
            f"{role.arn}: its permissions boundary {declared} is a policy of the templates, and what it leaves of the "
            "declared access is not computed",
            "create the policy outside of this app",
        )
    elif declared is not None and role.boundary is None:
        yield Finding(
            Kind.INVENTORY, f"{role.arn}: the role is without its permissions boundary {declared}", "synthesize again"
        )
    if changes := sorted({a for document in _trees(role) for a in mutating(document)}):
        yield Finding(
            Kind.INVENTORY,
            f"{role.arn}: the role is allowed {', '.join(changes[:4])}, by which roles and policies are changed",
            "remove the permission from the role",
        )
    parameters = None if role.account == estate.central.account else _parameters(role.arn, estate)
    if unknown := sorted({a for document in _trees(role) for a in beyond(document, parameters)}):
        yield Finding(
            Kind.NOT_PROVED,
            f"{role.arn}: the role is allowed {', '.join(unknown[:4])}; {_BY_OTHERS}",
            "remove the permission from the role",
        )
    ours = access_roles(estate)
    for other in sorted({one for document in _trees(role) for one in assuming(document)}):
        # A role that trusts its own account's root trusts whomever IAM allows it (IAM guide,
        # reference_policies_elements_principal); of a role outside the templates that is not known.
        if not other.startswith(ours) and other not in inventory.roles:
            yield Finding(
                Kind.NOT_PROVED,
                f"{role.arn}: the role is allowed sessions of {other}; who trusts whom there is in no template",
                "remove the permission from the role",
            )


def _bounded(role: RoleRecord) -> Finding:
    return Finding(
        Kind.NOT_PROVED,
        f"{role.arn}: what its permissions boundary {role.boundary} leaves of the declared access is not in the "
        "templates",
        "name it in the manifest (central.permissions_boundary, workloads.<name>.permissions_boundary), or remove it "
        "from the role; @aws-cdk/core:permissionsBoundary in cdk.json puts one on every role",
    )


def _boundary(role_arn: str, estate: Estate) -> str | None:
    """The boundary that the manifest declares for the role.

    A boundary grants nothing (IAM guide, access_policies_boundaries), so no other request becomes possible by it. What
    is declared stays possible as far as the boundary lets it: the organization that demands it answers for that.
    """
    if role_arn.startswith(access_roles(estate)):
        return estate.central.permissions_boundary
    return next(
        (w.permissions_boundary for w in estate.workloads.values() if workload_role(w, estate) == role_arn), None
    )


def _parameters(role_arn: str, estate: Estate) -> set[str]:
    """The parameters that a workload's role reads."""
    return {
        parameter_arn(one, region, estate)
        for one in estate.workloads.values()
        if workload_role(one, estate) == role_arn
        for region in one.regions
    }


def _loose(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """Policies of roles that exist already: anyone who obtains a session of them is not in the templates."""
    roles = [w.existing_role for w in estate.workloads.values() if w.existing_role]
    existing = set(map(_account_and_name, roles))
    parameters = {one for arn in roles for one in _parameters(arn, estate)}
    named = {f"{account}/{name.lower()}" for account, name in map(_account_and_name, administering(estate))}
    deployers = {f"{account}/{name.lower()}" for account, name in map(_account_and_name, estate.central.deployers)}
    bootstrap = f"cdk-{estate.central.bootstrap_qualifier}-".lower()
    for policy in inventory.loose:
        declared = (policy.account, policy.role_name) in existing
        document = _tree(policy.document, policy.where)
        whom = f"{policy.account}/{policy.role_name.lower()}"
        administers = any(is_role(whom, one) for one in named)
        deploys = policy.role_name.lower().startswith(bootstrap) or any(is_role(whom, one) for one in deployers)
        denies = any(not statement.allows for statement in document.statements)
        # CloudFormation calls whatever service a stack has a resource of with its role: a Deny of any may stop it.
        if (administers and any(denying(document))) or ((declared or deploys) and denies):
            yield Finding(
                Kind.NOT_PROVED,
                f"{policy.where}: a Deny for the role {policy.role_name} of account {policy.account}, in no "
                "template: what it leaves of the declared access is not determined",
                "remove the Deny from the policy",
            )
        whose = f"the role {policy.role_name} of account {policy.account}"
        if (declared or administers) and (unknown := sorted(set(beyond(document, parameters if declared else None)))):
            yield Finding(
                Kind.NOT_PROVED,
                f"{policy.where}: a policy allows {', '.join(unknown[:4])} to {whose}; {_BY_OTHERS}",
                "remove the permission from the policy",
            )
        tell = mutating if declared else reaching
        if allowed := sorted(set(tell(document))):
            yield Finding(
                Kind.INVENTORY,
                f"{policy.where}: a policy allows {', '.join(allowed[:4])} to the role {policy.role_name} of account "
                f"{policy.account}, which is in no template",
                "remove the policy from the app, or the permission from the policy",
            )
        elif not declared and not administers:
            yield Finding(
                Kind.NOT_PROVED,
                f"{policy.where}: a policy of {whose}, which is in no template: IAM refuses the policy if the role "
                "does not exist yet",
                "declare the role as existing_role of its workload, or remove the policy from the app",
            )


def _trees(role: RoleRecord) -> list[Document]:
    return [_tree(document, f"policy {name} of {role.arn}") for name, document in role.identity]


def _tree(document: Mapping[str, Any], where: str) -> Document:
    """A policy, of which each action is one: what reads it does not know where it is."""
    tree = parse_document(document, where)
    for statement in tree.statements:
        action_tests(statement.actions or statement.not_actions, f"{where}: {statement.label}")
    return tree


def _account_and_name(arn: str) -> tuple[str, str]:
    return arn.split(":")[4], arn.rpartition("/")[2]
