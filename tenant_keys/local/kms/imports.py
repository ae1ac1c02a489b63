"""Bring your own key: parameters, import, deletion. Source: AWS KMS guide, importing-keys; API reference."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tenant_keys.local.authority import Value
from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.material import BITS, Material, from_secret

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "RSAES_OAEP_SHA_256": hashes.SHA256(),
    "RSAES_OAEP_SHA_1": hashes.SHA1(),  # noqa: S303  # AWS offers it, too
}
_SIZES = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
TOKEN_LIFE = timedelta(hours=24)
LONGEST = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Offer:
    """A wrapping key that one GetParametersForImport handed out."""

    key_arn: str
    wrapping: rsa.RSAPrivateKey
    algorithm: str
    until: datetime


_offers: dict[bytes, Offer] = {}


def forget_offers() -> None:
    _offers.clear()


def get_parameters_for_import(call: Call) -> dict[str, Any]:
    """A fresh wrapping key and token, good for 24 hours."""
    algorithm = call.one_of("WrappingAlgorithm", tuple(_HASHES), "")
    spec = call.one_of("WrappingKeySpec", tuple(_SIZES), "")
    key = _external(call, {"kms:WrappingAlgorithm": algorithm, "kms:WrappingKeySpec": spec})
    token = secrets.token_bytes(64)
    wrapping = rsa.generate_private_key(public_exponent=65537, key_size=_SIZES[spec])
    offer = Offer(key.arn, wrapping, algorithm, call.now + TOKEN_LIFE)
    _offers[token] = offer
    public = wrapping.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "KeyId": key.arn,
        "ImportToken": base64.b64encode(token).decode(),
        "PublicKey": base64.b64encode(public).decode(),
        "ParametersValidTo": offer.until.timestamp(),
    }


def import_key_material(call: Call) -> dict[str, Any]:
    model = call.one_of(
        "ExpirationModel", ("KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"), "KEY_MATERIAL_EXPIRES"
    )
    expires = _expiry(call, model)
    context: dict[str, Value] = {"kms:ExpirationModel": model}
    if expires is not None:
        context["kms:ValidTo"] = str(
            expires.timestamp()
        )  # Unix time, for numeric operators (AWS KMS guide, conditions-kms)
    key = _external(call, context)
    material = from_secret(_unwrap(call, key), call.now)
    material.expires = expires
    material.description = call.parameters.get("KeyMaterialDescription")
    if call.parameters.get("KeyMaterialId") not in (None, material.id):
        raise Fault("IncorrectKeyMaterialException", "The key material is not the one that KeyMaterialId names.")
    default = "EXISTING_KEY_MATERIAL" if key.materials.versions else "NEW_KEY_MATERIAL"
    kind = call.one_of("ImportType", ("NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"), default)
    if kind == "NEW_KEY_MATERIAL":
        _add(key, material)
    else:
        _again(key, material)
    return {"KeyId": key.arn, "KeyMaterialId": material.id}


def delete_imported_key_material(call: Call) -> dict[str, Any]:
    """Takes effect at once and can be undone by importing the same bytes again."""
    key = _external(call, {})
    wanted = call.parameters.get("KeyMaterialId")
    found = key.materials.named(wanted) if wanted else key.materials.current
    if wanted and found is None:
        raise Fault("NotFoundException", f"{key.arn} has no key material {wanted}.")
    if found is not None and found is key.materials.pending:
        key.materials.pending = None
    elif found is not None:
        found.secret = None
    return {"KeyId": key.arn, **({"KeyMaterialId": found.id} if found else {})}


def _external(call: Call, context: dict[str, Value]) -> Key:
    key = call.managed_key(context)
    if key.origin != "EXTERNAL":
        raise Fault(
            "UnsupportedOperationException", f"{key.arn} origin is AWS_KMS which is not valid for this operation."
        )
    key.require_not_deleting()
    return key


def _expiry(call: Call, model: str) -> datetime | None:
    given = call.parameters.get("ValidTo")
    if model == "KEY_MATERIAL_DOES_NOT_EXPIRE":
        return None
    if given is None:
        raise invalid("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
    expires = datetime.fromtimestamp(float(given), tz=call.now.tzinfo)
    if not call.now < expires <= call.now + LONGEST:
        raise invalid("The validTo date must be in the future and within 365 days.")
    return expires


def _unwrap(call: Call, key: Key) -> bytes:
    offer = _offers.get(call.blob("ImportToken", 6144))
    if offer is None or offer.key_arn != key.arn:
        raise Fault("InvalidImportTokenException", "The import token is not valid for this key.")
    if offer.until < call.now:
        raise Fault("ExpiredImportTokenException", "The import token has expired.")
    algorithm = _HASHES[offer.algorithm]
    try:
        secret = offer.wrapping.decrypt(
            call.blob("EncryptedKeyMaterial", 6144),
            padding.OAEP(mgf=padding.MGF1(algorithm=algorithm), algorithm=algorithm, label=None),
        )
    except ValueError:
        raise Fault("InvalidCiphertextException") from None
    if len(secret) != BITS // 8:
        raise Fault("IncorrectKeyMaterialException", f"The key material must be {BITS} bits long.")
    return secret


def _add(key: Key, material: Material) -> None:
    """The first material is used at once; later ones wait for RotateKeyOnDemand."""
    if key.materials.named(material.id) is not None:
        raise Fault("IncorrectKeyMaterialException", "This key material was imported into the key already.")
    if key.multi_region and not key.primary:
        raise Fault("UnsupportedOperationException", f"{key.arn} is a replica; import new material into the primary.")
    if not key.materials.versions:
        key.materials.versions.append(material)
    elif key.materials.pending is not None:
        raise Fault("KMSInvalidStateException", f"{key.arn} has key material pending rotation already.")
    else:
        key.materials.pending = material


def _again(key: Key, material: Material) -> None:
    """Only the same bytes fill a place again (importing-keys-import-key-material)."""
    known = key.materials.named(material.id)
    if known is None:
        raise Fault(
            "IncorrectKeyMaterialException", f"The key material is not the one that was imported into {key.arn} before."
        )
    known.secret, known.expires = material.secret, material.expires
