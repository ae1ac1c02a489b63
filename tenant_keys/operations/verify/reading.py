"""What is asked of each account, in three steps: lists of what is to be asked about, then everything else, then what
depends on that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.manifest import Estate, Workload
from tenant_keys.operations.verify.journal import Ask, Reading
from tenant_keys.operations.verify.lanes import Lanes
from tenant_keys.policy import names
from tenant_keys.policy.deletion_hook import HOOKS, hook_alias
from tenant_keys.review.assembly import StackArtifact

Planned = tuple[Ask, Mapping[str, Any]]
Readings = Mapping[Ask, Reading]
SHARED: Final = "AWS_RAM"
"""The name of the second policy of a key that AWS RAM shares (AWS KMS API, GetKeyPolicy)."""
_KEYS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
OF_EACH_KEY: Final = (
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyPolicy",  # twice: ListKeyPolicies, at a tenth of the rate, would say whether there is a second one
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListResourceTags",
)
"""Calls for each key, where no list has a second page."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the estate is."""

    estate: Estate
    artifacts: tuple[StackArtifact, ...]
    digests: Mapping[tuple[str, str, str], str]
    """Of each stack's template, by account, Region and name."""
    last_usage: bool
    """Whether GetKeyLastUsage is asked: at 5 a second (AWS KMS guide, requests-per-second) it decides the duration."""
    keys_alone: bool = False
    """Whether the keys that these stacks made are all that is read."""

    @property
    def central(self) -> str:
        return self.estate.central.account

    @property
    def stacks(self) -> list[tuple[str, str, str]]:
        """Account, Region and name of each stack of the assembly."""
        return sorted({(one.account, one.region, one.name) for one in self.artifacts})

    @property
    def places(self) -> list[tuple[str, str]]:
        """Accounts and Regions with stacks."""
        return sorted({(account, region) for account, region, _ in self.stacks})

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions with keys."""
        if self.keys_alone:
            return tuple(sorted({region for _, region, _ in self.stacks}))
        return self.estate.central.regions

    def identity_region(self, account: str) -> str:
        """The Region by which IAM is asked, which is global."""
        if account == self.central:
            return self.estate.central.home_region
        return min(one.regions[0] for one in self.workloads(account))

    def workloads(self, account: str) -> list[Workload]:
        return [one for one in self.estate.workloads.values() if one.account == account]

    @property
    def accounts(self) -> list[str]:
        return sorted({self.central, *(one.account for one in self.estate.workloads.values())})

    @property
    def providers(self) -> list[tuple[str, str]]:
        """Account and ARN of each identity provider that a role of the estate trusts."""
        found = set()
        for one in self.estate.workloads.values():
            if one.identity_provider is not None:
                found.add((self.central, names.oidc_provider_arn(one.identity_provider.issuer, self.estate)))
            if one.irsa is not None:
                arn = f"arn:{one.partition}:iam::{one.account}:oidc-provider/{one.irsa.oidc_provider}"
                found.add((one.account, arn))
        return sorted(found)

    def audiences(self, provider: str) -> set[str]:
        """Of the workloads whose tokens an identity provider of the key account verifies."""
        found = set()
        for one in self.estate.workloads.values():
            issuer = one.identity_provider.issuer if one.identity_provider else None
            if issuer is not None and names.oidc_provider_arn(issuer, self.estate) == provider:
                found.add(str(one.audience))
        return found


def read(lanes: Lanes, scope: Scope, readings: Readings) -> None:
    """Read all of it; `readings` is the journal's, which the lanes fill."""
    lanes.read(_lists(scope))
    lanes.read([*_each(scope, readings), *_of_accounts(scope)])
    lanes.read(_dependent(scope, readings))


def _lists(scope: Scope) -> Iterator[Planned]:
    central = scope.central
    for region in scope.regions:
        yield Ask(central, region, "kms:ListAliases"), {}
        if not scope.keys_alone:
            yield Ask(central, region, "kms:ListKeys"), {}
            yield Ask(central, region, "cloudtrail:DescribeTrails"), {}
    if scope.keys_alone:
        yield from _resources(scope)
        return
    for workload in scope.estate.workloads.values():
        yield from _of_workload(scope, workload)


def _of_accounts(scope: Scope) -> Iterator[Planned]:
    """What no further question depends on: slow lanes that run beside those of the keys."""
    for account, region in scope.places:
        yield Ask(account, region, "cloudformation:DescribeStacks"), {}
    for account, region, stack in scope.stacks:
        yield Ask(account, region, "cloudformation:GetTemplate", stack), {"StackName": stack}
    if scope.keys_alone:
        return
    yield from _resources(scope)
    for region in scope.regions if scope.estate.central.deletion_hook else ():
        named = [
            {"Type": "HOOK", "TypeName": hook_alias(one, scope.estate), "TypeConfigurationAlias": "default"}
            for one in HOOKS
        ]
        ask = Ask(scope.central, region, "cloudformation:BatchDescribeTypeConfigurations")
        yield ask, {"TypeConfigurationIdentifiers": named}
    for account in scope.accounts:
        yield Ask(account, scope.identity_region(account), "iam:GetAccountAuthorizationDetails"), {}
    for account, arn in scope.providers:
        ask = Ask(account, scope.identity_region(account), "iam:GetOpenIDConnectProvider", arn)
        yield ask, {"OpenIDConnectProviderArn": arn}


def _resources(scope: Scope) -> Iterator[Planned]:
    for account, region, stack in scope.stacks:
        yield Ask(account, region, "cloudformation:ListStackResources", stack), {"StackName": stack}


def _of_workload(scope: Scope, workload: Workload) -> Iterator[Planned]:
    path = scope.estate.naming.role_path
    for region in workload.regions:
        yield Ask(workload.account, region, "ssm:GetParametersByPath", path), {"Path": path}
        if workload.pod_identity is not None:
            yield Ask(workload.account, region, "eks:ListClusters"), {}
        if workload.roles_anywhere is not None:
            yield Ask(workload.account, region, "rolesanywhere:ListTrustAnchors"), {}
            yield Ask(workload.account, region, "rolesanywhere:ListProfiles"), {}


def keys_of(scope: Scope, readings: Readings, region: str) -> list[str]:
    """Ids of the Region's keys, but for those that AWS manages, which have an alias that begins with `alias/aws/`."""
    if scope.keys_alone:
        stacks = (Ask(*place[:2], "cloudformation:ListStackResources", place[2]) for place in scope.stacks)
        made = (one for ask in stacks if ask.region == region for one in items(readings, ask))
        ids = (one.get("PhysicalResourceId") for one in made if one["ResourceType"] in _KEYS)
        return [key for key in dict.fromkeys(ids) if key]
    aliases = items(readings, Ask(scope.central, region, "kms:ListAliases"))
    managed = {one.get("TargetKeyId") for one in aliases if one["AliasName"].startswith("alias/aws/")}
    keys = items(readings, Ask(scope.central, region, "kms:ListKeys"))
    return [key for key in dict.fromkeys(one["KeyId"] for one in keys) if key not in managed]


def _each(scope: Scope, readings: Readings) -> Iterator[Planned]:
    for region in scope.regions:
        for key in keys_of(scope, readings, region):
            yield from _of_key(scope, region, key)
        for trail in items(readings, Ask(scope.central, region, "cloudtrail:DescribeTrails")):
            arn = trail["TrailARN"]
            # By ARN: what a member account must give of its organization's trail (CloudTrail API, GetTrailStatus).
            yield Ask(scope.central, region, "cloudtrail:GetTrailStatus", arn), {"Name": arn}
            yield Ask(scope.central, region, "cloudtrail:GetEventSelectors", arn), {"TrailName": arn}
    for ask in list(readings):
        if not ask.api.startswith("kms:"):
            for item in items(readings, ask):
                yield from _of_item(ask, item)


def _of_key(scope: Scope, region: str, key: str) -> Iterator[Planned]:
    named = {"KeyId": key}
    yield Ask(scope.central, region, "kms:DescribeKey", key), named
    for policy in ("default", SHARED):
        yield Ask(scope.central, region, "kms:GetKeyPolicy", f"{key} {policy}"), {**named, "PolicyName": policy}
    for api in ("kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListResourceTags"):
        yield Ask(scope.central, region, api, key), named
    if scope.last_usage:
        yield Ask(scope.central, region, "kms:GetKeyLastUsage", key), named


def _of_item(ask: Ask, item: Any) -> Iterator[Planned]:
    """What a list of something else than keys leads to."""
    if ask.api == "ssm:GetParametersByPath":
        tags = Ask(ask.account, ask.region, "ssm:ListTagsForResource", item["Name"])
        yield tags, {"ResourceId": item["Name"]}
    elif ask.api == "eks:ListClusters":
        # Of each cluster: the trust policy of a role does not distinguish them.
        yield Ask(ask.account, ask.region, "eks:ListPodIdentityAssociations", item), {"clusterName": item}
    elif ask.api in _ANYWHERE:
        arn = item[_ANYWHERE[ask.api]]
        yield Ask(ask.account, ask.region, "rolesanywhere:ListTagsForResource", arn), {"resourceArn": arn}


_ANYWHERE: Final = {
    "rolesanywhere:ListTrustAnchors": "trustAnchorArn",
    "rolesanywhere:ListProfiles": "profileArn",
}


def _dependent(scope: Scope, readings: Readings) -> Iterator[Planned]:
    """ListKeyRotations, which tells each imported material: 100 a second, so not asked of keys made by KMS; and the
    associations of pods.
    """
    for ask in list(readings):
        for one in items(readings, ask) if ask.api == "eks:ListPodIdentityAssociations" else ():
            association = {"clusterName": ask.subject, "associationId": one["associationId"]}
            subject = f"{ask.subject}/{one['associationId']}"
            yield Ask(ask.account, ask.region, "eks:DescribePodIdentityAssociation", subject), association
        for answer in items(readings, ask) if ask.api == "kms:DescribeKey" else ():
            if answer["KeyMetadata"].get("Origin") == "EXTERNAL":
                yield Ask(scope.central, ask.region, "kms:ListKeyRotations", ask.subject), {"KeyId": ask.subject}


def items(readings: Readings, ask: Ask) -> list[Any]:
    """What was answered; nothing where AWS refused."""
    reading = readings.get(ask)
    return [] if reading is None else reading.items
