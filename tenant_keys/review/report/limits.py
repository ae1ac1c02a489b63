"""What is not proved: said as plainly as what is."""

from __future__ import annotations

from typing import Final

from tenant_keys.review.proof import Proof

ALWAYS: Final = (
    "Actions of the trusted principals: the claim holds until one of them acts.",
    "That what is deployed is what is in these templates: the pipeline compares them after each deployment.",
    "That AWS decides as its documents say. Where they leave a reading open, the less favourable one is taken.",
    "What service and resource control policies forbid on top: they can only take away.",
    "What a workload does with plaintext and data keys that it has obtained for its tenant, and where it stores them.",
    "Availability: quotas, throttling, and what the services between a workload and its key do.",
    "Anything outside KMS and STS: data stores, backups, logs and queues have policies of their own.",
)
CLAIMED_BY_WORKLOAD: Final = (
    "That a workload with session tags names the right tenant: within the tenants that it serves it is believed."
)
LEFT_BY_BOUNDARIES: Final = (
    "That declared access is possible within the permissions boundaries {}: their documents are in no template. A "
    "boundary allows nothing by itself, so nobody gains access by it."
)
CLAIMED_BY_ISSUER: Final = "That an identity provider signs the right tenant's tag: what it signs is believed."


def not_proved(proof: Proof, accesses: set[str]) -> list[str]:
    """Sentences; what depends on the estate comes first."""
    said = []
    if proof.proved and proof.alias_administrators_gain_plaintext:
        said.append("That re-pointing an alias gives no plaintext: principals that may do so are trusted.")
    if proof.proved and proof.grants_open_the_key:
        said.append("That no grant opens a key: principals that may create one are trusted.")
    if proof.boundaries:
        said.append(LEFT_BY_BOUNDARIES.format(", ".join(proof.boundaries)))
    if "session-tag" in accesses:
        said.append(CLAIMED_BY_WORKLOAD)
    if "web-identity" in accesses:
        said.append(CLAIMED_BY_ISSUER)
    if not proof.safeguards:
        said.append("Which safeguards the proof depends on: not computed (--safeguards).")
    return [*said, *ALWAYS]
