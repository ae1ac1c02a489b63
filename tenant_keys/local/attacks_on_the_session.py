"""Attacks that lie about the tenant when they ask for a session."""

from __future__ import annotations

from tenant_keys.local.attack import Made
from tenant_keys.local.attack_setup import AttackSetup
from tenant_keys.local.attacks_on_the_key import decrypt
from tenant_keys.local.issuer import LocalIssuer


def lying_tag(setup: AttackSetup) -> Made:
    """The workload names one tenant in the session tag and uses the key of another."""
    shared, runtime = setup.tagged()
    tag = [{"Key": "tenant_id", "Value": setup.attacker}]
    session = setup.assume(runtime, shared.role_arn, "billing", Tags=tag)
    return decrypt(setup, session, KeyId=setup.alias(setup.victim))


def tag_of_a_stranger(setup: AttackSetup) -> Made:
    """The workload says that it works for a tenant which it does not serve."""
    shared, runtime = setup.stranger()
    tag = [{"Key": "tenant_id", "Value": setup.victim}]
    session = setup.assume(runtime, shared.role_arn, "billing", Tags=tag)
    return decrypt(setup, session, KeyId=setup.alias(setup.victim))


def second_tag(setup: AttackSetup) -> Made:
    shared, runtime = setup.tagged()
    tags = [{"Key": "tenant_id", "Value": setup.attacker}, {"Key": "role", "Value": "admin"}]
    return lambda: setup.assume(runtime, shared.role_arn, "billing", Tags=tags)


def tagged_tenant_role(setup: AttackSetup) -> Made:
    """A tag on a role that is one tenant's alone."""
    roles = setup.estate.tenant_roles[setup.attacker]
    workload = next(name for name in sorted(roles) if name in setup.estate.runtimes)
    tag, runtime = [{"Key": "tenant_id", "Value": setup.victim}], setup.runtime(workload)
    return lambda: setup.assume(runtime, roles[workload], "tagged", Tags=tag)


def forged_token(setup: AttackSetup) -> Made:
    """Signed by a key of the attacker's own, under the issuer's name and key id."""
    shared, issuer = setup.federated()
    forged = LocalIssuer(issuer.url).token(str(shared.audience), setup.context(setup.victim))
    return lambda: setup.with_token(shared, forged)


def honest_token(setup: AttackSetup) -> Made:
    """A true token of one tenant, then the key of another."""
    shared, issuer = setup.federated()
    session = setup.with_token(shared, issuer.token(str(shared.audience), setup.context(setup.attacker)))
    kms = session.client("kms")
    return lambda: kms.generate_data_key(
        KeyId=setup.alias(setup.victim), KeySpec="AES_256", EncryptionContext=setup.context(setup.victim)
    )
