"""A data key of one tenant, made and opened by KMS through the tenant's alias: every check of ours is here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from tenant_keys.client.errors import DamagedMessage, KeyMismatch, TenantKeysError, WrongTenant
from tenant_keys.client.tenant_id import CONTEXT_KEY

PROVIDER = "aws-kms"
"""Provider id of KMS in an encrypted data key (Encryption SDK message format)."""

DATA_KEY_BYTES = 32

MAX_CIPHERTEXT = 6144
"""Bytes of an encrypted data key (KMS API reference, Decrypt, CiphertextBlob)."""


class KmsCalls(Protocol):
    """The two calls needed of a boto3 KMS client."""

    def generate_data_key(self, *, KeyId: str, NumberOfBytes: int, EncryptionContext: dict[str, str]) -> Any: ...
    def decrypt(self, *, KeyId: str, CiphertextBlob: bytes, EncryptionContext: dict[str, str]) -> Any: ...


@dataclass(frozen=True, slots=True)
class SealedKey:
    """An encrypted data key as a message carries it."""

    key_arn: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A data key, open and sealed."""

    plaintext: bytes = field(repr=False)
    sealed: SealedKey


def generate(kms: KmsCalls, alias_arn: str, context: dict[str, str]) -> OpenKey:
    answer = kms.generate_data_key(KeyId=alias_arn, NumberOfBytes=DATA_KEY_BYTES, EncryptionContext=context)
    return OpenKey(_whole(answer["Plaintext"]), SealedKey(answer["KeyId"], answer["CiphertextBlob"]))


def unseal(kms: KmsCalls, alias_arn: str, sealed: SealedKey, context: dict[str, str]) -> bytes:
    """The plaintext, if the alias leads to the key that the message names."""
    answer = kms.decrypt(KeyId=alias_arn, CiphertextBlob=sealed.ciphertext, EncryptionContext=context)
    if not same_key(sealed.key_arn, answer["KeyId"]):
        raise KeyMismatch(f"KMS used {answer['KeyId']}, the message names {sealed.key_arn}")
    return _whole(answer["Plaintext"])


def check_context(context: dict[str, str], tenant_id: str) -> None:
    if context.get(CONTEXT_KEY) != tenant_id:
        raise WrongTenant(f"the encryption context's {CONTEXT_KEY} is not {tenant_id}")


def read_sealed_key(provider: str, key_arn: bytes, ciphertext: bytes, alias_arn: str) -> SealedKey:
    """A message's encrypted data key, refused before KMS is asked where it is of another partition or account."""
    try:
        arn = bytes(key_arn).decode("ascii")
    except UnicodeDecodeError as error:
        raise DamagedMessage("the encrypted data key names no key ARN") from error
    if not 1 <= len(ciphertext) <= MAX_CIPHERTEXT:
        raise DamagedMessage("the encrypted data key is empty, or longer than any that KMS returns")
    ours, theirs = alias_arn.split(":", 5), arn.split(":", 5)
    if provider != PROVIDER or len(theirs) != len(ours) or not theirs[5].startswith("key/"):
        raise DamagedMessage("the encrypted data key does not belong to a KMS key")
    if (ours[1], ours[2], ours[4]) != (theirs[1], theirs[2], theirs[4]):
        raise KeyMismatch(f"the message was encrypted under a key of another account: {arn}")
    return SealedKey(arn, bytes(ciphertext))


def same_key(left: str, right: str) -> bool:
    """Equal ARNs, or replicas of one multi-Region key, which share account and `mrk-` id (KMS guide, multi-Region)."""
    if left == right:
        return True
    one, other = left.split(":", 5), right.split(":", 5)
    return len(one) == len(other) and one[5].startswith("key/mrk-") and (one[:3], one[4:]) == (other[:3], other[4:])


def _whole(plaintext: bytes) -> bytes:
    if len(plaintext) != DATA_KEY_BYTES:
        raise TenantKeysError(f"KMS gave a data key of {len(plaintext)} bytes; asked for {DATA_KEY_BYTES}")
    return plaintext
