"""What is where, read from the templates."""

from __future__ import annotations

from collections import Counter
from typing import Final

from tenant_keys.demo.report import StackRow
from tenant_keys.review.assembly import Assembly

KINDS: Final = {
    "AWS::KMS::Key": "keys",
    "AWS::KMS::ReplicaKey": "replicas",
    "AWS::KMS::Alias": "aliases",
    "AWS::IAM::Role": "roles",
    "AWS::IAM::OIDCProvider": "issuers",
    "AWS::SSM::Parameter": "parameters",
    "AWS::SNS::Topic": "topics",
    "AWS::Events::Rule": "rules",
    "AWS::CloudWatch::Alarm": "alarms",
}


def stack_rows(assembly: Assembly) -> list[StackRow]:
    """One row a stack, by account, Region and name."""
    rows = [
        StackRow(
            stack.account,
            stack.region,
            stack.name,
            dict(Counter(KINDS[each.type] for each in stack.resources.values() if each.type in KINDS)),
        )
        for stack in assembly.stacks()
    ]
    return sorted(rows, key=lambda row: (row.account, row.region, row.name))


def names(assembly: Assembly) -> list[tuple[str, str, str]]:
    """Account, Region (of what is not global) and name of every alias and role."""
    found = []
    for stack in assembly.stacks():
        for resource in stack.resources.values():
            properties = resource.properties
            if resource.type == "AWS::KMS::Alias":
                found.append((stack.account, stack.region, str(properties["AliasName"])))
            elif resource.type == "AWS::IAM::Role":
                found.append((stack.account, "", f"role{properties.get('Path', '/')}{properties['RoleName']}"))
    return found
