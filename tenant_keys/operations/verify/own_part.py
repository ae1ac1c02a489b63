"""What the accounts hold, without what other key accounts of the manifest have in workload accounts that both serve.

Each key account is verified by itself: what is another's there is compared when that one is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tenant_keys.manifest import Estate, Workload
from tenant_keys.operations.verify.deployed_state import DeployedState
from tenant_keys.policy import names


def own_part(state: DeployedState, estate: Estate) -> DeployedState:
    """The state without the roles, parameters and bindings of the estate's siblings."""
    others = [(workload, other) for other in estate.siblings for workload in other.workloads.values()]
    if not others:
        return state
    roles = {arn for workload, other in others for arn in _roles(workload, other)}
    parameters = {
        (workload.account, region, names.parameter_name(workload, other))
        for workload, other in others
        for region in workload.regions
    }
    anchors = Counter(
        (workload.account, workload.roles_anywhere.certificate_authority)
        for workload, _ in others
        if workload.roles_anywhere
    )
    kept = []
    for anchor in state.anchors:
        account, _, one = anchor
        place = account, str(((one.get("source") or {}).get("sourceData") or {}).get("acmPcaArn"))
        if anchors[place] > 0:
            anchors[place] -= 1  # a trust anchor is one workload's, and says not whose
        else:
            kept.append(anchor)
    return replace(
        state,
        roles={arn: role for arn, role in state.roles.items() if arn not in roles},
        parameters={place: one for place, one in state.parameters.items() if place not in parameters},
        associations=[one for one in state.associations if one[2].get("roleArn") not in roles],
        anchors=kept,
        profiles=[one for one in state.profiles if not _of(one[2].get("roleArns"), roles)],
    )


def _roles(workload: Workload, estate: Estate) -> list[str]:
    """The role that the workload runs as, and those that report refused sessions to its key account."""
    forwarders = [names.forwarder_role_name(region, estate) for region in workload.regions]
    own = f"arn:{workload.partition}:iam::{workload.account}:role/"
    return [names.workload_role_arn(workload, estate), *(f"{own}{name}" for name in forwarders)]


def _of(arns: object, roles: set[str]) -> bool:
    """Whether a profile hands out sessions of these roles, and of no other."""
    return isinstance(arns, list) and bool(arns) and roles.issuperset(arns)
