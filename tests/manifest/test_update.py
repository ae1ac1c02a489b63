from dataclasses import replace

import pytest

from tenant_keys.manifest import Lock, LockError, parse_manifest
from tenant_keys.manifest.compare import occupancy
from tenant_keys.manifest.update import new_lock, record_key_ids, update
from tests.manifest.sample import TEXT, edited, manifest, with_tenants

KEY_ID = "mrk-0123456789abcdef0123456789abcdef"


def start(text: str = TEXT) -> Lock:
    parsed = parse_manifest(text)
    return update(parsed, new_lock(parsed))[0]


def refused(lock: Lock, *edits: tuple[str, str]) -> str:
    with pytest.raises(LockError) as caught:
        update(manifest(*edits), lock)
    return str(caught.value)


def test_it_says_what_it_did() -> None:
    parsed = manifest()
    assert update(parsed, new_lock(parsed))[1] == [
        "appended acme to key cell 1 of eu-west-1, its role for orders to role cell 1",
        "appended globex to key cell 1 of eu-west-1, its role for orders to role cell 1",
    ]
    assert update(parsed, start())[1] == []


def test_order_and_comments_of_the_manifest_change_nothing() -> None:
    names = [f"t{number}: {{}}" for number in range(200)]
    assert start(with_tenants(*names)) == start(with_tenants(*reversed(names)))


def test_cells_are_filled_up_to_80_keys_per_region_and_240_roles_over_all() -> None:
    north = "key: {region: eu-central-1}"
    names = [f"a{n:03}: {{}}" for n in range(161)] + [f"b{n:03}: {{{north}}}" for n in range(81)]
    keys, roles = occupancy(start(with_tenants(*names)))
    assert keys == {("eu-west-1", 1): 80, ("eu-west-1", 2): 80, ("eu-west-1", 3): 1,
                    ("eu-central-1", 1): 80, ("eu-central-1", 2): 1}  # fmt: skip
    assert roles == {1: 240, 2: 2}


def test_a_place_that_was_left_is_taken_by_the_next() -> None:
    lock = start(with_tenants(*(f"t{n:03}: {{}}" for n in range(81))))
    going = with_tenants("t000: {state: offboarding}", *(f"t{n:03}: {{}}" for n in range(1, 81)))
    lock, _ = update(parse_manifest(going), lock)
    gone = with_tenants("t000: {state: offboarded}", *(f"t{n:03}: {{}}" for n in range(1, 81)), "new: {}")
    lock, done = update(parse_manifest(gone), lock)
    assert done == [
        "recorded that t000 is offboarded; its id stays reserved",
        "dropped the role t000.orders from role cell 1",
        "appended new to key cell 1 of eu-west-1, its role for orders to role cell 1",
    ]
    assert (lock.entries["t080"].cell, lock.entries["new"].cell) == (2, 1)


def test_a_tenant_leaves_in_two_steps_and_its_id_stays_for_ever() -> None:
    lock, done = update(manifest(("acme: {", "acme: {state: offboarding, ")), start())
    assert done == [
        "recorded that acme is offboarding",
        "recorded that the key of acme rotates every 365 days while it is disabled, as before",
    ]
    assert lock.entries["acme"].roles == {"orders": 1}
    lock, _ = update(manifest(("acme: {", "acme: {state: offboarded, ")), lock)
    assert (lock.entries["acme"].phase, lock.entries["acme"].roles) == ("offboarded", {})
    removed = ("  acme: {workloads: [orders, billing]}\n", "")
    assert update(manifest(removed), lock) == (lock, [])
    for state in ("active", "suspended", "offboarding"):
        message = refused(lock, ("acme: {", f"acme: {{state: {state}, "))
        assert "acme was offboarded, and an id is never reused; choose another id" in message


def test_a_tenant_may_come_back_before_it_has_left() -> None:
    leaving, _ = update(manifest(("acme: {", "acme: {state: offboarding, ")), start())
    assert update(manifest(), leaving) == (
        start(),
        ["recorded that acme stays", "recorded that the key of acme rotates as the manifest says"],
    )


def test_a_key_that_is_disabled_keeps_its_rotation_until_it_is_enabled_again() -> None:
    """CloudFormation cannot change it before, and would roll back the whole cell."""
    suspended, done = update(manifest(("acme: {", "acme: {state: suspended, rotation_days: 180, ")), start())
    assert done == ["recorded that the key of acme rotates every 180 days while it is disabled, as before"]
    assert suspended.entries["acme"] == replace(start().entries["acme"], rotation_days=180)
    for later in ("suspended, rotation_days: 90", "offboarding", "suspended, rotation_days: off"):
        lock, _ = update(manifest(("acme: {", f"acme: {{state: {later}, ")), suspended)
        assert lock.entries["acme"].rotation_days == 180
    assert update(manifest(), suspended) == (start(), ["recorded that the key of acme rotates as the manifest says"])


def test_a_key_without_rotation_stays_without_while_it_is_disabled() -> None:
    lock, done = update(manifest(("acme: {", "acme: {state: suspended, rotation_days: off, ")), start())
    assert done == ["recorded that the key of acme rotates never while it is disabled, as before"]
    later, done = update(manifest(("acme: {", "acme: {state: suspended, ")), lock)
    assert (later, done) == (lock, [])


def test_an_imported_key_has_no_rotation_to_keep() -> None:
    assert update(manifest(("globex: {", "globex: {state: suspended, ")), start()) == (start(), [])


def test_a_tenant_created_suspended_keeps_its_first_rotation() -> None:
    lock = start(edited(("acme: {", "acme: {state: suspended, ")))
    assert lock.entries["acme"].rotation_days == 365


def test_what_loses_a_key_is_refused() -> None:
    assert "acme was removed" in refused(start(), ("  acme: {workloads: [orders, billing]}\n", ""))
    assert "it was never offboarding" in refused(start(), ("acme: {", "acme: {state: offboarded, "))
    message = refused(start(), ("acme: {", "new: {state: offboarded}\n  acme: {"))
    assert "tenants.new.state: got offboarded, but no key of new was ever recorded" in message


def test_roles_come_and_go_with_the_access_mode() -> None:
    lock, done = update(manifest((", access: session-tag", "")), start())
    assert done == ["appended the role acme.billing to role cell 1"]
    assert lock.entries["acme"].roles == {"billing": 1, "orders": 1}
    lock, done = update(manifest(), lock)
    assert done == ["dropped the role acme.billing from role cell 1"]
    assert lock == start()


def test_birth_comes_from_the_manifest_and_else_from_the_defaults() -> None:
    text = edited(
        ("workloads: [orders]", "workloads: [orders]\n  key: {multi_region: true}"),
        ("acme: {", "acme: {key: {multi_region: false, region: eu-central-1}, "),
    )
    entries = start(text).entries
    assert (entries["acme"].multi_region, entries["acme"].primary_region) == (False, "eu-central-1")
    assert (entries["globex"].multi_region, entries["globex"].primary_region) == (True, "eu-west-1")


def test_a_new_tenant_is_held_to_the_default_origin() -> None:
    text = edited(("workloads: [orders]", "workloads: [orders]\n  key: {origin: imported}"))
    with pytest.raises(LockError, match=r"tenants\.acme\.key\.import_role: missing"):
        start(text)


def test_recorded_key_ids_never_change() -> None:
    lock = start(edited(("origin: imported, ", "origin: imported, multi_region: true, ")))
    recorded = record_key_ids(lock, {"globex": KEY_ID})
    assert recorded.entries["globex"].key_id == KEY_ID
    assert record_key_ids(recorded, {"globex": KEY_ID}) == recorded
    other = KEY_ID.replace("0", "1")
    for key_ids in ({"globex": other}, {"acme": KEY_ID}, {"nobody": KEY_ID}):
        with pytest.raises(LockError):
            record_key_ids(recorded, key_ids)
    with pytest.raises(LockError, match="allowed: mrk- and 32 hex digits"):
        record_key_ids(lock, {"globex": "1234"})


def test_each_key_id_that_cannot_be_recorded_is_reported_with_its_reason_and_none_is_recorded() -> None:
    lock = start(edited(("origin: imported, ", "origin: imported, multi_region: true, ")))
    recorded = record_key_ids(lock, {"globex": KEY_ID})
    other = "mrk-ffffffffffffffffffffffffffffffff"
    for ids, expected in (
        ({"nobody": KEY_ID}, [f"tenants.lock nobody: no line; {KEY_ID} belongs to no tenant"]),
        ({"acme": KEY_ID}, [f"tenants.lock acme: got {KEY_ID}, but its key is not multi-Region"]),
        ({"globex": f"{KEY_ID}0"}, [f"tenants.lock globex: got {KEY_ID}0; allowed: mrk- and 32 hex digits"]),
        (
            {"globex": other},
            [f"tenants.lock globex: got {other}, but {KEY_ID} is recorded, and replicas depend on it"],
        ),
        (
            {"globex": "x" * 61, "nobody": "y"},
            [
                f"tenants.lock globex: got {'x' * 60}; allowed: mrk- and 32 hex digits",
                "tenants.lock nobody: no line; y belongs to no tenant",
            ],
        ),
    ):
        with pytest.raises(LockError) as caught:
            record_key_ids(recorded, ids)
        assert [str(problem) for problem in caught.value.problems] == expected
