"""Each limit of a field: the last value that is accepted and the first that is not, at its line."""

from __future__ import annotations

import msgspec
import pytest

from tenant_keys.manifest.model import Quotas
from tests.manifest.sample import TEXT, edited, errors, with_tenants

ORDERS = 'orders: {account: "222222222222", runs_on: lambda}'
CA = "arn:aws:acm-pca:eu-west-1:222222222222:certificate-authority/12345678-1234-1234-1234-12345678901"


def orders(fields: str) -> tuple[str, str]:
    return ORDERS, f'orders: {{account: "222222222222", {fields}}}'


def central(fields: str) -> tuple[str, str]:
    return "  readers:", f"  {fields}\n  readers:"


def tenant(fields: str) -> tuple[str, str]:
    return "acme: {workloads: [orders, billing]}", f"acme: {{workloads: [orders, billing], {fields}}}"


def issuer(characters: int) -> str:
    return f"https://{'a' * (characters - len('https://.example.com'))}.example.com"


EDITS: dict[str, tuple[tuple[str, str], tuple[str, str], str]] = {
    "organization, short": (("o-a1b2c3d4e5", "o-" + "a" * 10), ("o-a1b2c3d4e5", "o-" + "a" * 9), "1 organization"),
    "organization, long": (("o-a1b2c3d4e5", "o-" + "a" * 32), ("o-a1b2c3d4e5", "o-" + "a" * 33), "1 organization"),
    "account, short": (
        ('"111111111111"', '"111111111110"'),
        ('"111111111111"', '"11111111111"'),
        "3 central.account",
    ),
    "account, long": (
        ('"111111111111"', '"111111111110"'),
        ('"111111111111"', '"1111111111111"'),
        "3 central.account",
    ),
    "role name": (
        ("role/KeyAdministrator", f"role/{'A' * 64}"),
        ("role/KeyAdministrator", f"role/{'A' * 65}"),
        "6 central.administrators[0]",
    ),
    "administrators": (
        ("[role/KeyAdministrator]", "[role/A]"),
        ("[role/KeyAdministrator]", "[]"),
        "6 central.administrators",
    ),
    "regions": (
        ("regions: [eu-west-1, eu-central-1]", "regions: [eu-west-1]"),
        ("regions: [eu-west-1, eu-central-1]", "regions: []"),
        "5 central.regions",
    ),
    "deployment roles": (
        central("deployment_roles: [role/Deploy]"),
        central("deployment_roles: []"),
        "7 central.deployment_roles",
    ),
    "qualifier": (
        central("bootstrap_qualifier: " + "a" * 10),
        central("bootstrap_qualifier: " + "a" * 11),
        "7 central.bootstrap_qualifier",
    ),
    "quota of roles, most": (
        central("quotas: {iam_roles: 10000}"),
        central("quotas: {iam_roles: 10001}"),
        "7 central.quotas.iam_roles",
    ),
    "roles of the account": (
        central("quotas: {iam_roles: 4}"),
        central("quotas: {iam_roles: 3}"),
        "7 central.quotas.iam_roles",
    ),
    "quota of trust policies, least": (
        central("quotas: {trust_policy_characters: 2048}"),
        central("quotas: {trust_policy_characters: 2047}"),
        "7 central.quotas.trust_policy_characters",
    ),
    "quota of trust policies, most": (
        central("quotas: {trust_policy_characters: 8192}"),
        central("quotas: {trust_policy_characters: 8193}"),
        "7 central.quotas.trust_policy_characters",
    ),
    "issuer": (
        ("https://login.example.com", issuer(255)),
        ("https://login.example.com", issuer(256)),
        "10 identity_providers.customers.issuer",
    ),
    "audience": (
        ("portal-keys", "a" * 255),
        ("portal-keys", "a" * 256),
        "14 workloads.portal.audience",
    ),
    "cluster": (
        orders(f"runs_on: eks, pod_identity: {{cluster: {'c' * 100}, namespace: n, service_account: s}}"),
        orders(f"runs_on: eks, pod_identity: {{cluster: {'c' * 101}, namespace: n, service_account: s}}"),
        "12 workloads.orders.pod_identity.cluster",
    ),
    "namespace": (
        orders(f"runs_on: eks, pod_identity: {{cluster: c, namespace: {'n' * 63}, service_account: s}}"),
        orders(f"runs_on: eks, pod_identity: {{cluster: c, namespace: {'n' * 64}, service_account: s}}"),
        "12 workloads.orders.pod_identity.namespace",
    ),
    "service account": (
        orders(f"runs_on: eks, pod_identity: {{cluster: c, namespace: n, service_account: {'s' * 253}}}"),
        orders(f"runs_on: eks, pod_identity: {{cluster: c, namespace: n, service_account: {'s' * 254}}}"),
        "12 workloads.orders.pod_identity.service_account",
    ),
    "namespace of IRSA": (
        orders(f"runs_on: eks, irsa: {{oidc_provider: a.b, namespace: {'n' * 63}, service_account: s}}"),
        orders(f"runs_on: eks, irsa: {{oidc_provider: a.b, namespace: {'n' * 64}, service_account: s}}"),
        "12 workloads.orders.irsa.namespace",
    ),
    "service account of IRSA": (
        orders(f"runs_on: eks, irsa: {{oidc_provider: a.b, namespace: n, service_account: {'s' * 253}}}"),
        orders(f"runs_on: eks, irsa: {{oidc_provider: a.b, namespace: n, service_account: {'s' * 254}}}"),
        "12 workloads.orders.irsa.service_account",
    ),
    "OIDC provider": (
        orders(f"runs_on: eks, irsa: {{oidc_provider: {'a' * 255}, namespace: n, service_account: s}}"),
        orders(f"runs_on: eks, irsa: {{oidc_provider: {'a' * 256}, namespace: n, service_account: s}}"),
        "12 workloads.orders.irsa.oidc_provider",
    ),
    "certificate authority": (
        orders(f"runs_on: roles-anywhere, roles_anywhere: {{certificate_authority: '{CA}2', common_name: x}}"),
        orders(f"runs_on: roles-anywhere, roles_anywhere: {{certificate_authority: '{CA}', common_name: x}}"),
        "12 workloads.orders.roles_anywhere.certificate_authority",
    ),
    "common name": (
        orders(f"runs_on: roles-anywhere, roles_anywhere: {{certificate_authority: '{CA}2', common_name: {'x' * 64}}}"),
        orders(f"runs_on: roles-anywhere, roles_anywhere: {{certificate_authority: '{CA}2', common_name: {'x' * 65}}}"),
        "12 workloads.orders.roles_anywhere.common_name",
    ),
    "operations": (
        orders("runs_on: lambda, operations: [encrypt]"),
        orders("runs_on: lambda, operations: []"),
        "12 workloads.orders.operations",
    ),
    "regions of a workload": (
        orders("runs_on: lambda, regions: [eu-west-1]"),
        orders("runs_on: lambda, regions: []"),
        "12 workloads.orders.regions",
    ),
    "rotation, least": (tenant("rotation_days: 90"), tenant("rotation_days: 89"), "18 tenants.acme.rotation_days"),
    "rotation, most": (tenant("rotation_days: 2560"), tenant("rotation_days: 2561"), "18 tenants.acme.rotation_days"),
    "window, least": (
        tenant("deletion_window_days: 7"),
        tenant("deletion_window_days: 6"),
        "18 tenants.acme.deletion_window_days",
    ),
    "window, most": (
        tenant("deletion_window_days: 30"),
        tenant("deletion_window_days: 31"),
        "18 tenants.acme.deletion_window_days",
    ),
    "unused days, least": (
        tenant("unused_days_before_deletion: 1"),
        tenant("unused_days_before_deletion: 0"),
        "18 tenants.acme.unused_days_before_deletion",
    ),
    "unused days, most": (
        tenant("unused_days_before_deletion: 365"),
        tenant("unused_days_before_deletion: 366"),
        "18 tenants.acme.unused_days_before_deletion",
    ),
    "tag key": (tenant(f"tags: {{{'k' * 128}: v}}"), tenant(f"tags: {{{'k' * 129}: v}}"), "18 tenants.acme.tags.kkk"),
    "tag value": (tenant(f"tags: {{k: {'v' * 256}}}"), tenant(f"tags: {{k: {'v' * 257}}}"), "18 tenants.acme.tags.k"),
    "tags": (
        tenant(f"tags: {{{', '.join(f'k{n}: v' for n in range(47))}}}"),
        tenant(f"tags: {{{', '.join(f'k{n}: v' for n in range(48))}}}"),
        "18 tenants.acme.tags",
    ),
}


@pytest.mark.parametrize(("last", "first", "place"), EDITS.values(), ids=EDITS)
def test_the_last_value_is_accepted_and_the_next_is_refused_where_it_stands(
    last: tuple[str, str], first: tuple[str, str], place: str
) -> None:
    assert errors(edited(last)) == []
    (error,) = errors(edited(first))
    assert error.startswith(f"tenants.yaml:{place}")


def test_a_quota_of_one_role_can_be_written_and_of_none_cannot() -> None:
    assert msgspec.convert({"iam_roles": 1}, Quotas).iam_roles == 1
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"iam_roles": 0}, Quotas)


def test_a_wrong_entry_of_a_list_is_reported_with_what_an_entry_may_be() -> None:
    assert errors(edited(("eu-central-1]", "Frankfurt]"))) == [
        'tenants.yaml:5 central.regions[1]: got "Frankfurt"; allowed: an AWS Region such as eu-west-1'
    ]
    assert errors(edited(("[role/SecurityAudit]", "[SecurityAudit]"))) == [
        (
            'tenants.yaml:7 central.readers[0]: got "SecurityAudit"; allowed: a role as `role/Name` or '
            "`role/path/Name`, or `permission-set/Name`; did you mean role/SecurityAudit?"
        )
    ]


def test_what_is_missing_from_the_whole_is_reported_where_the_manifest_begins() -> None:
    text = "# an estate\n\n" + edited((TEXT[TEXT.index("tenants:\n") :], ""))
    (error,) = errors(text)
    assert error.startswith("tenants.yaml:3 tenants: missing; add it")


@pytest.mark.parametrize(("workloads", "more"), [(7, ""), (8, ", ...")])
def test_of_the_names_that_exist_ten_are_listed(workloads: int, more: str) -> None:
    """The sample has three of its own."""
    names = [f"a{number}" for number in range(workloads)]
    lines = "".join(f"  {name}: {{account: '222222222222', runs_on: ecs}}\n" for name in names)
    (error,) = errors(edited(("defaults:", f"{lines}defaults:"), ("[orders, billing]", "[orders, zzz]")))
    listed = [*names, "billing", "orders", "portal"][:10]
    assert error.endswith(f"which is not a workload; allowed: {', '.join(listed)}{more}")


def test_a_value_is_shown_up_to_sixty_characters() -> None:
    def shown(characters: int) -> str:
        (error,) = errors(edited(("break_glass: role/KeyBreakGlass", f"break_glass: {'x' * characters}")))
        return error.partition(" got ")[2].partition(";")[0]

    assert shown(60) == f'"{"x" * 60}"'
    assert shown(61) == f'"{"x" * 57}..."'


def test_an_empty_tag_value_and_an_id_of_forty_characters_are_accepted() -> None:
    assert errors(edited(tenant("tags: {k: ''}"))) == []
    assert errors(with_tenants(f"{'a' * 40}: {{}}")) == []


MISSING = {
    "organization or nothing": ("organization: o-a1b2c3d4e5\n", None),
    "account": ('  account: "111111111111"\n', "2 central.account: missing; add it: 12 digits in quotes"),
    "home Region": (
        "  home_region: eu-west-1\n",
        "2 central.home_region: missing; add it: an AWS Region such as eu-west-1",
    ),
    "Regions": (
        "  regions: [eu-west-1, eu-central-1]\n",
        "2 central.regions: missing; add it: a list of at least one: an AWS Region such as eu-west-1",
    ),
    "administrators": (
        "  administrators: [role/KeyAdministrator]\n",
        "2 central.administrators: missing; add it: a list of at least one: a role as `role/Name` or `role/path/Name`",
    ),
    "break-glass": (
        "  break_glass: role/KeyBreakGlass\n",
        "2 central.break_glass: missing; add it: a role as `role/Name` or `role/path/Name`",
    ),
    "account of a workload": (
        'account: "222222222222", runs_on: lambda',
        "12 workloads.orders.account: missing; add it: 12 digits in quotes",
    ),
    "issuer": (
        "issuer: https://login.example.com",
        "10 identity_providers.customers.issuer: missing; add it: an https URL of at most 255 characters",
    ),
    "tenants": (
        TEXT[TEXT.index("tenants:\n") :],
        "1 tenants: missing; add it: a mapping of tenant ids: at most 40 lower-case letters, digits and single inner h",
    ),
}


@pytest.mark.parametrize(("line", "expected"), MISSING.values(), ids=MISSING)
def test_a_missing_field_is_reported_at_the_line_of_what_lacks_it(line: str, expected: str | None) -> None:
    text = edited((line, "runs_on: lambda" if line.startswith("account") else ""))
    if expected is None:
        assert errors(text) == []
        return
    (error,) = errors(text)
    assert error.startswith(f"tenants.yaml:{expected}")
