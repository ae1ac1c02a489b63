"""What AWS refuses of the policies and roles in the templates, so that they never come to stand as they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from tenant_keys.aws_facts.quotas import (
    INLINE_POLICY_CHARACTERS,
    KEY_POLICY_BYTES,
    PARAMETER_CHARACTERS,
    TRUST_POLICY_CHARACTERS,
)
from tenant_keys.manifest import Estate
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.role_records import RoleRecord

_IAM_SID: Final = re.compile(r"[A-Za-z0-9]*", re.ASCII).fullmatch
"""IAM guide, reference_policies_elements_sid: in IAM "the Sid must be A-Z, a-z, and 0-9"."""
_KMS_SID: Final = re.compile(r"[ -~]*", re.ASCII).fullmatch
"""AWS KMS guide, key-policy-overview: "The Sid in a key policy can include spaces", as any printable character."""


def check_refusals(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """What AWS refuses; the Sids of key policies that differ in names alone are looked at once."""
    seen: set[str] = set()
    for record in chain(inventory.audit_keys, *inventory.keys.values()):
        where = f"{record.where}: the key policy"
        if record.policy_bytes > KEY_POLICY_BYTES:
            yield _refused(where, f"has more than {KEY_POLICY_BYTES:,} bytes")
        if record.policy not in seen:
            seen.add(record.policy)
            yield from _sids(json.loads(record.policy), where, of_iam=False)
    for role in inventory.roles.values():
        own = role.account == estate.central.account
        most = estate.central.quotas.trust_policy_characters if own else TRUST_POLICY_CHARACTERS
        yield from _role(role, most)
    for one in inventory.parameters:
        if len(one.value) > PARAMETER_CHARACTERS:
            yield _refused(f"{one.where}: the parameter", f"has more than {PARAMETER_CHARACTERS:,} characters")
    for policy in inventory.loose:
        yield from _sids(policy.document, f"{policy.where}: the policy", of_iam=True)


def _role(role: RoleRecord, most: int) -> Iterator[Finding]:
    """`most`: characters of a trust policy by the quota of the account."""
    trust = f"{role.arn}: the trust policy"
    if _length(role.trust) > most:
        yield _refused(trust, f"has more than {most:,} characters")
    yield from _sids(role.trust, trust, of_iam=True)
    if sum(_length(document) for _, document in role.identity) > INLINE_POLICY_CHARACTERS:
        yield _refused(f"{role.arn}: the policies", f"have more than {INLINE_POLICY_CHARACTERS:,} characters together")
    for name, document in role.identity:
        yield from _sids(document, f"{role.arn}: the policy {name}", of_iam=True)


def _length(document: Mapping[str, Any]) -> int:
    """IAM does not count white space (IAM guide, reference_iam-quotas)."""
    return len(json.dumps(document, separators=(",", ":")))


def _sids(document: Mapping[str, Any], where: str, *, of_iam: bool) -> Iterator[Finding]:
    """IAM guide, reference_policies_elements_sid: "The Sid value must be unique within a JSON policy"."""
    several = document.get("Statement", ())
    statements = [several] if isinstance(several, Mapping) else several
    sids = [str(one["Sid"]) for one in statements if isinstance(one, Mapping) and one.get("Sid")]
    for sid in dict.fromkeys(sids):
        if sids.count(sid) > 1:
            yield _refused(where, f"has the Sid {sid!r} twice")
        if not (_IAM_SID if of_iam else _KMS_SID)(sid):
            yield _refused(where, f"has the Sid {sid!r:.80}, which holds other characters than AWS takes")


def _refused(where: str, what: str) -> Finding:
    return Finding(Kind.NOT_PROVED, f"{where} {what}: AWS refuses it", "synthesize again, or correct the policy")
