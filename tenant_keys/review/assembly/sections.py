"""Sections of a template, and attributes of its resources, that CloudFormation refuses.

Source: CloudFormation guide, "Template sections", "Resource attribute reference" and "Quotas". Read in November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.aws_facts.quotas import STACK_RESOURCES
from tenant_keys.review.errors import as_json

_FORMAT: Final = "2010-09-09"
_DESCRIPTION: Final = 1_024
"""Bytes of a description, of the template or of an output."""
_MOST: Final = 200
"""Outputs of a template, and mappings."""
_NAME: Final = re.compile(r"[A-Za-z0-9]{1,255}")
_OUTPUT: Final = frozenset({"Condition", "Description", "Export", "Value"})
_POLICIES: Final[Mapping[str, tuple[str, ...]]] = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
_CONDITIONS: Final = frozenset({"Condition", "Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"})
"""What a condition may be (CloudFormation template reference, condition functions)."""
_OBJECTS: Final = ("CreationPolicy", "Metadata", "UpdatePolicy")
_OF_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "CreationPolicy": frozenset(
        {"AWS::AppStream::Fleet", "AWS::AutoScaling::AutoScalingGroup", "AWS::CloudFormation::WaitCondition"}
        | {"AWS::EC2::Instance"}
    ),
    "UpdatePolicy": frozenset(
        {"AWS::AppStream::Fleet", "AWS::AutoScaling::AutoScalingGroup", "AWS::ElastiCache::ReplicationGroup"}
        | {"AWS::Elasticsearch::Domain", "AWS::Lambda::Alias", "AWS::OpenSearchService::Domain"}
    ),
}
"""The types that have a policy of creation or of updates."""


def refused_part(sections: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The first part of a template that CloudFormation refuses, in a sentence; None where there is none."""
    return next(_refused(sections, resources), None)


def _refused(sections: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    version = sections.get("AWSTemplateFormatVersion", _FORMAT)
    if version != _FORMAT:
        yield f"AWSTemplateFormatVersion: got {as_json(version)}; the only version is {_FORMAT}"
    yield from _description("Description", sections.get("Description", ""))
    for name in ("Conditions", "Mappings", "Metadata"):
        if not isinstance(sections.get(name, {}), dict):
            yield f"{name}: got {as_json(sections[name])}; expected an object"
            return
    yield from _named("Mappings", sections.get("Mappings", {}))
    for name, mapping in sections.get("Mappings", {}).items():
        rows = mapping.values() if isinstance(mapping, dict) else [None]
        if not all(isinstance(row, dict) and all(map(_is_mapped, row.values())) for row in rows):
            yield f"Mappings.{name}: expected objects of texts or lists of texts"
    for name, condition in sections.get("Conditions", {}).items():
        if not isinstance(condition, dict) or len(condition) != 1 or not _CONDITIONS.issuperset(condition):
            yield f"Conditions.{name}: got {as_json(condition)}; expected one of {', '.join(sorted(_CONDITIONS))}"
    yield from _outputs(sections)
    if len(resources) > STACK_RESOURCES:
        yield f"Resources: got {len(resources)}; allowed: {STACK_RESOURCES}"
    for name, body in resources.items():
        yield from _attributes(name, body)


def _is_mapped(value: object) -> bool:
    several = value if isinstance(value, list) else [value]
    return all(isinstance(one, str | int | float) for one in several)


def _named(section: str, found: Mapping[str, Any]) -> Iterator[str]:
    if len(found) > _MOST:
        yield f"{section}: got {len(found)}; allowed: {_MOST}"
    for name in found:
        if not _NAME.fullmatch(name):
            yield f"{section}: got the name {as_json(name)}; expected letters and digits"


def _outputs(sections: Mapping[str, Any]) -> Iterator[str]:
    outputs = sections.get("Outputs", {})
    yield from _named("Outputs", outputs)
    for name, output in outputs.items():
        where = f"Outputs.{name}"
        if "Value" not in output:
            yield f"{where}: got no Value; an output has one"
        elif others := sorted(output.keys() - _OUTPUT):
            yield f"{where}: got {others[0]}; allowed: {', '.join(sorted(_OUTPUT))}"
        yield from _description(f"{where}.Description", output.get("Description", ""))
        export = output.get("Export", {"Name": ""})
        if not isinstance(export, dict) or export.keys() != {"Name"}:
            yield f"{where}.Export: got {as_json(export)}; expected an object with Name"
        condition = output.get("Condition")
        if condition is not None and condition not in sections.get("Conditions", {}):
            yield f"{where}.Condition: got {as_json(condition)}, which the template does not hold"


def _description(where: str, text: object) -> Iterator[str]:
    if not isinstance(text, str) and not (where.startswith("Outputs.") and isinstance(text, dict)):
        yield f"{where}: got {as_json(text)}; expected text"
    elif isinstance(text, str) and len(text.encode()) > _DESCRIPTION:
        yield f"{where}: got {len(text.encode()):,} bytes; allowed: {_DESCRIPTION:,} bytes"


def _attributes(name: str, body: Mapping[str, Any]) -> Iterator[str]:
    for attribute, allowed in _POLICIES.items():
        if attribute in body and body[attribute] not in allowed:
            yield f"{name} {attribute}: got {as_json(body[attribute])}; allowed: {', '.join(allowed)}"
    for attribute in _OBJECTS:
        if attribute in body and not isinstance(body[attribute], dict):
            yield f"{name} {attribute}: got {as_json(body[attribute])}; expected an object"
        elif attribute in body and body["Type"] not in _OF_TYPES.get(attribute, {body["Type"]}):
            yield f"{name} {attribute}: a resource of type {body['Type']} has none"
