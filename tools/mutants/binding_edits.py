"""Edits of resources that bind workloads to roles."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import (
    Edit,
)
from tools.mutants.original import Body, Templates, trust

INVENTORY, DEAD, OBTAINS = Kind.INVENTORY, Kind.REFUSED, Kind.OBTAINS_SESSION
PREMISES = "tenant-keys-workload-333333333333-eu-west-1"
LOGIN = "login.example.com"
PODS = "oidc.eks.eu-west-1.amazonaws.com/id/AB"
STRANGER = "444444444444"
ACCESS = "arn:aws:iam::111111111111:role/tenant-keys"


def _of_kind(templates: Templates, stack: str, kind: str) -> Body:
    """The properties of the one resource of a kind."""
    (body,) = (one for one in templates.resources(stack).values() if one["Type"] == kind)
    properties: Body = body["Properties"]
    return properties


def with_properties(stack: str, kind: str, **properties: object) -> Edit:
    return lambda templates: _of_kind(templates, stack, kind).update(properties)


def gone(stack: str, kind: str) -> Edit:
    def edit(templates: Templates) -> None:
        resources = templates.resources(stack)
        for name in [name for name, body in resources.items() if body["Type"] == kind]:
            del resources[name]

    return edit


def key_with(tenant: str, **properties: object) -> Edit:
    return lambda templates: templates.key(tenant)["Properties"].update(properties)


def place_trust(name: str, stack: str = PREMISES):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return lambda templates: trust(templates.resources(stack)[f"Role{name}"]["Properties"])


def shared_trust(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return lambda templates: trust(templates.shared(name))


def default_tenant(templates: Templates) -> None:
    properties = templates.key("dora")["Properties"]
    for name in ("KeySpec", "KeyUsage", "Origin"):
        properties.pop(name, None)
