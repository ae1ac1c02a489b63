"""The stacks that a stack set makes: its template, in each account and Region that it names.

Read is what can be known from the assembly alone: a template in the resource itself, without parameters, and literal
accounts within organizational units (CloudFormation API reference, DeploymentTargets: INTERSECTION). That some of these
accounts may be in none of the units is no matter here: then they get less.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest.stack_names import stack_set_instance
from tenant_keys.review.assembly.manifest import StackArtifact
from tenant_keys.review.assembly.model import Resource
from tenant_keys.review.assembly.template import Template, parse_template
from tenant_keys.review.errors import TemplateRefused, as_json

STACK_SET: Final = "AWS::CloudFormation::StackSet"
_SECTIONS: Final = frozenset({"AWSTemplateFormatVersion", "Description"})
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_UNIT: Final = re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}")
"""Organizations API reference, OrganizationalUnit and Root."""
LONGEST_BODY: Final = 51_200
"""Bytes of a template that is handed over in a request (CloudFormation API reference, CreateStackSet, TemplateBody)."""


def instances(resource: Resource, artifact: StackArtifact) -> Iterator[tuple[StackArtifact, Template]]:
    """Each stack of the set, once, as if the assembly held it, with its template.

    Args:
        resource: the stack set, its values resolved.
        artifact: the stack that holds it.

    Raises:
        TemplateRefused: what it deploys, or where, is not in the resource.
        AssemblyUnreadable: its template is no JSON.
    """
    properties, where = resource.properties, f"{artifact.template_path} {resource.logical_id}"
    body, name = properties.get("TemplateBody"), properties.get("StackSetName")
    if not isinstance(body, str) or not isinstance(name, str) or "TemplateURL" in properties:
        raise TemplateRefused(f"{where}: {STACK_SET} without StackSetName and TemplateBody; give it both")
    text = body.encode()
    if len(text) > LONGEST_BODY:
        raise TemplateRefused(f"{where} TemplateBody: got {len(text):,} bytes; allowed: {LONGEST_BODY:,} bytes")
    template = parse_template(Path(f"{where} TemplateBody"), text)
    if "Resources" not in json.loads(text):
        raise TemplateRefused(f"{where} TemplateBody: got no Resources; allowed: what CloudFormation deploys")
    if unknown := sorted(template.sections.keys() - _SECTIONS):
        allowed = ", ".join(sorted({*_SECTIONS, "Resources"}))
        raise TemplateRefused(f"{where} TemplateBody: got section {unknown[0]}; allowed: {allowed}")
    tags = dict(_tags(properties.get("Tags", []), where))
    for account, region in dict.fromkeys(_targets(properties.get("StackInstancesGroup"), where)):
        instance = replace(
            artifact,
            name=stack_set_instance(name),
            account=account,
            region=region,
            tags={**artifact.tags, **tags},
            asset=None,
            termination_protection=False,
            deploy_role=None,
            execution_role=None,
        )
        yield instance, template


def _tags(tags: Any, where: str) -> Iterator[tuple[str, str]]:
    for tag in tags if isinstance(tags, list) else [tags]:
        match tag:
            case {"Key": str() as key, "Value": str() as value, **others} if not others:
                yield key, value
            case _:
                raise TemplateRefused(f"{where} Tags: got {as_json(tag)}; allowed: Key and Value, both texts")


def _targets(groups: Any, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(groups, list) or not groups:
        raise TemplateRefused(f"{where}: {STACK_SET} without StackInstancesGroup; name its accounts and Regions")
    for group in groups:
        match group:
            case {
                "DeploymentTargets": {
                    "AccountFilterType": "INTERSECTION",
                    "Accounts": [_, *_] as accounts,
                    "OrganizationalUnitIds": [_, *_] as units,
                    **other_targets,
                },
                "Regions": [_, *_] as regions,
                **others,
            } if not (others or other_targets) and (
                _all(_ACCOUNT, accounts) and _all(_REGION, regions) and _all(_UNIT, units)
            ):
                yield from ((account, region) for region in regions for account in accounts)
            case _:
                raise TemplateRefused(
                    f"{where} StackInstancesGroup: got {as_json(group)}; allowed: OrganizationalUnitIds, literal "
                    "Accounts with AccountFilterType INTERSECTION, and Regions; name the accounts"
                )


def _all(pattern: re.Pattern[str], values: list[Any]) -> bool:
    return all(isinstance(one, str) and pattern.fullmatch(one) for one in values)
