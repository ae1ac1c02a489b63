"""AWS::Events::EventBusPolicy: one statement of the policy of a default bus."""
# ruff: noqa: ARG002  # every type has the same three methods

from __future__ import annotations

from tenant_keys.local.cloudformation.handler import Made, Properties, ResourceFailed
from tenant_keys.local.emulator import scopes
from tenant_keys.local.event_bus import EventBus


class EventBusPolicy:
    """A statement by its id; the bus of the account and Region in which the stack is."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        if properties.get("EventBusName", "default") != "default" or "Statement" not in properties:
            raise ResourceFailed("The local AWS takes statements of the default bus alone.")
        statement = {"Sid": properties["StatementId"], **properties["Statement"]}
        self._bus.policies.setdefault(scopes.current_scope(), {})[str(properties["StatementId"])] = statement
        return str(properties["StatementId"]), {}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        if new["StatementId"] != physical_id:
            self.delete(physical_id, old)
        return self.create(logical_id, new, stack)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self._bus.policies.get(scopes.current_scope(), {}).pop(physical_id, None)
