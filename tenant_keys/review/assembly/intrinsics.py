"""Resolves CloudFormation's intrinsic functions to the values that AWS will see, or says that it cannot.

Sources: CloudFormation template reference, "Intrinsic function reference" and "Pseudo parameters reference".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.review.assembly.manifest import StackArtifact
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.assembly.physical import RETURN_VALUES, is_unresolved
from tenant_keys.review.assembly.template import Template
from tenant_keys.review.errors import UnresolvedIntrinsic, as_json

_NO_VALUE: Final = object()
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


class Resolver:
    """Resolves the values of one stack."""

    def __init__(self, artifact: StackArtifact, template: Template, imported: Callable[[str], str]) -> None:
        self.artifact = artifact
        self.template = template
        self.imported = imported
        self.partition = partition_of(artifact.region)
        self._under_way: list[tuple[str, str]] = []

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return the resolved properties of a resource."""
        raw = self.template.resources[logical_id].get("Properties", {})
        walk = _Walk(self, logical_id)
        resolved = walk.value(raw, "Properties")
        if not isinstance(resolved, dict):
            raise walk.refuse("Properties", f"got {as_json(resolved)}; expected an object")
        return resolved

    def output(self, name: str, part: str, value: object) -> object:
        """Return a resolved value of an output."""
        return _Walk(self, f"Outputs.{name}").value(value, part)

    def returned(self, logical_id: str, attribute: str | None, walk: _Walk, path: str) -> str:
        """Return what Ref (attribute None) or Fn::GetAtt gives for a resource of this stack."""
        resource = self.template.resources[logical_id]
        kind = resource["Type"]
        wanted = f"Fn::GetAtt {logical_id}.{attribute}" if attribute else f"Ref {logical_id}"
        if "Condition" in resource:
            raise walk.refuse(path, f"{wanted}: has a Condition, so it may not exist; make it unconditional")
        returns = RETURN_VALUES.get(kind)
        value = None
        if returns is not None:
            value = returns.attributes.get(attribute) if attribute else returns.ref
        if value is None:
            raise walk.refuse(path, f"{wanted}: return value of {kind} not known; write the value literally, or add it")
        if (logical_id, attribute or "") in self._under_way:
            raise walk.refuse(path, f"{wanted}: refers to itself; break the circle")
        self._under_way.append((logical_id, attribute or ""))
        try:
            return value(_NewResource(self, logical_id))
        finally:
            self._under_way.pop()


@dataclass(frozen=True, slots=True)
class _NewResource:
    """A resource of the template, for the table of return values."""

    resolver: Resolver
    logical_id: str

    @property
    def account(self) -> str:
        return self.resolver.artifact.account

    @property
    def region(self) -> str:
        return self.resolver.artifact.region

    @property
    def partition(self) -> str:
        return self.resolver.partition.name

    @property
    def stack(self) -> str:
        return self.resolver.artifact.name

    def given(self, name: str) -> object:
        properties = self.resolver.template.resources[self.logical_id].get("Properties", {})
        value = _Walk(self.resolver, self.logical_id).value(properties.get(name), f"Properties.{name}")
        return None if value is _NO_VALUE else value

    def required(self, name: str) -> str:
        value = self.given(name)
        if not isinstance(value, str) or not value:
            walk = _Walk(self.resolver, self.logical_id)
            raise walk.refuse(f"Properties.{name}", f"got {as_json(value)}; expected text; write it literally")
        return value


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk through the values of one resource or output."""

    resolver: Resolver
    logical_id: str

    def refuse(self, path: str, problem: str) -> UnresolvedIntrinsic:
        return UnresolvedIntrinsic(self.resolver.artifact.name, self.logical_id, path, problem)

    def value(self, value: object, path: str) -> object:
        if isinstance(value, str):
            if "{{resolve:" in value:
                raise self.refuse(
                    path, f"{as_json(value)}: a dynamic reference is known only at deployment; write it literally"
                )
            return value
        if isinstance(value, list):
            items = (self.value(item, f"{path}[{index}]") for index, item in enumerate(value))
            return [item for item in items if item is not _NO_VALUE]
        if isinstance(value, dict):
            return self.mapping(value, path)
        return value

    def mapping(self, value: Mapping[str, object], path: str) -> object:
        function = next((name for name in value if name == "Ref" or name.startswith("Fn::")), None)
        if function is None:
            items = {name: self.value(item, f"{path}.{name}") for name, item in value.items()}
            return {name: item for name, item in items.items() if item is not _NO_VALUE}
        if len(value) > 1:
            raise self.refuse(
                path, f"{function} has other keys beside it; allowed: it alone; write the value literally"
            )
        argument, path = value[function], f"{path}.{function}"
        match function:
            case "Ref":
                return self.ref(self.text(argument, path), path)
            case "Fn::GetAtt":
                return self.attribute(argument, path)
            case "Fn::Sub":
                return self.sub(argument, path)
            case "Fn::Join":
                delimiter, parts = self.pair(argument, path)
                return self.text(delimiter, path).join(self.texts(parts, path))
            case "Fn::Select":
                return self.select(argument, path)
            case "Fn::Split":
                return self.split(argument, path)
            case "Fn::ImportValue":
                return self.resolver.imported(self.text(self.value(argument, path), path))
        raise self.refuse(
            path,
            "not resolved; allowed: Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split, Fn::ImportValue; "
            "decide it in the app, not at deployment",
        )

    def ref(self, name: str, path: str) -> object:
        artifact, partition = self.resolver.artifact, self.resolver.partition
        match name:
            case "AWS::AccountId":
                return artifact.account
            case "AWS::Region":
                return artifact.region
            case "AWS::Partition":
                return partition.name
            case "AWS::URLSuffix":
                return partition.url_suffix
            case "AWS::StackName":
                return artifact.name
            case "AWS::NoValue":
                return _NO_VALUE
        if name in self.resolver.template.resources:
            return self.resolver.returned(name, None, self, path)
        # A deployment can give a parameter any value, whatever its default.
        raise self.refuse(
            path,
            f"Ref {name}: neither a resource nor a known pseudo parameter; a parameter's value is known only at "
            "deployment; write it literally",
        )

    def attribute(self, argument: object, path: str) -> str:
        if isinstance(argument, str):
            logical_id, _, attribute = argument.partition(".")
        else:
            logical_id, attribute = (self.text(part, path) for part in self.pair(argument, path))
        if not attribute or logical_id not in self.resolver.template.resources:
            raise self.refuse(path, f"got {as_json(argument)}; expected a resource of this template and an attribute")
        return self.resolver.returned(logical_id, attribute, self, path)

    def sub(self, argument: object, path: str) -> str:
        template, variables = (argument, {}) if isinstance(argument, str) else self.pair(argument, path)
        if not isinstance(variables, Mapping):
            raise self.refuse(path, f"got {as_json(variables)}; expected an object of variables")
        text = self.text(self.value(template, path), path)

        def replacement(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in variables:
                return self.scalar(self.value(variables[name], f"{path}.{name}"), path)
            if "." in name:
                return self.attribute(name, path)
            return self.scalar(self.ref(name, path), path)

        return _PLACEHOLDER.sub(replacement, text)

    def select(self, argument: object, path: str) -> object:
        index, items = self.pair(argument, path)
        chosen, values = self.scalar(self.value(index, path), path), self.value(items, path)
        if not isinstance(values, list) or not chosen.isdecimal() or int(chosen) >= len(values):
            raise self.refuse(
                path, f"got index {as_json(chosen)} of {as_json(values)}; expected an index within a list"
            )
        chosen_value: object = values[int(chosen)]
        return chosen_value

    def split(self, argument: object, path: str) -> list[str]:
        delimiter, source = self.pair(argument, path)
        separator, text = self.text(delimiter, path), self.text(self.value(source, path), path)
        if not separator or (is_unresolved(text) and separator not in (":", "/")):
            raise self.refuse(
                path, f"cannot split {as_json(text)} at {as_json(separator)}: part of it is known only to AWS"
            )
        return text.split(separator)

    def pair(self, argument: object, path: str) -> tuple[object, object]:
        if not isinstance(argument, list) or len(argument) != 2:
            raise self.refuse(path, f"got {as_json(argument)}; expected a list of two")
        return argument[0], argument[1]

    def texts(self, parts: object, path: str) -> list[str]:
        values = self.value(parts, path)
        if not isinstance(values, list):
            raise self.refuse(path, f"got {as_json(values)}; expected a list")
        return [self.scalar(value, path) for value in values]

    def text(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise self.refuse(path, f"got {as_json(value)}; expected text")
        return value

    def scalar(self, value: object, path: str) -> str:
        # CloudFormation turns numbers into text; how it would spell a boolean is nowhere promised, so it is refused.
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(value, path)
