"""The stack set that forwards refused sessions, against what is declared: where it deploys, as whom, and what kinds.

The resources of its template are read in each account and Region, and judged there as those of any other stack. Here is
what they do not tell: that it has no resource beside the forwarder and its rule, and no target beside the workloads'
accounts, so that nothing of it comes to the key account.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names


def declared_stack_set(
    reporting: Mapping[str, list[str]], estate: Estate
) -> Iterator[tuple[tuple[str, str, str, str], Mapping[str, object]]]:
    """Its place and properties, if the manifest asks for it; `reporting`: accounts by Region."""
    groups = [
        {
            "DeploymentTargets": {
                "AccountFilterType": "INTERSECTION",
                "Accounts": accounts,
                "OrganizationalUnitIds": list(estate.audit.forward_from if estate.audit else ()),
            },
            "Regions": [region],
        }
        for region, accounts in reporting.items()
        if accounts
    ]
    if not groups or estate.audit is None or not estate.audit.forward_from:
        return
    name = names.forwarding_stack_set(estate.central.account, estate.naming)
    yield (
        (estate.central.account, estate.central.home_region, "AWS::CloudFormation::StackSet", name),
        {
            "StackSetName": name,
            "PermissionModel": "SERVICE_MANAGED",
            "CallAs": "DELEGATED_ADMIN",
            "AutoDeployment": {"Enabled": False},
            "ManagedExecution": {"Active": True},
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "OperationPreferences": {
                "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
                "FailureToleranceCount": 0,
                "MaxConcurrentPercentage": 100,
                "RegionConcurrencyType": "PARALLEL",
            },
            "StackInstancesGroup": groups,
            "TemplateBody": ["AWS::Events::Rule", "AWS::IAM::Role"],
        },
    )


def _kinds(body: object) -> object:
    """The types of a template's resources, sorted. The assembly's reader has parsed the text already."""
    if not isinstance(body, str):
        return body
    return sorted(one["Type"] for one in json.loads(body)["Resources"].values())


def _where(groups: object) -> object:
    """Each account with its units and each Region: how they are grouped, and in which order, decides nothing.

    Of a group, CloudFormation deploys to each account in each Region (CloudFormation API reference,
    StackInstancesGroup of AWS::CloudFormation::StackSet and DeploymentTargets). The reader has checked the form.
    """
    if not isinstance(groups, list):
        return groups
    found = set()
    for group in groups:
        targets = group["DeploymentTargets"]
        units = tuple(sorted(set(targets["OrganizationalUnitIds"])))
        found |= {
            (region, targets["AccountFilterType"], account, units)
            for region in group["Regions"]
            for account in targets["Accounts"]
        }
    return sorted(found)


PLAIN_OF_STACK_SET: Final[Mapping[str, Callable[[Any], object]]] = {
    "StackInstancesGroup": _where,
    "TemplateBody": _kinds,
}
"""By property: its value without what decides nothing."""
