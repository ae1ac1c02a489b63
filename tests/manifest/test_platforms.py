"""The table of places that a workload runs on."""

from __future__ import annotations

from typing import get_args

from tenant_keys.manifest.model import RunsOn, Workload
from tenant_keys.manifest.platforms import PLATFORMS
from tenant_keys.review.proof import obtaining


def test_every_value_of_runs_on_is_in_the_table() -> None:
    assert tuple(PLATFORMS) == get_args(RunsOn)


def test_each_field_belongs_to_one_place_and_exists() -> None:
    fields = [field for platform in PLATFORMS.values() for field in platform.needs]
    assert sorted(fields) == ["irsa", "pod_identity", "role", "roles_anywhere"]
    assert set(fields) <= set(Workload.__struct_fields__)


def test_the_proof_s_own_copy_names_the_same_services() -> None:
    services = {name: platform.service for name, platform in PLATFORMS.items() if platform.service}
    del services["roles-anywhere"]  # the proof asks who holds the certificate
    assert dict(obtaining.PLACES) == services


def test_sessions_carry_a_source_identity_from_roles_anywhere_and_perhaps_from_a_role_that_exists() -> None:
    """Source: IAM Roles Anywhere guide, trust-model. No other service sets one."""
    carrying = {name for name, platform in PLATFORMS.items() if platform.source_identity}
    assert carrying == {"roles-anywhere", "existing-role"}
