"""Which key is a leaving tenant's: also when the manifest has forgotten it, or AWS knows it by another name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest.lock import write_lock
from tenant_keys.manifest.lock_text import read_lock, with_entries
from tenant_keys.operations.errors import TransitionRefused, UnknownTenant
from tenant_keys.operations.offboarding.departing import Departing, departing
from tenant_keys.operations.tenant_edit import plan_state

KEY_ID = "mrk-0123456789abcdef0123456789abcdef"


@pytest.fixture
def leave(manifest: Path) -> Callable[..., Path]:
    """Bring a tenant to a phase, with what else its line in the lock has."""

    def make(tenant: str, *, final: bool = False, **entry: Any) -> Path:
        plan_state(manifest, tenant, "offboard").write()
        if final:
            plan_state(manifest, tenant, "offboard --final").write()
        path = manifest.with_suffix(".lock")
        lock = read_lock(path)
        write_lock(path, with_entries(lock, {**lock.entries, tenant: replace(lock.entries[tenant], **entry)}))
        return manifest

    return make


def test_alias_key_window_and_role_come_from_lock_and_manifest(leave: Callable[..., Path]) -> None:
    assert departing(leave("umbrella", final=True, key_id=KEY_ID), "umbrella") == Departing(
        tenant="umbrella",
        id_in_aws="umbrella",
        phase="offboarded",
        account="111111111111",
        primary_region="eu-west-1",
        regions=("eu-west-1", "eu-central-1"),
        alias_arn="arn:aws:kms:eu-west-1:111111111111:alias/tenant-umbrella",
        key_arn=f"arn:aws:kms:eu-west-1:111111111111:key/{KEY_ID}",
        window_days=30,
        break_glass="arn:aws:iam::111111111111:role/BreakGlass",
    )


def test_a_tenant_that_the_manifest_has_forgotten_is_found_by_its_tombstone(leave: Callable[..., Path]) -> None:
    manifest = leave("wonka", final=True)
    lines = [line for line in manifest.read_text().splitlines(keepends=True) if not line.startswith("  wonka:")]
    manifest.write_text("".join(lines))
    assert departing(manifest, "wonka").alias_arn == "arn:aws:kms:eu-west-1:111111111111:alias/tenant-wonka"


def test_an_opaque_tenants_key_is_looked_for_by_its_name_in_aws(leave: Callable[..., Path]) -> None:
    name = "x-abcdefghijklmnopqrstuvwxyz"
    found = departing(leave("wonka", final=True, name=name), "wonka")
    assert (found.tenant, found.id_in_aws) == ("wonka", name)
    assert found.alias_arn.endswith(f":alias/tenant-{name}")


def test_a_tenant_that_stays_or_is_unknown_has_no_end(leave: Callable[..., Path]) -> None:
    manifest = leave("wonka")
    with pytest.raises(TransitionRefused, match=r"tenants\.acme\.state: got active.*start with: .* offboard acme"):
        departing(manifest, "acme")
    with pytest.raises(UnknownTenant, match="no line of hooli"):
        departing(manifest, "hooli")
    manifest.write_text(manifest.read_text().replace("wonka: {state: offboarding}", "wonka: {state: active}"))
    with pytest.raises(TransitionRefused, match="got active, and the lock has phase offboarding"):
        departing(manifest, "wonka")


def test_a_key_that_its_tenant_holds_has_no_end_here(write: Callable[[str], Path], text: str) -> None:
    arn = "arn:aws:kms:eu-west-1:555555555555:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    key = f"{{held_by: tenant, arns: {{eu-west-1: '{arn}'}}}}"
    manifest = write(text.replace("  wonka: {}", f"  wonka: {{key: {key}}}"))
    plan_state(manifest, "wonka", "offboard").write()
    with pytest.raises(TransitionRefused, match="wonka holds its key in an account of its own"):
        departing(manifest, "wonka")
