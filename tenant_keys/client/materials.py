"""The data keys of one tenant: from the tenant's own cache, else from KMS through the alias keyring."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from cryptography.exceptions import InvalidTag

from tenant_keys.client.cache import ExpiringCache
from tenant_keys.client.errors import (
    AccessDenied,
    DamagedMessage,
    MessageRefused,
    TenantKeysError,
    WrongContext,
    WrongTenant,
)
from tenant_keys.client.events import Event, Hook, tell
from tenant_keys.client.keyring import AliasKeyring
from tenant_keys.client.limits import Limits
from tenant_keys.client.sdk import (
    FRAME,
    POLICY,
    SUITE,
    AwsCryptographicMaterialProviders,
    AwsCryptographicMaterialProvidersException,
    AWSEncryptionSDKClientError,
    CollectionOfErrors,
    CreateDefaultCryptographicMaterialsManagerInput,
    CryptoMaterialsManager,
    CryptoMaterialsManagerFromMPL,
    DecryptionMaterials,
    DecryptionMaterialsRequest,
    EncryptionMaterials,
    EncryptionMaterialsRequest,
    MaterialProvidersConfig,
    OpaqueError,
)
from tenant_keys.client.single_frame import SingleFrameSealer
from tenant_keys.client.tenant_id import CONTEXT_KEY

Context = tuple[tuple[str, str], ...]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class WritingKey:
    """A data key to encrypt under: for the SDK, and for messages of one frame."""

    materials: EncryptionMaterials = field(repr=False)
    sealer: SingleFrameSealer


class TenantMaterials:
    """One tenant's keyring and caches. An entry is found only under the same whole encryption context."""

    def __init__(
        self,
        keyring: AliasKeyring,
        *,
        tenant_id: str,
        operations: frozenset[str],
        limits: Limits,
        on_event: Hook | None,
    ) -> None:
        self._tenant_id, self._operations, self._on_event = tenant_id, operations, on_event
        self._backing = CryptoMaterialsManagerFromMPL(
            AwsCryptographicMaterialProviders(
                config=MaterialProvidersConfig()
            ).create_default_cryptographic_materials_manager(
                CreateDefaultCryptographicMaterialsManagerInput(keyring=keyring)
            )
        )
        self._writing: ExpiringCache[Context, WritingKey] = ExpiringCache(
            max_age=limits.max_age, capacity=limits.max_data_keys, max_uses=limits.max_messages
        )
        self._reading: ExpiringCache[tuple[bytes, bytes, Context], DecryptionMaterials] = ExpiringCache(
            max_age=limits.max_age, capacity=limits.max_data_keys, max_uses=2**63
        )

    def for_writing(self, context: dict[str, str]) -> WritingKey:
        self._allowed("encrypt")
        key, hit = self._writing.get(tuple(sorted(context.items())), lambda: self._new_data_key(context))
        self._tell("encrypt", hit=hit)
        return key

    def for_reading(self, request: DecryptionMaterialsRequest) -> DecryptionMaterials:
        self._allowed("decrypt")
        (data_key,) = request.encrypted_data_keys
        key = (
            data_key.encrypted_data_key,
            data_key.key_provider.key_info,
            tuple(sorted(request.encryption_context.items())),
        )
        materials, hit = self._reading.get(key, lambda: self._opened_data_key(request))
        self._tell("decrypt", hit=hit)
        return materials

    def sweep(self) -> None:
        self._writing.sweep()
        self._reading.sweep()

    def clear(self) -> None:
        self._writing.clear()
        self._reading.clear()

    def _new_data_key(self, context: dict[str, str]) -> WritingKey:
        # Without a plaintext's length: the data key serves other messages too, as in the SDK's own caching manager.
        request = EncryptionMaterialsRequest(
            encryption_context=dict(context), frame_length=FRAME, algorithm=SUITE, commitment_policy=POLICY
        )
        made = _unwrapped(lambda: self._backing.get_encryption_materials(request))
        # Copied into the SDK's own class: the provider's computes its fields anew at every look.
        materials = EncryptionMaterials(
            algorithm=made.algorithm,
            data_encryption_key=made.data_encryption_key,
            encrypted_data_keys=made.encrypted_data_keys,
            encryption_context=made.encryption_context,
        )
        return WritingKey(materials, SingleFrameSealer(materials))

    def _opened_data_key(self, request: DecryptionMaterialsRequest) -> DecryptionMaterials:
        opened = _unwrapped(lambda: self._backing.decrypt_materials(request))
        return DecryptionMaterials(data_key=opened.data_key)

    def _allowed(self, operation: str) -> None:
        if operation not in self._operations:
            raise AccessDenied(f"this workload may not {operation}: its operations are {sorted(self._operations)}")

    def _tell(self, operation: str, *, hit: bool) -> None:
        if self._on_event is not None:
            tell(self._on_event, Event("cache_hit" if hit else "cache_miss", self._tenant_id, operation))


class ExpectingMaterials(CryptoMaterialsManager):  # type: ignore[misc]
    """What one message is opened or sealed with: refuses any other context before a cache or KMS is asked."""

    def __init__(self, materials: TenantMaterials, context: dict[str, str]) -> None:
        self._materials, self._context = materials, context

    def get_encryption_materials(self, request: EncryptionMaterialsRequest) -> EncryptionMaterials:
        return self._materials.for_writing(request.encryption_context).materials

    def decrypt_materials(self, request: DecryptionMaterialsRequest) -> DecryptionMaterials:
        if request.algorithm is not SUITE:  # first, since a signed suite adds its public key to the context
            raise MessageRefused(f"the message has suite {request.algorithm.name}; this client uses {SUITE.name} alone")
        carried = request.encryption_context
        if carried.get(CONTEXT_KEY) != self._context[CONTEXT_KEY]:
            raise WrongTenant(f"the message was encrypted for another tenant than {self._context[CONTEXT_KEY]}")
        if carried != self._context:
            raise WrongContext("the message carries another encryption context than the caller expects")
        if len(request.encrypted_data_keys) != 1:
            raise MessageRefused("the message has not exactly one encrypted data key")
        return self._materials.for_reading(request)


# A message is input from outside; these are all the errors with which the SDK's parser and cipher refuse one.
PARSER_ERRORS = (AWSEncryptionSDKClientError, InvalidTag, struct.error, ValueError, KeyError, OverflowError)


def refuse(error: Exception) -> NoReturn:
    """Raises what a failed parse or cipher means, keeping our own errors as they are."""
    raise DamagedMessage("the message is truncated, extended, altered, or none of ours") from error


def _unwrapped(call: Callable[[], Found]) -> Found:
    """The provider library hands our own errors back inside its own."""
    try:
        return call()
    except OpaqueError as error:
        if isinstance(error.obj, BaseException):
            raise error.obj from None
        raise TenantKeysError(f"the material providers library failed: {error.obj!r}") from error
    except (AWSEncryptionSDKClientError, AwsCryptographicMaterialProvidersException, CollectionOfErrors) as error:
        raise TenantKeysError(f"the material providers library failed: {error}") from error
