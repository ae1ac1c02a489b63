"""Bring your own key: parameters, import, deletion. Source: AWS KMS guide, importing-keys; API reference."""

from __future__ import annotations

import base64
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tenant_keys.local.authorizer import Value
from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.material import BITS, Material, imported

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
_KEY_PAIRS = 4
"""Wrapping keys of each size; an RSA key of 4,096 bits takes a second to make, so offers use them in turn."""
_pairs: defaultdict[int, deque[rsa.RSAPrivateKey]] = defaultdict(deque)


def forget_offers() -> None:
    _offers.clear()


def _wrapping_key(size: int) -> rsa.RSAPrivateKey:
    """A private key that none of the last offers has: what was wrapped for one does not open under the next."""
    pairs = _pairs[size]
    if len(pairs) < _KEY_PAIRS:
        pairs.append(rsa.generate_private_key(public_exponent=65537, key_size=size))
    else:
        pairs.rotate(-1)
    return pairs[-1]


def get_parameters_for_import(call: Call) -> dict[str, Any]:
    """A wrapping key and a fresh token, good for 24 hours."""
    algorithm = call.one_of("WrappingAlgorithm", tuple(_HASHES), "")
    spec = call.one_of("WrappingKeySpec", tuple(_SIZES), "")
    key = _external(call, {"kms:WrappingAlgorithm": algorithm, "kms:WrappingKeySpec": spec})
    token = secrets.token_bytes(64)
    wrapping = _wrapping_key(_SIZES[spec])
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
    material = imported(key.id, _unwrap(call, key), call.now)
    material.expires = expires
    material.description = call.parameters.get("KeyMaterialDescription")
    if material.description is not None and key.multi_region and not key.primary:
        raise Fault("UnsupportedOperationException", f"{key.arn} is a replica; describe the material at the primary.")
    default = "EXISTING_KEY_MATERIAL" if key.materials.versions else "NEW_KEY_MATERIAL"
    kind = call.one_of("ImportType", ("NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"), default)
    named = call.parameters.get("KeyMaterialId")
    if kind == "NEW_KEY_MATERIAL":
        if named is not None:
            raise invalid("KeyMaterialId cannot be specified when ImportType is NEW_KEY_MATERIAL.")
        _add(call, key, material)
    elif named not in (None, material.id):
        raise Fault("IncorrectKeyMaterialException", "The key material is not the one that KeyMaterialId names.")
    else:
        _again(call, key, material)
    if key.materials.complete():
        key.disabled = False  # the operation ends in Enabled, whatever the state before the material went (key-state)
    return {"KeyId": key.arn, "KeyMaterialId": material.id}


def delete_imported_key_material(call: Call) -> dict[str, Any]:
    """Takes effect at once and can be undone by importing the same bytes again."""
    key = _external(call, {}, deleting=True)
    wanted = call.parameters.get("KeyMaterialId")
    found = key.materials.named(wanted) if wanted else key.materials.current
    if wanted and found is None:
        raise Fault("NotFoundException", f"{key.arn} has no key material {wanted}.")
    if found is not None and found is key.materials.pending:
        # At the primary it takes the replicas' pending material with it (API reference, DeleteImportedKeyMaterial).
        for each in (key, *(call.store.family(key) if key.primary else ())):
            each.materials.pending = None
    elif found is not None:
        found.secret = None
    return {"KeyId": key.arn, **({"KeyMaterialId": found.id} if found else {})}


def _external(call: Call, context: dict[str, Value], *, deleting: bool = False) -> Key:
    """The imported key; material is deleted also while the deletion of the key is pending (KMS guide, key-state)."""
    key = call.managed_key(context)
    if key.origin != "EXTERNAL":
        raise Fault(
            "UnsupportedOperationException", f"{key.arn} origin is AWS_KMS which is not valid for this operation."
        )
    if not deleting:
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


def _add(call: Call, key: Key, material: Material) -> None:
    """The first material is used at once; later ones wait for RotateKeyOnDemand."""
    if key.materials.named(material.id) is not None:
        raise Fault("IncorrectKeyMaterialException", "This key material was imported into the key already.")
    if key.multi_region and not key.primary:
        raise Fault("UnsupportedOperationException", f"{key.arn} is a replica; import new material into the primary.")
    if not key.materials.versions:
        key.materials.versions.append(material)
        for replica in call.store.family(key):  # made before the first import: they wait for the same bytes
            replica.materials.versions.append(replace(material, secret=None))
    elif key.materials.pending is not None:
        raise Fault("KMSInvalidStateException", f"{key.arn} has key material pending rotation already.")
    else:
        key.materials.pending = material


def _again(call: Call, key: Key, material: Material) -> None:
    """Only the same bytes fill a place again (importing-keys-import-key-material)."""
    known = key.materials.named(material.id)
    if known is None and (pending := _pending_at_primary(call, key, material.id)):
        key.materials.pending = replace(material, description=pending.description)
        return
    if known is None:
        raise Fault(
            "IncorrectKeyMaterialException", f"The key material is not the one that was imported into {key.arn} before."
        )
    known.secret, known.expires = material.secret, material.expires
    if material.description is None:
        return  # KMS keeps the one of the last import
    for each in (key, *call.store.family(key)):  # the primary's is that of all Regions
        place = each.materials.named(material.id)
        if place is not None:
            place.description = material.description


def _pending_at_primary(call: Call, key: Key, material_id: str) -> Material | None:
    """The primary's new material if it waits for its replicas, before RotateKeyOnDemand."""
    found = (other.materials.pending for other in call.store.family(key) if other.primary)
    return next((pending for pending in found if pending is not None and pending.id == material_id), None)
