"""Cells are filled by bytes: what is reckoned for each tenant, against what the constructs make."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tenant_constructs.access_role import CustodianImportRole, TenantAccessRole
from tenant_constructs.tenant_key import TenantKey, TenantReplicaKey
from tenant_keys.aws_facts.quotas import TEMPLATE_BYTES
from tenant_keys.manifest import Estate, Tenant, Workload, parse_manifest, resolve
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.lock_text import parse_lines, with_entries
from tenant_keys.manifest.merge_lines import merge_lines
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.policy.template_size import (
    ADDED_BY_CDK,
    import_role_bytes,
    key_bytes,
    reserved_sizes,
    role_bytes,
    what_is_large,
    with_room,
)
from tests.constructs.resources import Resources, resources_of
from tests.policy.estates import UMBRELLA_KEY, estate_of_text, manifest, sample

SEVEN = "eu-west-1, eu-west-2, eu-west-3, eu-central-1, eu-north-1, us-east-1, us-west-2"
EIGHT = f"{SEVEN}, ap-southeast-2"
OWN_KEY = "arn:aws:kms:eu-west-1:555555555555:key/11111111-2222-3333-4444-555555555555"
TWO_KEYS = [
    f"{region}: 'arn:aws:kms:{region}:666666666666:key/{'1' * 8}-{'2222-' * 3}{'5' * 12}'"
    for region in ("eu-west-1", "eu-central-1")
]
CUSTODIAN = "{account: '555555555555', role: role/%s, external_id: %s}"
CUSTODIANS = """\
  acme:
    workloads: [orders]
    key: {origin: imported, custodian: {account: '555555555555', role: role/K, external_id: a-1}}
  globex-and-sons:
    workloads: [orders]
    key: {origin: imported, custodian: {account: '555555555555', role: role/kms/Keys, external_id: globex-4711}}"""
TAGS = ", ".join(f"{'k' * 120}{n:02d}: {'v' * 250}" for n in range(44))


def bytes_of(resources: Resources) -> int:
    """In the template: without the braces around, with a comma after each."""
    return len(json.dumps(resources, separators=(",", ":"))) - 2 + 1


def of_key(tenant: Tenant, estate: Estate, *, replica: bool = False) -> Resources:
    kind = TenantReplicaKey if replica else TenantKey
    return resources_of(kind, tenant=tenant, estate=estate, cell=f"{tenant.primary_region}-001")


def of_custodian(tenant: Tenant, estate: Estate) -> Resources:
    cell = f"{tenant.primary_region}-001"
    return resources_of(CustodianImportRole, tenant=tenant, custodian=tenant.custodian, estate=estate, cell=cell)


def of_role(tenant: Tenant, workload: Workload, estate: Estate, cell: str = "roles-001") -> Resources:
    return resources_of(TenantAccessRole, tenant=tenant, workload=workload, estate=estate, cell=cell)


ESTATES: dict[str, Callable[[], Estate]] = {
    "never rotated": lambda: estate_of_text(manifest(tenants="  acme: {workloads: [orders], rotation_days: 'off'}")),
    "the sample": sample,
    "longest names": lambda: estate_of_text(
        manifest(
            workloads="  wwwwwwwwwwwwwwww: {account: '222222222222', runs_on: lambda}",
            tenants=f"  {'t' * 40}: {{workloads: [wwwwwwwwwwwwwwww]}}\n  a: {{workloads: [wwwwwwwwwwwwwwww]}}",
        )
    ),
    "most tags": lambda: estate_of_text(manifest(tenants=f"  acme: {{workloads: [orders], tags: {{{TAGS}}}}}")),
    "imported, replicated, eight Regions": lambda: estate_of_text(
        manifest(
            regions=EIGHT,
            tenants="  acme: {workloads: [orders], key: {origin: imported, multi_region: true, import_role: role/I}}",
        ),
        {"acme": UMBRELLA_KEY},
    ),
    "a custodian, own names, a boundary": lambda: estate_of_text(
        "naming: {role_prefix: acme_, role_path: /acme/}\n"
        + manifest(tenants=CUSTODIANS, permissions_boundary="policy/org/Central")
    ),
}
RECKONED = {
    "never rotated": {"acme": (8_829, 0, 1_555)},
    "the sample": {
        "acme": (10_417, 0, 1_555),
        "globex": (10_217, 0, 1_571),
        "initech": (8_785, 0, 1_579),
        "umbrella": (9_813, 0, 1_714),
        "wayne": (9_719, 0, 1_840),
        "wonka": (7_469, 0, 1_563),
    },
    "longest names": {"a": (8_576, 0, 1_591), "t" * 40: (9_083, 0, 1_903)},
    "most tags": {"acme": (25_807, 0, 18_847)},
    "imported, replicated, eight Regions": {"acme": (13_518, 0, 2_175)},
    "a custodian, own names, a boundary": {"acme": (10_658, 1_403, 1_634), "globex-and-sons": (10_911, 1_484, 1_722)},
}
"""Bytes of each tenant's key, import role and access role. One byte more moves tenants that are yet to come."""


@pytest.mark.parametrize("name", ESTATES)
def test_the_bytes_reckoned_are_at_least_those_of_the_template_and_hardly_more(name: str) -> None:
    estate = ESTATES[name]()
    for tenant in estate.tenants.values():
        actual = bytes_of(of_key(tenant, estate))
        assert actual <= key_bytes(tenant, estate) <= actual * 1.06, tenant.id
        if tenant.multi_region_key_id:
            assert bytes_of(of_key(tenant, estate, replica=True)) <= key_bytes(tenant, estate)
        for workload in tenant.workloads:
            if workload.access == "tenant-role":
                actual = bytes_of(of_role(tenant, workload, estate))
                assert actual <= role_bytes(tenant, workload, estate) <= actual * 1.1, tenant.id
        if tenant.custodian:
            actual = bytes_of(of_custodian(tenant, estate))
            assert actual <= import_role_bytes(tenant, estate) <= actual * 1.1, tenant.id
    assert {
        tenant.id: (
            key_bytes(tenant, estate),
            import_role_bytes(tenant, estate),
            *(role_bytes(tenant, each, estate) for each in tenant.workloads if each.access == "tenant-role"),
        )
        for tenant in estate.tenants.values()
    } == RECKONED[name]


ROWS = {
    "plain": "",
    "longer": "",
    "trial": "state: suspended",
    "never": "rotation_days: 'off'",
    "bykey": "decrypt_by: key",
    "weeks": "unused_days_before_deletion: 100",
    "whole": "unused_days_before_deletion: 'off'",
    "multi": "key: {multi_region: true}",
    "ahead": "key: {region: eu-central-1}",
    "taken": "key: {origin: imported, import_role: role/I}",
    "named": "key: {origin: imported, import_role: role/Longer}",
    "dated": "key: {origin: imported, import_role: role/D, expires: dated}",
    "owner": f"key: {{held_by: tenant, arns: {{eu-west-1: '{OWN_KEY}'}}}}",
    "twice": f"key: {{held_by: tenant, arns: {{{', '.join(TWO_KEYS)}}}}}",
    **{
        name: f"key: {{origin: imported, custodian: {CUSTODIAN % (role, own)}}}"
        for name, role, own in (("cusaa", "K", "aa"), ("cusab", "K", "bbb"), ("cusac", "K1", "cc"))
    },
    "tag-1": "tags: {a: b}",
    "tag-2": "tags: {ab: c}",
    "tag-3": "tags: {a: b, c: ''}",
}
"""By id what else is declared of a tenant: no two of them are alike in size."""
DIFFERENT = "\n".join(
    [
        "  other: {workloads: [orders, moves]}",
        *(f"  {name}: {{workloads: [orders], {row}}}" for name, row in ROWS.items()),
    ]
).replace(", }", "}")


def test_what_is_reserved_is_what_each_tenant_comes_to_take() -> None:
    """Tenants that are alike in size are measured once; none of these is like another."""
    workloads = "\n".join(f"  {name}: {{account: '222222222222', runs_on: lambda}}" for name in ("orders", "moves"))
    estate = estate_of_text(manifest(workloads, DIFFERENT))
    later = replace(estate, central=with_room(estate.central))
    reserved = reserved_sizes(estate)
    tenants = estate.tenants.values()
    assert reserved.room == 995_904
    assert reserved.keys == {one.id: key_bytes(one, later) + import_role_bytes(one, later) for one in tenants}
    assert reserved.roles == {
        (one.id, workload.name): role_bytes(one, workload, later) for one in tenants for workload in one.workloads
    }


def test_room_is_kept_for_one_region_more_and_a_second_set_of_deployment_roles() -> None:
    central = estate_of_text(manifest(regions="eu-west-1")).central
    role = "arn:aws:iam::111111111111:role/cdk-"
    assert central.deployers == (f"{role}hnb659fds-cfn-exec-role-111111111111-eu-west-1",)
    assert with_room(central) == replace(
        central,
        regions=("eu-west-1", "ap-southeast-99"),
        deployers=(
            f"{role}hnb659fds-cfn-exec-role-111111111111-eu-west-1",
            f"{role}xxxxxxxxxx-cfn-exec-role-111111111111-further",
            f"{role}xxxxxxxxxx-cfn-exec-role-111111111111-eu-west-1",
            f"{role}xxxxxxxxxx-cfn-exec-role-111111111111-ap-southeast-99",
        ),
    )


def test_each_part_of_a_template_is_reported_with_its_bytes_and_what_is_in_two_statements_once() -> None:
    def policy(*statements: tuple[str, str, list[str] | str]) -> dict[str, Any]:
        return {
            "Statement": [
                {"Sid": sid, "Condition": {operator: {"aws:PrincipalArn": roles}}}
                for sid, operator, roles in statements
            ]
        }

    first = policy(("Deploy", "ArnEquals", ["abcdefghi", "jklm"]), ("Read", "ArnEquals", ["jklm", "no"]))
    second = policy(("DenyUseByAnyoneElse", "ArnNotEquals", "xyz"), ("Other", "ArnEquals", ["abcdefghi"] * 9))
    tags = [{"Key": "a", "Value": "b"}]
    resources: list[dict[str, Any]] = [
        {"Properties": {"KeyPolicy": first, "Tags": tags * 2}},
        {"Properties": {"KeyPolicy": second, "Tags": tags}},
        {"Properties": {"KeyPolicy": {"Statement": [{"Sid": "Read"}]}}},
        {},
    ]
    assert what_is_large(resources) == (
        "tags (2) 74 bytes, deployment roles (2) 26 bytes, workloads of a tenant (1) 6 bytes, "
        "other roles of central (1) 5 bytes"
    )


def many(number: int, tags: str = "") -> str:
    """Tenants with the longest ids, in the sample's form."""
    return "\n".join(f"  t{n:039d}: {{workloads: [orders], tags: {{{tags}}}}}" for n in range(number))


def locked(text: str) -> tuple[Estate, Counter[int]]:
    """The estate as `tenant-keys lock` places it, and how many tenants each key cell holds."""
    model = parse_manifest(text)
    lock, _ = update(model, new_lock(model), reserved_sizes)
    return resolve(model, lock), Counter(entry.cell for entry in lock.entries.values())


def template_bytes(estate: Estate, cell: int) -> int:
    """Tenants with ids of one length and tags of one size take the same number of bytes."""
    alike = Counter((len(t.id), sum(map(len, t.tags.values()))) for t in estate.tenants.values() if t.cell == cell)
    first = {(len(t.id), sum(map(len, t.tags.values()))): t for t in estate.tenants.values() if t.cell == cell}
    return ADDED_BY_CDK + sum(number * bytes_of(of_key(first[kind], estate)) for kind, number in alike.items())


def test_a_small_estate_fills_its_cells_by_number() -> None:
    _, cells = locked(manifest(tenants=many(100)))
    assert cells == {1: 80, 2: 20}


def test_a_cell_with_much_in_it_is_filled_by_bytes() -> None:
    estate, cells = locked(manifest(regions=SEVEN, tenants=many(100, TAGS)))
    assert 15 <= cells[1] < 40
    assert all(template_bytes(estate, cell) <= TEMPLATE_BYTES for cell in cells)


def test_role_cells_are_filled_by_bytes_too() -> None:
    model = parse_manifest(manifest(tenants=many(100, TAGS)))
    lock, _ = update(model, new_lock(model), reserved_sizes)
    estate, roles = resolve(model, lock), Counter(entry.roles["orders"] for entry in lock.entries.values())
    assert len(roles) > 1
    for cell in roles:
        here = [tenant for tenant in estate.tenants.values() if tenant.role_cells["orders"] == cell]
        each = bytes_of(of_role(here[0], estate.workloads["orders"], estate, f"roles-{cell:03d}"))
        assert len(here) * each + ADDED_BY_CDK <= TEMPLATE_BYTES


def roles_of(*regions: str) -> list[str]:
    return [f"role/cdk-hnb659fds-cfn-exec-role-111111111111-{region}" for region in regions]


def test_a_full_cell_takes_a_further_region_and_old_and_new_deployment_roles_at_once() -> None:
    """80 tenants and 7 Regions came to 1,064,031 bytes in the documented step of old and new deployment roles."""
    text = manifest(regions=SEVEN, tenants=many(200))
    model = parse_manifest(text)
    lock, _ = update(model, new_lock(model), reserved_sizes)
    regions = EIGHT.split(", ")
    both = [*roles_of(*regions), *(role.replace("hnb659fds", "tenantkeys") for role in roles_of(*regions))]
    later = parse_manifest(manifest(regions=EIGHT, tenants=many(200), deployment_roles=f"[{', '.join(both)}]"))
    after, done = update(later, lock, reserved_sizes)
    assert (after, done) == (lock, [])
    estate = resolve(later, lock)
    cells = Counter(tenant.cell for tenant in estate.tenants.values())
    largest = max(template_bytes(estate, cell) for cell in cells)
    assert 800_000 < largest <= TEMPLATE_BYTES


def test_tenants_of_a_locked_cell_stay_where_they_are_and_a_full_one_takes_no_more() -> None:
    model = parse_manifest(manifest(tenants=many(70)))
    lock, _ = update(model, new_lock(model), reserved_sizes)
    grown = parse_manifest(manifest(regions=EIGHT, tenants=many(72)))
    after, _ = update(grown, lock, reserved_sizes)
    assert [after.entries[f"t{n:039d}"].cell for n in range(72)] == [1] * 70 + [2] * 2


def test_what_makes_a_template_large_is_named_largest_first() -> None:
    estate = estate_of_text(manifest(regions=SEVEN, tenants=many(80, TAGS)))
    one = list(of_key(estate.tenants[f"t{0:039d}"], estate).values())
    said = what_is_large(one * 80)
    assert said.startswith("tags (47) 1,4")
    parts = [part.split(" (")[0] for part in said.split(" bytes")[:-1]]
    assert parts == ["tags", ", deployment roles", ", other roles of central", ", workloads of a tenant"]
    assert "deployment roles (7) " in said


def test_two_merged_branches_that_filled_one_cell_are_parted_by_bytes_and_nothing_recorded_moves() -> None:
    """Each branch adds tenants with the most tags up to what the cell takes; together they are too much."""
    start = parse_manifest(manifest(tenants=many(10, TAGS)))
    base, _ = update(start, new_lock(start), reserved_sizes)
    names = [f"{letter}{number:039d}" for letter in "uv" for number in range(15)]
    added = [f"  {name}: {{workloads: [orders], tags: {{{TAGS}}}}}" for name in names]
    branches = []
    for side in (added[:15], added[15:]):
        branch = parse_manifest(manifest(tenants="\n".join([many(10, TAGS), *side])))
        branches.append(update(branch, base, reserved_sizes)[0])
    both = {**branches[0].entries, **branches[1].entries}
    assert Counter(entry.cell for entry in both.values()) == {1: 40}
    merged = parse_manifest(manifest(tenants="\n".join([many(10, TAGS), *added])))
    text = render_lock(with_entries(base, both))
    lock, done = merge_lines(parse_lines(text, "tenants.lock"), base, merged, reserved_sizes)
    estate = resolve(merged, update(merged, lock, reserved_sizes)[0])
    cells = Counter(tenant.cell for tenant in estate.tenants.values())
    assert len(cells) == 2
    assert all(template_bytes(estate, cell) <= TEMPLATE_BYTES for cell in cells)
    assert any(line.startswith("moved v") for line in done)
    assert all(lock.entries[name] == entry for name, entry in base.entries.items())


def test_longer_tags_take_more_room_though_name_and_value_differ_by_as_much() -> None:
    tenants = "  acme: {workloads: [orders], tags: {ab: c}}\n  hool: {workloads: [orders], tags: {abcd: efg}}"
    sizes = reserved_sizes(estate_of_text(manifest(tenants=tenants)))
    assert sizes.keys["hool"] - sizes.keys["acme"] == 4
    assert sizes.roles["hool", "orders"] - sizes.roles["acme", "orders"] == 4
