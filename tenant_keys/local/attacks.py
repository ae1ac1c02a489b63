"""The attacks: each is a real SDK call, refused by the service side, with the error that AWS would give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.local.scene import NothingToAttack, Scene

DENIED = ("AccessDeniedException",)


@dataclass(frozen=True, slots=True)
class Attack:
    """Something that must not work."""

    name: str
    call: str
    expected: tuple[str, ...]
    """AWS error codes; the policies refuse before the key's state is looked at."""
    run: Callable[[Scene], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack."""

    name: str
    call: str
    expected: tuple[str, ...]
    got: str
    """AWS error code, or what the attacker got."""
    refused_by: tuple[str, ...]
    """Policies with the statements that denied, or what no policy allowed."""
    message: str = ""

    @property
    def refused(self) -> bool:
        """Refused, and in the way it should be."""
        return self.got in self.expected

    @property
    def skipped(self) -> bool:
        return self.got == "SKIPPED"


def attack_all(scene: Scene, attacks: tuple[Attack, ...] | None = None) -> Iterator[Outcome]:
    """Try every attack, one after the other."""
    for attack in ATTACKS if attacks is None else attacks:
        yield _try(attack, scene)


def _try(attack: Attack, scene: Scene) -> Outcome:
    got, message = "ALLOWED", ""
    with scene.aws.watch() as found:
        try:
            attack.run(scene)
        except ClientError as refusal:
            got, message = refusal.response["Error"]["Code"], refusal.response["Error"]["Message"]
        except NothingToAttack as nothing:
            return Outcome(attack.name, attack.call, attack.expected, "SKIPPED", (), f"needs {nothing}")
    refused_by = refusers(found, got, message) if got != "ALLOWED" else ()
    return Outcome(attack.name, attack.call, attack.expected, got, refused_by, message)


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


def _victims_alias(scene: Scene) -> object:
    return scene.own.client("kms").generate_data_key(
        KeyId=scene.alias(scene.victim), KeySpec="AES_256", EncryptionContext=scene.context(scene.victim)
    )


def _decrypt(scene: Scene, key: str) -> object:
    return scene.own.client("kms").decrypt(
        CiphertextBlob=scene.loot, KeyId=key, EncryptionContext=scene.context(scene.victim)
    )


def _decrypt_naming_none(scene: Scene) -> object:
    return scene.own.client("kms").decrypt(CiphertextBlob=scene.loot, EncryptionContext=scene.context(scene.victim))


def _in_another_region(scene: Scene) -> object:
    return (
        scene.own_in(scene.replica_region())
        .client("kms")
        .decrypt(
            CiphertextBlob=scene.loot,
            KeyId=scene.alias(scene.victim),
            EncryptionContext=scene.context(scene.victim),
        )
    )


def _own_alias_victims_ciphertext(scene: Scene) -> object:
    return scene.own.client("kms").decrypt(
        CiphertextBlob=scene.loot,
        KeyId=scene.alias(scene.attacker),
        EncryptionContext=scene.context(scene.attacker),
    )


def _forged_context(scene: Scene) -> object:
    return scene.own.client("kms").generate_data_key(
        KeyId=scene.alias(scene.attacker), KeySpec="AES_256", EncryptionContext=scene.context(scene.victim)
    )


# --- who says which tenant it is


def _lying_tag(scene: Scene) -> object:
    """The workload names one tenant in the session tag and uses the key of another."""
    shared, runtime = scene.tagged()
    tag = [{"Key": "tenant_id", "Value": scene.attacker}]
    session = scene.assume(runtime, shared.role_arn, "billing", Tags=tag)
    return session.client("kms").decrypt(
        CiphertextBlob=scene.loot,
        KeyId=scene.alias(scene.victim),
        EncryptionContext=scene.context(scene.victim),
    )


def _tag_of_a_stranger(scene: Scene) -> object:
    """The workload says that it works for a tenant which it does not serve."""
    shared, runtime = scene.stranger()
    tag = [{"Key": "tenant_id", "Value": scene.victim}]
    session = scene.assume(runtime, shared.role_arn, "billing", Tags=tag)
    return session.client("kms").decrypt(
        CiphertextBlob=scene.loot,
        KeyId=scene.alias(scene.victim),
        EncryptionContext=scene.context(scene.victim),
    )


def _second_tag(scene: Scene) -> object:
    shared, runtime = scene.tagged()
    tags = [{"Key": "tenant_id", "Value": scene.attacker}, {"Key": "role", "Value": "admin"}]
    return scene.assume(runtime, shared.role_arn, "billing", Tags=tags)


def _tagged_tenant_role(scene: Scene) -> object:
    """A tag on a role that is one tenant's alone."""
    roles = scene.estate.tenant_roles[scene.attacker]
    workload = next(name for name in sorted(roles) if name in scene.estate.runtimes)
    tag = [{"Key": "tenant_id", "Value": scene.victim}]
    return scene.assume(scene.runtime(workload), roles[workload], "tagged", Tags=tag)


def _forged_token(scene: Scene) -> object:
    """Signed by a key of the attacker's own, under the issuer's name and key id."""
    shared, issuer = scene.federated()
    forged = LocalIssuer(issuer.url).token(str(shared.audience), scene.context(scene.victim))
    return scene.with_token(shared, forged)


def _honest_token(scene: Scene) -> object:
    """A true token of one tenant, then the key of another."""
    shared, issuer = scene.federated()
    session = scene.with_token(shared, issuer.token(str(shared.audience), scene.context(scene.attacker)))
    return session.client("kms").generate_data_key(
        KeyId=scene.alias(scene.victim), KeySpec="AES_256", EncryptionContext=scene.context(scene.victim)
    )


# --- those with power


def _update_alias(scene: Scene) -> object:
    return scene.administrator.client("kms").update_alias(
        AliasName=scene.alias(scene.attacker), TargetKeyId=scene.key(scene.victim)["KeyId"]
    )


def _repointed_alias(scene: Scene) -> object:
    """The deployment role puts the attacker's alias on the victim's key; the attacker decrypts by its own alias."""
    kms, alias = scene.deployer.client("kms"), scene.alias(scene.attacker)
    kms.delete_alias(AliasName=alias)
    kms.create_alias(AliasName=alias, TargetKeyId=scene.key(scene.victim)["KeyId"])
    try:
        return scene.own.client("kms").decrypt(
            CiphertextBlob=scene.loot, KeyId=alias, EncryptionContext=scene.context(scene.victim)
        )
    finally:
        kms.delete_alias(AliasName=alias)
        kms.create_alias(AliasName=alias, TargetKeyId=scene.key(scene.attacker)["KeyId"])


def _administrator_decrypts(scene: Scene) -> object:
    return scene.administrator.client("kms").decrypt(
        CiphertextBlob=scene.loot,
        KeyId=scene.alias(scene.victim),
        EncryptionContext=scene.context(scene.victim),
    )


def _root_decrypts(scene: Scene) -> object:
    return (
        scene.aws.session(scene.estate.central)
        .client("kms")
        .decrypt(
            CiphertextBlob=scene.loot,
            KeyId=scene.alias(scene.victim),
            EncryptionContext=scene.context(scene.victim),
        )
    )


def _administrator_rewrites_policy(scene: Scene) -> object:
    return scene.administrator.client("kms").put_key_policy(
        KeyId=scene.key(scene.victim)["KeyId"], PolicyName="default", Policy='{"Version":"2012-10-17","Statement":[]}'
    )


def _administrator_grants(scene: Scene) -> object:
    return scene.administrator.client("kms").create_grant(
        KeyId=scene.key(scene.victim)["KeyId"],
        GranteePrincipal=f"arn:aws:iam::{scene.estate.central}:user/operator",
        Operations=["Decrypt"],
    )


def _suspended(scene: Scene) -> object:
    tenant = scene.suspended()
    return (
        scene.tenant_session(tenant)
        .client("kms")
        .generate_data_key(KeyId=scene.alias(tenant), KeySpec="AES_256", EncryptionContext=scene.context(tenant))
    )


ATTACKS: tuple[Attack, ...] = (
    Attack("the other tenant's alias", "GenerateDataKey KeyId=alias of the victim", DENIED, _victims_alias),
    Attack(
        "its data, by its alias",
        "Decrypt KeyId=alias of the victim",
        DENIED,
        lambda scene: _decrypt(scene, scene.alias(scene.victim)),
    ),
    Attack(
        "its data, by key ARN",
        "Decrypt KeyId=key ARN of the victim",
        DENIED,
        lambda scene: _decrypt(scene, str(scene.key(scene.victim)["Arn"])),
    ),
    Attack(
        "its data, by key id",
        "Decrypt KeyId=key id of the victim",
        DENIED,
        lambda scene: _decrypt(scene, str(scene.key(scene.victim)["KeyId"])),
    ),
    Attack("its data, naming no key", "Decrypt without KeyId", DENIED, _decrypt_naming_none),
    Attack("its data, in another Region", "Decrypt by the replica's alias", DENIED, _in_another_region),
    Attack(
        "its data through the own alias",
        "Decrypt KeyId=own alias, own context",
        ("IncorrectKeyException",),
        _own_alias_victims_ciphertext,
    ),
    Attack("a forged encryption context", "GenerateDataKey own alias, victim's context", DENIED, _forged_context),
    Attack("a lying session tag", "Decrypt as session tagged otherwise", DENIED, _lying_tag),
    Attack("a tag of a tenant not served", "Decrypt as session tagged victim", DENIED, _tag_of_a_stranger),
    Attack("a second session tag", "AssumeRole with a tag that nobody asked for", ("AccessDenied",), _second_tag),
    Attack("a tag on a tenant's own role", "AssumeRole with the victim's tag", ("AccessDenied",), _tagged_tenant_role),
    Attack(
        "a forged token",
        "AssumeRoleWithWebIdentity, signed by the attacker",
        ("InvalidIdentityToken",),
        _forged_token,
    ),
    Attack("a true token, another key", "GenerateDataKey as the token's tenant", DENIED, _honest_token),
    Attack("re-pointing an alias", "UpdateAlias as administrator", DENIED, _update_alias),
    Attack("a re-pointed alias", "Decrypt KeyId=own alias, now on the victim's key", DENIED, _repointed_alias),
    Attack("an administrator decrypts", "Decrypt as administrator", DENIED, _administrator_decrypts),
    Attack("the root user decrypts", "Decrypt as root of the key account", DENIED, _root_decrypts),
    Attack("an administrator's own policy", "PutKeyPolicy as administrator", DENIED, _administrator_rewrites_policy),
    Attack("an administrator's grant", "CreateGrant as administrator", DENIED, _administrator_grants),
    Attack("a suspended tenant", "GenerateDataKey as the suspended tenant", (*DENIED, "DisabledException"), _suspended),
)
