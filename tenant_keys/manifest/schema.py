"""The JSON Schema by which editors complete `tenants.yaml`, generated from the model."""

from __future__ import annotations

import ast
import inspect
import json
from itertools import pairwise
from typing import Any

import msgspec

from tenant_keys.manifest import model
from tenant_keys.manifest.key_accounts import KEY_ACCOUNT, NAME
from tenant_keys.manifest.model import Manifest

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The one that editors' YAML support knows."""


def schema() -> dict[str, Any]:
    """The schema: nothing may be null, and no mapping takes a key outside its grammar."""
    definitions = msgspec.json.schema(Manifest)["$defs"]
    generated = definitions.pop("Manifest")
    described = _docstrings()
    for name, part in {"Manifest": generated, **definitions}.items():
        for field, properties in part["properties"].items():
            definition = definitions.get(properties.get("$ref", "").removeprefix("#/$defs/"), {})
            if described[name, field] != definition.get("description"):
                part["properties"][field] = {**properties, "description": described[name, field]}
    _admit_several(generated, definitions)
    whole = {"$schema": DIALECT, **generated, "definitions": definitions}
    tidy: dict[str, Any] = _tidy(whole)
    tidy["title"] = "tenants.yaml"
    return tidy


def _admit_several(manifest: dict[str, Any], definitions: dict[str, Any]) -> None:
    """The form with several key accounts, which is split into manifests of one before the model reads it."""
    name = {"type": "string", "pattern": f"^{NAME.pattern}$"}
    account = definitions["Central"]
    definitions["KeyAccount"] = {
        **account,
        "description": "One of several key accounts, with the name by which workloads and tenants refer to it.",
        "properties": {
            "name": {**name, "description": "In names of stacks; it never changes."},
            **account["properties"],
        },
        "required": ["name", *account["required"]],
    }
    one = manifest["properties"]["central"]
    several = {"type": "array", "items": {"$ref": "#/$defs/KeyAccount"}, "minItems": 1}
    manifest["properties"]["central"] = {
        "anyOf": [{"$ref": one["$ref"]}, several],
        "description": "The account that holds the keys, or a list of them.",
    }
    for kind in ("Tenant", "Workload"):
        described = "Where `central` is a list: the name of its key account, by default the first."
        definitions[kind]["properties"][KEY_ACCOUNT] = {**name, "description": described}


def _docstrings() -> dict[tuple[str, str], str]:
    """Class and field to the string below the field, read from the source."""
    described = {}
    for part in ast.parse(inspect.getsource(model)).body:
        if isinstance(part, ast.ClassDef):
            for field, below in pairwise(part.body):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(below, ast.Expr)
                    and isinstance(below.value, ast.Constant)
                ):
                    described[part.name, field.target.id] = inspect.cleandoc(str(below.value.value))
    return described


def schema_text() -> str:
    """The schema as the file has it."""
    return json.dumps(schema(), indent=2) + "\n"


def _tidy(node: Any) -> Any:
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if isinstance(node, str) and node.endswith(r"\Z"):
        return node.removesuffix(r"\Z") + "$"
    if not isinstance(node, dict):
        return node
    node = {key: _tidy(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if "default" in node and (node["default"] is None or isinstance(node["default"], dict)):
        del node["default"]
    options = [option for option in node.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        node = {**options[0], **node}
    elif options:
        node["anyOf"] = options
    if "$ref" in node:
        reference = node.pop("$ref").replace("#/$defs/", "#/definitions/")
        # Draft 7 ignores what is beside a reference.
        node = {"allOf": [{"$ref": reference}], **node} if node else {"$ref": reference}
    if "propertyNames" in node:
        names = node["propertyNames"]
        node["patternProperties"] = {names.pop("pattern"): node["additionalProperties"]}
        node["additionalProperties"] = False
    if node.get("required") == []:
        del node["required"]
    return node
