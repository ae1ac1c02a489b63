"""The form of a resource type, and the words in which CloudFormation passes on a refusal."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from tenant_keys.local.emulator import cloudformation_types
from tenant_keys.local.fault import Fault
from tenant_keys.local.rates import Rates

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]
"""Physical id, and attributes for Fn::GetAtt."""


class ResourceFailed(Exception):
    """Raised to fail a resource, and with it the stack operation, which then rolls back."""


class ResourceType(Protocol):
    """How a type is made, changed and removed. Every call to AWS is made as the execution role."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made: ...

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        """Answers another physical id if the resource had to be replaced."""

    def delete(self, physical_id: str, properties: Properties) -> None: ...


def register(name: str, resource_type: ResourceType, rates: Rates, *, tags: bool = False) -> None:
    """Add a type to CloudFormation, or take the place of ministack's."""

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        return rates.resource(properties, lambda: resource_type.create(logical_id, properties, stack))

    def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
        return rates.resource(
            new, lambda: resource_type.update(physical_id, old, new, stack, logical_id or physical_id)
        )

    adopt = getattr(resource_type, "adopt", None)
    cloudformation_types.resource_handlers()[name] = {
        **({"import": adopt} if adopt else {}),
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": resource_type.delete,
    }
    if tags:
        cloudformation_types.tag_type(name)


@contextmanager
def passed_on(service: str) -> Iterator[None]:
    """Turn an AWS error into the reason of a failed resource, as CloudFormation words it."""
    try:
        yield
    except Fault as fault:
        code = "AccessDenied" if "AccessDenied" in fault.code else "InvalidRequest"
        raise ResourceFailed(
            f'Resource handler returned message: "{fault.message or fault.code} (Service: {service}, '
            f'Status Code: {fault.status}, Request ID: {uuid.uuid4()})" (HandlerErrorCode: {code})'
        ) from fault


def already_exists(name: str, identifier: str) -> ResourceFailed:
    return ResourceFailed(
        f"Resource of type '{name}' with identifier '{identifier}' already exists. (HandlerErrorCode: AlreadyExists)"
    )
