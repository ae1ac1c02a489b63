"""Proves over the templates what `tenants.yaml` promises: every key is its tenant's alone."""

from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.prove import CLAIM, WORST_FIRST, Proof, prove

__all__ = ["CLAIM", "WORST_FIRST", "Finding", "Kind", "NotProved", "Proof", "prove"]
