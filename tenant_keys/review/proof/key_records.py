"""Keys, replicas and aliases of the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tenant_keys.review.assembly import Resource, unresolved_id
from tenant_keys.review.assembly.json_file import compact
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.errors import as_json
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.checked_properties import tags_of, text_of
from tenant_keys.review.proof.marks import with_marks
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import Promise

SYMMETRIC: Final = "SYMMETRIC_DEFAULT"
USAGE: Final = "ENCRYPT_DECRYPT"
_SYMMETRIC: Final[Mapping[str, Sequence[Value | None]]] = {
    "kms:keyspec": [SYMMETRIC],
    "kms:customermasterkeyspec": [SYMMETRIC],
    "kms:keyusage": [USAGE],
    "kms:customermasterkeyusage": [USAGE],
}
RESOURCE_TAG: Final = "aws:resourcetag/"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key or a replica."""

    stack: str
    logical_id: str
    account: str
    region: str
    key_id: str
    policy: str
    """Text with marks for the names of its tenant."""
    policy_bytes: int
    """Of the policy with those names; each letter outside ASCII as its escape, which is longer than KMS has it."""
    enabled: bool
    retained: bool
    replica: bool
    primary_arn: str | None = None
    """Of a replica: the key whose material it shares."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """What KMS says of the key in the context of requests, by condition key in lower case."""
    rotation_days: int | None = None
    """Of a key that AWS rotates automatically."""
    deletion_window_days: int = 30
    tags: Mapping[str, str] = field(default_factory=dict)
    """As the template has them."""

    def choices(self, aliases: tuple[str, ...]) -> dict[str, Sequence[Value | None]]:
        """The values of condition keys that the key decides, where these aliases point at it."""
        return {**{key: [value] for key, value in self.properties.items()}, "kms:resourcealiases": [aliases or None]}

    @property
    def standing(self) -> dict[str, Sequence[Value | None]]:
        """What no caller can choose.

        A key answers in its own Region alone (AWS KMS guide, concepts; IAM guide, aws:RequestedRegion). Its tags are
        those of the template: anyone who may change them is on the list of the trusted.
        """
        return {"aws:requestedregion": [self.region], **tagged(self.tags)}

    @property
    def unchosen(self) -> dict[str, Sequence[Value | None]]:
        """What no caller of a declared use can choose, beside the choices.

        A replica shares spec and usage with its primary (AWS KMS guide, multi-Region keys), which is checked apart.
        """
        return self.standing | (dict(_SYMMETRIC) if self.replica else {})

    @property
    def where(self) -> str:
        """Its stack and its logical id."""
        return f"{self.stack} {self.logical_id}"

    @property
    def partition(self) -> str:
        return partition_of(self.region).name

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:key/{self.key_id}"


def tagged(tags: Mapping[str, str]) -> dict[str, Sequence[Value | None]]:
    """The condition keys that a resource's tags fill; names that differ by case alone are left open."""
    names = [name.lower() for name in tags]
    return {RESOURCE_TAG + name.lower(): [value] for name, value in tags.items() if names.count(name.lower()) == 1}


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """An alias and the key it points at."""

    stack: str
    account: str
    region: str
    name: str
    key_id: str
    retained: bool


def read_alias(resource: Resource) -> AliasRecord:
    """The record of an AWS::KMS::Alias."""
    target = text_of(resource, "TargetKeyId")
    return AliasRecord(
        resource.stack,
        resource.account,
        resource.region,
        text_of(resource, "AliasName"),
        target.rpartition("/")[2],
        resource.deletion_policy in ("Retain", "RetainExceptOnCreate") and resource.update_replace_policy == "Retain",
    )


def key_id_of(resource: Resource) -> str:
    """The id of a key or replica; of a key that is not deployed, an unresolved id."""
    if resource.type == "AWS::KMS::ReplicaKey":
        return text_of(resource, "PrimaryKeyArn").rpartition("/")[2]
    if resource.physical_id is not None:
        return resource.physical_id
    multi_region = "mrk-" if resource.properties.get("MultiRegion") in (True, "true") else ""
    return multi_region + unresolved_id(resource)


def read_key(resource: Resource, key_id: str, promise: Promise | None, shared: dict[str, str]) -> KeyRecord:
    """The record of a key or replica; its policy is marked with the names of the tenant of `promise`."""
    policy = resource.properties.get("KeyPolicy")
    if not isinstance(policy, Mapping):
        if policy is None:
            raise NotProved(f"{resource.where}: a key without a key policy of its own gets KMS's default")
        raise NotProved(f"{resource.where}.KeyPolicy: got {as_json(policy)}; an object")
    if resource.properties.get("BypassPolicyLockoutSafetyCheck") in (True, "true"):
        raise NotProved(f"{resource.where}: BypassPolicyLockoutSafetyCheck switches a check of KMS off")
    plain = compact(policy)
    text = with_marks(plain, promise) if promise else plain
    if text not in shared:
        _ = len(policy)  # parses it
        shared[text] = text
    return KeyRecord(
        resource.stack,
        resource.logical_id,
        resource.account,
        resource.region,
        key_id,
        shared[text],
        len(plain),
        resource.properties.get("Enabled", True) in (True, "true"),
        resource.deletion_policy == "Retain" and resource.update_replace_policy == "Retain",
        resource.type == "AWS::KMS::ReplicaKey",
        text_of(resource, "PrimaryKeyArn") if resource.type == "AWS::KMS::ReplicaKey" else None,
        _properties(resource),
        _rotation(resource),
        _days(resource, "PendingWindowInDays", 30),
        tags_of(resource),
    )


def _rotation(resource: Resource) -> int | None:
    """Days between automatic rotations; KMS makes none by default, and 365 of a period that is left out."""
    if resource.properties.get("EnableKeyRotation", False) not in (True, "true"):
        return None
    return _days(resource, "RotationPeriodInDays", 365)


def _days(resource: Resource, name: str, default: int) -> int:
    value = str(resource.properties.get(name, default))
    if not (value.isascii() and value.isdecimal()):
        raise NotProved(
            f"{resource.where}.{name}: got {as_json(resource.properties.get(name))}; a whole number of days"
        )
    return int(value)


def _properties(resource: Resource) -> dict[str, str]:
    """As the template has them, or by default (CloudFormation, AWS::KMS::Key)."""
    if resource.type == "AWS::KMS::ReplicaKey":
        return {"kms:multiregion": "true", "kms:multiregionkeytype": "REPLICA"}
    properties = resource.properties
    spec, usage = (
        str(properties.get(name, default)) for name, default in (("KeySpec", SYMMETRIC), ("KeyUsage", USAGE))
    )
    several = properties.get("MultiRegion") in (True, "true")
    return {
        "kms:keyspec": spec,
        "kms:customermasterkeyspec": spec,
        "kms:keyusage": usage,
        "kms:customermasterkeyusage": usage,
        "kms:keyorigin": str(properties.get("Origin", "AWS_KMS")),
        "kms:multiregion": "true" if several else "false",
        **({"kms:multiregionkeytype": "PRIMARY"} if several else {}),
    }
