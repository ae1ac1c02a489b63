"""What a value that a field refuses was most likely meant to be, in the field's own form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from tenant_keys.aws_facts.identity_center import permission_set_of
from tenant_keys.manifest.document import plain
from tenant_keys.manifest.errors import Path

_ROLE_ARN: Final = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):(role/[A-Za-z0-9_+=,.@/-]{1,576})")
_SESSION_ARN: Final = re.compile(r"arn:[a-z-]+:sts::([0-9]{12}):assumed-role/([A-Za-z0-9_+=,.@-]{1,64})/.+")
_NAME: Final = re.compile(r"/?(?:[Rr]oles?/)?([A-Za-z0-9_+=,.@-]+(?:/[A-Za-z0-9_+=,.@-]+)*)")
_ORGANIZATION: Final = re.compile(r".*/(o-[a-z0-9]{10,32})")
_ZONE: Final = re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9])[a-z]")
_OTHER_PRINCIPALS: Final = re.compile(r"(?:.*:)?(user|group|root|federated-user)(?:/.*)?")


def suggestion(path: Path, value: str) -> str:
    """`; did you mean role/Admin?`, or nothing where nothing is near. The value is text that the field refuses."""
    field = next((part for part in reversed(path) if isinstance(part, str)), "")
    found = _BY_FIELD.get(field)
    return found(value) if found else ""


def _role(value: str) -> str:
    if value.startswith("permission-set/"):
        return ""
    if arn := _ROLE_ARN.fullmatch(value):
        return f"; did you mean {arn[2]}, without the account?"
    if session := _SESSION_ARN.fullmatch(value):
        return f"; did you mean role/{session[2]}, the role of this session, with its path?"
    if other := _OTHER_PRINCIPALS.fullmatch(value):
        return f"; {'the root user' if other[1] == 'root' else f'a {other[1]}'} is not a role"
    if ":" not in value and (name := _NAME.fullmatch(value)) and len(name[1].rsplit("/", 1)[-1]) <= 64:
        return f"; did you mean role/{name[1]}?"
    return ""


def _person(value: str) -> str:
    named = _SESSION_ARN.fullmatch(value) or _ROLE_ARN.fullmatch(value)
    permission_set = permission_set_of(named[2].rsplit("/", 1)[-1]) if named else None
    return f"; did you mean permission-set/{permission_set}, whatever its suffix?" if permission_set else _role(value)


def _account(value: str) -> str:
    digits = re.sub(r"[ .-]", "", value)
    return f'; did you mean "{digits}"?' if re.fullmatch("[0-9]{12}", digits) and digits != value else ""


def _organization(value: str) -> str:
    found = _ORGANIZATION.fullmatch(value)
    return f"; did you mean {found[1]}?" if found else ""


def _region(value: str) -> str:
    found = _ZONE.fullmatch(value)
    return f"; that is an Availability Zone of {found[1]}" if found else ""


def _number(value: str) -> str:
    return f"; write {value} without quotes" if type(plain(value)) is int else ""


def _flag(value: str) -> str:
    meant = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
    found = meant.get(value.lower())
    return f"; write {found}, without quotes" if found else ""


_BY_FIELD: Final[Mapping[str, Callable[[str], str]]] = {
    **dict.fromkeys(("administrators", "readers", "break_glass"), _person),
    **dict.fromkeys(("deployment_roles", "role", "import_role"), _role),
    "account": _account,
    "organization": _organization,
    **dict.fromkeys(("home_region", "regions", "region", "identity_center_region"), _region),
    **dict.fromkeys(("rotation_days", "deletion_window_days", "unused_days_before_deletion"), _number),
    **dict.fromkeys(("iam_roles", "trust_policy_characters"), _number),
    **dict.fromkeys(("multi_region", "existing", "opaque"), _flag),
}
