"""Fn::Join in the Conditions of a template, which ministack does not evaluate."""
# ruff: noqa: SLF001  # ministack has no other way in

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def join_in_conditions() -> None:
    """ministack takes Fn::Join in a Condition for true; the bootstrap template decides with it whom its roles trust."""
    from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks  # type: ignore[import-untyped]

    evaluate = engine._evaluate_conditions

    def with_join(template: dict[str, Any], params: dict[str, Any]) -> Any:
        conditions = template.get("Conditions")
        if not conditions:
            return evaluate(template, params)
        values = {name: str(value["Value"]) for name, value in params.items() if "Value" in value}
        return evaluate({**template, "Conditions": _joined(conditions, values)}, params)

    for module in (changesets, engine, handlers, provisioners, stacks):
        if hasattr(module, "_evaluate_conditions"):
            module._evaluate_conditions = with_join


def _joined(node: Any, values: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_joined(each, values) for each in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Fn::Join"}:
        separator, parts = node["Fn::Join"]
        if isinstance(parts, dict) and parts.get("Ref") in values:
            parts = values[parts["Ref"]].split(",")
        elif isinstance(parts, list):
            parts = [
                values.get(part["Ref"], part) if isinstance(part, dict) and "Ref" in part else part for part in parts
            ]
        if all(isinstance(part, str) for part in parts):
            return separator.join(parts)
    return {name: _joined(each, values) for name, each in node.items()}
