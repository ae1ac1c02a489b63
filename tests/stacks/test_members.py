"""Which tenants' resources each cell holds, without the CDK."""

from __future__ import annotations

import pytest

from tenant_keys.manifest import Estate
from tenant_stacks.members import Kind, Resident, TenantsOfNone, cell_stacks
from tests.policy.estates import estate_of_text, manifest, with_tenant

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag}"""
CUSTODIAN = "{account: '555555555555', role: role/Keys, external_id: g-1}"
TENANTS = f"""\
  acme-corp: {{workloads: [orders, billing]}}
  globex: {{workloads: [orders], key: {{multi_region: true}}}}
  hooli: {{workloads: [billing], key: {{origin: imported, custodian: {CUSTODIAN}}}}}
  initech: {{workloads: [orders], key: {{region: eu-central-1}}}}
  umbrella: {{workloads: [orders], key: {{region: eu-central-1, multi_region: true}}}}
  wonka: {{workloads: [orders], state: offboarding}}"""


def estate() -> Estate:
    return estate_of_text(manifest(WORKLOADS, TENANTS), {"globex": f"mrk-{1:032x}"})


@pytest.mark.parametrize(
    ("kind", "construct_id", "names", "logical_ids"),
    [
        ("key", "acme-corp", ("acme-corp", "acmeXcorp"), ("KeyacmeXcorp", "AliasacmeXcorp")),
        ("importer", "import.acme-corp", ("acme-corp", "acmeXcorp"), ("ImportRoleacmeXcorp",)),
        ("replica", "acme-corp", ("acme-corp", "acmeXcorp", ""), ("ReplicaacmeXcorp", "AliasacmeXcorp")),
        ("role", "acme-corp.orders", ("acme-corp", "acmeXcorp"), ("RoleacmeXcorpFororders",)),
    ],
)
def test_what_a_tenant_has_in_a_stack_is_known_by_these_names(
    kind: Kind, construct_id: str, names: tuple[str, ...], logical_ids: tuple[str, ...]
) -> None:
    made = estate()
    resident = Resident(kind, made.tenants["acme-corp"], made.workloads["orders"] if kind == "role" else None)
    member = resident.member
    assert (resident.construct_id, member.construct_id) == (construct_id, construct_id)
    assert (member.names, member.logical_ids) == (names, logical_ids)


def test_kinds_of_resources_are_never_alike() -> None:
    made = estate()
    kinds = [
        Resident("key", made.tenants["acme-corp"]).member.alike,
        Resident("importer", made.tenants["acme-corp"]).member.alike,
        *(Resident("role", made.tenants["acme-corp"], one).member.alike for one in made.workloads.values()),
    ]
    assert len(set(kinds)) == 4


def test_each_cell_holds_these_tenants_in_this_order() -> None:
    found = [
        (one.name, one.region, one.description, one.cell, one.keeps_keys, [each.construct_id for each in one.residents])
        for one in cell_stacks(estate())
    ]
    here, there = "eu-west-1", "eu-central-1"
    assert found == [
        (
            "tenant-keys-cell-eu-central-1-001",
            there,
            "Tenants' keys, cell eu-central-1-001",
            "eu-central-1-001",
            True,
            ["initech", "umbrella"],
        ),
        (
            "tenant-keys-cell-eu-west-1-001",
            here,
            "Tenants' keys, cell eu-west-1-001",
            "eu-west-1-001",
            True,
            ["acme-corp", "globex", "hooli", "wonka", "import.hooli"],
        ),
        (
            "tenant-keys-replica-eu-central-1-of-eu-west-1-001",
            there,
            "Replicas in eu-central-1 of cell eu-west-1-001",
            "eu-west-1-001",
            True,
            ["globex"],
        ),
        (
            "tenant-keys-roles-001",
            here,
            "Access roles of single tenants, cell 001",
            "roles-001",
            False,
            ["acme-corp.orders", "globex.orders", "initech.orders", "umbrella.orders"],
        ),
    ]


def test_replicas_wait_for_the_id_of_their_primary() -> None:
    made = with_tenant(estate(), "globex", multi_region_key_id=None)
    assert not [one.name for one in cell_stacks(made) if "replica" in one.name]


def test_a_construct_of_one_tenant_cannot_ask_for_another() -> None:
    tenants = TenantsOfNone()
    for ask in (lambda: tenants["acme"], lambda: list(tenants), lambda: len(tenants)):
        with pytest.raises(LookupError, match="reads other tenants"):
            ask()
