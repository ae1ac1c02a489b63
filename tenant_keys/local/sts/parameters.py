"""Query parameters of STS and their limits. Source: STS API reference, AssumeRole; IAM guide, id_session-tags."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from tenant_keys.local.emulator import iam_records
from tenant_keys.local.fault import Fault

_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}\Z", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}\Z", re.ASCII)
_TAG = re.compile(r"[\w\s.:/=+\-@]*\Z")
_ROLE = re.compile(r"arn:aws:iam::(?P<account>\d{12}):role/(?P<path>([!-~]+/)*)(?P<name>[\w+=,.@-]{1,64})\Z", re.ASCII)
POLICY_CHARACTERS = 2048
TAGS = 50
KEY_CHARACTERS, VALUE_CHARACTERS = 128, 256
SHORTEST, LONGEST, LONGEST_CHAINED = 900, 43_200, 3_600

Parameters = Mapping[str, str]


def validation_error(message: str) -> Fault:
    return Fault("ValidationError", message)


def role(parameters: Parameters) -> tuple[str, str, str]:
    """ARN, account and name of the role."""
    arn = parameters.get("RoleArn", "")
    found = _ROLE.match(arn)
    if found is None:
        raise validation_error(f"{arn} is invalid")
    return arn, found["account"], found["name"]


def session_name(parameters: Parameters) -> str:
    name = parameters.get("RoleSessionName", "")
    if not _SESSION_NAME.match(name):
        raise validation_error(
            f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
        )
    return name


def external_id(parameters: Parameters) -> str | None:
    value = parameters.get("ExternalId")
    if value is not None and not _EXTERNAL_ID.match(value):
        raise validation_error(f"Value '{value}' at 'externalId' failed to satisfy constraint")
    return value


def tags(parameters: Parameters) -> dict[str, str]:
    """Session tags; their keys ignore case."""
    found: dict[str, str] = {}
    index = 1
    while (key := parameters.get(f"Tags.member.{index}.Key")) is not None:
        found = add_tag(found, key, parameters.get(f"Tags.member.{index}.Value", ""))
        index += 1
    return found


def add_tag(tags: dict[str, str], key: str, value: str) -> dict[str, str]:
    if (
        not 1 <= len(key) <= KEY_CHARACTERS
        or not _TAG.match(key)
        or len(value) > VALUE_CHARACTERS
        or not _TAG.match(value)
    ):
        raise validation_error(f"Tag {key}={value} is not valid")
    if key.lower() in {known.lower() for known in tags}:
        raise Fault(
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    if len(tags) >= TAGS:
        raise validation_error("Too many session tags")
    return {**tags, key: value}


def members(parameters: Parameters, name: str) -> tuple[str, ...]:
    found: list[str] = []
    while (value := parameters.get(f"{name}.member.{len(found) + 1}")) is not None:
        found.append(value)
    return tuple(found)


def session_policies(parameters: Parameters, account: str) -> tuple[str, ...] | None:
    """The inline policy and the managed ones; None if none was passed, so that none limits."""
    found: list[str] = []
    text = parameters.get("Policy")
    arns: list[str] = []
    while (arn := parameters.get(f"PolicyArns.member.{len(arns) + 1}.arn")) is not None:
        arns.append(arn)
    if len(text or "") + sum(map(len, arns)) > POLICY_CHARACTERS:
        raise validation_error(
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: "
            f"Member must have length less than or equal to {POLICY_CHARACTERS}"
        )
    if text:
        try:
            json.loads(text)
        except ValueError:
            raise Fault("MalformedPolicyDocument", "This policy contains invalid Json") from None
        found.append(text)
    for arn in arns:
        managed = iam_records.managed_policy(arn, account)
        if managed is None:
            raise validation_error(
                "At least one Policy ARN in the PolicyArns parameter does not match an existing IAM Managed Policy ARN."
            )
        found.append(managed)
    return tuple(found) or None


def duration(parameters: Parameters, longest: int, *, chained: bool) -> int:
    """Seconds a session lives; a role that assumes a role gets one hour at most."""
    seconds = int(parameters.get("DurationSeconds") or 3600)
    if not SHORTEST <= seconds <= LONGEST:
        raise validation_error(
            f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: "
            "Member must have value between 900 and 43200"
        )
    if chained and seconds > LONGEST_CHAINED:
        raise validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    if seconds > longest:
        raise validation_error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return seconds
