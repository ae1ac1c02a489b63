"""What `tenants.yaml` promises about each key: who may do what. Nothing here comes from the code that writes policies.

Names and lists are here a second time on purpose: a proof that took them from the policies' own code would show only
that the code equals itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tenant_keys.manifest import Custodian, Estate, Tenant, Workload
from tenant_keys.review.iam.conditions import numbers

TAG: Final = "tenant_id"
CONTEXT_KEY: Final = f"kms:encryptioncontext:{TAG}"
UNUSED_DAYS: Final = "kms:trailingdayswithoutkeyusage"
OPERATIONS: Final[Mapping[str, frozenset[str]]] = {
    "encrypt": frozenset({"kms:encrypt", "kms:generatedatakey", "kms:generatedatakeywithoutplaintext"}),
    "decrypt": frozenset({"kms:decrypt"}),
    "re-encrypt": frozenset({"kms:reencryptfrom", "kms:reencryptto"}),
}
"""Actions in lower case, as the evaluator compares them."""

WRAPPING: Final = ("RSAES_OAEP_SHA_256", "RSA_4096")
"""Algorithm and key spec under which key material is brought."""

DEPLOYMENT: Final = frozenset(
    {
        "kms:createalias",
        "kms:deletealias",
        "kms:disablekeyrotation",
        "kms:enablekey",
        "kms:enablekeyrotation",
        "kms:putkeypolicy",
        "kms:replicatekey",
        "kms:tagresource",
        "kms:untagresource",
        "kms:updatekeydescription",
    }
)
READING: Final = frozenset(
    {
        "kms:describekey",
        "kms:getkeylastusage",
        "kms:getkeypolicy",
        "kms:getkeyrotationstatus",
        "kms:listgrants",
        "kms:listkeypolicies",
        "kms:listkeyrotations",
        "kms:listresourcetags",
    }
)
CUSTODY: Final = frozenset({"kms:describekey", "kms:listkeyrotations"})
"""What the import role of a customer's own principal reads, which sees nothing else of its key."""
AUDITING: Final[Mapping[str, frozenset[str]]] = {
    "access-analyzer": frozenset({"kms:describekey", "kms:getkeypolicy", "kms:listgrants", "kms:listkeypolicies"}),
    "config": frozenset({"kms:describekey", "kms:getkeypolicy", "kms:getkeyrotationstatus", "kms:listresourcetags"}),
}
"""What AWS's own auditors read of a key, by their name in the manifest (the managed policies of their service-linked
roles, AccessAnalyzerServiceRolePolicy and AWSConfigServiceRolePolicy)."""


@dataclass(frozen=True, slots=True)
class Use:
    """One role through which a tenant's key may be used."""

    role_arn: str
    workload: str
    shared: bool
    """A shared role's session must carry the tenant as its tag."""
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Promise:
    """What is declared for one tenant's key, in every Region where it is."""

    tenant: str
    alias: str
    alias_pattern: str
    """The alias of any tenant, with `{id}` for its id."""
    regions: tuple[str, ...]
    """Where the key or a replica is today."""
    enabled: bool
    usable: bool
    """Whether cryptographic operations are declared at all: the tenant is active."""
    by_key: bool
    """Whether Decrypt may name the key itself."""
    uses: tuple[Use, ...]
    import_role: str | None
    custodian: Custodian | None
    """The customer's principal that alone may assume the import role, which then is in the templates."""
    expiration_model: str
    deletion_window_days: int
    unused_days: int | None
    """Days since the last use before a deletion may be scheduled."""
    administration: Mapping[str, frozenset[str]]
    """Role ARNs by action in lower case."""
    own_importer: bool
    """Whether the import role is this tenant's and has no other part in the estate: then it is one of its names."""
    signature: tuple[object, ...]
    """Equal for tenants of whom the same is declared, but for their names."""
    administrators: frozenset[str] = field(init=False, repr=False, compare=False)
    """ARNs of all roles that administer the key; patterns, of permission sets."""

    def __post_init__(self) -> None:
        everyone = frozenset(one for roles in self.administration.values() for one in roles)
        object.__setattr__(self, "administrators", everyone)

    def declares(
        self, role_arn: str | None, tags: Mapping[str, str], action: str, context: Mapping[str, object]
    ) -> bool:
        """Whether a session of the role, with these tags, may make this request. Keys of context in lower case."""
        if role_arn is None:
            return False
        if self.administers(role_arn, action):
            unused = action != "kms:schedulekeydeletion" or self.is_unused(context.get(UNUSED_DAYS))
            return unused and self._import_fits(action, context)
        return any(use.role_arn == role_arn and self._use_fits(use, tags, action, context) for use in self.uses)

    def administers(self, role_arn: str | None, action: str) -> bool:
        """Whether the role is one that administers keys by this action, in lower case."""
        named = self.administration.get(action, frozenset())
        return role_arn in named or (role_arn is not None and any(is_role(role_arn, one) for one in named))

    def administrator(self, role_arn: str) -> str:
        """What the manifest calls an administering role: itself, or all roles of its permission set."""
        return min((one for one in self.administrators if is_role(role_arn, one)), default=role_arn)

    def _use_fits(self, use: Use, tags: Mapping[str, str], action: str, context: Mapping[str, object]) -> bool:
        if use.shared and tags.get(TAG) != self.tenant:
            return False
        named = context.get("kms:requestalias")
        if action == "kms:describekey":
            return named == self.alias
        if not self.usable or action not in use.actions:
            return False
        by_alias = named == self.alias or (self.by_key and action == "kms:decrypt")
        return by_alias and context.get(CONTEXT_KEY) == self.tenant

    def _import_fits(self, action: str, context: Mapping[str, object]) -> bool:
        if action == "kms:importkeymaterial":
            return context.get("kms:expirationmodel") == self.expiration_model
        if action == "kms:getparametersforimport":
            algorithm, spec = context.get("kms:wrappingalgorithm"), context.get("kms:wrappingkeyspec")
            return (algorithm, spec) == WRAPPING
        return True

    def is_unused(self, days: object) -> bool:
        """Whether so many days without use are enough for the key's deletion to be scheduled."""
        try:
            return self.unused_days is None or numbers.read(str(days)) >= self.unused_days
        except ValueError:  # absent, or no number
            return False


def promises(estate: Estate) -> dict[str, Promise]:
    """The promise for each tenant that has a key, by tenant id."""
    importers: dict[str, int] = {}
    for tenant in estate.tenants.values():
        if tenant.import_role:
            importers[tenant.import_role] = importers.get(tenant.import_role, 0) + 1
    by_importer: dict[tuple[str | None, bool], Mapping[str, frozenset[str]]] = {}
    result = {}
    central = estate.central
    elsewhere = {*central.administrators, *central.readers, *central.deployers, central.break_glass}
    elsewhere |= set(central.auditors.values())
    elsewhere |= {workload.existing_role or "" for workload in estate.workloads.values()}
    for tenant in estate.tenants.values():
        role = tenant.import_role
        importing = (role, tenant.custodian is not None)
        if importing not in by_importer:
            by_importer[importing] = _administration(estate, role, of_custodian=importing[1])
        own_importer = role is not None and importers[role] == 1 and role not in elsewhere
        result[tenant.id] = _promise(tenant, estate, by_importer[importing], own_importer=own_importer)
    return result


def is_role(role_arn: str, declared: str) -> bool:
    """Whether a role is declared: by its ARN, or as one of a permission set's, whose last 16 characters AWS chooses."""
    stem = declared.rstrip("?")
    return role_arn == declared or (
        stem != declared and len(role_arn) == len(declared) and role_arn.startswith(stem) and role_arn != stem
    )


def administering(estate: Estate) -> frozenset[str]:
    """ARNs of all roles of which something is declared beside use: administrators, readers, importers and others."""
    central = estate.central
    roles = {*central.administrators, *central.readers, *central.deployers, central.break_glass}
    roles |= set(central.auditors.values())
    return frozenset(roles | {tenant.import_role for tenant in estate.tenants.values() if tenant.import_role})


def declared_roles(estate: Estate, promised: Mapping[str, Promise]) -> frozenset[str]:
    """ARNs of all roles of which anything is declared: by the estate, or for one of its tenants."""
    roles = {workload_role(workload, estate) for workload in estate.workloads.values()}
    roles |= {one.custodian.role for one in promised.values() if one.custodian is not None}
    roles |= {use.role_arn for one in promised.values() for use in one.uses}
    return administering(estate) | roles


def _promise(
    tenant: Tenant, estate: Estate, administration: Mapping[str, frozenset[str]], *, own_importer: bool
) -> Promise:
    central = estate.central
    several = tenant.multi_region and tenant.multi_region_key_id
    regions: tuple[str, ...] = central.regions if several else (tenant.primary_region,)
    if tenant.held is not None:
        regions = ()
    workloads = () if tenant.state == "offboarding" else tenant.workloads
    uses = tuple(_use(tenant, workload, estate) for workload in workloads)
    usable = tenant.state == "active"
    enabled = usable or tenant.origin == "imported"
    expiration = "KEY_MATERIAL_EXPIRES" if tenant.material_expires else "KEY_MATERIAL_DOES_NOT_EXPIRE"
    by_key = tenant.decrypt_by == "key"
    signature = (
        regions,
        tenant.primary_region,
        enabled,
        usable,
        by_key,
        tuple((use.workload, use.shared, use.actions) for use in uses),
        # Roles of other accounts are decided upon otherwise.
        ("own", str(tenant.import_role).split(":")[4]) if own_importer else tenant.import_role,
        tenant.custodian,
        expiration,
        tenant.deletion_window_days,
        tenant.unused_days_before_deletion,
    )
    return Promise(
        tenant=tenant.id,
        alias=alias_of(tenant.id, estate),
        alias_pattern=estate.naming.alias,
        regions=regions,
        enabled=enabled,
        usable=usable,
        by_key=by_key,
        uses=uses,
        import_role=tenant.import_role,
        custodian=tenant.custodian,
        expiration_model=expiration,
        deletion_window_days=tenant.deletion_window_days,
        unused_days=tenant.unused_days_before_deletion,
        administration=administration,
        own_importer=own_importer,
        signature=signature,
    )


def _use(tenant: Tenant, workload: Workload, estate: Estate) -> Use:
    shared = workload.access != "tenant-role"
    actions = frozenset(action for operation in workload.operations for action in OPERATIONS[operation])
    return Use(access_role_arn(tenant.id, workload, estate), workload.name, shared, actions)


def alias_of(tenant_id: str, estate: Estate) -> str:
    """The alias of the tenant's key, by the pattern of the manifest."""
    before, _, after = estate.naming.alias.partition("{id}")
    return before + tenant_id + after


def access_role_arn(tenant_id: str, workload: Workload, estate: Estate) -> str:
    """The role by which the workload reaches the tenant's key, as the design and the manifest name it."""
    name = "shared" if workload.access != "tenant-role" else f"tenant-{tenant_id}"
    return f"{access_roles(estate)}{workload.name}/{estate.naming.role_prefix}{name}.{workload.name}"


def access_roles(estate: Estate) -> str:
    """How the ARN of every access role begins."""
    return f"arn:{estate.central.partition}:iam::{estate.central.account}:role{estate.naming.role_path}"


def workload_role(workload: Workload, estate: Estate) -> str:
    """The ARN of the role that a workload runs as."""
    own = f"{estate.naming.role_prefix}tenant-keys-{workload.name}"
    return workload.existing_role or f"arn:{workload.partition}:iam::{workload.account}:role/{own}"


def parameter_arn(workload: Workload, region: str, estate: Estate) -> str:
    """The parameter in which the workload finds its roles and aliases."""
    name = f"{estate.naming.role_path}{workload.name}"
    return f"arn:{workload.partition}:ssm:{region}:{workload.account}:parameter{name}"


def issuer_arn(issuer: str, estate: Estate) -> str:
    """The key account's provider of an issuer, given with or without its scheme."""
    central = estate.central
    return f"arn:{central.partition}:iam::{central.account}:oidc-provider/{issuer.removeprefix('https://')}"


def custodian_role(tenant: str, estate: Estate) -> str:
    """The ARN of the import role that the app makes for a customer's own principal."""
    return f"{access_roles(estate)}{estate.naming.role_prefix}import.{tenant}"


def _administration(estate: Estate, import_role: str | None, *, of_custodian: bool) -> Mapping[str, frozenset[str]]:
    central = estate.central
    deployers, administrators = frozenset(central.deployers), frozenset(central.administrators)
    break_glass = frozenset({central.break_glass})
    importers = frozenset({import_role} if import_role else ())
    managers = administrators | break_glass
    table: dict[str, frozenset[str]] = dict.fromkeys(DEPLOYMENT, deployers)
    readers = deployers | managers | frozenset(central.readers)
    table.update(dict.fromkeys(READING, readers if of_custodian else readers | importers))
    table.update(dict.fromkeys(CUSTODY, readers | importers) if of_custodian else {})
    for auditor, role in central.auditors.items():
        table.update({action: table[action] | {role} for action in AUDITING[auditor]})
    table["kms:disablekey"] = deployers | managers
    table["kms:schedulekeydeletion"] = break_glass
    table["kms:cancelkeydeletion"] = managers
    table["kms:rotatekeyondemand"] = importers or administrators
    if importers:
        material = ("kms:getparametersforimport", "kms:importkeymaterial", "kms:deleteimportedkeymaterial")
        table.update(dict.fromkeys(material, importers))
    return table
