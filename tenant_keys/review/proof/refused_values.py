"""Values of properties that AWS refuses, so that the resource, and the stack with it, never comes to stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.aws_facts.property_values import (
    CHOICES,
    POLICY_NAME,
    TAG_KEY,
    TAG_MARKS,
    TAG_VALUE,
    TAGS,
    TEXTS,
    Text,
)
from tenant_keys.review.assembly import Resource, is_unresolved
from tenant_keys.review.errors import as_json

_INLINE: Final = frozenset({"PolicyDocument", "PolicyName"})
_PAIR: Final = frozenset({"Key", "Value"})
_TAGGED: Final = frozenset(
    {"AWS::EKS::PodIdentityAssociation", "AWS::IAM::OIDCProvider", "AWS::IAM::Role", "AWS::KMS::Key"}
    | {"AWS::KMS::ReplicaKey", "AWS::RolesAnywhere::Profile", "AWS::RolesAnywhere::TrustAnchor", "AWS::SSM::Parameter"}
)
_CATEGORIES: Final = frozenset("LNZ")
"""Letters, numbers and separators of Unicode: what a tag consists of, beside a few marks."""
_ASCII: Final = re.compile(rf"[A-Za-z0-9 {re.escape(''.join(sorted(TAG_MARKS)))}]*").fullmatch
"""The same of ASCII, as most tags are."""


def refused_values(resource: Resource) -> Iterator[str]:
    """What AWS refuses of a resource, each in a sentence without an end."""
    properties, where = resource.properties, resource.where
    for name, text in TEXTS.get(resource.type, {}).items():
        if name in properties and (problem := _text(properties[name], text)):
            yield f"{where}: {name} {problem}"
    for name, choices in CHOICES.get(resource.type, {}).items():
        if name in properties and _plain(properties[name]) not in choices:
            yield f"{where}: {name} is {as_json(properties[name])}, and not {' or '.join(sorted(choices))}"
    if resource.type == "AWS::IAM::Role":
        yield from (f"{where}: {problem}" for problem in _inline(properties.get("Policies")))
    if resource.type in _TAGGED and "Tags" in properties:
        yield from (f"{where}: {problem}" for problem in _tags(properties["Tags"]))


def _plain(value: object) -> object:
    """A boolean as CloudFormation takes it, in quotes or not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def _text(value: object, text: Text) -> str | None:
    """CloudFormation takes a number or a boolean for the text that it is written as."""
    if isinstance(value, list | Mapping) or value is None:
        return f"is {as_json(value)}, and not text"
    written = value if isinstance(value, str) else as_json(value)
    if len(written) > text.longest:
        return f"has more than {text.longest:,} characters"
    if len(written) < text.shortest:
        return "is empty"
    if text.characters is not None and not is_unresolved(written) and not text.characters.fullmatch(written):
        return f"is {as_json(value)}, which holds other characters than AWS takes"
    return None


def _inline(policies: object) -> Iterator[str]:
    for at, policy in enumerate(policies if isinstance(policies, list) else ()):
        if not isinstance(policy, Mapping):
            continue
        if others := sorted(map(str, policy.keys() ^ _INLINE)):
            yield f"Policies[{at}] has {'no' if others[0] in _INLINE else 'a'} member {others[0]}"
        elif problem := _text(policy["PolicyName"], POLICY_NAME):
            yield f"PolicyName of Policies[{at}] {problem}"


def _tags(tags: Any) -> Iterator[str]:
    pairs: list[tuple[object, object]] = []
    if isinstance(tags, Mapping):
        pairs += tags.items()
    for at, tag in enumerate(tags if isinstance(tags, list) else ()):
        if not isinstance(tag, Mapping) or tag.keys() != _PAIR:
            yield f"Tags[{at}] is {as_json(tag)}, and not a Key with a Value"
        else:
            pairs.append((tag["Key"], tag["Value"]))
    if len(pairs) > TAGS:
        yield f"Tags has more than {TAGS} tags"
    for key, value in pairs:
        for what, one, least, most in (("the key", key, 1, TAG_KEY), ("the value", value, 0, TAG_VALUE)):
            if problem := _of_tag(one, least, most):
                yield f"Tags: {what} {as_json(one)} {problem}"
        if isinstance(key, str) and key.lower().startswith("aws:"):
            yield f"Tags: the key {as_json(key)} begins with aws:, which AWS keeps for itself"


def _of_tag(value: object, least: int, most: int) -> str | None:
    if isinstance(value, list | Mapping) or value is None:
        return "is no text"
    written = value if isinstance(value, str) else as_json(value)
    if not least <= len(written) <= most:
        return f"has not {least} to {most} characters"
    if _ASCII(written) or all(one in TAG_MARKS or unicodedata.category(one)[0] in _CATEGORIES for one in written):
        return None
    return "holds other characters than AWS takes"
