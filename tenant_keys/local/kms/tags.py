"""Tags of keys. Source: AWS KMS guide, tagging-keys."""

from __future__ import annotations

from typing import Any

from tenant_keys.local.fault import Fault
from tenant_keys.local.kms import conditions
from tenant_keys.local.kms.call import Call

LIMIT = 50
KEY_CHARACTERS, VALUE_CHARACTERS = 128, 256


def parse_tags(call: Call) -> dict[str, str]:
    """The tags of a request; aws: tags are CloudFormation's own, and no other caller may set them."""
    tags: dict[str, str] = {}
    for tag in call.parameters.get("Tags") or ():
        name, value = str(tag.get("TagKey", "")), str(tag.get("TagValue", ""))
        if name.lower().startswith("aws:") and call.caller.via_service is None:
            raise Fault("TagException", "aws: prefixed tag key names are not allowed for external use.")
        if not 1 <= len(name) <= KEY_CHARACTERS or len(value) > VALUE_CHARACTERS or name in tags:
            raise Fault("TagException", f"Tag key {name!r} is not valid or is there twice.")
        tags[name] = value
    if len(tags) > LIMIT:
        raise Fault("TagException", "Too many tags")
    return tags


def tag_resource(call: Call) -> dict[str, Any]:
    tags = parse_tags(call)
    key = call.managed_key(conditions.of_tags(tags))
    key.require_not_deleting()
    if len(key.tags | tags) > LIMIT:
        raise Fault("LimitExceededException", "Too many tags")
    key.tags.update(tags)
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    names = [str(name) for name in call.parameters.get("TagKeys") or ()]
    key = call.managed_key({"aws:TagKeys": tuple(names)})
    key.require_not_deleting()
    for name in names:
        key.tags.pop(name, None)
    return {}


def list_resource_tags(call: Call) -> dict[str, Any]:
    key = call.managed_key()
    return {
        "Tags": [{"TagKey": name, "TagValue": value} for name, value in sorted(key.tags.items())],
        "Truncated": False,
    }
