"""What AWS's own descriptions say of a value: CloudFormation's registry schemas, and the API models that boto3 ships.

Every constraint that is understood is checked and counted; a keyword that is not understood raises, so none is skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import regex  # type: ignore[import-untyped]
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

Json = dict[str, Any]
_SAID = {
    *("description", "title", "default", "insertionOrder", "relationshipRef", "format", "$comment", "examples"),
    *("arrayType", "uniqueKeys", "markdownDescription"),
}
"""Keywords that constrain nothing here."""
_TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "object": dict, "array": list}


class Constraints:
    """Checks values and counts the checks by keyword."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._session: Any = botocore.session.get_session()

    def of_resource(self, type_name: str, properties: Json, region: str) -> Iterator[str]:
        """What the registry schema of the type refuses of a resource's properties."""
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, type_name).schema
        whole = {"type": "object", **{k: schema[k] for k in _OBJECT if k in schema}}
        yield from self._value(properties, whole, schema, type_name)
        if refused := {path.rsplit("/", 1)[-1] for path in schema.get("readOnlyProperties", ())} & properties.keys():
            yield f"{type_name}: read-only {refused}"

    def _value(self, value: Any, schema: Json, root: Json, where: str) -> Iterator[str]:  # noqa: C901
        if "$ref" in schema:
            target: Any = root
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            yield from self._value(value, target, root, where)
            return
        for keyword, limit in schema.items():
            if keyword in _SAID or keyword in ("properties", "patternProperties", "items", "definitions"):
                continue
            self.counts[keyword] += 1
            if not self._holds(keyword, limit, value, schema, root):
                yield f"{where}: {keyword} {str(limit)[:80]}: got {str(value)[:80]}"
        if isinstance(value, dict):
            for name, below in value.items():
                found = schema.get("properties", {}).get(name) or next(
                    (s for p, s in schema.get("patternProperties", {}).items() if regex.search(p, name)), None
                )
                if found is not None:
                    yield from self._value(below, found, root, f"{where}.{name}")
        if isinstance(value, list) and isinstance(schema.get("items"), dict):
            for number, below in enumerate(value):
                yield from self._value(below, schema["items"], root, f"{where}[{number}]")

    def _holds(self, keyword: str, limit: Any, value: Any, schema: Json, root: Json) -> object:  # noqa: C901, PLR0912
        """One case for each keyword of JSON Schema that the types use."""
        match keyword:
            case "type":
                kinds = limit if isinstance(limit, list) else [limit]
                return any(isinstance(value, _TYPES[kind]) for kind in kinds)  # type: ignore[arg-type]
            case "minLength" | "maxLength" if isinstance(value, str):
                return len(value) >= limit if keyword == "minLength" else len(value) <= limit
            case "minItems" | "maxItems" if isinstance(value, list | dict):
                return len(value) >= limit if keyword == "minItems" else len(value) <= limit
            case "minimum":
                return value >= limit
            case "maximum":
                return value <= limit
            case "pattern" if isinstance(value, str):
                return regex.search(limit, value) is not None
            case "enum":
                return value in limit
            case "uniqueItems":
                return not limit or len({str(each) for each in value}) == len(value)
            case "maxUniqueItems":
                return len({str(each) for each in value}) <= limit
            case "required":
                return all(name in value for name in limit)
            case "additionalProperties" if limit is False and isinstance(value, dict):
                patterns = schema.get("patternProperties", {})
                known = schema.get("properties", {})
                return all(name in known or any(regex.search(p, name) for p in patterns) for name in value)
            case "oneOf" | "anyOf":
                fits = [not any(True for _ in self._value(value, one, root, "")) for one in limit]
                return any(fits)
            case "allOf":
                return all(not any(True for _ in self._value(value, one, root, "")) for one in limit)
            case "minLength" | "maxLength" | "pattern" | "minItems" | "maxItems" | "additionalProperties":
                return True  # of a value of another type: `type` says so
        raise NotImplementedError(keyword)

    def of_call(self, service: str, operation: str, parameters: Json) -> Iterator[str]:
        """What the API model refuses of a request."""
        shape = self._session.get_service_model(service).operation_model(operation).input_shape
        yield from self._shape(parameters, shape, f"{service}:{operation}")

    def _shape(self, value: Any, shape: Any, where: str) -> Iterator[str]:
        if shape.type_name == "structure":
            for name in shape.required_members:
                self.counts["api required"] += 1
                if name not in value:
                    yield f"{where}: {name} is required"
            for name, below in value.items():
                if name not in shape.members:
                    yield f"{where}: no parameter {name}"
                else:
                    yield from self._shape(below, shape.members[name], f"{where}.{name}")
            return
        if shape.type_name == "list":
            for number, below in enumerate(value):
                yield from self._shape(below, shape.member, f"{where}[{number}]")
        yield from self._limits(value, shape, where)

    def _limits(self, value: Any, shape: Any, where: str) -> Iterator[str]:
        metadata: Mapping[str, Any] = shape.metadata
        size = value if isinstance(value, int) else len(value)
        for keyword, sign in (("min", 1), ("max", -1)):
            if keyword in metadata and not isinstance(value, bool):
                self.counts[f"api {keyword}"] += 1
                if sign * (size - metadata[keyword]) < 0:
                    yield f"{where}: {keyword} {metadata[keyword]}: got {size}"
        if "pattern" in metadata and isinstance(value, str):
            self.counts["api pattern"] += 1
            if regex.fullmatch(metadata["pattern"], value) is None:
                yield f"{where}: pattern {metadata['pattern']}: got {value[:80]}"
        if shape.enum if hasattr(shape, "enum") else False:
            self.counts["api enum"] += 1
            if value not in shape.enum:
                yield f"{where}: enum: got {value}"


_OBJECT = ("properties", "required", "additionalProperties", "patternProperties", "oneOf", "anyOf", "allOf")
