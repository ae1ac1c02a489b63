"""The attacks: each is a real SDK call, refused by the service side, with the error that AWS would give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from tenant_keys.local.attack_setup import AttackSetup, NothingToAttack
from tenant_keys.local.errors import LocalAwsError
from tenant_keys.local.issuer import LocalIssuer

DENIED: Final = "AccessDeniedException"
"""KMS's; STS says AccessDenied."""


Made = Callable[[], object]
"""The call of an attack, when all that comes before it has succeeded."""
NOT_MADE: Final = "NOT MADE"
SKIPPED: Final = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Attack:
    """One call that must be denied, and how. `{attacker}`, `{victim}` and `{suspended}` stand for tenants."""

    name: str
    who: str
    tried: str
    code: str
    """AWS's error code: the policies deny before KMS looks at the key's state."""
    policy: str
    sid: str | None
    """Must be among the statements that deny; None: the policy has no statement that allows."""
    prepare: Callable[[AttackSetup], Made]
    """What the attacker may do; its result makes the call that must be denied."""
    victim: str | None = None
    """Another victim than the setup's, where that one would be denied for another reason."""
    without_the_policy: str | None = None
    """The error code of an estate whose policies leave this denial to KMS."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack."""

    attack: Attack
    got: str
    """AWS error code, ALLOWED, or why there was no call: SKIPPED, NOT MADE."""
    refused_by: tuple[str, ...]
    """Policies with the statements that denied, or what no policy allowed."""
    message: str = ""

    @property
    def name(self) -> str:
        """The attack's name."""
        return self.attack.name

    @property
    def refused(self) -> bool:
        """Denied with the error code that AWS gives."""
        return self.got in (self.attack.code, self.attack.without_the_policy)

    @property
    def skipped(self) -> bool:
        """Whether the estate has nothing that this attack could be made on."""
        return self.got == SKIPPED

    @property
    def failed(self) -> bool:
        """Whether what comes before the attack failed, so that nothing is known of it."""
        return self.got == NOT_MADE


def attack_all(setup: AttackSetup, attacks: tuple[Attack, ...] | None = None) -> Iterator[Outcome]:
    """Try every attack, one after the other."""
    for attack in ATTACKS if attacks is None else attacks:
        yield _try(attack, setup)


def _try(attack: Attack, setup: AttackSetup) -> Outcome:
    """Only the last call can be refused: what comes before it is lawful."""
    try:
        made = attack.prepare(setup)
    except NothingToAttack as nothing:
        return Outcome(attack, SKIPPED, (), f"needs {nothing}")
    except (ClientError, LocalAwsError) as problem:
        return Outcome(attack, NOT_MADE, (), f"while preparing: {problem}")
    got, message = "ALLOWED", ""
    with setup.aws.watch() as found:
        try:
            made()
        except ClientError as refusal:
            got, message = refusal.response["Error"]["Code"], refusal.response["Error"]["Message"]
    refused_by = refusers(found, got, message) if got != "ALLOWED" else ()
    return Outcome(attack, got, refused_by, message)


def refusers(decisions: list[dict[str, Any]], code: str, message: str) -> tuple[str, ...]:
    """What refused: the Deny statements, the kind of policy without an Allow, or a check beside the policies."""
    for decision in reversed(decisions):
        if decision["error"] is None:
            continue
        if decision["outcome"] == "EXPLICIT_DENY":
            return tuple(f"{decider['policy']}: {decider['sid']}" for decider in decision["decided_by"])
        if decision["outcome"] == "IMPLICIT_DENY":
            return (decision["reason"].partition(" because ")[2] or decision["reason"],)
        break
    return (f"not a policy: {message or code}",)


# --- the victim's key, by every name


def _victims_alias(setup: AttackSetup) -> Made:
    kms = setup.own_encrypting.client("kms")
    return lambda: kms.generate_data_key(
        KeyId=setup.alias(setup.victim), KeySpec="AES_256", EncryptionContext=setup.context(setup.victim)
    )


def _decrypt(setup: AttackSetup, session: boto3.Session, context_of: str | None = None, **key: str) -> Made:
    """Open the victim's ciphertext, under the encryption context of one tenant, the victim by default."""
    kms: Any = session.client("kms")
    stolen, context = setup.stolen_ciphertext, setup.context(context_of or setup.victim)
    return lambda: kms.decrypt(CiphertextBlob=stolen, EncryptionContext=context, **key)


def _by_alias(setup: AttackSetup) -> Made:
    return _decrypt(setup, setup.own_decrypting, KeyId=setup.alias(setup.victim))


def _by_key_arn(setup: AttackSetup) -> Made:
    return _decrypt(setup, setup.own_decrypting, KeyId=str(setup.key(setup.victim)["Arn"]))


def _by_key_id(setup: AttackSetup) -> Made:
    return _decrypt(setup, setup.own_decrypting, KeyId=str(setup.key(setup.victim)["KeyId"]))


def _naming_none(setup: AttackSetup) -> Made:
    return _decrypt(setup, setup.own_decrypting)


def _in_another_region(setup: AttackSetup) -> Made:
    return _decrypt(setup, setup.own_in(setup.replica_region()), KeyId=setup.alias(setup.victim))


def _own_alias_victims_ciphertext(setup: AttackSetup) -> Made:
    return _decrypt(setup, setup.own_decrypting, setup.attacker, KeyId=setup.alias(setup.attacker))


def _forged_context(setup: AttackSetup) -> Made:
    kms = setup.own_encrypting.client("kms")
    return lambda: kms.generate_data_key(
        KeyId=setup.alias(setup.attacker), KeySpec="AES_256", EncryptionContext=setup.context(setup.victim)
    )


# --- who says which tenant it is


def _lying_tag(setup: AttackSetup) -> Made:
    """The workload names one tenant in the session tag and uses the key of another."""
    shared, runtime = setup.tagged()
    tag = [{"Key": "tenant_id", "Value": setup.attacker}]
    session = setup.assume(runtime, shared.role_arn, "billing", Tags=tag)
    return _decrypt(setup, session, KeyId=setup.alias(setup.victim))


def _tag_of_a_stranger(setup: AttackSetup) -> Made:
    """The workload says that it works for a tenant which it does not serve."""
    shared, runtime = setup.stranger()
    tag = [{"Key": "tenant_id", "Value": setup.victim}]
    session = setup.assume(runtime, shared.role_arn, "billing", Tags=tag)
    return _decrypt(setup, session, KeyId=setup.alias(setup.victim))


def _second_tag(setup: AttackSetup) -> Made:
    shared, runtime = setup.tagged()
    tags = [{"Key": "tenant_id", "Value": setup.attacker}, {"Key": "role", "Value": "admin"}]
    return lambda: setup.assume(runtime, shared.role_arn, "billing", Tags=tags)


def _tagged_tenant_role(setup: AttackSetup) -> Made:
    """A tag on a role that is one tenant's alone."""
    roles = setup.estate.tenant_roles[setup.attacker]
    workload = next(name for name in sorted(roles) if name in setup.estate.runtimes)
    tag, runtime = [{"Key": "tenant_id", "Value": setup.victim}], setup.runtime(workload)
    return lambda: setup.assume(runtime, roles[workload], "tagged", Tags=tag)


def _forged_token(setup: AttackSetup) -> Made:
    """Signed by a key of the attacker's own, under the issuer's name and key id."""
    shared, issuer = setup.federated()
    forged = LocalIssuer(issuer.url).token(str(shared.audience), setup.context(setup.victim))
    return lambda: setup.with_token(shared, forged)


def _honest_token(setup: AttackSetup) -> Made:
    """A true token of one tenant, then the key of another."""
    shared, issuer = setup.federated()
    session = setup.with_token(shared, issuer.token(str(shared.audience), setup.context(setup.attacker)))
    kms = session.client("kms")
    return lambda: kms.generate_data_key(
        KeyId=setup.alias(setup.victim), KeySpec="AES_256", EncryptionContext=setup.context(setup.victim)
    )


# --- those with power


def _update_alias(setup: AttackSetup) -> Made:
    kms = setup.administrator.client("kms")
    return lambda: kms.update_alias(AliasName=setup.alias(setup.attacker), TargetKeyId=setup.key(setup.victim)["KeyId"])


def _repointed_alias(setup: AttackSetup) -> Made:
    """The deployment role puts the attacker's alias on the victim's key; the attacker decrypts by its own alias."""
    kms, alias = setup.deployer.client("kms"), setup.alias(setup.attacker)
    decrypts = _decrypt(setup, setup.own_decrypting, KeyId=alias)
    kms.delete_alias(AliasName=alias)
    kms.create_alias(AliasName=alias, TargetKeyId=setup.key(setup.victim)["KeyId"])

    def made() -> object:
        try:
            return decrypts()
        finally:
            kms.delete_alias(AliasName=alias)
            kms.create_alias(AliasName=alias, TargetKeyId=setup.key(setup.attacker)["KeyId"])

    return made


def _administrator_decrypts(setup: AttackSetup) -> Made:
    return _decrypt(setup, setup.administrator, KeyId=setup.alias(setup.victim))


def _root_decrypts(setup: AttackSetup) -> Made:
    return _decrypt(setup, setup.aws.session(setup.estate.central), KeyId=setup.alias(setup.victim))


def _administrator_rewrites_policy(setup: AttackSetup) -> Made:
    kms = setup.administrator.client("kms")
    return lambda: kms.put_key_policy(
        KeyId=setup.key(setup.victim)["KeyId"], PolicyName="default", Policy='{"Version":"2012-10-17","Statement":[]}'
    )


def _administrator_grants(setup: AttackSetup) -> Made:
    kms = setup.administrator.client("kms")
    return lambda: kms.create_grant(
        KeyId=setup.key(setup.victim)["KeyId"],
        GranteePrincipal=f"arn:aws:iam::{setup.estate.central}:user/operator",
        Operations=["Decrypt"],
    )


def _suspended(setup: AttackSetup) -> Made:
    tenant = setup.suspended()
    kms = setup.tenant_session(tenant).client("kms")
    return lambda: kms.generate_data_key(
        KeyId=setup.alias(tenant), KeySpec="AES_256", EncryptionContext=setup.context(tenant)
    )


_VICTIMS, _OWN = "key policy of {victim}", "key policy of {attacker}"
_SESSION, _ADMINISTRATOR = "{attacker}'s session", "administrator"

ATTACKS: tuple[Attack, ...] = (
    Attack(
        "the other tenant's alias",
        _SESSION,
        "GenerateDataKey, alias of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _victims_alias,
    ),
    Attack(
        "its data, by its alias",
        _SESSION,
        "Decrypt, alias of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _by_alias,
    ),
    Attack(
        "its data, by key ARN",
        _SESSION,
        "Decrypt, key ARN of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _by_key_arn,
    ),
    Attack(
        "its data, by key id",
        _SESSION,
        "Decrypt, key id of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _by_key_id,
    ),
    Attack(
        "its data, naming no key",
        _SESSION,
        "Decrypt, no KeyId",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _naming_none,
    ),
    Attack(
        "a true token, another key",
        "portal, {attacker}'s token",
        "GenerateDataKey, alias of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _honest_token,
    ),
    Attack(
        "a re-pointed alias",
        _SESSION,
        "Decrypt, own alias on {victim}'s key",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _repointed_alias,
    ),
    Attack(
        "a tag of a tenant not served",
        "billing, tag {victim}",
        "Decrypt, alias of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _tag_of_a_stranger,
    ),
    Attack(
        "an administrator decrypts",
        _ADMINISTRATOR,
        "Decrypt, alias of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _administrator_decrypts,
    ),
    Attack(
        "the root user decrypts",
        "root of {central}",
        "Decrypt, alias of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _root_decrypts,
    ),
    Attack(
        "an administrator's own policy",
        _ADMINISTRATOR,
        "PutKeyPolicy, key of {victim}",
        DENIED,
        _VICTIMS,
        "DenyDeployByAnyoneElse",
        _administrator_rewrites_policy,
    ),
    Attack(
        "an administrator's grant",
        _ADMINISTRATOR,
        "CreateGrant, key of {victim}",
        DENIED,
        _VICTIMS,
        "DenyToEveryone",
        _administrator_grants,
    ),
    Attack(
        "re-pointing an alias",
        _ADMINISTRATOR,
        "UpdateAlias of {attacker} to {victim}'s key",
        DENIED,
        _OWN,
        "DenyToEveryone",
        _update_alias,
    ),
    Attack(
        "a forged encryption context",
        _SESSION,
        "GenerateDataKey, tenant_id {victim}",
        DENIED,
        _OWN,
        "DenyOtherContext",
        _forged_context,
    ),
    Attack(
        "a lying session tag",
        "billing, tag {attacker}",
        "Decrypt, alias of {victim}",
        DENIED,
        _VICTIMS,
        "DenySharedRoleOfOtherTenant",
        _lying_tag,
        victim="umbrella",
    ),
    Attack(
        "its data, in another Region",
        _SESSION,
        "Decrypt, replica of {victim}",
        DENIED,
        _VICTIMS,
        "DenyUseByAnyoneElse",
        _in_another_region,
        victim="umbrella",
    ),
    Attack(
        "a suspended tenant",
        "{suspended}'s session",
        "GenerateDataKey, own alias",
        DENIED,
        "key policy of {suspended}",
        "DenyUseWhileSuspended",
        _suspended,
        without_the_policy="DisabledException",
    ),
    Attack(
        "a second session tag",
        "billing",
        "AssumeRole, a second tag",
        "AccessDenied",
        "trust policy of shared.billing",
        None,
        _second_tag,
    ),
    Attack(
        "a tag on a tenant's own role",
        "orders",
        "AssumeRole, tag {victim}",
        "AccessDenied",
        "trust policy of tenant-{attacker}.orders",
        None,
        _tagged_tenant_role,
    ),
    Attack(
        "a forged token",
        "a stranger",
        "AssumeRoleWithWebIdentity",
        "InvalidIdentityToken",
        "AWS STS",
        "not the issuer's signature",
        _forged_token,
    ),
    Attack(
        "its data through the own alias",
        _SESSION,
        "Decrypt, own alias, {victim}'s data",
        "IncorrectKeyException",
        "AWS KMS",
        "ciphertext of another key",
        _own_alias_victims_ciphertext,
    ),
)
"""In the order in which the demo shows them."""
