"""Names of stacks and cells, typed by hand: a stack that is renamed loses its keys."""

from __future__ import annotations

from tenant_keys.manifest import stack_names as names
from tenant_keys.manifest.model import Naming


def test_stacks_and_cells_have_these_names() -> None:
    assert names.shared_access(Naming()) == "tenant-keys-shared-access"
    assert names.key_cell("eu-west-1", 7) == "eu-west-1-007"
    assert names.key_stack("eu-west-1", 7, Naming()) == "tenant-keys-cell-eu-west-1-007"
    assert names.key_stack("eu-west-1", 1_234, Naming()) == "tenant-keys-cell-eu-west-1-1234"
    assert (
        names.replica_stack("eu-central-1", "eu-west-1", 7, Naming())
        == "tenant-keys-replica-eu-central-1-of-eu-west-1-007"
    )
    assert names.trail_bucket("111111111111", Naming()) == "tenant-keys-trail-111111111111"
    assert names.trail_bucket("111111111111", Naming(stack_prefix="Dev-Keys")) == "dev-keys-trail-111111111111"
    assert names.trail(Naming()) == "tenant-keys-trail"
    assert names.guardrails(Naming()) == "tenant-keys-guardrails"
    assert names.hook_stack("eu-west-1", Naming()) == "tenant-keys-hook-eu-west-1"
    assert names.audit_stack("eu-west-1", Naming()) == "tenant-keys-audit-eu-west-1"
    assert names.forwarding_stack_set("111111111111", Naming()) == "tenant-keys-audit-forwarding-111111111111"
    assert names.stack_set_instance("tenant-keys-audit-forwarding") == "StackSet-tenant-keys-audit-forwarding"
    assert names.role_cell(12) == "roles-012"
    assert names.role_stack(12, Naming()) == "tenant-keys-roles-012"
    assert names.workload_stack("222222222222", "eu-west-1", Naming()) == "tenant-keys-workload-222222222222-eu-west-1"


def test_only_cells_hold_primaries_and_only_replica_stacks_replicas() -> None:
    stacks = {
        "tenant-keys-cell-eu-west-1-001": (True, False),
        "tenant-keys-replica-eu-central-1-of-eu-west-1-001": (False, True),
        "tenant-keys-roles-001": (False, False),
        "tenant-keys-shared-access": (False, False),
        "tenant-keys-workload-222222222222-eu-west-1": (False, False),
        "other-tenant-keys-cell-": (False, False),
    }
    assert {name: (names.holds_primaries(name), names.holds_replicas(name)) for name in stacks} == stacks


def test_stacks_of_the_hook_and_of_audits_are_known_by_their_names() -> None:
    stacks = {
        "tenant-keys-hook-eu-west-1": (True, False),
        "tenant-keys-audit-eu-west-1": (False, True),
        "Dev-hook-us-gov-west-1": (True, False),
        "hook-eu-west-1": (False, False),
        "tenant-keys-hook-1": (False, False),
        "tenant-keys-hook-eu-west-1-001": (False, False),
        "tenant-keys-trail": (False, False),
    }
    assert {name: (names.is_hook_stack(name), names.is_audit_stack(name)) for name in stacks} == stacks
