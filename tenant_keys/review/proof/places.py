"""What binds a workload to its role beside trust policies: pod associations, identity providers, Roles Anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tenant_keys.manifest import Estate, Workload
from tenant_keys.review.proof.binding_records import PodAssociation
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.named_principals import existing_roles
from tenant_keys.review.proof.promise import issuer_arn, workload_role
from tenant_keys.review.proof.tokens import pods_of


def check_places(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """Compare what the templates bind to roles with what is declared, both ways."""
    yield from _pods(inventory, estate)
    yield from _providers(inventory, estate)
    for workload in estate.workloads.values():
        role = (workload.account, workload_role(workload, estate))
        place = workload.roles_anywhere
        # CreateSession is asked in one Region for both (IAM Roles Anywhere guide, credential-helper).
        if place is not None:
            regions = {region for account, region, arn in inventory.profiles if (account, arn) == role}
            anchors = [arn for arn, authority in inventory.anchors.items() if authority == place.certificate_authority]
            if not regions:
                yield _dead(f"no enabled profile of IAM Roles Anywhere hands out sessions of {role[1]}", workload)
            elif anchors and not regions & {arn.split(":")[3] for arn in anchors}:
                yield _dead(f"no profile of IAM Roles Anywhere for {role[1]} is beside its trust anchor", workload)
        if workload.runs_on == "ec2" and (workload.account, role[1].rpartition("/")[2]) not in inventory.instances:
            yield _dead(f"no instance profile gives instances {role[1]}", workload)
    yield from _certificates(inventory, estate)
    yield from _instances(inventory, estate)


def _certificates(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """Profiles and trust anchors of IAM Roles Anywhere that are there and not declared."""
    anywhere = [w for w in estate.workloads.values() if w.roles_anywhere]
    declared = {
        (w.account, w.roles_anywhere.certificate_authority.split(":")[3], workload_role(w, estate))
        for w in anywhere
        if w.roles_anywhere
    }
    for (account, region, arn), count in Counter(inventory.profiles).items():
        if (account, region, arn) not in declared and _matters(arn, inventory, estate):
            yield _undeclared(f"a profile of IAM Roles Anywhere hands out sessions of {arn} in {region}")
        elif count > 1:
            yield _undeclared(f"a second profile of IAM Roles Anywhere hands out sessions of {arn} in {region}")
    wanted = Counter((w.account, w.roles_anywhere.certificate_authority) for w in anywhere if w.roles_anywhere)
    found = Counter((arn.split(":")[4], authority) for arn, authority in inventory.anchors.items())
    for account, authority in found - wanted:
        yield _undeclared(f"a trust anchor of IAM Roles Anywhere in account {account} trusts {authority}")


def _instances(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """Instance profiles that are there and not declared."""
    machines = [w for w in estate.workloads.values() if w.runs_on == "ec2"]
    declared = {(w.account, workload_role(w, estate).rpartition("/")[2]) for w in machines}
    for (account, name), count in Counter(inventory.instances).items():
        if (account, name) not in declared:
            if _matters(f"arn:{estate.central.partition}:iam::{account}:role/{name}", inventory, estate):
                yield _undeclared(f"an instance profile gives instances the role {name} of account {account}")
        elif count > 1:
            yield _undeclared(f"a second instance profile gives instances the role {name} of account {account}")


def _pods(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    declared: dict[tuple[str, ...], Workload] = {}
    for workload in estate.workloads.values():
        pod = workload.pod_identity
        for region in workload.regions if pod is not None else ():
            who = (pod.cluster, pod.namespace, pod.service_account) if pod else ()
            declared[workload.account, region, *who, workload_role(workload, estate)] = workload
    found: set[tuple[str, ...]] = set()
    for one in inventory.pods:
        whose: tuple[str, ...] = (one.account, one.region, one.cluster, one.namespace, one.service_account, one.role)
        if whose not in declared:
            if _matters(one.role, inventory, estate):
                yield _undeclared(f"{one.where}: {_called(one)} become {one.role}")
        elif one.target is not None or one.tagged:
            what = f"another role, {one.target}" if one.target else "session tags of EKS, which reach the access roles"
            yield _undeclared(f"{one.where}: {_called(one)} get {what}")
        elif whose in found:
            yield _undeclared(f"{one.where}: a second association of {_called(one)}: EKS has one for a service account")
        found.add(whose)
    for bound, workload in declared.items():
        if bound not in found:
            yield _dead(f"no association gives {bound[-1]} to the pods {bound[3]}/{bound[4]} in {bound[1]}", workload)


def _called(one: PodAssociation) -> str:
    return f"the pods {one.namespace}/{one.service_account} of cluster {one.cluster}"


def _matters(role: str, inventory: Inventory, estate: Estate) -> bool:
    """Whether it decides anything who becomes the role; a name that is not resolved could be that of any.

    Key accounts run no workloads. Elsewhere those of the templates and the manifest matter, and those that deploy. IAM
    ignores the case of a name and has it once in an account, whatever the path (IAM guide, reference_iam-quotas).
    """
    if not role.startswith(f"arn:{estate.central.partition}:iam::"):
        return True
    account, name = _account_and_name(role)
    return (
        account in {one.central.account for one in (estate, *estate.siblings)}
        or (account, name) in {_account_and_name(one) for one in {*inventory.roles, *existing_roles(estate)}}
        or name.startswith(f"cdk-{estate.central.bootstrap_qualifier}-")
    )


def _account_and_name(role: str) -> tuple[str, str]:
    return role.split(":")[4], role.rpartition("/")[2].lower()


def _providers(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """An OIDC provider for each issuer, with the audience of each workload, unless the account has it already."""
    wanted: dict[str, set[str]] = {}
    for workload in estate.workloads.values():
        provider = workload.identity_provider
        if provider is None:
            continue
        arn = issuer_arn(provider.issuer, estate)
        if not provider.existing:
            wanted.setdefault(arn, set()).add(str(workload.audience))
        if arn in inventory.providers:
            if workload.audience not in inventory.providers[arn]:
                yield _dead(f"{arn}: ClientIdList is without the audience {workload.audience}", workload)
        elif not provider.existing:
            yield _dead(f"{arn}: the identity provider is in no template", workload)
    yield from _undeclared_providers(inventory, estate, wanted)


def _undeclared_providers(inventory: Inventory, estate: Estate, wanted: Mapping[str, set[str]]) -> Iterator[Finding]:
    central = estate.central.account
    pods = {pods_of(workload) for workload in estate.workloads.values() if workload.irsa}
    for arn, clients in inventory.providers.items():
        if arn.split(":")[4] == central and clients:
            for client in sorted(set(clients) - wanted.get(arn, set())):
                yield _undeclared(f"{arn}: ClientIdList admits tokens of {client}, the audience of no workload")
        elif arn not in wanted.keys() | pods:
            yield _undeclared(f"{arn}: an identity provider of no workload")


def _dead(what: str, workload: Workload) -> Finding:
    return Finding(
        Kind.REFUSED, f"{what}, which workload {workload.name} needs", "synthesize again, or correct the manifest"
    )


def _undeclared(what: str) -> Finding:
    return Finding(Kind.INVENTORY, f"{what}, which the manifest does not declare", "remove it, or declare it")
