"""Where the Encryption SDK gets a message's data key: in a thread that waits for AWS, or in one that must not wait."""

from __future__ import annotations

import struct
from typing import NoReturn, Protocol

from cryptography.exceptions import InvalidTag

from tenant_keys.client.data_keys import DataKeys, ReadingKey, Token, WritingKey
from tenant_keys.client.deadline import Deadline
from tenant_keys.client.errors import DamagedMessage, MessageRefused, WrongContext, WrongTenant
from tenant_keys.client.flight import Steps, drive
from tenant_keys.client.sdk import (
    SUITE,
    AWSEncryptionSDKClientError,
    CryptoMaterialsManager,
    DecryptionMaterials,
    DecryptionMaterialsRequest,
    EncryptionMaterials,
    EncryptionMaterialsRequest,
)
from tenant_keys.client.tenant_id import CONTEXT_KEY


class Materials(Protocol):
    """One tenant's data keys, for one handle."""

    def for_writing(self, context: dict[str, str]) -> WritingKey: ...
    def for_reading(self, request: DecryptionMaterialsRequest) -> ReadingKey: ...
    def opened(self, blob: bytes, context: dict[str, str]) -> bytes | None: ...


class TenantMaterials:
    """Waits for AWS in the thread that asks, at most `timeout` seconds each time."""

    __slots__ = ("_keys", "_own", "_timeout")

    def __init__(self, keys: DataKeys, *, own: Token | None, timeout: float) -> None:
        self._keys, self._own, self._timeout = keys, own, timeout

    def for_writing(self, context: dict[str, str]) -> WritingKey:
        held = self._keys.held_for_writing(context)
        return held or drive(self._keys.writing(context, self._own), Deadline(self._timeout))

    def for_reading(self, request: DecryptionMaterialsRequest) -> ReadingKey:
        held = self._keys.held_for_reading(request)
        return held or drive(self._keys.reading(request, self._own), Deadline(self._timeout))

    def opened(self, blob: bytes, context: dict[str, str]) -> bytes | None:
        """The payload of a message whose like has been opened with a key at hand; None for every other message."""
        return self._keys.opened(blob, context)


class NotHeld(Exception):
    """Raised through the SDK's parser when a message's data key is not at hand: `steps` bring it."""

    def __init__(self, steps: Steps[ReadingKey]) -> None:
        super().__init__()
        self.steps = steps


class HeldMaterials:
    """Never waits: gives what is cached or was brought before, else raises `NotHeld`."""

    __slots__ = ("_keys", "_own", "reading", "writing")

    def __init__(self, keys: DataKeys, *, own: Token | None) -> None:
        self._keys, self._own = keys, own
        self.writing: WritingKey | None = None
        self.reading: ReadingKey | None = None

    def for_writing(self, context: dict[str, str]) -> WritingKey:  # noqa: ARG002  # brought for just this context
        if self.writing is None:
            raise AssertionError("the key is brought before the message is sealed")
        return self.writing

    def for_reading(self, request: DecryptionMaterialsRequest) -> ReadingKey:
        """A message has one data key, so the one that was brought is the one that was asked for."""
        found = self.reading or self._keys.held_for_reading(request)
        if found is None:
            raise NotHeld(self._keys.reading(request, self._own))
        return found

    def opened(self, blob: bytes, context: dict[str, str]) -> bytes | None:
        """As `TenantMaterials.opened`."""
        return self._keys.opened(blob, context)


class ExpectingMaterials(CryptoMaterialsManager):  # type: ignore[misc]
    """What one message is opened or sealed with: refuses any other context before a cache or KMS is asked."""

    def __init__(self, materials: Materials, context: dict[str, str]) -> None:
        self._materials, self._context = materials, context
        self.read_with: ReadingKey | None = None

    def get_encryption_materials(self, request: EncryptionMaterialsRequest) -> EncryptionMaterials:
        return self._materials.for_writing(request.encryption_context).materials

    def decrypt_materials(self, request: DecryptionMaterialsRequest) -> DecryptionMaterials:
        if request.algorithm is not SUITE:  # first, since a signed suite adds its public key to the context
            raise MessageRefused(f"the message has suite {request.algorithm.name}; this client uses {SUITE.name} alone")
        carried = request.encryption_context
        if carried.get(CONTEXT_KEY) != self._context[CONTEXT_KEY]:
            raise WrongTenant(f"the message was encrypted for a tenant other than {self._context[CONTEXT_KEY]}")
        if carried != self._context:
            raise WrongContext("the message has a different encryption context from the one that the caller expects")
        if len(request.encrypted_data_keys) != 1:
            raise MessageRefused("the message does not have exactly one encrypted data key")
        self.read_with = self._materials.for_reading(request)
        return self.read_with.materials


# A message is input from outside; these are all the errors with which the SDK's parser and cipher refuse one.
PARSER_ERRORS = (AWSEncryptionSDKClientError, InvalidTag, struct.error, ValueError, KeyError, OverflowError)


def refuse(error: Exception) -> NoReturn:
    """Raises what a failed parse or cipher means, keeping our own errors as they are."""
    raise DamagedMessage("the message is truncated, extended, altered, or was not written by this client") from error
