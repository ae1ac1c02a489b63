"""Room in cells by the bytes of a template: the last tenant that fits, the first that does not, and what moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenant_keys.manifest import Estate, Lock, parse_manifest
from tenant_keys.manifest.lock import Capacity, Entry, entry_line, header_line
from tenant_keys.manifest.lock_text import parse_lines, with_entries
from tenant_keys.manifest.merge_lines import measured, merge_lines
from tenant_keys.manifest.places import Places, Sizes
from tenant_keys.manifest.update import new_lock, update
from tests.manifest.sample import edited, manifest, with_tenants

HEADER = Lock("111111111111", "eu-west-1")
SMALL = Lock("111111111111", "eu-west-1", {}, Capacity(2, 3), Capacity(2, 3))


def line(tenant: str, cell: int = 1, role_cell: int = 1, region: str = "eu-west-1") -> Entry:
    return Entry(tenant, cell, "aws-kms", False, region, {"orders": role_cell})


def lock(*entries: Entry, header: Lock = HEADER) -> Lock:
    return with_entries(header, {entry.tenant: entry for entry in entries})


def key_cells(room: int, bytes_each: dict[str, int], held: Lock = HEADER) -> dict[str, int]:
    places = Places(held, Sizes(room, bytes_each))
    return {tenant: places.key("eu-west-1", tenant) for tenant in bytes_each if tenant not in held.entries}


def role_cells(room: int, bytes_each: dict[str, int], held: Lock = HEADER) -> dict[str, int]:
    places = Places(held, Sizes(room, roles={(tenant, "orders"): size for tenant, size in bytes_each.items()}))
    return {tenant: places.role(tenant, "orders") for tenant in bytes_each if tenant not in held.entries}


CELLS: dict[str, tuple[Lock, dict[str, int], dict[str, int]]] = {
    "to the last byte": (HEADER, {"a": 60, "b": 40}, {"a": 1, "b": 1}),
    "one byte too many": (HEADER, {"a": 60, "b": 41}, {"a": 1, "b": 2}),
    "more than a template by itself": (HEADER, {"a": 101, "b": 1}, {"a": 1, "b": 2}),
    "a gap that a smaller one fills": (HEADER, {"a": 60, "b": 50, "c": 40}, {"a": 1, "b": 2, "c": 1}),
    "a second gap": (HEADER, {"a": 90, "b": 90, "c": 20, "d": 10}, {"a": 1, "b": 2, "c": 3, "d": 1}),
    "beside a tenant that is there": (lock(line("old")), {"old": 60, "a": 41, "b": 40}, {"a": 2, "b": 1}),
    "beside two tenants that are there": (
        lock(line("old"), line("own")),
        {"old": 50, "own": 20, "a": 31, "b": 30},
        {"a": 2, "b": 1},
    ),
    "where a tenant has left": (
        lock(replace(line("old"), phase="offboarded")),
        {"old": 60, "a": 41},
        {"a": 1},
    ),
    "by number": (SMALL, {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1, "c": 2}),
    "of no size": (SMALL, {"a": 0, "b": 0, "c": 0}, {"a": 1, "b": 1, "c": 2}),
}


@pytest.mark.parametrize(("held", "sizes", "expected"), CELLS.values(), ids=CELLS)
def test_a_cell_takes_what_fits_into_a_hundred_bytes(
    held: Lock, sizes: dict[str, int], expected: dict[str, int]
) -> None:
    assert key_cells(100, sizes, held) == expected
    assert role_cells(100, sizes, held) == expected


def test_a_tenant_or_role_without_a_size_takes_no_bytes() -> None:
    places = Places(lock(line("old")), Sizes(100, {"old": 100, "no": 0}, {("old", "orders"): 100, ("no", "orders"): 0}))
    assert places.key("eu-west-1", "unmeasured") == 1
    assert places.role("unmeasured", "orders") == 1
    empty = Places(lock(line("old")), Sizes(0))
    assert empty.key("eu-west-1", "unmeasured") == 1
    assert empty.role("unmeasured", "orders") == 1


def test_each_region_has_key_cells_of_its_own() -> None:
    places = Places(HEADER, Sizes(100, {"a": 100, "b": 100, "c": 100}))
    assert places.key("eu-west-1", "a") == 1
    assert places.key("eu-west-1", "b") == 2
    assert places.key("eu-central-1", "c") == 1


def by_id(bytes_each: dict[str, int], room: int = 100) -> Sizes:
    return Sizes(room, bytes_each, {(tenant, "orders"): size for tenant, size in bytes_each.items()})


def test_new_tenants_are_placed_by_the_sizes_of_the_estate_that_has_them() -> None:
    written = parse_manifest(with_tenants("a: {}", "b: {}", "c: {}"))
    estates: list[Estate] = []

    def measure(estate: Estate) -> Sizes:
        estates.append(estate)
        return by_id({"a": 60, "b": 50, "c": 40})

    placed, done = update(written, new_lock(written), measure)
    assert [sorted(estate.tenants) for estate in estates] == [["a", "b", "c"]]
    assert done == [
        "appended a to key cell 1 of eu-west-1, its role for orders to role cell 1",
        "appended b to key cell 2 of eu-west-1, its role for orders to role cell 2",
        "appended c to key cell 1 of eu-west-1, its role for orders to role cell 1",
    ]
    assert update(written, placed, measure) == (placed, [])
    assert len(estates) == 1, "nothing is new, nothing is measured"


def test_a_new_role_of_an_old_tenant_is_placed_by_its_size() -> None:
    start = update(manifest(), new_lock(manifest()))[0]
    more = manifest((", access: session-tag", ""))
    sizes = Sizes(100, {}, {("acme", "orders"): 50, ("globex", "orders"): 30, ("acme", "billing"): 21})
    placed, done = update(more, start, lambda _: sizes)
    assert done == ["appended the role acme.billing to role cell 2"]
    assert placed.entries["acme"].roles == {"billing": 2, "orders": 1}


def merged(entries: list[Entry], at_base: list[Entry], sizes: Sizes) -> tuple[Lock, list[str]]:
    text = "\n".join([header_line(HEADER), *map(entry_line, entries)])
    written = parse_manifest(with_tenants(*(f"{entry.tenant}: {{}}" for entry in entries)))
    return merge_lines(parse_lines(text), lock(*at_base), written, lambda _: sizes)


def test_a_key_cell_that_is_too_large_gives_up_its_last_new_ids_until_it_fits() -> None:
    entries = [line(tenant, role_cell=number) for number, tenant in enumerate(("a", "b", "c", "z"), 1)]
    sizes = Sizes(100, {"a": 30, "b": 30, "c": 30, "z": 40})
    cells = {name: entry.cell for name, entry in merged(entries, entries[3:], sizes)[0].entries.items()}
    assert cells == {"a": 1, "b": 1, "c": 2, "z": 1}
    assert merged(entries, entries[3:], replace(sizes, room=130))[1] == []
    assert merged(entries, entries[3:], replace(sizes, room=129))[1] == ["moved c from key cell 1 to 2 of eu-west-1"]
    assert merged(entries, entries, sizes)[1] == [], "what the merge base has never moves"


def test_a_role_cell_that_is_too_large_gives_up_the_last_new_roles_until_it_fits() -> None:
    entries = [line(tenant, cell=number) for number, tenant in enumerate(("a", "b", "c", "z"), 1)]
    sizes = Sizes(100, {}, {(tenant, "orders"): size for tenant, size in {"a": 30, "b": 30, "c": 30, "z": 40}.items()})
    lighter, done = merged(entries, entries[3:], sizes)
    assert {name: entry.roles["orders"] for name, entry in lighter.entries.items()} == {"a": 1, "b": 1, "c": 2, "z": 1}
    assert done == ["moved the role c.orders from role cell 1 to 2"]
    assert merged(entries, entries[3:], replace(sizes, room=130))[1] == []
    assert merged(entries, entries[3:], replace(sizes, room=129))[1] == done
    assert merged(entries, entries, sizes)[1] == [], "what the merge base has never moves"


def test_a_tenant_that_has_left_takes_no_bytes_and_does_not_move() -> None:
    left = replace(line("a"), phase="offboarded", roles={})
    kept = [line("b"), line("c")]
    text = "\n".join([header_line(HEADER), *map(entry_line, [left, *kept])])
    written = parse_manifest(with_tenants("a: {state: offboarded}", "b: {}", "c: {}"))
    sizes = by_id({"a": 100, "b": 50, "c": 50})
    assert merge_lines(parse_lines(text), None, written, lambda _: sizes) == (lock(left, *kept), [])


def test_a_lock_is_measured_with_the_keys_that_it_records_and_without_those_who_left() -> None:
    written = parse_manifest(with_tenants("acme: {}", "gone: {state: offboarded}", "left: {}", "new: {}"))
    recorded = lock(
        Entry("acme", 4, "aws-kms", True, "eu-central-1", {"orders": 3}),
        replace(line("left"), phase="offboarded"),
    )
    estates: list[Estate] = []

    def measure(estate: Estate) -> Sizes:
        estates.append(estate)
        return Sizes(7)

    assert measured(written, recorded, measure) == Sizes(7)
    (estate,) = estates
    assert {tenant.id: (tenant.multi_region, tenant.primary_region) for tenant in estate.tenants.values()} == {
        "acme": (True, "eu-central-1"),
        "new": (False, "eu-west-1"),
    }


def test_without_a_measure_or_without_an_estate_nothing_has_a_size() -> None:
    assert measured(manifest(), HEADER, None) == Sizes(0)
    broken = parse_manifest(edited(("workloads: [orders]", "workloads: [orders]\n  key: {origin: imported}")))
    assert measured(broken, HEADER, lambda _: Sizes(7)) == Sizes(0)
