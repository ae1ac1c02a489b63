"""Rules between fields: each case is an edit of the sample and the error it must give, and no other."""

import pytest

from tenant_keys.manifest import parse_manifest
from tenant_keys.manifest.allowed import ALLOWED
from tenant_keys.manifest.fields import fields_at
from tests.manifest.sample import TEXT, edited, errors, with_tenants

ORDERS = 'orders: {account: "222222222222", runs_on: lambda}'
PORTAL = '{account: "222222222222", access: web-identity, identity_provider: customers, audience: portal-keys}'
EKS = "pod_identity: {cluster: c, namespace: n, service_account: s}"
IRSA = "irsa: {oidc_provider: oidc.example.com/id/A, namespace: n, service_account: s}"
CA = "arn:aws:acm-pca:eu-west-1:222222222222:certificate-authority/12345678-1234-1234-1234-123456789012"


def orders(fields: str) -> tuple[str, str]:
    return ORDERS, f'orders: {{account: "222222222222", {fields}}}'


def two(one: str, other: str) -> tuple[str, str]:
    """Workloads x and orders of one account."""
    _, changed = orders(other)
    return ORDERS, f'x: {{account: "222222222222", {one}}}\n  {changed}'


ANYWHERE = f"roles_anywhere: {{certificate_authority: '{CA}', common_name: host}}"
CASES = {
    "home Region not among the Regions": (
        ("home_region: eu-west-1", "home_region: eu-west-2"),
        "central.home_region: got eu-west-2, which is no Region of central.regions; did you mean eu-west-1?",
    ),
    "another partition": (
        ("[eu-west-1, eu-central-1]", "[eu-west-1, cn-north-1]"),
        "central.regions[1]: got cn-north-1 of the partition aws-cn, beside eu-west-1 of aws; accounts are of one",
    ),
    "a Region that AWS does not have": (
        ("[eu-west-1, eu-central-1]", "[eu-west-1, eu-west-9]"),
        "central.regions[1]: got eu-west-9, which is no Region of AWS that this version knows; did you mean eu-west-3?",
    ),
    "a home Region that AWS does not have": (
        ("home_region: eu-west-1", "home_region: eu-west-9"),
        "central.home_region: got eu-west-9, which is no Region of AWS that this version knows; did you mean",
    ),
    "a home Region of another partition": (
        ("home_region: eu-west-1", "home_region: us-gov-west-1"),
        "central.home_region: got us-gov-west-1 of the partition aws-us-gov, beside eu-west-1 of aws; accounts are",
    ),
    "a Region of a partition that is left out": (
        ("[eu-west-1, eu-central-1]", "[eu-west-1, us-iso-east-1]"),
        "central.regions[1]: got us-iso-east-1, which is no Region of AWS that this version knows",
    ),
    "a certificate authority in a Region that AWS does not have": (
        orders(f"runs_on: roles-anywhere, {ANYWHERE}".replace("eu-west-1", "eu-west-9")),
        "workloads.orders.roles_anywhere.certificate_authority: got eu-west-9, which is no Region of AWS",
    ),
    "a certificate authority of another partition": (
        orders(f"runs_on: roles-anywhere, {ANYWHERE}".replace("arn:aws:acm-pca:eu", "arn:aws-cn:acm-pca:eu")),
        "an estate whose home is eu-west-1 has authorities of the partition aws, in its own Regions; name one",
    ),
    "issuers that differ in the slash at the end": (
        ("customers: {", "auth0: {issuer: 'https://login.example.com/'}\n  customers: {"),
        "identity_providers.customers.issuer: got https://login.example.com, the issuer of auth0 but for a slash",
    ),
    "a path of a role beyond 512 characters": (
        ("role/KeyBreakGlass", f"role/{'p' * 511}/KeyBreakGlass"),
        "the path of a role has at most 512 characters; name another role",
    ),
    "a path of a role of 512 characters": (("role/KeyBreakGlass", f"role/{'p' * 510}/KeyBreakGlass"), None),
    "an issuer with a slash at the end": (("login.example.com}", "acme.eu.auth0.com/}"), None),
    "Region twice": (
        ("[eu-west-1, eu-central-1]", "[eu-west-1, eu-west-1]"),
        "central.regions[1]: got eu-west-1 twice",
    ),
    "administrator twice": (
        ("[role/KeyAdministrator]", "[role/A, role/A]"),
        "central.administrators[1]: got role/A twice",
    ),
    "break-glass is an administrator": (
        ("[role/KeyAdministrator]", "[role/KeyAdministrator, role/KeyBreakGlass]"),
        "central.break_glass: got role/KeyBreakGlass, which is also in administrators",
    ),
    "break-glass is an administrator by another path and case": (
        ("[role/KeyAdministrator]", "[role/x/keybreakglass]"),
        "central.break_glass: got role/KeyBreakGlass, which is also in administrators",
    ),
    "break-glass deploys": (
        (
            "break_glass: role/KeyBreakGlass",
            "break_glass: role/KeyBreakGlass\n  deployment_roles: [role/KeyBreakGlass]",
        ),
        "central.break_glass: got role/KeyBreakGlass, which is also in deployment_roles",
    ),
    "break-glass is an execution role": (
        ("role/KeyBreakGlass", "role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-central-1"),
        "central.break_glass: got role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-central-1, which is also in deploy",
    ),
    "administrator is a role of the app": (
        ("[role/KeyAdministrator]", "[role/tenant-keys/orders/tenant-acme.orders]"),
        "central.administrators[0]: got role/tenant-keys/orders/tenant-acme.orders, the name of a role that this app",
    ),
    "reader is named like a role of the app": (
        ("[role/SecurityAudit]", "[role/x/Tenant-acme.orders]"),
        "central.readers[0]: got role/x/Tenant-acme.orders, the name of a role that this app makes",
    ),
    "workload in the central account": (
        ('orders: {account: "222222222222"', 'orders: {account: "111111111111"'),
        "workloads.orders.account: got 111111111111, the central account",
    ),
    "workload in an unknown Region": (
        orders("runs_on: lambda, regions: [eu-west-2]"),
        "workloads.orders.regions[0]: got eu-west-2, which is no Region of central.regions; did you mean eu-west-1?",
    ),
    "operation twice": (
        orders("runs_on: lambda, operations: [encrypt, encrypt]"),
        "workloads.orders.operations[1]: got encrypt twice",
    ),
    "runs on nothing": (orders("access: tenant-role"), "workloads.orders.runs_on: missing"),
    "web identity runs on something": (
        ("access: web-identity,", "access: web-identity, runs_on: lambda,"),
        "workloads.portal.runs_on: got lambda; with access: web-identity no role",
    ),
    "eks with neither": (orders("runs_on: eks"), "workloads.orders: runs_on: eks needs one of pod_identity and irsa"),
    "eks with both": (orders(f"runs_on: eks, {EKS}, {IRSA}"), "workloads.orders: runs_on: eks needs one of"),
    "pod identity elsewhere": (orders(f"runs_on: ecs, {EKS}"), "workloads.orders.pod_identity: only with runs_on: eks"),
    "irsa elsewhere": (orders(f"runs_on: ec2, {IRSA}"), "workloads.orders.irsa: only with runs_on: eks"),
    "roles-anywhere without": (orders("runs_on: roles-anywhere"), "workloads.orders.roles_anywhere: missing"),
    "roles_anywhere elsewhere": (
        orders(f'runs_on: lambda, roles_anywhere: {{certificate_authority: "{CA}", common_name: x}}'),
        "workloads.orders.roles_anywhere: only with runs_on: roles-anywhere",
    ),
    "existing-role without": (orders("runs_on: existing-role"), "workloads.orders.role: missing"),
    "role elsewhere": (orders("runs_on: lambda, role: role/R"), "workloads.orders.role: only with runs_on: existing-"),
    "existing role of the app": (
        orders("runs_on: existing-role, role: role/tenant-keys-billing"),
        "workloads.orders.role: got role/tenant-keys-billing, the name of a role that this app makes",
    ),
    "provider elsewhere": (
        orders("runs_on: lambda, identity_provider: customers"),
        "workloads.orders.identity_provider: only with access: web-identity",
    ),
    "audience elsewhere": (orders("runs_on: lambda, audience: a"), "workloads.orders.audience: only with access: web-"),
    "no provider": (("identity_provider: customers, ", ""), "workloads.portal.identity_provider: missing"),
    "no audience": ((", audience: portal-keys", ""), "workloads.portal.audience: missing"),
    "unknown provider": (
        ("identity_provider: customers", "identity_provider: customer"),
        "workloads.portal.identity_provider: got customer, which is no name of identity_providers; did you mean custom",
    ),
    "audience twice": (
        ("defaults:", f"  x: {PORTAL}\ndefaults:"),
        "workloads.x.audience: got portal-keys, the audience of portal",
    ),
    "issuer twice": (
        ("workloads:", "  others: {issuer: https://login.example.com}\nworkloads:"),
        "identity_providers.others.issuer: got https://login.example.com, the issuer of customers",
    ),
    "default workload unknown": (
        ("workloads: [orders]", "workloads: [order]"),
        "defaults.workloads[0]: got order, whi",
    ),
    "unknown workload": (
        ("[orders, billing]", "[orders, bilings]"),
        "tenants.acme.workloads[1]: got bilings, which is",
    ),
    "workload twice": (("[orders, billing]", "[orders, orders]"), "tenants.acme.workloads[1]: got orders twice"),
    "imported without importer": ((", import_role: role/globex-import", ""), "tenants.globex.key.import_role: missing"),
    "imported with rotation": (
        ("globex: {key", "globex: {rotation_days: 365, key"),
        "tenants.globex.rotation_days: got 365; AWS rotates no imported key automatically",
    ),
    "import role of a key that is not imported": (
        ("origin: imported, import", "origin: aws-kms, import"),
        "tenants.globex.key.import_role: got role/globex-import; only with origin: imported",
    ),
    "expiry by default origin": (
        ("acme: {", "acme: {key: {origin: aws-kms, expires: never}, "),
        "tenants.acme.key.expires: got never; only with origin: imported",
    ),
    "importer administers": (
        ("import_role: role/globex-import", "import_role: role/KeyAdministrator"),
        "tenants.globex.key.import_role: got role/KeyAdministrator, which is in central.administrators",
    ),
    "importer breaks glass": (
        ("import_role: role/globex-import", "import_role: role/KeyBreakGlass"),
        "tenants.globex.key.import_role: got role/KeyBreakGlass, which is in central.break_glass",
    ),
    "importer deploys": (
        ("role/globex-import", "role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1"),
        "which is in central.deployment_roles",
    ),
    "importer reads every key": (
        ("import_role: role/globex-import", "import_role: role/x/securityaudit"),
        "tenants.globex.key.import_role: got role/x/securityaudit, which is in central.readers",
    ),
    "importer is a role of the CDK's bootstrap": (
        ("role/globex-import", "role/cdk-hnb659fds-deploy-role-111111111111-eu-west-1"),
        "tenants.globex.key.import_role: got role/cdk-hnb659fds-deploy-role-111111111111-eu-west-1, a role of cdk boot",
    ),
    "importer is service-linked": (
        ("role/globex-import", "role/aws-service-role/kms.amazonaws.com/AWSServiceRoleForX"),
        "tenants.globex.key.import_role: got role/aws-service-role/kms.amazonaws.com/AWSServiceRoleForX, a service-li",
    ),
    "one import role for two tenants": (
        ("acme: {", "acme: {key: {origin: imported, import_role: role/globex-import}, "),
        "tenants.globex.key.import_role: got role/globex-import, the import role of acme",
    ),
    "one import role for two tenants by path and case": (
        ("acme: {", "acme: {state: suspended, key: {origin: imported, import_role: role/byok/GLOBEX-import}, "),
        "tenants.globex.key.import_role: got role/globex-import, the import role of acme",
    ),
    "importer is the pipeline": (
        ("role/globex-import", "role/tenant-keys-pipeline"),
        "tenants.globex.key.import_role: got role/tenant-keys-pipeline, the name of a role that this app makes",
    ),
    "workload named like the pipeline's role": (
        ("orders: {", "pipeline: {account: '222222222222', runs_on: ecs}\n  orders: {"),
        "workloads.pipeline: role/tenant-keys-pipeline is the pipeline's own role",
    ),
    "pipeline reads": (("[role/SecurityAudit]", "[role/tenant-keys-pipeline]"), None),
    "auditor reads": (
        ("[role/SecurityAudit]", "[role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig]"),
        None,
    ),
    "pipeline administers": (
        ("[role/KeyAdministrator]", "[role/tenant-keys-pipeline]"),
        "central.administrators[0]: got role/tenant-keys-pipeline, the name of a role that this app makes",
    ),
    "administrator is service-linked": (
        ("[role/KeyAdministrator]", "[role/AWSServiceRoleForConfig]"),
        "central.administrators[0]: got role/AWSServiceRoleForConfig, a service-linked role",
    ),
    "break-glass is service-linked": (
        ("role/KeyBreakGlass", "role/aws-service-role/x.amazonaws.com/R"),
        "central.break_glass: got role/aws-service-role/x.amazonaws.com/R, a service-linked role",
    ),
    "existing role is service-linked": (
        orders("runs_on: existing-role, role: role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
        "workloads.orders.role: got role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS, a service-linked",
    ),
    "existing role of Identity Center": (
        orders("runs_on: existing-role, role: role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"),
        "a role of IAM Identity Center, whose policies only Identity Center may change; name another role",
    ),
    "existing role named as one of Identity Center": (
        orders("runs_on: existing-role, role: role/AWSReservedSSO_Dev_0123456789abcdef"),
        "workloads.orders.role: got role/AWSReservedSSO_Dev_0123456789abcdef, a role of IAM Identity Center",
    ),
    "pod identity twice": (
        two(f"runs_on: eks, {EKS}", f"runs_on: eks, {EKS}, regions: [eu-central-1]"),
        "workloads.orders.pod_identity: got service account n/s of cluster c, which is workload x's too; EKS",
    ),
    "pod identity in two Regions' clusters": (
        two(f"runs_on: eks, {EKS}, regions: [eu-west-1]", f"runs_on: eks, {EKS}, regions: [eu-central-1]"),
        None,
    ),
    "service account twice": (
        two(f"runs_on: eks, {IRSA}", f"runs_on: eks, {IRSA}"),
        "workloads.orders.irsa: got service account n/s of oidc.example.com/id/A, which is workload x's too",
    ),
    "certificate twice": (
        two(f"runs_on: roles-anywhere, {ANYWHERE}", f"runs_on: roles-anywhere, {ANYWHERE}"),
        "workloads.orders.roles_anywhere: got certificates for host, which is workload x's too; one certificate",
    ),
    "empty tag value on a provider": (
        ("defaults:", "tags: {plan: ''}\ndefaults:"),
        "tags.plan: got an empty value, which the OIDC provider customers cannot carry",
    ),
    "empty tag value without a provider of ours": (
        (
            "{issuer: https://login.example.com}",
            "{issuer: https://login.example.com, existing: true}\ntags: {plan: ''}",
        ),
        None,
    ),
    "empty tag value of a tenant": (("acme: {", "acme: {tags: {plan: ''}, "), None),
    "key in an unknown Region": (
        ("acme: {", "acme: {key: {region: eu-west-3}, "),
        "tenants.acme.key.region: got eu-west-3, which is no Region of central.regions; did you mean eu-west-1?",
    ),
    "tag that speaks for a tenant": (
        ("acme: {", "acme: {tags: {Tenant_ID: globex}, "),
        "tenants.acme.tags.Tenant_ID: the tag that chooses a tenant",
    ),
    "tag of AWS": (("acme: {", "acme: {tags: {'Aws:x': y}, "), "tenants.acme.tags.Aws:x: aws: is reserved"),
    "tag value of AWS": (("acme: {", "acme: {tags: {x: 'aws:y'}, "), "tenants.acme.tags.x: aws: is reserved"),
    "tag of the app": (
        ("acme: {", "acme: {tags: {'tenant-keys:cell': y}, "),
        "tenants.acme.tags.tenant-keys:cell: tenant-keys: is set by this app",
    ),
    "tags that differ in case": (("acme: {", "acme: {tags: {a: x, A: y}, "), "tenants.acme.tags.A: equals a but for"),
    "tags that differ in case from a default": (
        ("defaults:", "tags: {Plan: x}\ndefaults:"),
        None,
    ),
    "too many tags": (
        ("acme: {", f"acme: {{tags: {{{', '.join(f'k{n}: v' for n in range(48))}}}, "),
        "tenants.acme.tags: got 48 tags",
    ),
    "no tenants": ((TEXT[TEXT.index("tenants:\n") :], "tenants: {}\n"), "tenants: got 0 tenants; name at least one"),
}


@pytest.mark.parametrize(("edit", "expected"), CASES.values(), ids=CASES)
def test_contradictions_are_refused(edit: tuple[str, str], expected: str | None) -> None:
    told = errors(edited(edit))
    if expected is None:
        assert told == []
        return
    (error,) = told
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
    told = errors(edited(("orders:", f"{name}:"), ("[orders]", "[billing]"), ("[orders, billing]", "[billing]")))
    assert len(told) == 1
    assert f"workloads.{name}: got the key" in told[0]


@pytest.mark.parametrize("name", ["a" * 41, "Acme", "-a", "a-", "a--b", "a.b", "a_b", "ä", "a/b", "a*", "${x}"])
def test_tenant_ids_cannot_collide_or_inject(name: str) -> None:
    told = errors(with_tenants(f'"{name}": {{}}'))
    assert len(told) == 1
    assert "got the key" in told[0]


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
