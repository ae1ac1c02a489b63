"""The CloudFormation Hook, against what is declared: its two Hooks, its function, its log group, and its two roles.

Nothing in it bears on a tenant's key: CloudFormation invokes a function that only says yes or no, and runs as a role
which writes to one log group. What could bear on one is anything else: another role, a layer, a network, a policy that
allows more. So each property is compared with the declared one. What the function says is not decided here: its code
has to be the file whose digest is written down here, followed by the lines that name the estate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import hook_stack
from tenant_keys.review.assembly import Resource
from tenant_keys.review.proof.exact import (
    AGAIN,
    Place,
    check_resources,
    check_role,
    expected_resources,
    place_of,
    unknown,
)
from tenant_keys.review.proof.expected_documents import filled, read_expected
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory

CODE_SHA256: Final = "949ed882ab63de7a459097b1b599e1186c2805cb494d60690b0d8eb84dbf3611"
"""Of the function's file, in UTF-8."""


def check_deletion_hook(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """Everything of the Hook's stacks, both ways."""
    regions = estate.central.regions if estate.central.deletion_hook else ()
    expected: dict[Place, Mapping[str, object]] = {}
    for region in regions:
        expected |= expected_resources(
            "deletion_hook", "resources", estate.central.account, region, _values(region, estate)
        )
    own: list[Resource] = []
    for resource in inventory.hooks:
        if resource.stack == hook_stack(resource.region, estate.naming):
            own.append(resource)
        else:
            yield unknown(f"{resource.where}: {resource.type}")
    yield from check_resources(own, expected)
    for resource in own:
        function = resource.type == "AWS::Lambda::Function" and place_of(resource) in expected
        if function and not _is_shipped(resource.properties.get("Code"), estate):
            reported = f"{resource.where}: the code of the function is not the one that was reviewed, for this estate"
            yield Finding(Kind.NOT_PROVED, reported, f"{AGAIN}, with the version of tenant-keys that reviews")
    for region in regions:
        for role in filled(read_expected("deletion_hook")["roles"], _values(region, estate)):
            boundaries = [estate.central.permissions_boundary]
            yield from check_role(inventory, role["arn"], "the Hook's role", role, boundaries, region)


def _values(region: str, estate: Estate) -> dict[str, object]:
    """What the placeholders of the expected documents represent."""
    central, naming = estate.central, estate.naming
    return {
        "partition": central.partition,
        "account": central.account,
        "region": region,
        "function": f"{naming.stack_prefix}-hook",
        "hooks": f"TenantKeys::Deletion::{naming.stack_prefix.replace('-', '')}",
        "role": f"arn:{central.partition}:iam::{central.account}:role/{naming.role_prefix}tenant-keys-hook.{region}",
        "stack": hook_stack(region, naming),
    }


def _is_shipped(code: object, estate: Estate) -> bool:
    if not isinstance(code, Mapping) or code.keys() != {"ZipFile"} or not isinstance(code["ZipFile"], str):
        return False
    naming = estate.naming
    whose = (naming.stack_prefix, naming.alias.removesuffix("{id}"), sorted(estate.offboarded))
    last = f"\n\nESTATE = Estate({whose[0]!r}, {whose[1]!r}, frozenset({whose[2]!r}))\n{_LAST_LINES}"
    text: str = code["ZipFile"]
    digest = hashlib.sha256(text.removesuffix(last).encode()).hexdigest()
    return text.endswith(last) and digest == CODE_SHA256


_LAST_LINES: Final = """

def handler(event: Any, context: object) -> dict[str, Any]:
    return answer(event, ESTATE, fetched)
"""
