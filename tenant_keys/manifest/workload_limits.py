"""What AWS accepts of workloads together: one role for each identity, and quotas of accounts, roles and providers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator

from tenant_keys.aws_facts.quotas import AUDIENCES_A_PROVIDER, MANAGED_POLICIES_A_ROLE, TRUST_ANCHORS
from tenant_keys.manifest.errors import Path
from tenant_keys.manifest.model import Manifest, Workload
from tenant_keys.manifest.rules import Report, role_name

RESERVED = {"pipeline": "role/tenant-keys-pipeline is the pipeline's own role, and the stacks may not touch it"}
"""Names of workloads whose role would be another's."""
NOT_MANAGED = {
    "role/aws-service-role/": "a service-linked role, whose policies only its AWS service may change",
    "role/aws-reserved/": "a role of IAM Identity Center, whose policies only Identity Center may change",
}
"""Paths of roles whose policies are fixed (IAM guide, using-service-linked-roles; IAM Identity Center guide,
referencingpermissionsets)."""


def check_limits(manifest: Manifest, report: Report) -> None:
    """Reserved names, identities that two workloads share, and quotas."""
    for name, workload in manifest.workloads.items():
        if name in RESERVED:
            report(("workloads", name), f"{RESERVED[name]}; rename the workload")
        if workload.role is not None and (kind := unmanaged(workload.role)):
            report(("workloads", name, "role"), f"got {workload.role}, {kind}; name another role")
    _check_identities(manifest, report)
    _check_quotas(manifest, report)


def unmanaged(role: str) -> str:
    """Why AWS lets no principal change the role's policies, or nothing."""
    folded = role.casefold()
    for path, kind in NOT_MANAGED.items():
        if folded.startswith(path):
            return kind
    if folded.rpartition("/")[2].startswith("awsreservedsso_"):
        return NOT_MANAGED["role/aws-reserved/"]
    return NOT_MANAGED["role/aws-service-role/"] if role_name(role).startswith("awsservicerolefor") else ""


def _check_identities(manifest: Manifest, report: Report) -> None:
    """Anyone who holds an identity that two workloads share obtains the roles of both."""
    holders: dict[Hashable, str] = {}
    for name, workload in manifest.workloads.items():
        for field, identity, shown in _identities(workload, workload.regions or manifest.central.regions):
            other = holders.setdefault(identity, name)
            if other != name:
                message = f"got {shown}, which is workload {other}'s too; {_SHARED[field]}"
                report(("workloads", name, field), f"{message}; give each workload its own")
                break


_SHARED = {
    "pod_identity": "EKS associates a service account with one role, and answers 409 to a second",
    "irsa": "the pods of one service account would obtain the roles of both",
    "roles_anywhere": "one certificate would obtain the roles of both",
}


def _identities(workload: Workload, regions: tuple[str, ...]) -> Iterator[tuple[str, Hashable, str]]:
    """Field, identity and its name; a cluster of the same name in another Region is another cluster.

    Identities of two fields differ in their length.
    """
    account = workload.account
    if pod := workload.pod_identity:
        shown = f"service account {pod.namespace}/{pod.service_account} of cluster {pod.cluster}"
        for region in regions:
            yield "pod_identity", (account, region, pod.cluster, pod.namespace, pod.service_account), shown
    if irsa := workload.irsa:
        shown = f"service account {irsa.namespace}/{irsa.service_account} of {irsa.oidc_provider}"
        yield "irsa", (irsa.oidc_provider, irsa.namespace, irsa.service_account), shown
    if anywhere := workload.roles_anywhere:
        shown = f"certificates for {anywhere.common_name}"
        yield "roles_anywhere", (anywhere.certificate_authority, anywhere.common_name), shown


def _check_quotas(manifest: Manifest, report: Report) -> None:
    """The workload that is one too many."""
    groups: defaultdict[tuple[str, ...], list[Path]] = defaultdict(list)
    limits: dict[tuple[str, ...], tuple[int, str, str]] = {}
    for name, workload in manifest.workloads.items():
        for key, field, limit, what, way_out in _counted(workload):
            groups[key].append(("workloads", name, field))
            limits[key] = limit, what, way_out
    for key, paths in groups.items():
        limit, what, way_out = limits[key]
        if len(paths) > limit:
            report(paths[limit], f"got {len(paths)} {what}; allowed: {limit}; {way_out}")


def _counted(workload: Workload) -> Iterator[tuple[tuple[str, ...], str, int, str, str]]:
    if workload.role is not None:
        key = ("role", workload.account, role_name(workload.role))
        what = f"workloads with {workload.role} of account {workload.account}, each a managed policy on it"
        yield key, "role", MANAGED_POLICIES_A_ROLE, what, "let some of them run as roles of their own"
    if workload.roles_anywhere is not None:
        region = workload.roles_anywhere.certificate_authority.split(":")[3]
        what = f"trust anchors in {region} of account {workload.account}, one for each workload"
        way_out = "spread the workloads over accounts or Regions"
        yield ("anchor", workload.account, region), "roles_anywhere", TRUST_ANCHORS, what, way_out
    if workload.identity_provider is not None:
        what = f"audiences of the provider {workload.identity_provider}, one for each workload"
        way_out = "let some of the workloads use another issuer"
        yield ("audience", workload.identity_provider), "identity_provider", AUDIENCES_A_PROVIDER, what, way_out
