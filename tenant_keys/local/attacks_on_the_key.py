"""Attacks that name another tenant's key, in every way in which a request can name one."""

from __future__ import annotations

from typing import Any

import boto3

from tenant_keys.local.attack import Made
from tenant_keys.local.attack_setup import AttackSetup


def victims_alias(setup: AttackSetup) -> Made:
    kms = setup.own_encrypting.client("kms")
    return lambda: kms.generate_data_key(
        KeyId=setup.alias(setup.victim), KeySpec="AES_256", EncryptionContext=setup.context(setup.victim)
    )


def decrypt(setup: AttackSetup, session: boto3.Session, context_of: str | None = None, **key: str) -> Made:
    """Open the victim's ciphertext, under the encryption context of one tenant, the victim by default."""
    kms: Any = session.client("kms")
    stolen, context = setup.stolen_ciphertext, setup.context(context_of or setup.victim)
    return lambda: kms.decrypt(CiphertextBlob=stolen, EncryptionContext=context, **key)


def by_alias(setup: AttackSetup) -> Made:
    return decrypt(setup, setup.own_decrypting, KeyId=setup.alias(setup.victim))


def by_key_arn(setup: AttackSetup) -> Made:
    return decrypt(setup, setup.own_decrypting, KeyId=str(setup.key(setup.victim)["Arn"]))


def by_key_id(setup: AttackSetup) -> Made:
    return decrypt(setup, setup.own_decrypting, KeyId=str(setup.key(setup.victim)["KeyId"]))


def naming_none(setup: AttackSetup) -> Made:
    return decrypt(setup, setup.own_decrypting)


def in_another_region(setup: AttackSetup) -> Made:
    return decrypt(setup, setup.own_in(setup.replica_region()), KeyId=setup.alias(setup.victim))


def own_alias_victims_ciphertext(setup: AttackSetup) -> Made:
    return decrypt(setup, setup.own_decrypting, setup.attacker, KeyId=setup.alias(setup.attacker))


def forged_context(setup: AttackSetup) -> Made:
    kms = setup.own_encrypting.client("kms")
    return lambda: kms.generate_data_key(
        KeyId=setup.alias(setup.attacker), KeySpec="AES_256", EncryptionContext=setup.context(setup.victim)
    )


def suspended(setup: AttackSetup) -> Made:
    tenant = setup.suspended()
    kms = setup.tenant_session(tenant).client("kms")
    return lambda: kms.generate_data_key(
        KeyId=setup.alias(tenant), KeySpec="AES_256", EncryptionContext=setup.context(tenant)
    )
