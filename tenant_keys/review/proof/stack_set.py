"""The stack set that forwards refused sessions: where it deploys, and what kinds.

The resources of its template are read in each account and Region, and judged there as those of any other stack. Here is
what they do not tell: that it has no resource beside the forwarder and its rule, and no target beside the workloads'
accounts, so that nothing of it comes to the key account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping


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
    """Units by Region and account: how they are grouped, and in which order, decides nothing.

    Of a group, CloudFormation deploys to each account in each Region (CloudFormation API reference,
    StackInstancesGroup of AWS::CloudFormation::StackSet and DeploymentTargets). The reader has checked the form.
    """
    if not isinstance(groups, list):
        return groups
    found: dict[str, dict[str, list[str]]] = {}
    for group in groups:
        targets = group["DeploymentTargets"]
        for region in group["Regions"]:
            for account in targets["Accounts"]:
                units = found.setdefault(region, {}).setdefault(account, [])
                units[:] = sorted({*units, *targets["OrganizationalUnitIds"]})
    return found


def listed_twice(groups: object) -> Iterator[str]:
    """What a list names twice, and each account that two groups deploy to in one Region, with its place.

    CloudFormation takes each member of these lists once (schema of AWS::CloudFormation::StackSet, uniqueItems). What it
    makes of an account in two groups is not documented. The reader has checked the form.
    """
    first: dict[tuple[str, str], int] = {}
    for at, group in enumerate(groups if isinstance(groups, list) else ()):
        targets = group["DeploymentTargets"]
        for where, names in (
            ("DeploymentTargets.Accounts", targets["Accounts"]),
            ("DeploymentTargets.OrganizationalUnitIds", targets["OrganizationalUnitIds"]),
            ("Regions", group["Regions"]),
        ):
            for name in sorted({name for name in names if names.count(name) > 1}):
                yield f"[{at}].{where}: {name} is listed twice; name it once"
        for region in dict.fromkeys(group["Regions"]):
            for account in dict.fromkeys(targets["Accounts"]):
                if (before := first.setdefault((account, region), at)) != at:
                    yield f": groups {before} and {at} both deploy to {account} in {region}; name it once"


def types_in(body: object) -> object:
    """The types of a template's resources, sorted. The assembly's reader has parsed the text already."""
    if not isinstance(body, str):
        return body
    return sorted(one["Type"] for one in json.loads(body)["Resources"].values())
