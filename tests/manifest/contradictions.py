"""Edits of a manifest that contradict themselves, and the error of each."""

from tests.manifest.sample import TEXT

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


def held(account: str, partition: str = "aws") -> tuple[str, str]:
    """The tenant globex holds a key in this account."""
    key = f"arn:{partition}:kms:eu-west-1:{account}:key/0000000c-0000-4000-8000-000000000000"
    return "origin: imported, import_role: role/globex-import", f"held_by: tenant, arns: {{eu-west-1: '{key}'}}"


ANYWHERE = f"roles_anywhere: {{certificate_authority: '{CA}', common_name: host}}"
CASES = {
    "home Region not among the Regions": (
        ("home_region: eu-west-1", "home_region: eu-west-2"),
        "central.home_region: got eu-west-2, which is not a Region of central.regions; did you mean eu-west-1?",
    ),
    "another partition": (
        ("[eu-west-1, eu-central-1]", "[eu-west-1, cn-north-1]"),
        "central.regions[1]: got cn-north-1 of the partition aws-cn, beside eu-west-1 of aws; accounts are of one",
    ),
    "a Region that AWS does not have": (
        ("[eu-west-1, eu-central-1]", "[eu-west-1, eu-west-9]"),
        (
            "central.regions[1]: got eu-west-9, which is not an AWS Region that this version knows; did you mean "
            "eu-west-3?"
        ),
    ),
    "a home Region that AWS does not have": (
        ("home_region: eu-west-1", "home_region: eu-west-9"),
        "central.home_region: got eu-west-9, which is not an AWS Region that this version knows; did you mean",
    ),
    "a home Region of another partition": (
        ("home_region: eu-west-1", "home_region: us-gov-west-1"),
        "central.home_region: got us-gov-west-1 of the partition aws-us-gov, beside eu-west-1 of aws; accounts are",
    ),
    "a Region of a partition that is left out": (
        ("[eu-west-1, eu-central-1]", "[eu-west-1, us-iso-east-1]"),
        "central.regions[1]: got us-iso-east-1, which is not an AWS Region that this version knows",
    ),
    "a certificate authority in a Region that AWS does not have": (
        orders(f"runs_on: roles-anywhere, {ANYWHERE}".replace("eu-west-1", "eu-west-9")),
        "workloads.orders.roles_anywhere.certificate_authority: got eu-west-9, which is not an AWS Region",
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
        "central.readers[0]: got role/x/Tenant-acme.orders, the name of a role that this app creates",
    ),
    "workload in the central account": (
        ('orders: {account: "222222222222"', 'orders: {account: "111111111111"'),
        "workloads.orders.account: got 111111111111, the central account",
    ),
    "workload in an unknown Region": (
        orders("runs_on: lambda, regions: [eu-west-2]"),
        "workloads.orders.regions[0]: got eu-west-2, which is not a Region of central.regions; did you mean eu-west-1?",
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
        "workloads.orders.role: got role/tenant-keys-billing, the name of a role that this app creates",
    ),
    "existing role whose name differs in path and case": (
        two("runs_on: existing-role, role: role/x/Orders", "runs_on: existing-role, role: role/y/orders"),
        (
            "workloads.orders.role: got role/y/orders, beside role/x/Orders of workloads.x.role; an account has one "
            "role of a name, whatever its path and case: write both as the role of account 222222222222 is called"
        ),
    ),
    "existing role whose name differs in case": (
        two("runs_on: existing-role, role: role/Orders", "runs_on: existing-role, role: role/orders"),
        "workloads.orders.role: got role/orders, beside role/Orders of workloads.x.role",
    ),
    "one existing role of two workloads": (
        two("runs_on: existing-role, role: role/Orders", "runs_on: existing-role, role: role/Orders"),
        None,
    ),
    "reader whose name is an administrator's in another path": (
        ("[role/SecurityAudit]", "[role/SecurityAudit, role/x/keyadministrator]"),
        "central.readers[1]: got role/x/keyadministrator, beside role/KeyAdministrator of central.administrators[0]",
    ),
    "reader whose name differs from another reader's in case": (
        ("[role/SecurityAudit]", "[role/SecurityAudit, role/securityaudit]"),
        "central.readers[1]: got role/securityaudit, beside role/SecurityAudit of central.readers[0]",
    ),
    "break-glass is a reader by another path": (
        ("[role/SecurityAudit]", "[role/x/KeyBreakGlass]"),
        "central.break_glass: got role/KeyBreakGlass, beside role/x/KeyBreakGlass of central.readers[0]",
    ),
    "administrator whose name is an execution role's in another path": (
        ("[role/KeyAdministrator]", "[role/x/cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1]"),
        "beside role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1 of central.deployment_roles; an account has",
    ),
    "administrator is a role of the Hook": (
        ("[role/KeyAdministrator]", "[role/tenant-keys-hook.eu-west-1.invoke]"),
        "central.administrators[0]: got role/tenant-keys-hook.eu-west-1.invoke, the name of a role that this app",
    ),
    "a probe role that central names": (
        ("defaults:", "audit: {probe_roles: [role/Probe, role/SecurityAudit]}\ndefaults:"),
        "audit.probe_roles[1]: got role/SecurityAudit, which central names too",
    ),
    "probe roles whose names differ in path": (
        ("defaults:", "audit: {probe_roles: [role/Probe, role/x/Probe]}\ndefaults:"),
        "audit.probe_roles[1]: got role/x/Probe, beside role/Probe of audit.probe_roles[0]",
    ),
    "boundary is another workload's policy": (
        two("runs_on: existing-role, role: role/X", "runs_on: lambda, permissions_boundary: policy/p/Tenant-Keys-x"),
        (
            "workloads.orders.permissions_boundary: got policy/p/Tenant-Keys-x, the policy that this app attaches to "
            "the role of workload x and that allows nothing else; name a policy that your organization makes as a"
        ),
    ),
    "boundary named as another workload's role, which has no policy apart": (
        two("runs_on: lambda", "runs_on: lambda, permissions_boundary: policy/tenant-keys-x"),
        None,
    ),
    "provider elsewhere": (
        orders("runs_on: lambda, identity_provider: customers"),
        "workloads.orders.identity_provider: only with access: web-identity",
    ),
    "audience elsewhere": (
        orders("runs_on: lambda, audience: portal-keys"),
        "workloads.orders.audience: only with access: web-",
    ),
    "no provider": (("identity_provider: customers, ", ""), "workloads.portal.identity_provider: missing"),
    "no audience": ((", audience: portal-keys", ""), "workloads.portal.audience: missing"),
    "unknown provider": (
        ("identity_provider: customers", "identity_provider: customer"),
        (
            "workloads.portal.identity_provider: got customer, which is not a name of identity_providers; did you "
            "mean custom"
        ),
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
        "tenants.globex.key.import_role: got role/tenant-keys-pipeline, the name of a role that this app creates",
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
        "central.administrators[0]: got role/tenant-keys-pipeline, the name of a role that this app creates",
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
    "a held key in the central account": (
        held("111111111111"),
        "key/0000000c-0000-4000-8000-000000000000, a key in the central account; the tenant's key is in an account of",
    ),
    "a held key in the account of a workload": (
        held("333333333333"),
        "key/0000000c-0000-4000-8000-000000000000, a key in the account of workload billing; the tenant's key is in",
    ),
    "a held key of another partition than its Region": (
        held("555555555555", "aws-cn"),
        (
            "tenants.globex.key.arns.eu-west-1: got arn:aws-cn:kms:eu-west-1:555555555555:key/0000000c-0000-4000-"
            "8000-000000000000; eu-west-1 is in the partition aws"
        ),
    ),
    "a held key in an account of the tenant": (held("555555555555"), None),
    "key in an unknown Region": (
        ("acme: {", "acme: {key: {region: eu-west-3}, "),
        "tenants.acme.key.region: got eu-west-3, which is not a Region of central.regions; did you mean eu-west-1?",
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
    "tags that differ in case": (
        ("acme: {", "acme: {tags: {a: x, A: y}, "),
        "tenants.acme.tags.A: equals a except for",
    ),
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
