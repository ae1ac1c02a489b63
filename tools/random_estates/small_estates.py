"""Estates of a few tenants with real policies, made without the CDK: thousands of them in a minute."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenant_keys.manifest import Estate, Workload, parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.policy import access_role, guardrails, key_policy, names, workload_role
from tenant_keys.review.assembly import Resource, Stack
from tools import sample_manifest
from tools.sample_manifest import DECRYPTING, ISSUERS, ORDERS, PORTAL

HEAD = (
    f"{sample_manifest.CENTRAL}{ISSUERS}workloads:\n{ORDERS}{DECRYPTING}{PORTAL}"
    """\
defaults: {workloads: [orders]}
tenants:
"""
)
CENTRAL, HOME = "111111111111", "eu-west-1"


def estate_of(*tenants: str, recorded: bool = False) -> Estate:
    """`estate_of("acme: {}", "bolt: {state: suspended}")`; `recorded`: with the ids of multi-Region keys."""
    manifest = parse_manifest('audit: "off"\n' + HEAD + "".join(f"  {tenant}\n" for tenant in tenants))
    estate = resolve(manifest, update(manifest, new_lock(manifest))[0])
    if not recorded:
        return estate
    found = {
        name: replace(tenant, multi_region_key_id=f"mrk-{number:032x}") if tenant.multi_region else tenant
        for number, (name, tenant) in enumerate(estate.tenants.items())
    }
    return replace(estate, tenants=found)


@dataclass
class Templates:
    """The stacks of an estate, open to change."""

    resources: dict[str, dict[str, Resource]]
    """By stack and logical id."""
    places: dict[str, tuple[str, str]]
    """Account and Region of each stack."""

    def stacks(self) -> Iterator[Stack]:
        for name, resources in self.resources.items():
            account, region = self.places[name]
            yield Stack(name, account, region, Path(name), resources, True, ())

    def copy(self) -> Templates:
        return copy.deepcopy(self)

    def add(self, stack: str, logical_id: str, kind: str, properties: dict[str, Any]) -> None:
        """Add a resource that depends on all that were added to the stack before."""
        account, region = self.places[stack]
        resources = self.resources.setdefault(stack, {})
        resources[logical_id] = Resource(
            stack, account, region, logical_id, kind, properties, "Retain", "Retain", frozenset(resources)
        )

    def properties(self, stack: str, logical_id: str) -> Any:
        return self.resources[stack][logical_id].properties


def templates_of(estate: Estate) -> Templates:
    """What the app would write, in fewer stacks."""
    places = {"keys": (CENTRAL, HOME), "replicas": (CENTRAL, "eu-central-1"), "roles": (CENTRAL, HOME)}
    places["issuers"] = (CENTRAL, HOME)
    places |= {f"workload-{w.account}": (w.account, HOME) for w in estate.workloads.values()}
    places |= {f"parameters-{w.account}-{at}": (w.account, at) for w in estate.workloads.values() for at in w.regions}
    made = Templates({}, places)
    for tenant in estate.tenants.values():
        _keys(made, estate, tenant.id)
        for workload in tenant.workloads if tenant.state != "offboarding" else ():
            if workload.access == "tenant-role":
                name = names.tenant_role_name(tenant.id, workload, estate)
                policy = access_role.tenant_role_policy(tenant, workload, estate)
                trust = access_role.tenant_role_trust(workload, estate)
                _role(made, "roles", name, names.access_role_path(workload, estate), trust, policy, tenant.id)
    for workload in estate.workloads.values():
        for region in workload.regions:
            _parameter(made, estate, workload, region)
        if workload.access != "tenant-role":
            issuer = workload.identity_provider.issuer if workload.identity_provider else None
            if issuer:
                provider = {"Url": issuer, "ClientIdList": [workload.audience], "Tags": _tags()}
                made.add("issuers", f"Issuer{workload.name}", "AWS::IAM::OIDCProvider", provider)
            trust = (
                access_role.web_identity_trust(workload, names.oidc_provider_arn(issuer, estate))
                if issuer
                else access_role.shared_role_trust(workload, estate)
            )
            policy = access_role.shared_role_policy(workload, estate)
            _role(
                made,
                "roles",
                names.shared_role_name(workload, estate),
                names.access_role_path(workload, estate),
                trust,
                policy,
            )
        if workload.access != "web-identity" and workload.existing_role is None:
            policy = workload_role.workload_role_policy(workload, estate)
            trust = workload_role.workload_role_trust(workload)
            _role(made, f"workload-{workload.account}", names.workload_role_name(workload, estate), "/", trust, policy)
    _guardrails(made, estate)
    return made


def _guardrails(made: Templates, estate: Estate) -> None:
    if estate.guardrails is None:
        return
    made.places["guardrails"] = (estate.guardrails.management_account, "us-east-1")
    for short, kind, content in (
        ("scp", "SERVICE_CONTROL_POLICY", guardrails.service_control_policy(estate)),
        ("rcp", "RESOURCE_CONTROL_POLICY", guardrails.resource_control_policy(estate)),
    ):
        properties = {"Name": short, "Type": kind, "Content": content, "TargetIds": [CENTRAL]}
        made.add("guardrails", short, "AWS::Organizations::Policy", properties)


def _keys(made: Templates, estate: Estate, tenant_id: str) -> None:
    tenant = estate.tenants[tenant_id]
    window = tenant.deletion_window_days
    policy = key_policy.key_policy(tenant, estate)
    common = {"KeyPolicy": policy, "PendingWindowInDays": window, "Tags": _tags(tenant_id)}
    enabled = tenant.state == "active" or tenant.origin == "imported"
    origin: dict[str, Any] = {"Origin": "EXTERNAL"} if tenant.origin == "imported" else {}
    if tenant.rotation_days is not None and not origin:
        origin |= {"EnableKeyRotation": True, "RotationPeriodInDays": tenant.rotation_days}
    several = {"MultiRegion": tenant.multi_region}
    made.add("keys", f"Key{tenant_id}", "AWS::KMS::Key", {**common, **several, "Enabled": enabled, **origin})
    unresolved_id = f"unresolved!{CENTRAL}!{HOME}!keys!Key{tenant_id}"
    alias = {
        "AliasName": names.alias_name(tenant_id, estate.naming),
        "TargetKeyId": ("mrk-" if tenant.multi_region else "") + unresolved_id,
    }
    made.add("keys", f"Alias{tenant_id}", "AWS::KMS::Alias", alias)
    if tenant.multi_region_key_id:
        primary = f"arn:aws:kms:{HOME}:{CENTRAL}:key/{tenant.multi_region_key_id}"
        replica = {**common, "PrimaryKeyArn": primary, "Enabled": enabled}
        made.add("replicas", f"Key{tenant_id}", "AWS::KMS::ReplicaKey", replica)
        alias = {**alias, "TargetKeyId": tenant.multi_region_key_id}
        made.add("replicas", f"Alias{tenant_id}", "AWS::KMS::Alias", alias)


def _parameter(made: Templates, estate: Estate, workload: Workload, region: str) -> None:
    served = [tenant for tenant in estate.tenants.values() if workload.name in {one.name for one in tenant.workloads}]
    own = names.tenant_role_arn("{tenant_id}", workload, estate)
    value = {
        "version": 1,
        "workload": workload.name,
        "access": workload.access,
        "role_arn": own if workload.access == "tenant-role" else names.shared_role_arn(workload, estate),
        "alias_arn": names.alias_arn("{tenant_id}", HOME, estate),
        "operations": list(workload.operations),
        "exceptions": {
            tenant.id: names.alias_arn(tenant.id, region, estate)
            for tenant in served
            if region != HOME and tenant.multi_region_key_id
        },
    }
    ids = {tenant.manifest_id: tenant.id for tenant in served if tenant.manifest_id != tenant.id}
    if ids and workload.access != "web-identity":
        value["ids"] = ids
    text = json.dumps(value)
    properties: dict[str, Any] = {"Name": names.parameter_name(workload, estate), "Type": "String", "Value": text}
    properties["Tags"] = {tag["Key"]: tag["Value"] for tag in _tags()}
    made.add(f"parameters-{workload.account}-{region}", workload.name, "AWS::SSM::Parameter", properties)


def _role(made: Templates, stack: str, name: str, path: str, trust: Any, policy: Any, tenant: str = "") -> None:
    properties = {
        "RoleName": name,
        "Path": path,
        "AssumeRolePolicyDocument": trust,
        "Policies": [{"PolicyName": "Use", "PolicyDocument": policy}],
        "Tags": _tags(tenant),
    }
    made.add(stack, name, "AWS::IAM::Role", properties)


def _tags(tenant: str = "") -> list[dict[str, str]]:
    own = [{"Key": "tenant-keys:tenant", "Value": tenant}] if tenant else []
    return [{"Key": "tenant-keys:project", "Value": "tenant-keys"}, *own]
