"""What binds workloads to roles, with one thing broken."""

from __future__ import annotations

from tools.mutants.binding_edits import DEAD, INVENTORY, default_tenant, key_with, place_trust
from tools.mutants.mutant import (
    Expectation,
    Harmless,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    change,
    setting,
)
from tools.mutants.original import CELL, PLACE, REPLICA, Body
from tools.mutants.parameters import parameters
from tools.mutants.places import certificates, pods, services
from tools.mutants.tokens import tokens


def keys() -> list[Mutant]:
    """A key that cannot do what is declared."""

    def kind(name: str, tenant: str, word: str, **properties: object) -> Mutant:
        return Mutant(f"a key {name}", Refuted(INVENTORY, (word, f"tenant {tenant}")), key_with(tenant, **properties))

    return [
        kind("of RSA", "dora", "KeySpec", KeySpec="RSA_4096"),
        kind("for HMACs", "dora", "KeySpec", KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"),
        kind("for signatures", "dora", "KeyUsage", KeyUsage="SIGN_VERIFY"),
        kind("for key agreement", "dora", "KeyUsage", KeyUsage="KEY_AGREEMENT"),
        kind("with imported material that nobody imports", "dora", "Origin", Origin="EXTERNAL"),
        kind("in a custom key store", "dora", "Origin", Origin="AWS_CLOUDHSM"),
        kind("with material of AWS for a tenant that imports", "hugo", "Origin", Origin="AWS_KMS"),
        kind("of several Regions for a tenant of one", "dora", "MultiRegion", MultiRegion=True),
        Mutant(
            "a replica disabled",
            Refuted(INVENTORY, ("the key is disabled",)),
            lambda t: t.key("gina", REPLICA)["Properties"].update(Enabled=False),
        ),
        Mutant("the kind of a key left to its default", Harmless(), default_tenant),
        Mutant(
            "a check of KMS switched off",
            NotProvedBecause(("BypassPolicyLockoutSafetyCheck",)),
            key_with("dora", BypassPolicyLockoutSafetyCheck=True),
        ),
    ]


def circumstances() -> list[Mutant]:
    """A Deny on what neither the caller of a declared use nor the manifest decides."""

    def denied(name: str, expected: Expectation, condition: Body, tenant: str = "alma", stack: str = CELL) -> Mutant:
        uses = ["kms:Decrypt", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        return Mutant(
            f"a Deny of use {name}",
            expected,
            adding(tenant, stack, Effect="Deny", Principal="*", Action=uses, Condition=condition),
        )

    region, kind = "aws:RequestedRegion", "kms:MultiRegionKeyType"
    return [
        denied("in the key's own Region", Refuted(DEAD, ("alma",)), {"StringEquals": {region: "eu-west-1"}}),
        denied("outside another Region", Refuted(DEAD, ("alma",)), {"StringNotEquals": {region: "eu-central-1"}}),
        denied("in Regions of a pattern", Refuted(DEAD, ("alma",)), {"StringLike": {region: "eu-*"}}),
        denied(
            "of a replica in its Region",
            Refuted(DEAD, ("gina", "in eu-central-1")),
            {"StringEquals": {region: "eu-central-1"}},
            "gina",
            REPLICA,
        ),
        denied("outside the key's own Region", Harmless(), {"StringNotEquals": {region: "eu-west-1"}}),
        denied(
            "of a replica by its spec",
            Refuted(DEAD, ("gina", "in eu-central-1")),
            {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}},
            "gina",
            REPLICA,
        ),
        denied(
            "of a key of one Region by its part among several",
            NotProvedBecause(("depends on kms:multiregionkeytype",)),
            {"StringNotEquals": {kind: "PRIMARY"}},
        ),
        denied(
            "of one key for both sides",
            NotProvedBecause(("depends on kms:reencryptonsamekey",)),
            {"Bool": {"kms:ReEncryptOnSameKey": "true"}},
        ),
        Mutant(
            "tasks with a session name",
            NotProvedBecause(("depends on sts:rolesessionname",)),
            setting(place_trust("billing"), "StringEquals", "sts:RoleSessionName", "task"),
        ),
        Mutant(
            "functions in a Region of STS",
            NotProvedBecause(("depends on aws:requestedregion",)),
            change(place_trust("orders", PLACE), Condition={"StringEquals": {region: "eu-west-1"}}),
        ),
        Mutant(
            "functions by TLS",
            Harmless(),
            change(place_trust("orders", PLACE), Condition={"Bool": {"aws:SecureTransport": "true"}}),
        ),
    ]


MUTANTS = [*parameters(), *circumstances(), *keys(), *pods(), *services(), *certificates(), *tokens()]
