"""Decides any request for the key of one tenant, which represents its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenant_keys.aws_facts.identity_center import example_of
from tenant_keys.manifest import Estate, Workload
from tenant_keys.review.iam import Policies, Request, authorize
from tenant_keys.review.iam.decision import Decider, Decision
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, everything, role_session
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_actions import carries
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.marks import unmarked
from tenant_keys.review.proof.promise import TAG, Promise, access_role_arn
from tenant_keys.review.proof.world import RoleCase, keep, role_case

CONTEXT = f"kms:EncryptionContext:{TAG}"


@dataclass(frozen=True, slots=True)
class KeyEvaluator:
    """A key with its policy, and the roles of the templates."""

    estate: Estate
    inventory: Inventory
    promises: Mapping[str, Promise]
    promise: Promise
    record: KeyRecord
    document: Document
    compiled: dict[str, RoleCase] = field(default_factory=dict)
    """Roles already compiled, by ARN; shared between the evaluators."""

    @property
    def nobody(self) -> str:
        """The id of a tenant that does not exist; its role does not either, and is taken to have full rights."""
        name = "another-tenant"
        while name in self.promises:
            name += "-x"
        return name

    def role(self, arn: str) -> RoleCase | None:
        """A role of the templates, compiled."""
        if arn not in self.compiled and arn in self.inventory.roles:
            self.compiled[arn] = role_case(self.inventory.roles[arn], None, None, keep)
        return self.compiled.get(arn)

    def session(self, arn: str, tags: Mapping[str, str] | None = None, *, organization: str | None = "own") -> Actor:
        """A session of a role; one that is in no template may do whatever its own account can allow."""
        arn = example_of(arn)
        role = self.role(arn)
        known = role is not None and not role.unknown_policies
        own = role.identity if role is not None and known else everything()
        carried = {**(role.tags if role is not None else {}), **(tags or {})}
        within = self.estate.organization if organization == "own" else organization
        return role_session(arn, organization=within, tags=carried, identity=own)

    def user_of(self, tenant: str, workload: Workload, *, tag: str | None = None) -> Actor:
        """A session by which a tenant uses keys through a workload; `tag` is sent instead of the tenant."""
        arn = access_role_arn(tenant, workload, self.estate)
        if workload.access == "tenant-role":
            return self.session(arn)
        return self.session(arn, {TAG: tenant if tag is None else tag} if tag != "" else {})

    def decide(
        self,
        actor: Actor,
        action: str,
        *,
        alias: str | None,
        context: str | None,
        extra: Mapping[str, str] | None = None,
    ) -> Decision:
        """IAM's decision on a request for this key.

        Args:
            actor: who asks.
            action: such as kms:Decrypt.
            alias: by which the request names the key; None: by its ARN, or not at all.
            context: the tenant that the encryption context names; None: no encryption context.
            extra: further context keys; each is sent where the action carries it.
        """
        aliases = self.inventory.aliases_of(self.record)
        keys: dict[str, Value] = {"kms:ResourceAliases": aliases} if aliases else {}
        if alias is not None and carries(action, "kms:RequestAlias"):
            keys["kms:RequestAlias"] = alias
        if context is not None and carries(action, CONTEXT):
            keys[CONTEXT] = context
            keys["kms:EncryptionContextKeys"] = (TAG,)
        keys |= {key: value for key, value in (extra or {}).items() if carries(action, key)}
        record = self.record
        policies = Policies(tuple(one.policy for one in actor.identity), resource=self.document.policy)
        return authorize(Request(actor.principal, action, record.arn, record.account, keys), policies)


def key_evaluators(
    estate: Estate, inventory: Inventory, promises: Mapping[str, Promise], tenant: str, compiled: dict[str, RoleCase]
) -> list[KeyEvaluator]:
    """One for each key of the tenant, its primary first."""
    promise = promises[tenant]
    return [
        KeyEvaluator(
            estate,
            inventory,
            promises,
            promise,
            record,
            Document.parse(unmarked(record.policy, promise), name="key policy", kind="resource"),
            compiled,
        )
        for record in sorted(inventory.keys.get(tenant, ()), key=lambda one: (one.replica, one.region))
    ]


def by(decider: Decider, policy: str) -> str:
    """The statement that decided, without the name of the tenant whose policy has it."""
    where = policy if decider.kind == "resource" else "role's policy"
    if decider.policy == "full administrator rights":
        where = "any policy of its account"
    return f"{where}: {decider.sid or f'statement {decider.index}'}"
