"""Rules between fields: each case is an edit of the sample and the error it must give, and no other."""

import pytest

from tenant_keys.manifest import parse_manifest
from tenant_keys.manifest.allowed import ALLOWED
from tenant_keys.manifest.fields import fields_at
from tests.manifest.contradictions import CA, CASES
from tests.manifest.sample import edited, errors, with_tenants


@pytest.mark.parametrize(("edit", "expected"), CASES.values(), ids=CASES)
def test_contradictions_are_refused(edit: tuple[str, str], expected: str | None) -> None:
    reported = errors(edited(edit))
    if expected is None:
        assert reported == []
        return
    (error,) = reported
    assert expected in error


def test_merged_tags_that_differ_in_case_are_refused() -> None:
    text = edited(("defaults:", "tags: {Plan: x}\ndefaults:"), ("acme: {", "acme: {tags: {plan: y}, "))
    (error,) = errors(text)
    assert "tenants.acme.tags: plan and Plan differ only in case" in error


def test_more_roles_than_the_quota_are_refused_with_the_way_out() -> None:
    tenants = [f"t{number}: {{}}" for number in range(999)]
    text = with_tenants(*tenants)
    (error,) = errors(text)
    assert "got 1000 roles, but 999 pairs of tenant and workload and 2 shared roles need 1001" in error
    assert "`access: session-tag`" in error
    assert errors(with_tenants(*tenants[:-1])) == []
    assert errors(edited(("regions: [eu", "quotas: {iam_roles: 1001}\n  regions: [eu"), text=text)) == []


def test_offboarded_tenants_need_no_roles() -> None:
    tenants = [f"t{number}: {{state: offboarded}}" for number in range(999)]
    assert errors(with_tenants(*tenants, "acme: {}")) == []


def test_the_longest_names_make_a_role_name_that_iam_takes() -> None:
    tenant, workload = "a" * 40, "b" * 16
    parse_manifest(
        edited(
            ("orders:", f"{workload}:"),
            ("[orders]", f"[{workload}]"),
            ("acme: {workloads: [orders, billing]}", f"{tenant}: {{}}"),
        )
    )
    assert len(f"tenant-{tenant}.{workload}") == 64


@pytest.mark.parametrize("name", ["a" * 17, "Orders", "1a", "a-", "a--b", "a.b", "a_b"])
def test_workload_names_cannot_collide_as_role_names(name: str) -> None:
    reported = errors(edited(("orders:", f"{name}:"), ("[orders]", "[billing]"), ("[orders, billing]", "[billing]")))
    assert len(reported) == 1
    assert f"workloads.{name}: got the key" in reported[0]


@pytest.mark.parametrize("name", ["a" * 41, "Acme", "-a", "a-", "a--b", "a.b", "a_b", "ä", "a/b", "a*", "${x}"])
def test_tenant_ids_cannot_collide_or_inject(name: str) -> None:
    reported = errors(with_tenants(f'"{name}": {{}}'))
    assert len(reported) == 1
    assert "got the key" in reported[0]


def test_one_path_of_import_roles_is_named_by_audit_and_guardrails() -> None:
    def reported(audit: str, guardrails: str = "/imports/") -> list[str]:
        guarded = f"guardrails: {{management_account: '444444444444', import_path: {guardrails}}}\n"
        text = f"audit: {{import_path: {audit}}}\n{guarded}workloads:"
        return errors(edited(("workloads:", text), ("role/globex-import", "role/imports/globex-import")))

    assert reported("/imports/") == []
    (error,) = reported("/others/")
    assert error.startswith("tenants.yaml:11 audit.import_path: got /others/, and guardrails.import_path is /imports/;")


def test_guardrails_are_of_the_partition_aws() -> None:
    text = edited(
        ("home_region: eu-west-1", "home_region: us-gov-west-1"),
        ("[eu-west-1, eu-central-1]", "[us-gov-west-1]"),
        ("workloads:", "guardrails: {management_account: '444444444444', import_path: /imports/}\nworkloads:"),
        ("role/globex-import", "role/imports/globex-import"),
    )
    assert errors(text) == [
        "tenants.yaml:11 guardrails: got Regions of the partition aws-us-gov; allowed: aws; remove guardrails"
    ]


def test_every_field_says_what_it_allows() -> None:
    places: list[tuple[str, ...]] = [
        (), ("central",), ("central", "quotas"), ("identity_providers", "x"), ("workloads", "x"),
        ("workloads", "x", "pod_identity"), ("workloads", "x", "irsa"), ("workloads", "x", "roles_anywhere"),
        ("defaults",), ("defaults", "key"), ("tenants", "x"), ("tenants", "x", "key"),
    ]  # fmt: skip
    for place in places:
        assert fields_at(place), place
        for field in fields_at(place):
            assert field in ALLOWED, (place, field)


def many(number: int, fields: str) -> str:
    """The sample with that many further workloads; `{n}` is a number of its own."""
    lines = [f'  w{n}: {{account: "222222222222", {fields.format(n=n)}}}\n' for n in range(number)]
    return edited(("defaults:\n", f"{''.join(lines)}defaults:\n"))


QUOTAS = {
    "managed policies on an existing role": (
        10,
        "runs_on: existing-role, role: role/App",
        "workloads.w10.role: got 11 workloads with role/App of account 222222222222, each a managed policy on it",
    ),
    "trust anchors in a Region": (
        50,
        f"runs_on: roles-anywhere, roles_anywhere: {{{{certificate_authority: '{CA}', common_name: h{{n}}}}}}",
        "workloads.w50.roles_anywhere: got 51 trust anchors in eu-west-1 of account 222222222222, one for each",
    ),
    "audiences of a provider": (
        99,  # the sample has one
        "access: web-identity, identity_provider: customers, audience: a{n}",
        "workloads.w99.identity_provider: got 101 audiences of the provider customers, one for each workload",
    ),
}


@pytest.mark.parametrize(("most", "fields", "expected"), QUOTAS.values(), ids=QUOTAS)
def test_the_workload_that_is_one_too_many_for_a_quota_is_named(most: int, fields: str, expected: str) -> None:
    assert errors(many(most, fields)) == []
    (error,) = errors(many(most + 1, fields))
    assert expected in error
