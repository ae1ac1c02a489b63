"""AWS::KMS::Key and AWS::KMS::ReplicaKey, by the calls that their registry handlers make.

Source: resource schemas, `handlers`; CloudFormation template reference, aws-resource-kms-key and -replicakey.
"""
# ruff: noqa: ARG002  # every type has the same three methods

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tenant_keys.aws_facts.handlers import CHANGE_WAIT, CREATION_WAIT
from tenant_keys.local.cloudformation.execution import acting
from tenant_keys.local.cloudformation.handler import Made, Properties, ResourceFailed, passed_on
from tenant_keys.local.emulator import scopes
from tenant_keys.local.fault import Fault
from tenant_keys.local.kms.service import Kms

_FIXED = {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": False}
ROTATION_NEEDS_ENABLED = (
    "You cannot change the EnableKeyRotation property while the Enabled property is false. "
    "Set Enabled to true to change the EnableKeyRotation property."
)
"""Of a key that was disabled and stays disabled; one that this update disables still rotates as the template says
(aws-cloudformation-resource-providers-kms, aws-kms-key, UpdateHandler)."""


class KmsCalls:
    """Calls KMS as the execution role, in the Region of the stack or in another."""

    def __init__(self, kms: Kms) -> None:
        self._kms = kms

    def call(self, operation: str, parameters: Mapping[str, Any], *, region: str | None = None) -> dict[str, Any]:
        _, here = scopes.current_scope()
        return self._kms.rates.repeated(lambda: self._kms.call(acting(), region or here, operation, parameters))

    def wait(self, seconds: float) -> None:
        """Until a change is known throughout the Region."""
        self._kms.rates.wait(seconds)


class KmsKey:
    """A key. Removing it schedules its deletion; CloudFormation never cancels one."""

    def __init__(self, calls: KmsCalls) -> None:
        self._kms = calls

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        with passed_on("Kms"):
            request: dict[str, Any] = {
                "Description": properties.get("Description", ""),
                "KeySpec": properties.get("KeySpec", _FIXED["KeySpec"]),
                "KeyUsage": properties.get("KeyUsage", _FIXED["KeyUsage"]),
                "Origin": properties.get("Origin", _FIXED["Origin"]),
                "MultiRegion": true(properties.get("MultiRegion")),
                "BypassPolicyLockoutSafetyCheck": true(properties.get("BypassPolicyLockoutSafetyCheck")),
                "Tags": kms_tags(properties),
            }
            if properties.get("KeyPolicy") is not None:
                request["Policy"] = policy_text(properties["KeyPolicy"])
            made = self._kms.call("CreateKey", request)["KeyMetadata"]
            try:
                if true(properties.get("EnableKeyRotation")):
                    self._kms.call("EnableKeyRotation", {"KeyId": made["KeyId"], **_period(properties)})
                if not true(properties.get("Enabled", True)):
                    self._kms.call("DisableKey", {"KeyId": made["KeyId"]})
                self._kms.call("DescribeKey", {"KeyId": made["KeyId"]})
            except Fault:
                self._give_up(made["KeyId"])
                raise
            self._kms.wait(CREATION_WAIT)
        return made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]}

    def _give_up(self, key_id: str) -> None:
        """A half-made key is removed, if the execution role may do that; else it stays as an orphan."""
        try:
            self._kms.call("ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
        except Fault:
            return

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        for name, default in _FIXED.items():
            if str(old.get(name, default)).lower() != str(new.get(name, default)).lower():
                raise ResourceFailed(
                    f"You cannot change {name} of an existing KMS key. (HandlerErrorCode: NotUpdatable)"
                )
        key = {"KeyId": physical_id}
        enabled = true(new.get("Enabled", True))
        was_enabled = true(old.get("Enabled", True))
        with passed_on("Kms"):
            found = self._kms.call("DescribeKey", key)["KeyMetadata"]
            if _rotation(old) != _rotation(new) and not enabled and not was_enabled:
                raise ResourceFailed(f"{ROTATION_NEEDS_ENABLED} (HandlerErrorCode: InvalidRequest)")
            if enabled and not was_enabled:
                self._kms.call("EnableKey", key)
            if _rotation(old) != _rotation(new):
                if true(new.get("EnableKeyRotation")):
                    self._kms.call("EnableKeyRotation", {**key, **_period(new)})
                else:
                    self._kms.call("DisableKeyRotation", key)
            if was_enabled and not enabled:
                self._kms.call("DisableKey", key)
            update_common(self._kms, physical_id, old, new)
        return physical_id, {"Arn": found["Arn"], "KeyId": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        delete_key(self._kms, physical_id, properties)

    def adopt(self, identifier: Properties) -> Made:
        """By an IMPORT change set: the calls of the read handler, and no change."""
        return adopted(self._kms, str(identifier["KeyId"]), primary=True)


class KmsReplicaKey:
    """A replica, made by ReplicateKey in the primary's Region; another PrimaryKeyArn replaces it."""

    def __init__(self, calls: KmsCalls) -> None:
        self._kms = calls

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        primary = str(properties["PrimaryKeyArn"])
        _, here = scopes.current_scope()
        with passed_on("Kms"):
            made = self._kms.call(
                "ReplicateKey",
                {
                    "KeyId": primary,
                    "ReplicaRegion": here,
                    "Policy": policy_text(properties["KeyPolicy"]),
                    "Description": properties.get("Description", ""),
                    "Tags": kms_tags(properties),
                },
                region=primary.split(":")[3],
            )["ReplicaKeyMetadata"]
            self._kms.wait(CHANGE_WAIT)
            self._kms.call("DescribeKey", {"KeyId": made["KeyId"]})
            if not true(properties.get("Enabled", True)):
                self._kms.call("DisableKey", {"KeyId": made["KeyId"]})
            self._kms.wait(CREATION_WAIT)
        return made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        if old["PrimaryKeyArn"] != new["PrimaryKeyArn"]:
            return self.create(logical_id, new, stack)
        key = {"KeyId": physical_id}
        enabled, was_enabled = true(new.get("Enabled", True)), true(old.get("Enabled", True))
        with passed_on("Kms"):
            found = self._kms.call("DescribeKey", key)["KeyMetadata"]
            if enabled and not was_enabled:
                self._kms.call("EnableKey", key)
            update_common(self._kms, physical_id, old, new)
            if was_enabled and not enabled:
                self._kms.call("DisableKey", key)
        return physical_id, {"Arn": found["Arn"], "KeyId": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        delete_key(self._kms, physical_id, properties)

    def adopt(self, identifier: Properties) -> Made:
        """By an IMPORT change set."""
        return adopted(self._kms, str(identifier["KeyId"]), primary=False)


def adopted(kms: KmsCalls, key_id: str, *, primary: bool) -> Made:
    """Read a key as the read handler does; what it finds is not compared with the template (CloudFormation user guide,
    import-resources-manually).
    """
    with passed_on("Kms"):
        found = kms.call("DescribeKey", {"KeyId": key_id})["KeyMetadata"]
        kms.call("GetKeyPolicy", {"KeyId": key_id, "PolicyName": "default"})
        if primary and found["Origin"] == "AWS_KMS":
            kms.call("GetKeyRotationStatus", {"KeyId": key_id})
        kms.call("ListResourceTags", {"KeyId": key_id})
    return found["KeyId"], {"Arn": found["Arn"], "KeyId": found["KeyId"]}


def update_common(kms: KmsCalls, key_id: str, old: Properties, new: Properties) -> None:
    """Description, policy and tags."""
    key = {"KeyId": key_id}
    if old.get("Description", "") != new.get("Description", ""):
        kms.call("UpdateKeyDescription", {**key, "Description": new.get("Description", "")})
    if old.get("KeyPolicy") != new.get("KeyPolicy") and new.get("KeyPolicy") is not None:
        bypass = true(new.get("BypassPolicyLockoutSafetyCheck"))
        policy = {"PolicyName": "default", "Policy": policy_text(new["KeyPolicy"])}
        kms.call("PutKeyPolicy", {**key, **policy, "BypassPolicyLockoutSafetyCheck": bypass})
    before = {tag["TagKey"]: tag["TagValue"] for tag in kms_tags(old)}
    after = {tag["TagKey"]: tag["TagValue"] for tag in kms_tags(new)}
    if gone := sorted(before.keys() - after.keys()):
        kms.call("UntagResource", {**key, "TagKeys": gone})
    if fresh := [{"TagKey": name, "TagValue": v} for name, v in after.items() if before.get(name) != v]:
        kms.call("TagResource", {**key, "Tags": fresh})


def delete_key(kms: KmsCalls, key_id: str, properties: Properties) -> None:
    with passed_on("Kms"):
        try:
            kms.call(
                "ScheduleKeyDeletion",
                {"KeyId": key_id, "PendingWindowInDays": properties.get("PendingWindowInDays", 30)},
            )
        except Fault as fault:
            if fault.code not in ("NotFoundException", "KMSInvalidStateException"):
                raise


def policy_text(policy: object) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


def kms_tags(properties: Properties) -> list[dict[str, str]]:
    return [{"TagKey": tag["Key"], "TagValue": tag.get("Value", "")} for tag in properties.get("Tags") or ()]


def true(value: object) -> bool:
    """Templates carry booleans as words, too."""
    return str(value).lower() == "true"


def _rotation(properties: Properties) -> tuple[bool, int]:
    on = true(properties.get("EnableKeyRotation"))
    return on, int(properties.get("RotationPeriodInDays", 365)) if on else 0


def _period(properties: Properties) -> dict[str, int]:
    period = properties.get("RotationPeriodInDays")
    return {"RotationPeriodInDays": int(period)} if period is not None else {}
