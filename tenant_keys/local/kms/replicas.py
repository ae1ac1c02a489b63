"""Multi-Region keys. Source: AWS KMS guide, multi-region-keys-overview; API reference, ReplicateKey."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

from tenant_keys.local.fault import Fault
from tenant_keys.local.kms import conditions
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.material import Material, Materials
from tenant_keys.local.kms.policies import check_policy, default_policy
from tenant_keys.local.kms.tags import parse_tags


def replicate_key(call: Call) -> dict[str, Any]:
    """Make a replica; its policy, tags, aliases and state are its own, its material the primary's."""
    region = call.text("ReplicaRegion")
    tags = parse_tags(call)
    primary = call.managed_key({"kms:ReplicaRegion": region, **conditions.of_tags(tags)})
    there = replace(call, region=region)
    there.authorize_account("kms:CreateKey", "*", conditions.of_new_key(primary.origin, multi_region=True))
    if tags:
        there.authorize_account("kms:TagResource", "*", conditions.of_tags(tags))
    if not primary.primary:
        raise Fault("UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key.")
    primary.require_enabled()
    if region == call.region or call.store.find(region, primary.id) is not None:
        raise Fault("AlreadyExistsException", f"{primary.arn} already exists in {region}.")
    replica = Key(
        account=primary.account,
        region=region,
        id=primary.id,
        policy=default_policy(primary.account),
        materials=primary.materials if primary.origin == "AWS_KMS" else _empty(primary),
        created=call.now,
        origin=primary.origin,
        description=str(call.parameters.get("Description") or ""),
        tags=tags,
        multi_region=True,
        primary_region=primary.region,
    )
    policy = call.parameters.get("Policy")
    if policy:
        check_policy(there, replica, policy)
        replica.policy = policy
    call.store.add(replica)
    return {
        "ReplicaKeyMetadata": replica.metadata(call.store.family(replica)),
        "ReplicaPolicy": replica.policy,
        "ReplicaTags": [{"TagKey": name, "TagValue": value} for name, value in tags.items()],
    }


def update_primary_region(call: Call) -> dict[str, Any]:
    region = call.text("PrimaryRegion")
    primary = call.managed_key({"kms:PrimaryRegion": region})
    if not primary.primary:
        raise Fault("UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key.")
    primary.require_enabled()
    family = call.store.family(primary)
    if region not in {replica.region for replica in family}:
        raise Fault("NotFoundException", f"{primary.arn} has no replica in {region}.")
    for key in (primary, *family):
        key.primary_region = region
    return {}


def _empty(primary: Key) -> Materials:
    """The material of an EXTERNAL key is imported into each Region; only the same bytes fit."""

    def place(material: Material) -> Material:
        waiting = copy(material)
        waiting.secret = None
        return waiting

    return Materials([place(material) for material in primary.materials.versions])
