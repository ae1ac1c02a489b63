"""Attacks by administrators, deployment roles and the root user."""

from __future__ import annotations

from tenant_keys.local.attack import Made
from tenant_keys.local.attack_setup import AttackSetup
from tenant_keys.local.attacks_on_the_key import decrypt


def update_alias(setup: AttackSetup) -> Made:
    kms = setup.administrator.client("kms")
    return lambda: kms.update_alias(AliasName=setup.alias(setup.attacker), TargetKeyId=setup.key(setup.victim)["KeyId"])


def repointed_alias(setup: AttackSetup) -> Made:
    """The deployment role puts the attacker's alias on the victim's key; the attacker decrypts by its own alias."""
    kms, alias = setup.deployer.client("kms"), setup.alias(setup.attacker)
    decrypts = decrypt(setup, setup.own_decrypting, KeyId=alias)
    kms.delete_alias(AliasName=alias)
    kms.create_alias(AliasName=alias, TargetKeyId=setup.key(setup.victim)["KeyId"])

    def made() -> object:
        try:
            return decrypts()
        finally:
            kms.delete_alias(AliasName=alias)
            kms.create_alias(AliasName=alias, TargetKeyId=setup.key(setup.attacker)["KeyId"])

    return made


def administrator_decrypts(setup: AttackSetup) -> Made:
    return decrypt(setup, setup.administrator, KeyId=setup.alias(setup.victim))


def root_decrypts(setup: AttackSetup) -> Made:
    return decrypt(setup, setup.aws.session(setup.estate.central), KeyId=setup.alias(setup.victim))


def administrator_rewrites_policy(setup: AttackSetup) -> Made:
    kms = setup.administrator.client("kms")
    return lambda: kms.put_key_policy(
        KeyId=setup.key(setup.victim)["KeyId"], PolicyName="default", Policy='{"Version":"2012-10-17","Statement":[]}'
    )


def administrator_grants(setup: AttackSetup) -> Made:
    kms = setup.administrator.client("kms")
    return lambda: kms.create_grant(
        KeyId=setup.key(setup.victim)["KeyId"],
        GranteePrincipal=f"arn:aws:iam::{setup.estate.central}:user/operator",
        Operations=["Decrypt"],
    )
