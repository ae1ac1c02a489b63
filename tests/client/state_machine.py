"""Runs a state machine's definition as Step Functions does, as much of the language as ours uses; else it raises.

Source: Amazon States Language (states-language.net) and the Step Functions developer guide, Distributed Map.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Invoke = Callable[[dict[str, Any]], Any]
KNOWN = {
    "Task": {"Type", "Resource", "Parameters", "ResultSelector", "ResultPath", "Retry", "Next", "End"},
    "Map": {"Type", "ItemsPath", "ItemSelector", "MaxConcurrencyPath", "Label", "ItemProcessor", "ResultPath", "Next"},
    "Choice": {"Type", "Choices", "Default"},
    "Pass": {"Type", "Result", "End"},
    "Succeed": {"Type"},
    "Fail": {"Type", "Error", "Cause"},
}


class Failed(Exception):
    """The execution failed with this error's name."""


def run(machine: dict[str, Any], given: Any, invoke: Invoke, *, execution: str) -> Any:
    """The execution's output. `invoke` is the Lambda function; its errors' class names are the errors' names."""
    return _run(machine, given, invoke, {"Execution": {"Name": execution}})


def _run(machine: dict[str, Any], data: Any, invoke: Invoke, context: dict[str, Any]) -> Any:
    name = machine["StartAt"]
    for _ in range(10_000):
        state = machine["States"][name]
        if unknown := set(state) - KNOWN[state["Type"]]:
            raise NotImplementedError(f"{name}: {unknown}")
        match state["Type"]:
            case "Task":
                assert state["Resource"] == "arn:aws:states:::lambda:invoke"
                data = _kept(state, data, _task(state, data, invoke, context))
            case "Map":
                data = _kept(state, data, _map(state, data, invoke, context))
            case "Choice":
                name = next((one["Next"] for one in state["Choices"] if _holds(one, data)), state["Default"])
                continue
            case "Pass":
                data = state["Result"]
            case "Succeed":
                return data
            case "Fail":
                raise Failed(state["Error"])
        if state.get("End"):
            return data
        name = state["Next"]
    raise AssertionError("endless")


def _task(state: dict[str, Any], data: Any, invoke: Invoke, context: dict[str, Any]) -> Any:
    request = _filled(state["Parameters"], data, context)
    assert request["FunctionName"] == "${Worker}"
    retries = state.get("Retry", [])
    for attempt in range(1 + max((one["MaxAttempts"] for one in retries), default=0)):
        try:
            answer = {"Payload": json.loads(json.dumps(invoke(json.loads(json.dumps(request["Payload"])))))}
            return _filled(state["ResultSelector"], answer, context) if "ResultSelector" in state else answer
        except Exception as error:
            name = type(error).__name__.replace("_", ".")
            if not any(name in one["ErrorEquals"] and attempt < one["MaxAttempts"] for one in retries):
                raise Failed(name) from error
    raise AssertionError


def _map(state: dict[str, Any], data: Any, invoke: Invoke, context: dict[str, Any]) -> list[Any]:
    processor = state["ItemProcessor"]
    assert processor["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert _at(state["MaxConcurrencyPath"], data, context) > 0
    results = []
    for value in _at(state["ItemsPath"], data, context):
        mine = {**context, "Map": {"Item": {"Value": value}}}
        results.append(_run(processor, _filled(state["ItemSelector"], data, mine), invoke, mine))
    assert len(json.dumps(results)) < 256 * 1024
    return results


def _kept(state: dict[str, Any], data: Any, result: Any) -> Any:
    path = state.get("ResultPath", "$")
    if path is None:
        return data
    return result if path == "$" else {**data, path.removeprefix("$."): result}


def _filled(template: Any, data: Any, context: dict[str, Any]) -> Any:
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(".$"): _at(value, data, context) if name.endswith(".$") else _filled(value, data, context)
        for name, value in template.items()
    }


def _at(path: str, data: Any, context: dict[str, Any]) -> Any:
    found = context if path.startswith("$$") else data
    for step in path.lstrip("$").split("."):
        found = found[step] if step else found
    return found


def _holds(choice: dict[str, Any], data: Any) -> bool:
    (kind,) = set(choice) - {"Variable", "Next"}
    assert kind in {"BooleanEquals", "NumericEquals"}
    return bool(_at(choice["Variable"], data, {}) == choice[kind])
