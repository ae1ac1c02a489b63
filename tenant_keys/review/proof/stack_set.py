"""The stack set that forwards refused sessions: where it deploys, and what kinds.

The resources of its template are read in each account and Region, and judged there as those of any other stack. Here is
what they do not tell: that it has no resource beside the forwarder and its rule, and no target beside the workloads'
accounts, so that nothing of it comes to the key account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping


def expected_instances(reporting: Mapping[str, list[str]], units: Iterable[str]) -> list[dict[str, object]]:
    """Its StackInstancesGroup; `reporting`: accounts by Region."""
    return [
        {
            "DeploymentTargets": {
                "AccountFilterType": "INTERSECTION",
                "Accounts": accounts,
                "OrganizationalUnitIds": list(units),
            },
            "Regions": [region],
        }
        for region, accounts in reporting.items()
        if accounts
    ]


def instances(groups: object) -> object:
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


def types_in(body: object) -> object:
    """The types of a template's resources, sorted. The assembly's reader has parsed the text already."""
    if not isinstance(body, str):
        return body
    return sorted(one["Type"] for one in json.loads(body)["Resources"].values())
