"""AWS::SNS::Topic with its key, which ministack leaves out: a publisher must be able to use it."""
# ruff: noqa: ARG002  # every type has the same three methods

from __future__ import annotations

from tenant_keys.local.cloudformation.handler import Made, Properties
from tenant_keys.local.emulator import cloudformation_types, event_delivery


class EncryptedTopic:
    """ministack's topic; the attribute KmsMasterKeyId is ours."""

    def __init__(self, inner: cloudformation_types.Handlers) -> None:
        self._inner = inner

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        return self._with_key(self._inner["create"](logical_id, dict(properties), stack), properties)

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        return self._with_key(self._inner["update"](physical_id, dict(old), dict(new), stack), new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self._inner["delete"](physical_id, dict(properties))

    @staticmethod
    def _with_key(made: Made, properties: Properties) -> Made:
        event_delivery.encrypt_topic(made[0], properties.get("KmsMasterKeyId"))
        return made
