"""The JSON Schema by which editors complete `tenants.yaml`, generated from the model."""

from __future__ import annotations

import json
from typing import Any

from tenant_keys.manifest.model import Manifest

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The one that editors' YAML support knows."""


def schema() -> dict[str, Any]:
    """The schema: nothing may be null, and no mapping takes a key outside its grammar."""
    generated = Manifest.model_json_schema()
    definitions = generated.pop("$defs")
    whole = {"$schema": DIALECT, **generated, "definitions": definitions}
    tidy: dict[str, Any] = _tidy(whole)
    tidy["title"] = "tenants.yaml"
    return tidy


def schema_text() -> str:
    """The schema as the file has it."""
    return json.dumps(schema(), indent=2) + "\n"


def _tidy(node: Any) -> Any:
    if isinstance(node, list):
        return [_tidy(item) for item in node]
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
        # Draft 7 ignores what stands beside a reference.
        node = {"allOf": [{"$ref": reference}], **node} if node else {"$ref": reference}
    if "patternProperties" in node:
        node["additionalProperties"] = False
    return node
