"""A handle to one tenant. It is bound when it is made: none of its methods takes a tenant."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from tenant_keys.client.deadline import Deadline
from tenant_keys.client.errors import TokenExpired
from tenant_keys.client.flight import drive
from tenant_keys.client.materials import HeldMaterials, TenantMaterials
from tenant_keys.client.message import seal, unseal
from tenant_keys.client.stream import SealingReader, UnsealingReader
from tenant_keys.client.tenant_id import CONTEXT_KEY

if TYPE_CHECKING:
    from tenant_keys.client.connections import Connections
    from tenant_keys.client.data_keys import DataKeys, Token
    from tenant_keys.client.record import Names
    from tenant_keys.client.token import VerifiedToken

RESERVED_PREFIX = "aws-crypto-"
"""Context keys that the Encryption SDK keeps for itself."""

MAX_CONTEXT = 65_535
"""Bytes, with two more a string for its length (Encryption SDK message format, AAD)."""


class Tenant:
    """Encrypts and decrypts for one tenant; ends when the token that it came from expires. Thread-safe.

    `name` is the record's: unique within the tenant's data, the same at every later decryption, not secret, bound
    into the message. To decrypt, a tuple of names means any of them. `context` is optional and goes to KMS and into
    CloudTrail: a few fixed pairs such as `{"table": "orders"}`, since every different context takes a data key, and a
    KMS call, of its own.

    An operation waits for AWS for the handle's `timeout` at most, its session and retries included, and then raises
    `TimedOut`; for a stream that holds for its data key, not for the source that it reads.
    """

    __slots__ = ("_connections", "_id", "_timeout", "_token")

    def __init__(
        self, connections: Connections, tenant_id: str, verified: VerifiedToken | None = None, *, timeout: float
    ) -> None:
        object.__setattr__(self, "_connections", connections)
        object.__setattr__(self, "_id", tenant_id)
        object.__setattr__(self, "_token", (verified.token, verified.expires_at) if verified else None)
        object.__setattr__(self, "_timeout", timeout)

    _connections: Connections
    _id: str
    _token: Token | None
    _timeout: float

    @property
    def id(self) -> str:
        return self._id

    def encrypt(self, data: bytes, *, name: str, context: Mapping[str, str] | None = None) -> bytes:
        """An Encryption SDK message: about 340 bytes longer than the data and its name."""
        return seal(self._materials(), data, name=name, context=self._context(context))

    def decrypt(self, blob: bytes, *, name: Names, context: Mapping[str, str] | None = None) -> bytes:
        """The data, or a `MessageRefused` if the message is another tenant's, another record's, or damaged."""
        return unseal(self._materials(), blob, name=name, context=self._context(context))

    def encrypting(self, source: BinaryIO, *, name: str, context: Mapping[str, str] | None = None) -> SealingReader:
        """A file to read the message from, of any size, while `source` is read."""
        return SealingReader(self._materials(), source, name=name, context=self._context(context))

    def decrypting(self, source: BinaryIO, *, name: Names, context: Mapping[str, str] | None = None) -> UnsealingReader:
        """A file to read the data from, of any size. Read it to its end before acting on it."""
        return UnsealingReader(self._materials(), source, name=name, context=self._context(context))

    def renew_data_keys(self) -> None:
        """Drops this tenant's cached data keys: what is encrypted next is under a new one."""
        self._data_keys().clear()

    def material_of(self, data_key: bytes) -> str | None:
        """The id of the KMS key material under which a message's encrypted data key is, where it has no context.

        Asks KMS each time (KMS API reference, Decrypt, KeyMaterialId: in the answer for symmetric keys).
        """
        (material,) = drive(self._data_keys().material(data_key, self._token), Deadline(self._timeout))
        return material

    def _materials(self) -> TenantMaterials:
        return TenantMaterials(self._data_keys(), own=self._token, timeout=self._timeout)

    def _held_materials(self) -> HeldMaterials:
        return HeldMaterials(self._data_keys(), own=self._token)

    def _data_keys(self) -> DataKeys:
        connection = self._connections.to(self._id)
        if self._token is not None:
            if time.time() >= self._token[1]:
                raise TokenExpired(f"tenant {self._id}: the token that this handle came from has expired")
            connection.session.offer(*self._token)
        return connection.data_keys

    def _context(self, context: Mapping[str, str] | None) -> dict[str, str]:
        """A copy in plain strings, each checked as it is copied: the caller's mapping is read once and may change."""
        if not context:
            return {CONTEXT_KEY: self._id}
        copy: dict[str, str] = {}
        for given, text in context.items():
            if not isinstance(given, str) or not isinstance(text, str):
                raise ValueError("context: keys and values must be strings")
            key, value = str.__str__(given), str.__str__(text)
            if not key or not value:
                raise ValueError("context: keys and values must not be empty")
            # Policies compare the key without its case (KMS guide, conditions), so must we.
            if key.lower() == CONTEXT_KEY or key.startswith(RESERVED_PREFIX):
                raise ValueError(f"context: {key!r} is set by the client, from the tenant of this handle")
            copy[key] = value
        copy[CONTEXT_KEY] = self._id
        if sum(len(text.encode()) + 2 for pair in copy.items() for text in pair) + 2 > MAX_CONTEXT:
            raise ValueError(f"context: longer than the {MAX_CONTEXT} bytes that a message can hold")
        return copy

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name}: a tenant handle never changes; ask TenantKeys for another one")

    def __repr__(self) -> str:
        return f"Tenant({self._id!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a tenant handle cannot be copied to another process; send the token and ask there")
