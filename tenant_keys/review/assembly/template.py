"""A template, and which of its resources hold an intrinsic function."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenant_keys.aws_facts.quotas import TEMPLATE_BYTES
from tenant_keys.manifest.garbage_collection import collection_paused
from tenant_keys.review.assembly.bootstrap_version import unlike_the_cdk
from tenant_keys.review.assembly.json_file import parse_json, read_bytes
from tenant_keys.review.assembly.manifest import StackArtifact
from tenant_keys.review.assembly.physical import UNRESOLVED
from tenant_keys.review.assembly.references import refers_to_nothing
from tenant_keys.review.assembly.sections import refused_part
from tenant_keys.review.assembly.written_policies import with_written_policies
from tenant_keys.review.errors import AssemblyInconsistent, AssemblyUnreadable, TemplateRefused

_SECTIONS = frozenset(
    {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"}
    | {"Outputs", "Resources"}
)
_DYNAMIC = "{{resolve:"
_UNRESOLVED = UNRESOLVED.encode()
# Every object key Ref or Fn::…, and every dynamic reference, is at least one of these in the template's text, unless
# a letter of it is written as an escape.
_SIGNS = (b'"Ref"', b'"Fn::', _DYNAMIC.encode())
_ESCAPED_LETTER = b"\\u00"
_ATTRIBUTES = frozenset(
    {"Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdatePolicy"}
    | {"UpdateReplacePolicy"}
)
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
# Long documents, looked through last, because mostly they are literal.
_LONG = frozenset({"AWS::KMS::Key", "AWS::KMS::ReplicaKey", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"})


@dataclass(frozen=True, slots=True)
class Template:
    """A template's sections as they are, and the logical ids of the resources with an intrinsic in them."""

    path: Path
    resources: dict[str, dict[str, Any]]
    sections: dict[str, Any]
    unresolved: frozenset[str]


def deployed_template(artifact: StackArtifact) -> Template:
    """Read the template that the CDK CLI deploys for a stack.

    Raises:
        AssemblyInconsistent: the file is not the one whose hash its asset carries.
        TemplateRefused: it asks for the version of another bootstrap stack than the one that it is uploaded to.
    """
    qualifier = artifact.asset.qualifier if artifact.asset is not None else None
    return parse_template(artifact.template_path, deployed_bytes(artifact), qualifier)


def deployed_bytes(artifact: StackArtifact) -> bytes:
    """The template that the CDK CLI deploys for a stack, as it is on disk; its hash is that of its asset."""
    path, asset = artifact.template_path, artifact.asset
    data = read_bytes(path)
    if asset is not None and hashlib.sha256(data).hexdigest() != asset.sha256:
        raise AssemblyInconsistent(
            f"{path}: its SHA-256 is {hashlib.sha256(data).hexdigest()}, but the object that is deployed is named "
            f"{asset.sha256}.json: a template of other content; run cdk synth again"
        )
    return data


def parse_template(path: Path, data: bytes, qualifier: str | None = None) -> Template:
    """Parse a template; `qualifier`: of the bootstrap stack that it is uploaded to, where it is."""
    if len(data) > TEMPLATE_BYTES:
        raise TemplateRefused(f"{path}: got {len(data):,} bytes; CloudFormation accepts {TEMPLATE_BYTES:,}")
    with collection_paused():
        sections = parse_json(path, data, with_written_policies(path, _SIGNS))
    if _holds_mark(data, sections):
        raise TemplateRefused(
            f"{path}: got the text {UNRESOLVED}; reserved for ids that AWS has yet to choose; remove it"
        )
    if not isinstance(sections, dict) or not isinstance(sections.get("Resources", {}), dict):
        raise AssemblyUnreadable(f"{path}: expected an object with Resources; run cdk synth again")
    if unknown := sorted(sections.keys() - _SECTIONS):
        raise TemplateRefused(
            f"{path}: got section {unknown[0]}, which may create resources that are not in the template; "
            f"allowed: {', '.join(sorted(_SECTIONS))}; declare each resource"
        )
    outputs = sections.get("Outputs", {})
    if not isinstance(outputs, dict) or not all(isinstance(output, dict) for output in outputs.values()):
        raise AssemblyUnreadable(f"{path} Outputs: expected an object of objects; run cdk synth again")
    resources = sections.pop("Resources", {})
    for logical_id, body in resources.items():
        if problem := _misshapen(logical_id, body):
            raise TemplateRefused(f"{path} {logical_id}: {problem}; declare the resource itself")
    if problem := refused_part(sections, resources):
        raise TemplateRefused(f"{path} {problem}: CloudFormation refuses it")
    if problem := unlike_the_cdk(sections, qualifier) or refers_to_nothing(sections, resources):
        raise TemplateRefused(f"{path}: {problem}")
    return Template(path, resources, sections, _find_unresolved(data, resources, sections))


def _holds_mark(data: bytes, sections: object) -> bool:
    if b"!" in data and _UNRESOLVED in data:  # a single character is found at the speed of memory
        return True
    # Written with escapes, the mark is in the text only once the file is parsed.
    return _ESCAPED_LETTER in data and UNRESOLVED in json.dumps(sections)


def _misshapen(logical_id: str, body: object) -> str | None:
    """What keeps a resource from being read as it is: a macro beside its Type could rewrite all of it."""
    if not _LOGICAL_ID.fullmatch(logical_id):
        return "not a logical id of letters and digits, at most 255 of them"
    if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
        return "not a resource with a Type"
    if not _ATTRIBUTES.issuperset(body):
        return f"got {min(body.keys() - _ATTRIBUTES)}; the attributes are {', '.join(sorted(_ATTRIBUTES))}"
    if not isinstance(body.get("Properties", {}), dict):
        return "Properties: not an object"
    depends_on = body.get("DependsOn", [])
    if not isinstance(depends_on, str) and not (
        isinstance(depends_on, list) and all(isinstance(one, str) for one in depends_on)
    ):
        return "DependsOn: not a logical id or a list of them"
    return None


def _find_unresolved(data: bytes, resources: dict[str, dict[str, Any]], sections: dict[str, Any]) -> frozenset[str]:
    """Find the resources with an intrinsic, without looking through the others.

    The file tells how many signs there are; once as many have been found in the parsed objects, the rest is literal.
    """
    escaped = b"\\" in data and _ESCAPED_LETTER in data
    missing = None if escaped else sum(data.count(sign) for sign in _SIGNS) - _count_signs(sections)
    found = set()
    for logical_id in sorted(resources, key=lambda name: resources[name]["Type"] in _LONG):
        if missing == 0:
            break
        if signs := _count_signs(resources[logical_id]):
            found.add(logical_id)
            missing = None if missing is None else missing - signs
    return frozenset(found)


def _count_signs(value: object) -> int:
    """Count the keys and texts of a parsed value that are a sign; never more than there are in its JSON."""
    count = 0
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack += item.values()
            stack += item
        elif isinstance(item, list):
            stack += item
        elif isinstance(item, str):
            count += (item == "Ref") + item.startswith("Fn::") + item.count(_DYNAMIC)
    return count
