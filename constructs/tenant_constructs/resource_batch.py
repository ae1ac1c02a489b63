"""Many resources of a stack across jsii in one call.

Each L1 or L2 object costs Python a round trip of a quarter of a millisecond or more. `CfnInclude` makes the same L1
objects inside the kernel from one document, so aspects, assertions and cdk-nag see every resource, which they would not
if it were a generic `CfnResource` or merged after the synth. Logical ids stay as they are given.

`CfnInclude` reads its document with a YAML parser whose cost is by the node. Most statements of a key policy are the
same for all tenants, so each stands once with an anchor and every other time as an alias of it. So do the actions,
principals and resources of the others.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aws_cdk.cloudformation_include import CfnInclude
from constructs import Construct

from tenant_keys.aws_facts.quotas import TEMPLATE_BYTES, TEMPLATE_RESOURCES
from tenant_keys.policy.limits import FEWER_DEPLOYERS, PolicyTooLarge
from tenant_keys.policy.template_size import ADDED_BY_CDK, what_is_large

_compact = json.JSONEncoder(separators=(",", ":")).encode


class ResourceBatch:
    """Collects resources; they become constructs of `scope` when the `with` block ends."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        self._scope = scope
        self._id = construct_id
        self._resources: dict[str, Mapping[str, Any]] = {}

    def add(self, logical_id: str, resource: Mapping[str, Any]) -> None:
        """Add one resource as CloudFormation writes it.

        Raises:
            ValueError: the stack already has a resource of that logical id.
        """
        if logical_id in self._resources:
            raise ValueError(f"{self._scope.node.path}: two resources with logical id {logical_id}")
        self._resources[logical_id] = resource

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None or not self._resources:
            return
        if len(self._resources) > TEMPLATE_RESOURCES:
            raise PolicyTooLarge(
                f"stack {self._scope.node.path}: got {len(self._resources):,} resources, CloudFormation accepts "
                f"{TEMPLATE_RESOURCES:,} beside the one that the CDK adds; spread the workloads over more accounts, "
                "or have fewer"
            )
        text, size = _with_anchors(self._resources)
        size += ADDED_BY_CDK
        if size > TEMPLATE_BYTES:
            raise PolicyTooLarge(
                f"stack {self._scope.node.path}: got a template of {size:,} bytes, CloudFormation accepts "
                f"{TEMPLATE_BYTES:,}; large are {what_is_large(self._resources.values())}: "
                "set fewer or shorter tags, shorten roles' paths, let fewer workloads serve its tenants, "
                f"use access session-tag, or {FEWER_DEPLOYERS}"
            )
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder, "template.json")
            template.write_text(text, encoding="utf-8")
            CfnInclude(self._scope, self._id, template_file=str(template))


def _with_anchors(resources: Mapping[str, Mapping[str, Any]]) -> tuple[str, int]:
    """The resources as YAML in flow style: JSON, but for anchors on what repeats in policies. And the size as JSON."""
    writer = _Writer(resources)
    text = '{"Resources":' + writer.mapping(resources) + "}"
    return text, len(text) + writer.anchors.saved


class _Writer:
    """A statement that repeats has one anchor; of the others, what mostly repeats has one."""

    OPENED = frozenset({"Properties", "KeyPolicy", "AssumeRolePolicyDocument", "PolicyDocument"})
    REPEATING = frozenset({"Action", "Condition", "Metadata", "Principal", "Resource"})

    def __init__(self, resources: Mapping[str, Mapping[str, Any]]) -> None:
        self.anchors = _Anchors()
        self._texts = {
            id(statement): _compact(statement)
            for resource in resources.values()
            for document in _documents(resource["Properties"])
            for statement in document["Statement"]
        }
        self._times = Counter(self._texts.values())

    def mapping(self, value: Mapping[str, Any]) -> str:
        return "{" + ",".join(f"{_compact(name)}:{self._member(name, of)}" for name, of in value.items()) + "}"

    def _member(self, name: str, value: Any) -> str:
        if name in self.OPENED or (isinstance(value, dict) and "Properties" in value):
            return self.mapping(value)
        if name == "Policies":
            return "[" + ",".join(map(self.mapping, value)) + "]"
        if name == "Statement" and isinstance(value, list):
            return "[" + ",".join(map(self._statement, value)) + "]"
        if name == "Tags" and isinstance(value, list):
            return "[" + ",".join(self.anchors.refer_to(_compact(tag)) for tag in value) + "]"
        if name in self.REPEATING and not isinstance(value, str):
            return self.anchors.refer_to(_compact(value))
        return _compact(value)

    def _statement(self, statement: Mapping[str, Any]) -> str:
        text = self._texts[id(statement)]
        return self.anchors.refer_to(text) if self._times[text] > 1 else self.mapping(statement)


def _documents(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The policy documents of a key, a role or a managed policy."""
    found = [
        properties[name] for name in ("KeyPolicy", "AssumeRolePolicyDocument", "PolicyDocument") if name in properties
    ]
    return found + [policy["PolicyDocument"] for policy in properties.get("Policies", ())]


class _Anchors:
    MOST_USES = 99
    """The parser takes 100 aliases of one anchor for an attack."""

    def __init__(self) -> None:
        self.saved = 0
        """Characters by which the text is shorter than JSON."""
        self._uses: dict[str, int] = {}
        self._anchors = 0
        self._names: dict[str, int] = {}

    def refer_to(self, text: str) -> str:
        """An alias of the text, or the text itself with a new anchor."""
        if text in self._names and self._uses[text] < self.MOST_USES:
            self._uses[text] += 1
            reference = f"*s{self._names[text]}"
        else:
            self._anchors += 1
            self._names[text], self._uses[text] = self._anchors, 0
            reference = f"&s{self._anchors} {text}"
        self.saved += len(text) - len(reference)
        return reference
