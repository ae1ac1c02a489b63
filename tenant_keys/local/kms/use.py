"""The cryptographic operations: which key, may this caller, key state, ciphertext. Source: AWS KMS API reference."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any

from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms import ciphertext, conditions
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.ciphertext import CiphertextError, Sealed
from tenant_keys.local.kms.due_changes import apply_due_changes
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.store import Named

PLAINTEXT_LIMIT = 4096
CIPHERTEXT_LIMIT = 6144
DATA_KEY_LIMIT = 1024


def encrypt(call: Call) -> dict[str, Any]:
    plaintext = call.blob("Plaintext", PLAINTEXT_LIMIT)
    key, context = _key_for(call, "KeyId", "EncryptionContext")
    _algorithm(call, "EncryptionAlgorithm", key)
    _ready(call, key)
    return {**sealed_answer(call, key, plaintext, context), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}


def decrypt(call: Call) -> dict[str, Any]:
    ignore = _ignores_ciphertext(call)
    context = call.context_pairs("EncryptionContext")
    sealed = None if ignore else _parse(call, "CiphertextBlob")
    key = _key_of_ciphertext(call, sealed, "KeyId", "kms:Decrypt", context)
    _algorithm(call, "EncryptionAlgorithm", key)
    plaintext = b"" if sealed is None else _open(key, sealed, context, check_only=True)
    _ready(call, key)
    if sealed is not None:
        plaintext = _open(key, sealed, context)
    used(call, key)
    return {
        "KeyId": key.arn,
        "Plaintext": _b64(plaintext),
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "KeyMaterialId": _material_id(key, sealed),
    }


def generate_data_key(call: Call) -> dict[str, Any]:
    size = _data_key_size(call)
    key, context = _key_for(call, "KeyId", "EncryptionContext")
    _ready(call, key)
    plaintext = secrets.token_bytes(size)
    return {**sealed_answer(call, key, plaintext, context), "Plaintext": _b64(plaintext)}


def generate_data_key_without_plaintext(call: Call) -> dict[str, Any]:
    size = _data_key_size(call)
    key, context = _key_for(call, "KeyId", "EncryptionContext")
    _ready(call, key)
    return sealed_answer(call, key, secrets.token_bytes(size), context)


def re_encrypt(call: Call) -> dict[str, Any]:
    """Two permissions: ReEncryptFrom on the source key, ReEncryptTo on the destination, each with its own context."""
    ignore = _ignores_ciphertext(call)
    source_context = call.context_pairs("SourceEncryptionContext")
    destination_context = call.context_pairs("DestinationEncryptionContext")
    sealed = None if ignore else _parse(call, "CiphertextBlob")
    destination_named, destination = call.named("DestinationKeyId", aliases=True)
    source_named, source, known = _find_source(call, sealed, "SourceKeyId")
    same: Mapping[str, str] = {"kms:ReEncryptOnSameKey": str(source is destination).lower()}
    call.authorize(
        source,
        source_named,
        "kms:ReEncryptFrom",
        {**conditions.of_encryption(source_context), **same},
        resource_known=known,
    )
    call.authorize(
        destination,
        destination_named,
        "kms:ReEncryptTo",
        {**conditions.of_encryption(destination_context), **same},
    )
    _algorithm(call, "SourceEncryptionAlgorithm", source)
    _algorithm(call, "DestinationEncryptionAlgorithm", destination)
    destination.require_enabled()
    _ready(call, source)
    plaintext = _open(source, sealed, source_context) if sealed is not None else b""
    used(call, source)
    answer = sealed_answer(call, destination, plaintext, destination_context)
    return {
        "CiphertextBlob": answer["CiphertextBlob"],
        "SourceKeyId": source.arn,
        "KeyId": destination.arn,
        "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "SourceKeyMaterialId": _material_id(source, sealed),
        "DestinationKeyMaterialId": answer["KeyMaterialId"],
    }


def not_for_symmetric_keys(call: Call) -> dict[str, Any]:
    """Sign, GenerateMac and their like: authorized as on AWS, then refused, since every key here encrypts."""
    named, key = call.named(aliases=True)
    call.authorize(key, named)
    key.require_enabled()
    if call.operation == "GetPublicKey":
        raise Fault("UnsupportedOperationException", f"{key.arn} is not an asymmetric key.")
    raise Fault(
        "InvalidKeyUsageException", f"{key.arn} key usage is ENCRYPT_DECRYPT which is not valid for {call.operation}."
    )


def generate_random(call: Call) -> dict[str, Any]:
    call.authorize_account("kms:GenerateRandom")
    if call.parameters.get("NumberOfBytes") is None:
        raise invalid("NumberOfBytes is required.")
    return {"Plaintext": _b64(secrets.token_bytes(_bytes(call.parameters["NumberOfBytes"])))}


# --- shared steps


def _key_for(call: Call, parameter: str, context_parameter: str) -> tuple[Key, dict[str, str]]:
    context = call.context_pairs(context_parameter)
    named, key = call.named(parameter, aliases=True)
    call.authorize(key, named, context=conditions.of_encryption(context))
    return key, context


def key_for_data_key_pair(call: Call) -> tuple[Key, dict[str, str]]:
    """A data key pair is sealed like a data key."""
    key, context = _key_for(call, "KeyId", "EncryptionContext")
    _ready(call, key)
    return key, context


def sealed_answer(call: Call, key: Key, plaintext: bytes, context: Mapping[str, str]) -> dict[str, Any]:
    material = key.materials.current
    if material is None:
        raise Fault("KMSInternalException", f"{key.arn} has no key material.", 500)
    used(call, key)
    blob = ciphertext.seal(key.id, material, plaintext, context)
    return {"CiphertextBlob": _b64(blob), "KeyId": key.arn, "KeyMaterialId": material.id}


def used(call: Call, key: Key) -> None:
    key.last_use = (call.operation, call.now, call.request_id)


def _ready(call: Call, key: Key) -> None:
    key.require_enabled()
    if call.parameters.get("DryRun") is True:
        raise Fault("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")


def _ignores_ciphertext(call: Call) -> bool:
    modifiers = call.parameters.get("DryRunModifiers") or []
    if not modifiers:
        return False
    if modifiers != ["IGNORE_CIPHERTEXT"] or call.parameters.get("DryRun") is not True:
        raise invalid("DryRunModifiers may be IGNORE_CIPHERTEXT, together with DryRun.")
    return True


def _parse(call: Call, parameter: str) -> Sealed:
    blob = call.blob(parameter, CIPHERTEXT_LIMIT)
    try:
        return ciphertext.parse(blob)
    except CiphertextError:
        raise Fault("InvalidCiphertextException") from None


def _key_of_ciphertext(
    call: Call, sealed: Sealed | None, parameter: str, action: str, context: Mapping[str, str]
) -> Key:
    named, key, known = _find_source(call, sealed, parameter)
    call.authorize(key, named, action, conditions.of_encryption(context), resource_known=known)
    if sealed is not None and sealed.key_id != key.id:
        raise Fault(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        )
    return key


def _find_source(call: Call, sealed: Sealed | None, parameter: str) -> tuple[Named | None, Key, bool]:
    """The key that the request names, else the one that the ciphertext names: then no alias is in the request."""
    if call.parameters.get(parameter):
        named, key = call.named(parameter, aliases=True)
        return named, key, True
    if sealed is None:
        raise invalid(f"{parameter} is required if the ciphertext is ignored.")
    found = call.store.find(call.region, sealed.key_id)
    if found is None or apply_due_changes(found, call.store, call.now):
        raise Fault(
            "AccessDeniedException",
            "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
            "or you are not allowed to access.",
        )
    return None, found, False


def _open(key: Key, sealed: Sealed, context: Mapping[str, str], *, check_only: bool = False) -> bytes:
    if sealed.key_id != key.id:
        raise Fault(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        )
    if check_only:
        return b""
    material = key.materials.find(sealed.material)
    if material is None:
        raise Fault("InvalidCiphertextException")
    try:
        return ciphertext.unseal(sealed, material, context)
    except CiphertextError:
        raise Fault("InvalidCiphertextException") from None


def _material_id(key: Key, sealed: Sealed | None) -> str | None:
    found = key.materials.find(sealed.material) if sealed else key.materials.current
    return found.id if found else None


def _algorithm(call: Call, parameter: str, key: Key) -> None:
    if (call.parameters.get(parameter) or "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        raise Fault("InvalidKeyUsageException", f"Algorithm {call.parameters[parameter]} is not valid for {key.arn}.")


def _data_key_size(call: Call) -> int:
    number, spec = call.parameters.get("NumberOfBytes"), call.parameters.get("KeySpec")
    if (number is None) == (spec is None):
        raise invalid("Please specify either number of bytes or key spec.")
    if spec is not None:
        return {"AES_256": 32, "AES_128": 16}[call.one_of("KeySpec", ("AES_128", "AES_256"), "")]
    return _bytes(number)


def _bytes(number: Any) -> int:
    if not 1 <= int(number) <= DATA_KEY_LIMIT:
        raise invalid(
            f"1 validation error detected: Value '{number}' at 'numberOfBytes' failed to satisfy constraint: "
            f"Member must have value between 1 and {DATA_KEY_LIMIT}"
        )
    return int(number)


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
