"""Who deploys each stack, to which account and in which order, against what the manifest declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.review.assembly import Environment, StackArtifact
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.protected_stacks import is_protected, keeps_keys


def check_deployment(artifacts: Sequence[StackArtifact], estate: Estate) -> list[Finding]:
    """Compare the stacks of an assembly with the accounts and deployment roles of the manifest.

    Key policies name the roles that CloudFormation acts with (`central.deployment_roles`): a stack that another role
    deploys is a power that the proof does not list, or a key that no principal can change.
    """
    return [finding for artifact in artifacts for finding in _check(artifact, estate)]


def _check(artifact: StackArtifact, estate: Estate) -> Iterator[Finding]:
    where, central = f"stack {artifact.name}", estate.central
    if artifact.account not in estate.accounts:
        yield Finding(
            Kind.INVENTORY,
            f"{where} goes to account {artifact.account}, which tenants.yaml does not declare",
            "remove the stack from the app, or declare the account",
        )
        return
    place = Environment(artifact.account, artifact.region)
    if artifact.asset is not None and artifact.asset.qualifier != central.bootstrap_qualifier:
        yield Finding(
            Kind.INVENTORY,
            f"{where} is uploaded by the bootstrap stack {artifact.asset.qualifier}; tenants.yaml declares "
            f"{central.bootstrap_qualifier}",
            "synthesize again, or correct central.bootstrap_qualifier",
        )
    if is_protected(artifact.name, estate) and not artifact.termination_protection:
        yield Finding(
            Kind.INVENTORY,
            f"{where} has no termination protection: one call deletes what it contains",
            "synthesize again; keep termination protection of this stack",
        )
    hook = names.hook_stack(artifact.region, estate.naming) if central.deletion_hook else None
    if hook and keeps_keys(artifact.name) and hook not in artifact.after:
        yield Finding(
            Kind.INVENTORY,
            f"{where} does not depend on {hook}: it may be deployed before the Hook that protects its keys",
            "synthesize again; keep the dependency on the stack of the Hook",
        )
    home = names.workload_stack(artifact.account, central.home_region, estate.naming)
    if _associates_pods(artifact, estate) and home not in {artifact.name, *artifact.after}:
        yield Finding(
            Kind.INVENTORY,
            f"{where} does not depend on {home}: EKS refuses an association with a role that does not exist yet",
            "synthesize again; keep the dependency on the stack of the roles",
        )
    own = place.bootstrap_role(central.bootstrap_qualifier, "cfn-exec")
    expected = central.deployers if artifact.account == central.account else (own,)
    if artifact.execution_role not in expected:
        yield Finding(
            Kind.INVENTORY,
            f"{where} is deployed by {artifact.execution_role or 'the credentials of the caller of the deployment'}; "
            f"expected {' or '.join(expected)}",
            "synthesize again, or correct central.deployment_roles",
        )
    deployer = place.bootstrap_role(central.bootstrap_qualifier, "deploy")
    if artifact.deploy_role not in (None, deployer):
        yield Finding(
            Kind.INVENTORY,
            f"{where}: the CDK CLI assumes {artifact.deploy_role} to deploy it; expected {deployer}",
            "synthesize again, or correct central.bootstrap_qualifier",
        )


def _associates_pods(artifact: StackArtifact, estate: Estate) -> bool:
    """Whether the stack is to associate pods with roles of its account."""
    return artifact.name == names.workload_stack(artifact.account, artifact.region, estate.naming) and any(
        w.pod_identity and w.account == artifact.account and artifact.region in w.regions
        for w in estate.workloads.values()
    )
