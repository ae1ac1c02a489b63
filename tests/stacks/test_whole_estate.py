"""Every stack of an estate that asks for everything: its place, its protection, its order and its constructs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from tenant_stacks import add_stacks
from tenant_stacks.validation import add_validations
from tests.policy.estates import estate_of_text, manifest

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag, regions: [eu-west-1]}
  pods: {account: '444444444444', runs_on: eks, pod_identity: {cluster: c, namespace: n, service_account: s}}
  portal: {account: '222222222222', access: web-identity, identity_provider: customers, audience: keys}"""
TENANTS = """\
  acme: {workloads: [orders, billing, pods, portal]}
  globex: {workloads: [orders], rotation_days: off}"""
TEXT = (
    "identity_providers: {customers: {issuer: https://login.example.com}}\n"
    "audit: {trail: own, forward_from: [ou-ab12-cdef3456]}\n"
    "guardrails: {management_account: '999999999999'}\n" + manifest(WORKLOADS, TENANTS, deletion_hook="true")
)
CENTRAL, ORDERS, BILLING, PODS = (
    "aws://111111111111/",
    "aws://222222222222/",
    "aws://333333333333/",
    "aws://444444444444/",
)
HOME, OTHER = "eu-west-1", "eu-central-1"
AUDIT = {"Topic", "Rules", "Alarms", "Bus"}
EXPECTED: dict[str, tuple[str, bool, set[str], set[str]]] = {
    "tenant-keys-hook-eu-west-1": (CENTRAL + HOME, True, set(), {"Hook"}),
    "tenant-keys-hook-eu-central-1": (CENTRAL + OTHER, True, set(), {"Hook"}),
    "tenant-keys-cell-eu-west-1-001": (CENTRAL + HOME, True, {"tenant-keys-hook-eu-west-1"}, {"acme", "globex"}),
    "tenant-keys-roles-001": (CENTRAL + HOME, False, set(), {"acme.orders", "acme.pods", "globex.orders"}),
    "tenant-keys-shared-access": (CENTRAL + HOME, False, set(), {"https:----login.example.com", "billing", "portal"}),
    "tenant-keys-workload-222222222222-eu-west-1": (
        ORDERS + HOME,
        False,
        set(),
        {"orders", "orders.parameter", "portal.parameter"},
    ),
    "tenant-keys-workload-222222222222-eu-central-1": (
        ORDERS + OTHER,
        False,
        set(),
        {"orders.parameter", "portal.parameter"},
    ),
    "tenant-keys-workload-333333333333-eu-west-1": (BILLING + HOME, False, set(), {"billing", "billing.parameter"}),
    "tenant-keys-workload-444444444444-eu-west-1": (
        PODS + HOME,
        False,
        set(),
        {"pods", "pods.parameter", "pods.pod-identity"},
    ),
    "tenant-keys-workload-444444444444-eu-central-1": (
        PODS + OTHER,
        False,
        {"tenant-keys-workload-444444444444-eu-west-1"},
        {"pods.parameter", "pods.pod-identity"},
    ),
    "tenant-keys-trail": (CENTRAL + HOME, True, set(), {"Trail"}),
    "tenant-keys-audit-eu-west-1": (CENTRAL + HOME, False, set(), AUDIT | {"Forwarding"}),
    "tenant-keys-audit-eu-central-1": (CENTRAL + OTHER, False, set(), AUDIT),
    "tenant-keys-guardrails": ("aws://999999999999/us-east-1", True, set(), {"Guardrails"}),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> cdk.App:
    """Not synthesized."""
    app = cdk.App(outdir=str(tmp_path_factory.mktemp("whole")), tree_metadata=False)
    add_stacks(app, estate_of_text(TEXT))
    return app


def stacks(app: cdk.App) -> dict[str, Any]:
    return {child.node.id: child for child in app.node.children if isinstance(child, cdk.Stack)}


def test_every_stack_has_its_place_its_protection_and_its_constructs_and_waits_for_these(app: cdk.App) -> None:
    found = {
        name: (
            stack.environment,
            bool(stack.termination_protection),
            {one.node.id for one in stack.dependencies},
            {child.node.id for child in stack.node.children},
        )
        for name, stack in stacks(app).items()
    }
    assert found == EXPECTED


def test_no_stack_writes_metadata_of_the_cdk_into_its_resources(app: cdk.App) -> None:
    """The CDK's command line asks for paths of every app; a stack's own context overrides that of the app."""
    for name, stack in stacks(app).items():
        assert stack.node.try_get_context("aws:cdk:enable-path-metadata") is False, name
        assert stack.node.try_get_context("aws:cdk:disable-logicalId-metadata") is True, name


def test_members_without_a_construct_have_no_finding_to_accept(tmp_path: Path) -> None:
    tenants = "\n".join(f"  t{number}: {{workloads: [orders], rotation_days: off}}" for number in range(4))
    estate = estate_of_text(manifest(tenants=tenants))
    app = cdk.App(outdir=str(tmp_path), tree_metadata=False)
    stamped = add_stacks(app, estate, stamped=True)
    assert ("tenant-keys-cell-eu-west-1-001", "t3") in stamped
    add_validations(app, estate, stamped)
