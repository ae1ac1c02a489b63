r"""The manifest as a platform team writes it: `tenants.yaml`, field for field.

Only what one field can say about itself is checked here; what needs two fields or the lock is checked in
`consistency.py` and `resolution.py`. The JSON Schema that editors use is generated from these classes.

Patterns end in `\Z`: Python's `$` would also match before a line break at the end. The schema has `$` there.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tenant_keys.aws_facts.regions import regions

TENANT_ID = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"
WORKLOAD_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\Z"

TenantId = Annotated[str, Meta(pattern=TENANT_ID, max_length=40)]
"""An alias, a role name (which ignores case), a session tag and a logical id: it must mean the same in all four."""
WorkloadName = Annotated[str, Meta(pattern=WORKLOAD_NAME, max_length=16)]
"""16 characters, so that `tenant-<40 characters>.<workload>` fits a role name's 64."""
AccountId = Annotated[str, Meta(pattern=r"^[0-9]{12}\Z")]
Region = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]\Z", extra_json_schema={"enum": list(regions())})]
"""Whether AWS has it is checked in `rules.py`, with what may have been meant; editors complete it."""
OrganizationalUnit = Annotated[str, Meta(pattern=r"^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})\Z")]
"""Or an organization's root (CloudFormation API reference, DeploymentTargets)."""
LONGEST_PATH = 512
"""Characters of a role's path with the slash at each end, `/` or `/path/` (IAM API reference, CreateRole, Path)."""
_SHORT = rf"(?!role/.{{{LONGEST_PATH - 1},}}/)"
"""No path of a role that is longer: a role's name and path have limits of their own."""

RoleReference = Annotated[str, Meta(pattern=rf"^{_SHORT}role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{{1,64}}\Z")]
"""A role of a known account, written as the end of its ARN: `role/KeyAdministrator`, `role/path/Name`."""

PersonReference = Annotated[
    str,
    Meta(
        pattern=rf"^({_SHORT}role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{{1,64}}"
        r"|permission-set/[A-Za-z0-9_+=,.@-]{1,32})\Z"
    ),
]
"""A role that people assume: as any role, or by the permission set of IAM Identity Center that gives it to them."""

PolicyReference = Annotated[str, Meta(pattern=r"^policy/([A-Za-z0-9_+=,.@-]{1,128}/)*[A-Za-z0-9_+=,.@-]{1,128}\Z")]
"""A managed policy of a known account, written as the end of its ARN: `policy/Boundary`."""

ImportPath = Annotated[str, Meta(pattern=r"^/([A-Za-z0-9_-]+/)+\Z", max_length=200)]
"""The IAM path above all import roles: `/key-import/`."""

State = Literal["active", "suspended", "offboarding", "offboarded"]
Auditor = Literal["access-analyzer", "config"]
Operation = Literal["encrypt", "decrypt", "re-encrypt"]
Access = Literal["tenant-role", "session-tag", "web-identity"]
RunsOn = Literal["lambda", "ecs", "eks", "ec2", "batch", "roles-anywhere", "existing-role"]
Origin = Literal["aws-kms", "imported"]
KeySource = Literal["aws-kms", "imported", "held"]
"""How a tenant came by its key: an origin, or a key that the tenant holds in an account of its own."""
DecryptBy = Literal["alias", "key"]
HeldKeyArn = Annotated[
    str,
    Meta(
        pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/"
        r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\Z"
    ),
]
"""A key by its own ARN: an alias could be re-pointed by its owner, and other spellings would name one key twice."""
RotationDays = Annotated[int, Meta(ge=90, le=2560)] | Literal["off"]
DeletionWindowDays = Annotated[int, Meta(ge=7, le=30)]
UnusedDays = Annotated[int, Meta(ge=1, le=365)] | Literal["off"]
Tags = dict[
    Annotated[str, Meta(pattern=r"^[A-Za-z0-9 _.:/=+@-]{1,128}\Z")],
    Annotated[str, Meta(pattern=r"^[A-Za-z0-9 _.:/=+@-]{0,256}\Z")],
]


FILE_BELOW = r"^([A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.ya?ml\Z"
FILES_BELOW = r"^([A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_*-][A-Za-z0-9_.*-]*\.ya?ml\Z"


class _Model(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Quotas(_Model, frozen=True):
    """Quotas of the central account that AWS has raised."""

    iam_roles: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    """Roles of the account: 1,000 by default, at most 10,000 on request (IAM quotas)."""
    trust_policy_characters: Annotated[int, Meta(ge=2_048, le=8_192)] = 2_048
    """Length of a role's trust policy: 2,048 characters by default, at most 8,192 on request (IAM quotas)."""


class Central(_Model, frozen=True, kw_only=True):
    """The account that holds the keys and runs no workloads."""

    account: AccountId
    """The account id, in quotes because YAML drops leading zeros. No workload runs in this account."""
    home_region: Region
    """Region of the stacks with IAM roles, and of each tenant's key unless its `key.region` names another Region."""
    regions: Annotated[tuple[Region, ...], Meta(min_length=1)]
    """Regions with keys; a `multi_region` tenant has its key or a replica in each of them."""
    administrators: Annotated[tuple[PersonReference, ...], Meta(min_length=1)]
    """May disable a key, rotate its material and cancel its deletion, but neither use it nor change its policy."""
    readers: tuple[PersonReference, ...] = ()
    """Roles that may read keys, policies, tags and grants, and nothing else: for audits."""
    auditors: tuple[Auditor, ...] = ()
    """AWS's own auditors: their service-linked roles may read the properties that they evaluate, and nothing else."""
    break_glass: PersonReference
    """The only role that may schedule a deletion."""
    identity_center_region: Region | None = None
    """With `permission-set/...`: Region of IAM Identity Center's identity source, a part of the roles' path."""
    deployment_roles: Literal["default"] | Annotated[tuple[RoleReference, ...], Meta(min_length=1)] = "default"
    """Roles with which CloudFormation calls KMS: by default the CDK's CloudFormation execution role of every Region."""
    permissions_boundary: PolicyReference | None = None
    """Permissions boundary of every access role: a managed policy of this account that your organization requires."""
    bootstrap_qualifier: Annotated[str, Meta(pattern=r"^[a-z0-9]{1,10}\Z")] = "hnb659fds"
    """The qualifier of `cdk bootstrap`; part of the execution roles' names."""
    deletion_hook: bool = False
    """Whether a CloudFormation Hook in each Region refuses to remove or replace tenants' keys, for every principal."""
    quotas: Quotas = Quotas()
    """Quotas of this account that AWS has raised."""


class Audit(_Model, frozen=True):
    """Detection of changes to keys: EventBridge rules, a topic and alarms in each Region, for the people on call."""

    probe_roles: Annotated[tuple[RoleReference, ...], Meta(max_length=5)] = ()
    """Roles of the central account whose denied calls are tests: the rule on denied use ignores them."""
    trail: Literal["organization", "own"] = "organization"
    """`own`: a trail and a bucket in the key account, whose calls no other trail records; a second trail costs."""
    import_path: ImportPath | None = None
    """IAM path of every `import_role`, whose sessions are reported; by default `guardrails.import_path`."""
    forward_from: Annotated[tuple[OrganizationalUnit, ...], Meta(max_length=50)] = ()
    """Organizational units, or the root, of the workload accounts: one stack set forwards denied sessions."""


class Guardrails(_Model, frozen=True):
    """Control policies of AWS Organizations, attached to the key account. They apply whatever a key policy allows."""

    management_account: AccountId
    """The organization's management account, in quotes. Control policies do not limit it, so it holds no keys."""
    import_path: ImportPath | None = None
    """IAM path of every `import_role`, so that one pattern matches all of them; omitted if no key is imported."""


class Naming(_Model, frozen=True):
    """Names of aliases, roles and stacks. Two estates of one account differ in all four. The lock fixes them."""

    alias: Annotated[str, Meta(pattern=r"^alias/[A-Za-z0-9/_-]*\{id\}\Z", max_length=200)] = "alias/tenant-{id}"
    """Alias of a tenant's key: the default, or a name of the estate that ends in `/` or `_`, then `{id}`."""
    role_path: Annotated[str, Meta(pattern=r"^/([A-Za-z0-9_-]+/)+\Z", max_length=200)] = "/tenant-keys/"
    """Path of the workloads' SSM parameters and, with a folder for each workload, of the access roles."""
    role_prefix: Annotated[str, Meta(pattern=r"^([a-z0-9-]+_)?\Z", max_length=32)] = ""
    """Prefix of every role name; ends in `_`. With `dev_`, one of the roles is `dev_tenant-acme.orders`."""
    stack_prefix: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*\Z", max_length=32)] = (
        "tenant-keys"
    )
    """Prefix of every stack name."""


class IdentityProvider(_Model, frozen=True):
    """An OpenID Connect provider whose tokens STS verifies."""

    issuer: Annotated[str, Meta(pattern=r"^https://[a-z0-9.-]+(/[A-Za-z0-9_./-]*)?\Z", max_length=255)]
    """The exact `iss` claim of the tokens, with a trailing slash if the claim has one, as with Auth0."""
    existing: bool = False
    """True if the central account already has the provider; the app then creates none."""


class PodIdentity(_Model, frozen=True):
    """EKS Pod Identity: an association of a service account with the workload's role."""

    cluster: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")]
    """The EKS cluster in the workload's account."""
    namespace: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")]
    """Kubernetes namespace of the service account."""
    service_account: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")]
    """Kubernetes service account of the pods."""


class Irsa(_Model, frozen=True):
    """IAM roles for service accounts: the cluster's own OIDC provider in the workload account."""

    oidc_provider: Annotated[str, Meta(pattern=r"^[a-z0-9.-]+(/[A-Za-z0-9_./-]*)?\Z", max_length=255)]
    """Without `https://`, as in the provider's ARN: `oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE`."""
    namespace: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")]
    """Kubernetes namespace of the service account."""
    service_account: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")]
    """Kubernetes service account of the pods."""


class RolesAnywhere(_Model, frozen=True):
    """On-premises servers that hold an X.509 certificate: IAM Roles Anywhere."""

    certificate_authority: Annotated[
        str, Meta(pattern=r"^arn:aws[a-z-]*:acm-pca:[a-z0-9-]+:[0-9]{12}:certificate-authority/[0-9a-f-]{36}\Z")
    ]
    """The AWS Private CA that issued the certificates."""
    common_name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9 ._-]{1,64}\Z")]
    """Subject common name that a certificate must have, because one CA often serves several applications."""


class Workload(_Model, frozen=True):
    """A service in a workload account that uses tenants' keys."""

    account: AccountId
    """The account in which the workload runs, in quotes; not the central account."""
    runs_on: RunsOn | None = None
    """Compute service that assumes the workload's role; omitted with `web-identity`, which needs no such role."""
    access: Access = "tenant-role"
    """What selects the tenant: the assumed role, a session tag, or the signed token of an identity provider."""
    operations: Annotated[tuple[Operation, ...], Meta(min_length=1)] = ("encrypt", "decrypt")
    """Operations allowed on a tenant's key; `encrypt` includes data keys, `re-encrypt` moves data to another key."""
    regions: Annotated[tuple[Region, ...], Meta(min_length=1)] | None = None
    """Regions in which the workload runs and has its SSM parameter; by default those of the central account."""
    pod_identity: PodIdentity | None = None
    """With `runs_on: eks`: the association; either this field or `irsa`."""
    irsa: Irsa | None = None
    """With `runs_on: eks`: the service account; either this field or `pod_identity`."""
    roles_anywhere: RolesAnywhere | None = None
    """With `runs_on: roles-anywhere`: the certificates of the workload."""
    role: RoleReference | None = None
    """With `runs_on: existing-role`: the role, in the workload's account."""
    permissions_boundary: PolicyReference | None = None
    """Permissions boundary of the workload's role: a managed policy of its account that your organization requires."""
    identity_provider: str | None = None
    """With `access: web-identity`: a name of `identity_providers`."""
    audience: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:/-]{1,255}\Z")] | None = None
    """With `access: web-identity`: the `aud` of the tokens; no two workloads may share one."""


class KeyDefaults(_Model, frozen=True):
    """Settings for the keys of new tenants; the lock records those of existing keys."""

    origin: Origin = "aws-kms"
    """Origin of the key material: AWS KMS generates it, or the tenant imports it."""
    multi_region: bool = False
    """Whether the key has a replica in every other Region of `central.regions`."""


class Defaults(_Model, frozen=True):
    """Default settings of tenants."""

    workloads: tuple[WorkloadName, ...] = ()
    """Workloads of a tenant that names none."""
    rotation_days: RotationDays = 365
    """Days between rotations of the key material by AWS; imported keys are never rotated automatically."""
    deletion_window_days: DeletionWindowDays = 30
    """Days during which a scheduled deletion can still be cancelled."""
    unused_days_before_deletion: UnusedDays = 30
    """Days without use before the key policy allows the deletion of a key to be scheduled."""
    decrypt_by: DecryptBy = "alias"
    """`key` for software that names no alias when it decrypts, but the key itself, or no key."""
    key: KeyDefaults = KeyDefaults()
    """Settings for the keys of new tenants; the lock records those of existing keys."""
    tags: Tags = {}
    """Tags of the key and the roles of every tenant."""


class Custodian(_Model, frozen=True):
    """The customer's own principal that imports, rotates and deletes the material of its key."""

    account: AccountId
    """The customer's account, in quotes; neither the central account nor a workload's."""
    role: RoleReference
    """The role in the customer's account that assumes the import role that the app creates for this tenant."""
    external_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@:/-]{2,1224}\Z")]
    """The `ExternalId` that the customer sends with AssumeRole; no two tenants share one. It is not a secret."""


class Key(_Model, frozen=True):
    """Properties that AWS KMS fixes when it creates a key, and the principals that import key material."""

    origin: Origin | None = None
    """Origin of the key material; by default `defaults.key.origin`."""
    multi_region: bool | None = None
    """Whether the key has replicas; by default `defaults.key.multi_region`."""
    region: Region | None = None
    """Region in which AWS KMS creates the key; by default the home Region."""
    import_role: RoleReference | None = None
    """With `origin: imported`: an existing role of the central account that may import key material."""
    custodian: Custodian | None = None
    """With `origin: imported`, in place of `import_role`: the app creates the role that this principal assumes."""
    expires: Literal["never", "dated"] | None = None
    """With `origin: imported`: whether imported material must have an expiry date."""
    held_by: Literal["tenant"] | None = None
    """`tenant`: the tenant holds the key in its own account. The app creates no key, and `arns` names the tenant's."""
    arns: dict[Region, HeldKeyArn] = {}
    """With `held_by: tenant`: the ARN of the tenant's key in each Region; a key of an external key store is allowed."""
    grace_minutes: Annotated[int, Meta(ge=0, le=1440)] | None = None
    """With `held_by: tenant`: minutes for which clients use cached data keys while KMS is unreachable; by default 0."""

    @property
    def source(self) -> KeySource | None:
        """How the key comes about, where this says it."""
        return "held" if self.held_by else self.origin


class Tenant(_Model, frozen=True):
    """One customer."""

    workloads: tuple[WorkloadName, ...] | None = None
    """Workloads that may use the tenant's key; by default `defaults.workloads`."""
    state: State = "active"
    """`suspended`: key disabled; `offboarding`: roles removed too; `offboarded`: key removed from its stack."""
    rotation_days: RotationDays | None = None
    """By default `defaults.rotation_days`; not allowed with imported keys."""
    deletion_window_days: DeletionWindowDays | None = None
    """By default `defaults.deletion_window_days`."""
    unused_days_before_deletion: UnusedDays | None = None
    """By default `defaults.unused_days_before_deletion`."""
    decrypt_by: DecryptBy | None = None
    """By default `defaults.decrypt_by`."""
    opaque: bool | None = None
    """True: alias, roles and tags contain a random name in place of the id. `tenant-keys lock` generates it once."""
    key: Key = Key()
    """Settings of its key. Once the lock has the tenant, only `import_role`, `custodian` and `expires` can change."""
    tags: Tags = {}
    """Tags of the key and the roles, merged over `defaults.tags`. Put no secrets into tags: they appear in logs."""


class Manifest(_Model, frozen=True, kw_only=True):
    """`tenants.yaml` as a whole."""

    extends: Annotated[str, Meta(pattern=FILE_BELOW)] | None = None
    """A file in this folder or below that several estates share; the fields of this file are merged over it."""
    tenants_from: tuple[Annotated[str, Meta(pattern=FILES_BELOW)], ...] = ()
    """Files in this folder or below with more tenants, each a mapping `tenants:`; `*` matches any characters."""
    organization: Annotated[str, Meta(pattern=r"^o-[a-z0-9]{10,32}\Z")] | None = None
    """Organization id. If set, every policy on the path to a key requires it as `aws:PrincipalOrgID`."""
    central: Central
    """The account that holds the keys."""
    audit: Audit | Literal["off"] = Audit()
    """Detection of misuse, from the events of the organization's trail; `off` if another system detects misuse."""
    naming: Naming = Naming()
    """Names of aliases, roles and stacks; by default as in this documentation."""
    guardrails: Guardrails | None = None
    """A service control policy and a resource control policy for the key account; by default none."""
    identity_providers: dict[WorkloadName, IdentityProvider] = {}
    """Identity providers by name, for workloads with `access: web-identity`."""
    workloads: Annotated[dict[WorkloadName, Workload], Meta(min_length=1)]
    """Workloads by name."""
    defaults: Defaults = Defaults()
    """Default settings of tenants."""
    tenants: dict[TenantId, Tenant]
    """Tenants by id. An id is never assigned twice."""
    tags: Tags = {}
    """Tags of every resource."""
