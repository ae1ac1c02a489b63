"""Rules of workloads and identity providers that need two fields or more."""

from __future__ import annotations

from collections.abc import Mapping

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest.model import Manifest, Naming, Workload
from tenant_keys.manifest.platforms import PLATFORMS
from tenant_keys.manifest.rules import Report, check_region, own_role, repeated, unknown
from tenant_keys.manifest.workload_limits import check_limits

_ONLY_WITH = {field: place for place, platform in PLATFORMS.items() for field in platform.needs}


def check_workloads(manifest: Manifest, report: Report) -> None:
    """All workloads, and the identity providers they trust."""
    policies = {
        (one.account, f"{manifest.naming.role_prefix}tenant-keys-{name}"): name
        for name, one in manifest.workloads.items()
        if one.role is not None
    }
    for name, workload in manifest.workloads.items():
        path = ("workloads", name)
        if workload.account == manifest.central.account:
            report((*path, "account"), f"got {workload.account}, the central account, which runs no workloads")
        repeated(workload.operations, (*path, "operations"), report)
        repeated(workload.regions or (), (*path, "regions"), report)
        for index, region in enumerate(workload.regions or ()):
            if region not in manifest.central.regions:
                message = unknown(region, manifest.central.regions, "Region of central.regions")
                report((*path, "regions", index), message)
        _check_runs_on(name, workload, manifest.naming, report)
        if workload.permissions_boundary and (workload.access == "web-identity" or workload.role is not None):
            report((*path, "permissions_boundary"), "this app creates no role for the workload; remove it")
        _check_boundary(name, workload, policies, report)
        _check_authority(name, workload, manifest.central.home_region, report)
    _check_providers(manifest, report)
    _check_audiences(manifest, report)
    check_limits(manifest, report)


def _check_runs_on(name: str, workload: Workload, naming: Naming, report: Report) -> None:
    path = ("workloads", name)
    if workload.access == "web-identity":
        if workload.runs_on is not None:
            message = "with access: web-identity no role of the workload's account is used; remove it"
            report((*path, "runs_on"), f"got {workload.runs_on}; {message}")
    elif workload.runs_on is None:
        report((*path, "runs_on"), "missing; say what the workload runs on, unless its access is web-identity")
    for field, platform in _ONLY_WITH.items():
        if getattr(workload, field) is not None and workload.runs_on != platform:
            report((*path, field), f"only with runs_on: {platform}; remove it")
    if workload.runs_on == "eks" and (workload.pod_identity is None) == (workload.irsa is None):
        got = "neither" if workload.irsa is None else "both"
        report(path, f"runs_on: eks needs one of pod_identity and irsa, got {got}")
    if workload.runs_on == "roles-anywhere" and workload.roles_anywhere is None:
        report((*path, "roles_anywhere"), "missing; runs_on: roles-anywhere needs it")
    if workload.runs_on == "existing-role" and workload.role is None:
        report((*path, "role"), "missing; runs_on: existing-role needs the role, as role/Name")
    if workload.role is not None:
        own_role(workload.role, (*path, "role"), naming, report)


def _check_boundary(name: str, workload: Workload, policies: Mapping[tuple[str, str], str], report: Report) -> None:
    """A policy that the app makes for an existing role allows that workload's calls alone.

    Names of policies are unique in an account, whatever their path and case (IAM API reference, CreatePolicy).
    """
    boundary = workload.permissions_boundary or ""
    other = policies.get((workload.account, boundary.rpartition("/")[2].casefold()))
    if other is not None:
        message = f"got {boundary}, the policy that this app attaches to the role of workload {other}"
        fix = "name a policy that your organization makes as a boundary"
        report(("workloads", name, "permissions_boundary"), f"{message} and that allows nothing else; {fix}")


def _check_authority(name: str, workload: Workload, home: str, report: Report) -> None:
    """The stack of the workload's role goes to the Region of its certificate authority."""
    if workload.roles_anywhere is None:
        return
    path = ("workloads", name, "roles_anywhere", "certificate_authority")
    arn = workload.roles_anywhere.certificate_authority
    _, partition, _, region, _ = arn.split(":", 4)
    if check_region(region, path, report) and not partition == partition_of(region) == partition_of(home):
        message = f"got {arn}; an estate whose home is {home} has authorities of the partition {partition_of(home)}"
        report(path, f"{message}, in its own Regions; name one")


def _check_providers(manifest: Manifest, report: Report) -> None:
    issuers: dict[str, str] = {}
    for name, provider in manifest.identity_providers.items():
        other = issuers.setdefault(provider.issuer.rstrip("/"), name)
        if other != name:
            shown = f"got {provider.issuer}, the issuer of {other}"
            message = f"{shown} but for a slash at most; an account has one provider per issuer, keep one"
            report(("identity_providers", name, "issuer"), message)


def _check_audiences(manifest: Manifest, report: Report) -> None:
    """The audience is what tells the roles of two web-identity workloads apart."""
    audiences: dict[str, str] = {}
    for name, workload in manifest.workloads.items():
        path = ("workloads", name)
        for field in ("identity_provider", "audience"):
            value = getattr(workload, field)
            if workload.access == "web-identity" and value is None:
                report((*path, field), "missing; access: web-identity needs it")
            elif workload.access != "web-identity" and value is not None:
                report((*path, field), "only with access: web-identity; remove it")
        if workload.access != "web-identity":
            continue
        provider = workload.identity_provider
        if provider is not None and provider not in manifest.identity_providers:
            message = unknown(provider, manifest.identity_providers, "name of identity_providers")
            report((*path, "identity_provider"), message)
        if workload.audience is not None:
            other = audiences.setdefault(workload.audience, name)
            if other != name:
                message = f"got {workload.audience}, the audience of {other}; tokens of one would open the other's role"
                report((*path, "audience"), f"{message}, name another")
