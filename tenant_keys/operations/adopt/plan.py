"""What cannot be adopted, and why; each with its way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenant_keys.manifest import Manifest
from tenant_keys.manifest.model import Naming
from tenant_keys.operations.adopt.found_key import FoundKey
from tenant_keys.operations.errors import OperationError
from tenant_keys.policy.names import alias_name
from tenant_keys.review.iam import (
    Outcome,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    UnsupportedPolicy,
    authorize,
)

MOST_ALIASES = 50
"""Of a key; adoption adds one where the tenant's own is missing (AWS KMS guide, resource-limits)."""
STATES = ("Enabled", "Disabled", "PendingImport")
DEPLOYMENT = (
    *("CreateAlias", "DescribeKey", "GetKeyPolicy", "ListResourceTags", "PutKeyPolicy"),
    *("TagResource", "UntagResource", "UpdateKeyDescription"),
)
"""Calls of CloudFormation's handlers when it imports a key and deploys our policy over the present one."""
WITH_ROTATION = ("DisableKeyRotation", "EnableKeyRotation", "GetKeyRotationStatus")


class AdoptionRefused(OperationError):
    """Raised when a key cannot be adopted; the message names every reason."""


def refusals(tenant: str, key: FoundKey, manifest: Manifest, executor: str) -> Iterator[str]:
    """Every reason not to adopt the key (a primary or single-Region key) for the tenant.

    `executor` is the ARN of the role as which CloudFormation deploys in the key's Region.
    """
    if manifest.tenants[tenant].state in ("offboarding", "offboarded"):
        yield f"{tenant} is {manifest.tenants[tenant].state} in the manifest; a key is adopted for one that stays"
    elif manifest.tenants[tenant].opaque:
        yield f"{tenant} is opaque, and the current names of an adopted key are known; remove `opaque`"
    yield from _of_another_kind(key, manifest)
    yield from _names(tenant, key, manifest.naming)
    yield from _locked_out(key, executor)


def _of_another_kind(key: FoundKey, manifest: Manifest) -> Iterator[str]:  # noqa: C901  # one reason after the other
    metadata, central = key.metadata, manifest.central
    if metadata.get("AWSAccountId") != central.account:
        yield f"the key is of account {metadata.get('AWSAccountId')}; keys are adopted within {central.account}"
    if metadata.get("KeyManager") != "CUSTOMER":
        yield "the key is managed by AWS; create one of your own and re-encrypt"
    if (metadata.get("KeySpec"), metadata.get("KeyUsage")) != ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"):
        yield f"the key is {metadata.get('KeySpec')} for {metadata.get('KeyUsage')}; only symmetric encryption keys are"
    if metadata.get("Origin") not in ("AWS_KMS", "EXTERNAL"):
        yield f"the key's origin is {metadata.get('Origin')}; CloudFormation has no keys of custom key stores"
    if metadata.get("KeyState") not in STATES:
        yield f"the key is {metadata.get('KeyState')}; have break-glass cancel its deletion first, or wait"
    if metadata.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType") == "REPLICA":
        yield "the key is a replica; name its primary, and the replicas come with it"
    for region in (key.region, *key.replica_regions):
        if region not in central.regions:
            yield f"the key is in {region}, which is not a Region of central.regions; add it there"
    if key.grants:
        yield f"the key has {key.grants} grants, which the estate's key policy would make useless; retire them first"
    if key.shared:
        yield "AWS RAM shares the key; end the share first"


def _names(tenant: str, key: FoundKey, naming: Naming) -> Iterator[str]:
    """Both names are the tenant's until its callers have moved, so no other tenant's may be among them."""
    own = alias_name(tenant, naming)
    foreign = [alias for alias in key.aliases if alias.startswith(alias_name("", naming)) and alias != own]
    if foreign:
        yield f"the key has the alias {foreign[0]}, another tenant's; delete that first"
    if own not in key.aliases and len(key.aliases) >= MOST_ALIASES:
        yield f"the key has {len(key.aliases)} aliases, and KMS allows {MOST_ALIASES}; delete one first"


def _locked_out(key: FoundKey, executor: str) -> Iterator[str]:
    """Ours is deployed over the current policy, so the present one must let CloudFormation's role do it."""
    account = executor.split(":")[4]
    name = executor.rpartition("/")[2]
    session = f"arn:{executor.split(':')[1]}:sts::{account}:assumed-role/{name}/AWSCloudFormation"
    who = Principal(kind=PrincipalKind.ROLE_SESSION, arn=session, account=account, role_arn=executor)
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
    wanted = DEPLOYMENT if key.imported else (*DEPLOYMENT, *WITH_ROTATION)
    try:
        identity = Policy.parse(everything, name="execution role", kind="identity")
        policies = Policies(identity=(identity,), resource=Policy.parse(key.policy, name="key policy", kind="resource"))
        denied = [
            call
            for call in wanted
            if authorize(Request(who, f"kms:{call}", key.arn, account, {}), policies).outcome is not Outcome.ALLOWED
        ]
    except UnsupportedPolicy as problem:
        yield f"its current policy is not understood ({problem}); simplify it first"
        return
    if denied:
        yield f"its current policy denies {name} {', '.join(denied)}; allow these actions first, by hand"


def twice(keys: Mapping[str, FoundKey]) -> Iterator[str]:
    """Two tenants never share a key."""
    seen: dict[str, str] = {}
    for tenant, key in keys.items():
        other = seen.setdefault(key.arn, tenant)
        if other != tenant:
            yield f"{tenant}: {key.arn} is to be {other}'s too; one key serves one tenant"
