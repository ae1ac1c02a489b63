"""A broken field hides no contradiction between sound ones, and begets none of its own: all errors typed by hand."""

from __future__ import annotations

import pytest

from tests.manifest.sample import TEXT, edited, errors

ORDERS = 'orders: {account: "222222222222", runs_on: lambda}'
CA = "arn:aws:acm-pca:eu-west-1:222222222222:certificate-authority/12345678-1234-1234-1234-123456789012"
IRSA = "irsa: {oidc_provider: a.b, namespace: n, service_account: s}"
POD = "pod_identity: {cluster: c, namespace: n, service_account: s}"
TWICE = ("[role/KeyAdministrator]", "[role/A, role/A]")
ELSEWHERE = ("home_region: eu-west-1", "home_region: eu-west-2")
CASES: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "a field that has nothing to do with the rule": (
        [(ORDERS, f'orders: {{account: "222222222222", runs_on: lambda, operations: [encrypts], {IRSA}}}')],
        ["12 workloads.orders.operations[0]", "12 workloads.orders.irsa"],
    ),
    "a field of the same group": (
        [(ORDERS, f'orders: {{account: "222222222222", runs_on: lambda, access: tenant-rol, {IRSA}}}')],
        ["12 workloads.orders.access"],
    ),
    "a field of the same group, of keys": (
        [("globex: {key: {origin: imported, ", "globex: {rotation_days: 365, key: {origin: import, ")],
        ["19 tenants.globex.key.origin"],
    ),
    "a rotation beside a broken origin, where the default origin has none": (
        [
            ("defaults:\n", "defaults:\n  key: {origin: imported}\n"),
            ("acme: {", "acme: {key: {origin: aws-kms}, "),
            ("globex: {key: {origin: imported, ", "globex: {rotation_days: 365, key: {origin: import, "),
        ],
        ["20 tenants.globex.key.origin"],
    ),
    "a rotation beside a broken importer": (
        [
            (
                "globex: {key: {origin: imported, import_role: role/",
                "globex: {rotation_days: 365, key: {origin: imported, import_role: ",
            )
        ],
        ["19 tenants.globex.key.import_role", "19 tenants.globex.rotation_days"],
    ),
    "a broken custodian of a key that needs an importer": (
        [("import_role: role/globex-import", "custodian: {account: 7, role: role/Keys, external_id: g-1}")],
        ["19 tenants.globex.key.custodian.account"],
    ),
    "a broken holder of a key that is named": (
        [("origin: imported, import_role: role/globex-import", "held_by: tenent, grace_minutes: 45")],
        ["19 tenants.globex.key.held_by"],
    ),
    **{
        f"what a workload runs on, of which its {field.partition(':')[0]} depends": (
            [(ORDERS, f"{ORDERS.replace('lambda', 'lamda')[:-1]}, {field}}}")],
            ["12 workloads.orders.runs_on"],
        )
        for field in ("role: role/App", f"roles_anywhere: {{certificate_authority: '{CA}', common_name: x}}")
    },
    **{
        f"how a workload gets access, of which its {field.partition(':')[0]} depends": (
            [(ORDERS, f'orders: {{account: "222222222222", access: web-identit, {field}}}')],
            ["12 workloads.orders.access"],
        )
        for field in ("identity_provider: customers", "audience: keys")
    },
    "a misspelt field of the same tenant": (
        [("globex: {key", "globex: {rotation: 365, rotation_days: 365, key")],
        ["19 tenants.globex.rotation"],
    ),
    "no workloads": (
        [(TEXT[TEXT.index("workloads:\n") : TEXT.index("defaults:")], ""), ELSEWHERE],
        ["1 workloads", "4 central.home_region"],
    ),
    "no tenants": ([(TEXT[TEXT.index("tenants:\n") :], ""), TWICE], ["1 tenants", "6 central.administrators[1]"]),
    "no account": ([('  account: "111111111111"\n', ""), ELSEWHERE], ["2 central.account", "3 central.home_region"]),
    "no home Region": ([("  home_region: eu-west-1\n", ""), TWICE], ["2 central.home_region", "5 central.administ"]),
    "no Regions": (
        [("  regions: [eu-west-1, eu-central-1]\n", ""), TWICE],
        ["2 central.regions", "5 central.administrators[1]"],
    ),
    "no administrators": (
        [("  administrators: [role/KeyAdministrator]\n", ""), ELSEWHERE],
        ["2 central.administrators", "4 central.home_region"],
    ),
    "no break-glass": (
        [("  break_glass: role/KeyBreakGlass\n", ""), ELSEWHERE],
        ["2 central.break_glass", "4 central.home_region"],
    ),
    "no issuer": (
        [("issuer: https://login.example.com", ""), TWICE],
        ["6 central.administrators[1]", "10 identity_providers.customers.issuer"],
    ),
    "two issuers missing": (
        [("customers: {issuer: https://login.example.com}", "customers: {}\n  others: {}"), TWICE],
        [
            *("6 central.administrators[1]", "10 identity_providers.customers.issuer"),
            "11 identity_providers.others.issuer",
        ],
    ),
    "no central": (
        [
            (TEXT[TEXT.index("central:\n") : TEXT.index("identity_providers:")], ""),
            ("[orders, billing]", "[orders, orders]"),
        ],
        ["1 central", "11 tenants.acme.workloads[1]"],
    ),
    "a wrong entry of a list": (
        [("[orders, billing]", "[orders, 7]"), TWICE],
        ["6 central.administrators[1]", "18 tenants.acme.workloads[1]"],
    ),
    "a broken workload that a tenant names": (
        [(ORDERS, 'orders: {account: "222222222222", runs_on: lamda}'), TWICE],
        ["6 central.administrators[1]", "12 workloads.orders.runs_on"],
    ),
    "an account beside a broken access": (
        [(ORDERS, 'orders: {account: "111111111111", runs_on: lambda, access: tenant-rol}')],
        ["12 workloads.orders.access", "12 workloads.orders.account"],
    ),
    "a broken account beside a field of the group": (
        [(ORDERS, f"orders: {{account: 7, runs_on: lambda, {IRSA}}}")],
        ["12 workloads.orders.account", "12 workloads.orders.irsa"],
    ),
    "workloads of a tenant beside a broken origin": (
        [("globex: {key: {origin: imported, ", "globex: {workloads: [orders, orders], key: {origin: import, ")],
        ["19 tenants.globex.key.origin", "19 tenants.globex.workloads[1]"],
    ),
    "broken workloads beside a rotation": (
        [("globex: {", "globex: {workloads: 7, rotation_days: 365, ")],
        ["19 tenants.globex.workloads", "19 tenants.globex.rotation_days"],
    ),
    "Regions beside broken readers": (
        [("[role/SecurityAudit]", "[SecurityAudit]"), ELSEWHERE],
        ["4 central.home_region", "7 central.readers[0]"],
    ),
    "a broken issuer that a workload names": (
        [("https://login.example.com", "http://login.example.com"), TWICE],
        ["6 central.administrators[1]", "10 identity_providers.customers.issuer"],
    ),
    "an unknown workload beside a broken one of the same list": (
        [("[orders, billing]", "[orders, biling]"), (ORDERS, 'orders: {account: "222222222222", runs_on: lamda}')],
        ["12 workloads.orders.runs_on", "18 tenants.acme.workloads[1]"],
    ),
    "what a workload runs on, of which its pods depend": (
        [(ORDERS, f"{ORDERS.replace('lambda', 'lamda')[:-1]}, {POD}}}")],
        ["12 workloads.orders.runs_on"],
    ),
    "another tenant's broken field": (
        [("acme: {", "acme: {state: actve, "), ("globex: {", "globex: {rotation_days: 365, ")],
        ["18 tenants.acme.state", "19 tenants.globex.rotation_days"],
    ),
    "no Region that a workload or a key could name": (
        [
            ("  regions: [eu-west-1, eu-central-1]\n", "  regions: 7\n"),
            ("acme: {", "acme: {key: {region: eu-west-3}, "),
        ],
        ["5 central.regions"],
    ),
}


@pytest.mark.parametrize(("edits", "places"), CASES.values(), ids=CASES)
def test_a_broken_field_hides_nothing_and_adds_nothing(edits: list[tuple[str, str]], places: list[str]) -> None:
    reported = errors(edited(*edits))
    assert len(reported) == len(places)
    for error, place in zip(reported, places, strict=True):
        assert error.startswith(f"tenants.yaml:{place}")


def merged(defaults: int, own: int, everywhere: int = 0) -> str:
    return edited(
        ("globex: {", f"globex: {{tags: {{{', '.join(f't{n}: v' for n in range(own))}}}, "),
        ("defaults:\n", f"defaults:\n  tags: {{{', '.join(f'd{n}: v' for n in range(defaults))}}}\n"),
        ("organization:", f"tags: {{{', '.join(f'e{n}: v' for n in range(everywhere))}}}\norganization:"),
    )


def test_tags_of_all_levels_together_are_forty_seven_at_most() -> None:
    assert errors(merged(23, 24)) == []
    assert errors(merged(20, 20, 7)) == []
    (error,) = errors(merged(24, 24))
    assert error == (
        "tenants.yaml:21 tenants.globex.tags: got 48 tags with those of defaults and of the manifest; allowed: 47"
    )


def test_two_workloads_that_share_a_service_account_are_reported_once_though_in_two_regions() -> None:
    pod = "runs_on: eks, pod_identity: {cluster: c, namespace: n, service_account: s}"
    (error,) = errors(
        edited(
            (ORDERS, f'orders: {{account: "222222222222", {pod}}}\n  desk: {{account: "222222222222", {pod}}}'),
        )
    )
    assert error.startswith("tenants.yaml:13 workloads.desk.pod_identity: got service account n/s of cluster c, which")


def test_a_broken_entry_of_a_list_hides_no_contradiction_of_the_others() -> None:
    found = errors(edited(("acme: {workloads: [orders, billing]}", "acme: {workloads: [nosuch, 7, orders]}")))
    assert [one.partition(": got ")[0] for one in found] == [
        "tenants.yaml:18 tenants.acme.workloads[1]",
        "tenants.yaml:18 tenants.acme.workloads[0]",
    ]
