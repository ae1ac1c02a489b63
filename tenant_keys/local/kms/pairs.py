"""Data key pairs: a private key sealed like a data key. Source: AWS KMS API reference, GenerateDataKeyPair."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.use import key_for_data_key_pair, sealed_answer

_SPECS = ("RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1")
_CURVES: dict[str, ec.EllipticCurve] = {
    "ECC_NIST_P256": ec.SECP256R1(),
    "ECC_NIST_P384": ec.SECP384R1(),
    "ECC_NIST_P521": ec.SECP521R1(),
    "ECC_SECG_P256K1": ec.SECP256K1(),
}


def generate_data_key_pair(call: Call) -> dict[str, Any]:
    answer, private = _pair(call)
    return {**answer, "PrivateKeyPlaintext": base64.b64encode(private).decode()}


def generate_data_key_pair_without_plaintext(call: Call) -> dict[str, Any]:
    return _pair(call)[0]


def _pair(call: Call) -> tuple[dict[str, Any], bytes]:
    spec = call.one_of("KeyPairSpec", _SPECS, "")
    key, context = key_for_data_key_pair(call)
    pair: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = (
        rsa.generate_private_key(public_exponent=65537, key_size=int(spec[-4:]))
        if spec.startswith("RSA")
        else ec.generate_private_key(_CURVES[spec])
    )
    private = pair.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = pair.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    sealed = sealed_answer(call, key, private, context)
    answer = {
        "PrivateKeyCiphertextBlob": sealed["CiphertextBlob"],
        "PublicKey": base64.b64encode(public).decode(),
        "KeyId": key.arn,
        "KeyPairSpec": spec,
        "KeyMaterialId": sealed["KeyMaterialId"],
    }
    return answer, private
