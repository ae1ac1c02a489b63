"""The condition keys that KMS fills in. Source: AWS KMS guide, conditions-kms; service authorization reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenant_keys.local.authorizer import Value
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.store import Named, Store

WITH_REQUEST_ALIAS = frozenset(
    f"kms:{name}"
    for name in (
        "Decapsulate",
        "Decrypt",
        "DeriveSharedSecret",
        "DescribeKey",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GetPublicKey",
        "ReEncryptFrom",
        "ReEncryptTo",
        "Sign",
        "Verify",
        "VerifyMac",
    )
)
"""Operations that carry kms:RequestAlias, if the caller named an alias; on all others it is absent."""


def of_key(action: str, key: Key, named: Named | None, store: Store) -> dict[str, Value]:
    """What every operation on a key carries; the evaluator adds kms:CallerAccount."""
    context: dict[str, Value] = {
        "kms:KeyOrigin": key.origin,
        "kms:KeySpec": "SYMMETRIC_DEFAULT",
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:MultiRegion": str(key.multi_region).lower(),
        **{f"aws:ResourceTag/{name}": value for name, value in key.tags.items()},
    }
    if key.multi_region:
        context["kms:MultiRegionKeyType"] = "PRIMARY" if key.primary else "REPLICA"
    if aliases := store.aliases_of(key):
        context["kms:ResourceAliases"] = tuple(sorted(alias.name for alias in aliases))
    if named is not None and named.alias is not None and action in WITH_REQUEST_ALIAS:
        context["kms:RequestAlias"] = named.alias
    return context


def of_encryption(context: Mapping[str, str]) -> dict[str, Value]:
    """The encryption context; kms:EncryptionContextKeys is multi-valued and absent where there is none."""
    found: dict[str, Value] = {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    if context:
        found["kms:EncryptionContextKeys"] = tuple(context)
    return found | {f"kms:EncryptionContext:{name}": value for name, value in context.items()}


def of_tags(tags: Mapping[str, str]) -> dict[str, Value]:
    """Tags that a request sets, without those of AWS itself: aws:cloudformation:stack-name and its like."""
    own = {name: value for name, value in tags.items() if not name.startswith("aws:")}
    if not own:
        return {}
    return {"aws:TagKeys": tuple(own), **{f"aws:RequestTag/{name}": value for name, value in own.items()}}


def of_new_key(origin: str, *, multi_region: bool) -> dict[str, Value]:
    """What CreateKey carries about the key that is not there yet."""
    context: dict[str, Value] = {
        "kms:KeyOrigin": origin,
        "kms:KeySpec": "SYMMETRIC_DEFAULT",
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:MultiRegion": str(multi_region).lower(),
    }
    if multi_region:
        context["kms:MultiRegionKeyType"] = "PRIMARY"
    return context


def of_lockout_check(parameters: Mapping[str, Any]) -> dict[str, Value]:
    """kms:BypassPolicyLockoutSafetyCheck, absent where the request lacks the parameter: AWS's own example of the key
    tests `Null: true` for such requests (AWS KMS guide, conditions-kms).
    """
    given = parameters.get("BypassPolicyLockoutSafetyCheck")
    return {} if given is None else {"kms:BypassPolicyLockoutSafetyCheck": str(given is True).lower()}
