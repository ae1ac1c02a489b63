"""What AWS refuses of the policies and roles in the templates, so that they never come to stand as they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from tenant_keys.aws_facts.property_values import ACTION, POLICY_CHARACTERS
from tenant_keys.aws_facts.quotas import (
    INLINE_POLICY_CHARACTERS,
    KEY_POLICY_BYTES,
    MANAGED_POLICY_CHARACTERS,
    PARAMETER_CHARACTERS,
    TRUST_POLICY_CHARACTERS,
)
from tenant_keys.manifest import Estate
from tenant_keys.review.errors import as_json
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.marks import MARK
from tenant_keys.review.proof.role_records import RoleRecord

_IAM_SID: Final = re.compile(r"[A-Za-z0-9]*", re.ASCII).fullmatch
"""IAM guide, reference_policies_elements_sid: in IAM "the Sid must be A-Z, a-z, and 0-9"."""
_KMS_SID: Final = re.compile(r"[ -~]*", re.ASCII).fullmatch
"""AWS KMS guide, key-policy-overview: "The Sid in a key policy can include spaces", as any printable character."""

_CONTROL: Final = re.compile(r"\\(?:[bf]|u00[01])")
"""Control characters as JSON escapes them, but for tab and line breaks."""


def check_refusals(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    """What AWS refuses; the Sids of key policies that differ in names alone are looked at once."""
    seen: set[str] = set()
    for record in chain(inventory.audit_keys, *inventory.keys.values()):
        where = f"{record.where}: the key policy"
        if record.policy_bytes > KEY_POLICY_BYTES:
            yield _refused(where, f"has more than {KEY_POLICY_BYTES:,} bytes")
        if record.policy not in seen:
            seen.add(record.policy)
            document = json.loads(record.policy)
            yield from _document(document, where, of_iam=False)
            yield from _too_permissive(document, where)
    yield from _identities(inventory, estate)
    for one in inventory.parameters:
        if len(one.value) > PARAMETER_CHARACTERS:
            yield _refused(f"{one.where}: the parameter", f"has more than {PARAMETER_CHARACTERS:,} characters")
    for what in inventory.refused:
        yield Finding(Kind.NOT_PROVED, f"{what}: AWS refuses it", "synthesize again, or correct the value")
    for policy in inventory.loose:
        yield from _document(policy.document, f"{policy.where}: the policy", of_iam=True)


def _identities(inventory: Inventory, estate: Estate) -> Iterator[Finding]:
    for arn, document in inventory.managed.items():
        if _length(document) > MANAGED_POLICY_CHARACTERS:
            yield _refused(f"{arn}: the policy", f"has more than {MANAGED_POLICY_CHARACTERS:,} characters")
    managed = frozenset(map(id, inventory.managed.values()))
    for role in inventory.roles.values():
        own = role.account == estate.central.account
        most = estate.central.quotas.trust_policy_characters if own else TRUST_POLICY_CHARACTERS
        yield from _role(role, most, managed)


def _role(role: RoleRecord, most: int, managed: frozenset[int]) -> Iterator[Finding]:
    """`most`: characters of a trust policy by the quota of the account; `managed`: documents of managed policies."""
    trust = f"{role.arn}: the trust policy"
    if _length(role.trust) > most:
        yield _refused(trust, f"has more than {most:,} characters")
    yield from _document(role.trust, trust, of_iam=True)
    if (
        sum(_length(document) for _, document in role.identity if id(document) not in managed)
        > INLINE_POLICY_CHARACTERS
    ):
        yield _refused(f"{role.arn}: the policies", f"have more than {INLINE_POLICY_CHARACTERS:,} characters together")
    for name, document in role.identity:
        yield from _document(document, f"{role.arn}: the policy {name}", of_iam=True)


def _length(document: Mapping[str, Any]) -> int:
    """IAM does not count white space (IAM guide, reference_iam-quotas)."""
    return len(json.dumps(document, separators=(",", ":")))


def _document(document: Mapping[str, Any], where: str, *, of_iam: bool) -> Iterator[Finding]:
    """Characters, Id, actions and Sids of a policy."""
    text = json.dumps(document, ensure_ascii=False)
    if not of_iam:
        text = text.replace(MARK, "")  # a tenant's own name; `marks` refuses the character itself
    if not POLICY_CHARACTERS.fullmatch(text) or _CONTROL.search(text):
        yield _refused(where, "holds characters beyond U+00FF, or control characters")
    if not isinstance(document.get("Id", ""), str):
        yield _refused(where, f"has the Id {as_json(document['Id'])}, which is no text")
    for action in dict.fromkeys(_actions(document)):
        if not ACTION.fullmatch(action):
            yield _refused(where, f"has the action {as_json(action)}, which is no service and operation")
    yield from _sids(document, where, of_iam=of_iam)


_PERMISSIVE: Final = ("aws:requesttag/", "kms:encryptioncontext:")
"""How the condition keys begin for which KMS takes no ForAllValues."""


def _too_permissive(document: Mapping[str, Any], where: str) -> Iterator[Finding]:
    """ForAllValues holds where the key is absent: KMS answers OverlyPermissiveCondition (KMS guide, conditions-kms)."""
    for statement in _statements(document):
        for operator, conditions in statement.get("Condition", {}).items():
            for key in conditions if operator.startswith("ForAllValues:") else ():
                if key.lower().startswith(_PERMISSIVE):
                    yield _refused(where, f"has {operator} on {key}")


def _actions(document: Mapping[str, Any]) -> Iterator[str]:
    for statement in _statements(document):
        for name in ("Action", "NotAction"):
            several = statement.get(name, ())
            yield from (one for one in ([several] if isinstance(several, str) else several) if isinstance(one, str))


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    several = document.get("Statement", ())
    return [one for one in ([several] if isinstance(several, Mapping) else several) if isinstance(one, Mapping)]


def _sids(document: Mapping[str, Any], where: str, *, of_iam: bool) -> Iterator[Finding]:
    """IAM guide, reference_policies_elements_sid: "The Sid value must be unique within a JSON policy"."""
    sids = [str(one["Sid"]) for one in _statements(document) if one.get("Sid")]
    for sid in dict.fromkeys(sids):
        if sids.count(sid) > 1:
            yield _refused(where, f"has the Sid {as_json(sid)} twice")
        if not (_IAM_SID if of_iam else _KMS_SID)(sid):
            yield _refused(where, f"has the Sid {as_json(sid):.80}, which holds other characters than AWS takes")


def _refused(where: str, what: str) -> Finding:
    return Finding(Kind.NOT_PROVED, f"{where} {what}: AWS refuses it", "synthesize again, or correct the policy")
