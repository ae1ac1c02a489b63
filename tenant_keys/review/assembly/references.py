"""What the parts of a template refer to; CloudFormation refuses references to nothing.

Source: CloudFormation guide, "Ref", "Fn::GetAtt", "Fn::Sub", "Condition functions" and "DependsOn attribute".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.review.assembly.physical import RETURN_VALUES
from tenant_keys.review.errors import as_json

_SUBSTITUTED: Final = re.compile(r"\$\{([A-Za-z0-9]+)((?:\.[A-Za-z0-9.]+)?)\}")
_PSEUDO: Final = "AWS::"
"""How the names of the pseudo parameters begin."""
_EVERY_ATTRIBUTE: Final = frozenset(
    {"AWS::IAM::InstanceProfile", "AWS::IAM::OIDCProvider", "AWS::IAM::Role", "AWS::KMS::Alias", "AWS::KMS::Key"}
    | {"AWS::KMS::ReplicaKey"}
)
"""Types of which the table of return values holds every attribute."""


def awaited(body: Mapping[str, Any]) -> frozenset[str]:
    """Logical ids that a resource says it depends on."""
    found = body.get("DependsOn", [])
    return frozenset([found] if isinstance(found, str) else found)


def waits_for(body: Mapping[str, Any]) -> frozenset[str]:
    """Logical ids that a resource depends on or refers to, among names of parameters."""
    return awaited(body).union(name for name, _ in _referred(body.get("Properties")))


def refers_to_nothing(sections: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The first reference of DependsOn, a condition or an output that leads nowhere, in a sentence; None if none."""
    return next(_to_nothing(sections, resources), None)


def _to_nothing(sections: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    conditions = sections.get("Conditions", {})
    parameters = frozenset(sections.get("Parameters", {}))
    for name, body in resources.items():
        if body.get("DependsOn") and (unknown := sorted(awaited(body) - resources.keys())):
            yield f"{name} depends on {unknown[0]}, which the template does not hold"
        if "Condition" in body and body["Condition"] not in [*conditions]:
            yield f"{name} Condition: got {as_json(body['Condition'])}, which the template does not hold"
    for name, condition in conditions.items():
        yield from _of_condition(f"Conditions.{name} refers to", condition, parameters, frozenset(conditions))
    for name, output in sections.get("Outputs", {}).items():
        yield from _of_output(f"Outputs.{name} refers to", output, parameters, resources)


def _of_condition(
    where: str, condition: object, parameters: frozenset[str], conditions: frozenset[str]
) -> Iterator[str]:
    for one, _ in _referred(condition):
        if one not in parameters and not one.startswith(_PSEUDO):
            yield f"{where} {one}, which is no parameter"
    for one in _of_conditions(condition):
        if one not in conditions:
            yield f"{where} the condition {one}, which the template does not hold"


def _of_output(
    where: str, output: object, parameters: frozenset[str], resources: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for one, attribute in _referred(output):
        if one not in resources:
            if attribute or (one not in parameters and not one.startswith(_PSEUDO)):
                yield f"{where} {one}, which the template does not hold"
        elif attribute and _lacks(resources[one]["Type"], attribute):
            yield f"{where} {one}.{attribute}, an attribute that {resources[one]['Type']} does not have"


def _lacks(kind: str, attribute: str) -> bool:
    return kind in _EVERY_ATTRIBUTE and attribute not in RETURN_VALUES[kind].attributes


def _of_conditions(value: object) -> Iterator[str]:
    """The names of conditions that a condition holds."""
    match value:
        case {"Condition": str(name)}:
            yield name
        case dict():
            for one in value.values():
                yield from _of_conditions(one)
        case list():
            for one in value:
                yield from _of_conditions(one)


def _referred(value: object) -> Iterator[tuple[str, str]]:
    """The names that Ref, Fn::GetAtt and Fn::Sub in a value refer to, each with an attribute or an empty text."""
    match value:
        case {"Ref": str(name)}:
            yield name, ""
        case {"Fn::GetAtt": [str(name), str(attribute), *_]}:
            yield name, attribute
        case {"Fn::GetAtt": str(text)}:
            yield text.partition(".")[0], text.partition(".")[2]
        case {"Fn::Sub": [str(text), dict(variables)]}:
            yield from (one for one in _substituted(text) if one[0] not in variables)
            yield from _referred(variables)
        case {"Fn::Sub": str(text)}:
            yield from _substituted(text)
        case dict():
            for one in value.values():
                yield from _referred(one)
        case list():
            for one in value:
                yield from _referred(one)


def _substituted(text: str) -> Iterator[tuple[str, str]]:
    for name, attribute in _SUBSTITUTED.findall(text):
        yield name, attribute.removeprefix(".")
