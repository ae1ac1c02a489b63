"""The life of a tenant: every transition, and what each does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tenant_keys.manifest.model import State
from tenant_keys.operations.errors import TransitionRefused, UnknownTenant
from tenant_keys.operations.offboarding.remaining import after_offboarded, after_offboarding
from tenant_keys.operations.tenant_edit import plan_addition, plan_state
from tenant_keys.operations.transitions import Verb, next_state

ALLOWED = {
    ("active", "suspend"): "suspended",
    ("active", "offboard"): "offboarding",
    ("suspended", "resume"): "active",
    ("suspended", "offboard"): "offboarding",
    ("offboarding", "resume"): "active",
    ("offboarding", "offboard --final"): "offboarded",
}
STATES: tuple[State, ...] = ("active", "suspended", "offboarding", "offboarded")
VERBS: tuple[Verb, ...] = ("suspend", "resume", "offboard", "offboard --final")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", STATES)
def test_only_these_six_transitions_exist_and_the_others_say_the_way_out(state: State, verb: Verb) -> None:
    if (state, verb) in ALLOWED:
        assert next_state("acme", state, verb) == ALLOWED[state, verb]
    else:
        with pytest.raises(TransitionRefused, match=f"tenants.acme.state: got {state}; .+"):
            next_state("acme", state, verb)


def test_an_unknown_id_names_the_nearest(manifest: Path) -> None:
    with pytest.raises(UnknownTenant, match=r"no tenant globx; did you mean globex\?"):
        plan_state(manifest, "globx", "suspend")


def test_suspending_disables_the_key(manifest: Path) -> None:
    assert plan_state(manifest, "acme", "suspend").consequences == [
        (
            "acme: encryption and decryption refused; key, alias and roles stay; "
            "clients use cached data keys for up to 300 s"
        ),
        "disables the key of acme",
    ]


def test_suspending_an_imported_key_denies_use_in_its_policy(manifest: Path) -> None:
    assert plan_state(manifest, "globex", "suspend").consequences[1] == (
        "denies use in the policy of the key of globex; an imported key is not disabled, material may be pending"
    )


def test_offboarding_takes_roles_away_and_resuming_gives_them_back(manifest: Path) -> None:
    edit = plan_state(manifest, "acme", "offboard")
    assert edit.consequences == [
        "acme: encryption and decryption refused for good, unless it is resumed; key and alias stay",
        "disables the key of acme",
        "takes the key of acme from sessions of shared.billing",
        "removes the role tenant-acme.orders",
    ]
    edit.write()
    assert plan_state(manifest, "acme", "resume").consequences == [
        "acme: encryption and decryption allowed again, as before",
        "enables the key of acme",
        "lets sessions of shared.billing with tenant_id=acme use the key, for billing to decrypt",
        "creates the role tenant-acme.orders, for orders to decrypt, encrypt",
    ]


def test_the_last_step_leaves_a_tombstone_and_loses_no_key(manifest: Path) -> None:
    plan_state(manifest, "wonka", "offboard").write()
    edit = plan_state(manifest, "wonka", "offboard --final")
    assert edit.consequences == [
        (
            "takes the key of wonka and alias/tenant-wonka out of their stack; AWS keeps both, disabled, "
            "until break-glass schedules the deletion"
        ),
        "reserves the id wonka for ever",
    ]
    edit.write()
    lines = manifest.with_suffix(".lock").read_text().splitlines()
    assert json.loads(lines[-1])["phase"] == "offboarded"
    with pytest.raises(TransitionRefused, match="an offboarded tenant cannot be restored"):
        plan_state(manifest, "wonka", "resume")


def test_adding_says_key_replicas_and_roles_and_places_it(manifest: Path) -> None:
    edit = plan_addition(manifest, "hooli", {"workloads": ["orders", "billing"], "key": {"multi_region": True}})
    assert edit.consequences == [
        (
            "creates the key of hooli in eu-west-1, made by AWS, rotated every 365 days, "
            "and alias/tenant-hooli, in key cell 1"
        ),
        "replicates it to eu-central-1, once tenant-keys lock --record has its id",
        "lets sessions of shared.billing with tenant_id=hooli use the key, for billing to decrypt",
        "creates the role tenant-hooli.orders, for orders to decrypt, encrypt",
    ]
    assert edit.done == ("appended hooli to key cell 1 of eu-west-1, its role for orders to role cell 1",)


def test_an_imported_key_of_a_new_tenant_waits_for_its_material(manifest: Path) -> None:
    edit = plan_addition(manifest, "hooli", {"key": {"origin": "imported", "import_role": "role/Hooli"}})
    assert edit.consequences[0] == (
        "creates the key of hooli in eu-west-1, without key material, until arn:aws:iam::111111111111:role/Hooli "
        "imports it, not rotated by AWS, and alias/tenant-hooli, in key cell 1"
    )


def test_what_remains_names_stacks_commands_and_who_runs_them(manifest: Path) -> None:
    before = plan_state(manifest, "wonka", "offboard").before
    assert [line for line in after_offboarding(before.tenants["wonka"], before) if not line.startswith("#")] == [
        "node_modules/.bin/cdk deploy tenant-keys-cell-eu-west-1-001 tenant-keys-roles-001",
        "tenant-keys tenant offboard wonka",
        "tenant-keys tenant offboard wonka --final --yes",
    ]
    lines = after_offboarded(before.tenants["wonka"], before)
    assert [line for line in lines if not line.startswith("#")] == [
        "node_modules/.bin/cdk deploy tenant-keys-cell-eu-west-1-001",
        "tenant-keys tenant offboard wonka --yes",
        "tenant-keys tenant offboard wonka --yes",
    ]
    who = "arn:aws:iam::111111111111:role/BreakGlass"
    assert f"# 2. as {who}, 30 days after the last use: schedule the deletion, 30 days ahead" in lines
