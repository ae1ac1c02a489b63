"""Roles that IAM Identity Center creates in an account for a permission set.

`AWSReservedSSO_SET_SUFFIX` below `/aws-reserved/sso.amazonaws.com/REGION/`, without the Region where the identity
source is in us-east-1. The suffix is another one when the role is created again, as after the last assignment was
deleted (IAM Identity Center guide, referencingpermissionsets). It has 16 hexadecimal digits in that guide, and the name
of a set has up to 32 characters, underscores among them (API reference, CreatePermissionSet): a pattern that ended in
`_*` would also name the roles of another set, whose name goes on after an underscore. Sixteen `?` name no other set's:
a name as long as this one that begins with it is this one. AWS alone creates and changes these roles.
"""

from __future__ import annotations

import re
from typing import Final

SUFFIX: Final = "?" * 16
"""One `?` for each digit: in ARN conditions it represents any one character (IAM guide, reference_policies_elements_
condition_operators)."""
WITHOUT_REGION: Final = "us-east-1"
_ROLE_NAME: Final = re.compile(r"awsreservedsso_([a-z0-9_+=,.@-]{1,32})_[0-9a-f?]{16}", re.IGNORECASE)


def role_of(permission_set: str, region: str) -> str:
    """The end of the ARNs of a set's roles: a pattern. `region` is that of IAM Identity Center's identity source."""
    folder = "" if region == WITHOUT_REGION else f"{region}/"
    return f"role/aws-reserved/sso.amazonaws.com/{folder}AWSReservedSSO_{permission_set}_{SUFFIX}"


def permission_set_of(role_name: str) -> str | None:
    """The permission set of which a role, or the pattern of roles, has the name; None where it is no such role."""
    found = _ROLE_NAME.fullmatch(role_name)
    return found[1] if found else None


def is_pattern(arn: str) -> bool:
    """Whether the ARN names the roles of a permission set: no role's name holds a `?`."""
    return "?" in arn


def beginning_of(arn: str) -> str:
    """Of a pattern, what is before the suffix; a set whose name goes on after an underscore begins alike."""
    return arn.removesuffix(SUFFIX)


def example_of(arn: str) -> str:
    """A role that the pattern names; a plain ARN as it is."""
    return arn.replace(SUFFIX, "0123456789abcdef")
