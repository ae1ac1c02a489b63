"""Who must be trusted: computed from what the proof found allowed, not assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.review.proof.key_access import KeyAccess
from tenant_keys.review.proof.obtained_sessions import Issuance

MUTATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "change a key policy": ("kms:PutKeyPolicy",),
    "create, move or delete an alias": ("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"),
    "grant": ("kms:CreateGrant",),
    "replicate a key": ("kms:ReplicateKey", "kms:UpdatePrimaryRegion"),
    "stop a key": ("kms:DisableKey",),
    "schedule a deletion": ("kms:ScheduleKeyDeletion",),
    "import or delete key material": ("kms:ImportKeyMaterial", "kms:DeleteImportedKeyMaterial"),
}


@dataclass(frozen=True, slots=True)
class Trusted:
    """A principal whose act could change what is proved, and which act."""

    who: str
    may: str
    breaks: str
    """What such an act puts at risk: "plaintext", "access" (availability), or "which tenant"."""


def trusted(
    access: KeyAccess, issuance: Issuance, estate: Estate, *, aliases_matter: bool, grants_matter: bool
) -> list[Trusted]:
    """The list of the principals that the claim leaves out: all of them must be trusted, and no other."""
    found = []
    for may, actions in MUTATIONS.items():
        who = sorted(set().union(*(access.who.get(action, set()) for action in actions)))
        risk = "plaintext" if may in ("change a key policy", "replicate a key") else "access"
        if (aliases_matter and "kms:UpdateAlias" in actions) or (grants_matter and "kms:CreateGrant" in actions):
            risk = "plaintext"
        found += [Trusted(one, may, risk) for one in who]
    for step in sorted(issuance.steps, key=lambda step: (step.role_arn, step.actor)):
        if step.tag == "any":
            name = step.role_arn.rpartition("/")[2]
            found.append(Trusted(step.actor, f"carry any tenant's tag into {name}", "which tenant"))
    accounts = {
        estate.central.account: "change roles of the key account",
        **{w.account: f"become or change the roles of account {w.account}" for w in estate.workloads.values()},
    }
    for account, may in accounts.items():
        found.append(
            Trusted(
                f"principals that IAM allows to change roles in account {account}, its root user included",
                may,
                "plaintext",
            )
        )
    issuers = {w.identity_provider.issuer for w in estate.workloads.values() if w.identity_provider}
    found += [
        Trusted(f"the issuer {issuer}", "sign a token with any tenant's tag", "which tenant")
        for issuer in sorted(issuers)
    ]
    return found
