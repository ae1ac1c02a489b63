"""One tenant's data keys: from the tenant's own caches, else from KMS with the tenant's own session."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tenant_keys.client.cache import Entry, ExpiringCache
from tenant_keys.client.data_key import PROVIDER, check_context, generate, read_sealed_key, unseal
from tenant_keys.client.errors import AccessDenied, ServiceUnavailable, TenantKeysError, Throttled
from tenant_keys.client.events import Event, notify
from tenant_keys.client.flight import Flight, Steps
from tenant_keys.client.sdk import (
    SUITE,
    DataKey,
    DecryptionMaterials,
    DecryptionMaterialsRequest,
    EncryptedDataKey,
    EncryptionMaterials,
    MasterKeyInfo,
)
from tenant_keys.client.single_frame import SingleFrameOpener, SingleFrameSealer, sealed_key_in
from tenant_keys.client.tenant_id import CONTEXT_KEY
from tenant_keys.client.tenant_kms import SessionEnded, TenantKms

if TYPE_CHECKING:
    from tenant_keys.client.role_session import RoleSession
    from tenant_keys.client.tenant_session import TenantSession
    from tenant_keys.client.transport import Transport

Context = tuple[tuple[str, str], ...]
Token = tuple[str, float]
"""A handle's token, and when it ends in seconds since the epoch."""
Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class WritingKey:
    """A data key to encrypt under: for the SDK, and for messages of one frame."""

    materials: EncryptionMaterials = field(repr=False)
    sealer: SingleFrameSealer


@dataclass(slots=True)
class ReadingKey:
    """A data key to decrypt with: for the SDK, and for messages like the first that it has opened."""

    materials: DecryptionMaterials = field(repr=False)
    opener: SingleFrameOpener | None = None

    def learn(self, message: bytes) -> None:
        """Takes the header of a message that the SDK has opened for the template."""
        if self.opener is None:
            self.opener = SingleFrameOpener.like(message, self.materials.data_key.data_key)


class DataKeys:
    """An entry is found only under the same whole encryption context. Thread-safe."""

    __slots__ = (
        "_alias_arn",
        "_held_key",
        "_hits",
        "_operations",
        "_reading",
        "_region",
        "_session",
        "_tenant_id",
        "_transport",
        "_writing",
    )

    def __init__(self, transport: Transport, session: TenantSession, tenant_id: str) -> None:
        self._transport, self._session, self._tenant_id = transport, session, tenant_id
        names, limits = transport.settings.names(tenant_id), transport.limits
        self._alias_arn, self._region, self._operations = names.alias_arn, names.region, transport.settings.operations
        self._held_key = names.held
        self._writing: ExpiringCache[Context, WritingKey] = ExpiringCache(
            max_age=limits.max_age,
            capacity=limits.max_data_keys,
            max_uses=limits.max_messages,
            grace=names.grace,
        )
        self._reading: ExpiringCache[tuple[bytes, bytes, Context], ReadingKey] = ExpiringCache(
            max_age=limits.max_age, capacity=limits.max_data_keys, max_uses=2**63, grace=names.grace
        )
        self._hits: dict[str, Event] = {}

    def held_for_writing(self, context: dict[str, str]) -> WritingKey | None:
        """The cached key, without a wait."""
        self._allowed("encrypt")
        return self._held(self._writing, _whole(context), "encrypt")

    def writing(self, context: dict[str, str], own: Token | None) -> Steps[WritingKey]:
        """The cached key, else a new one from KMS."""
        self._allowed("encrypt")
        check_context(context, self._tenant_id)
        context = dict(context)
        return self._key(
            self._writing,
            _whole(context),
            "encrypt",
            lambda kms: _writing_key(kms, self._alias_arn, context),
            own,
        )

    def opened(self, message: bytes, context: dict[str, str]) -> bytes | None:
        """The payload of a message under a cached key, like one that was opened with it; None: ask the SDK."""
        self._allowed("decrypt")
        if (found := sealed_key_in(message)) is None:
            return None
        data_key, key_arn, _ = found
        key = self._reading.take((data_key, key_arn, _whole(context)))
        if key is None or key.opener is None or (payload := key.opener.open(message)) is None:
            return None
        self._tell("decrypt", hit=True)
        return payload

    def held_for_reading(self, request: DecryptionMaterialsRequest) -> ReadingKey | None:
        """The cached key, without a wait."""
        self._allowed("decrypt")
        return self._held(self._reading, _name_of(request), "decrypt")

    def reading(self, request: DecryptionMaterialsRequest, own: Token | None) -> Steps[ReadingKey]:
        """The message's data key: cached, else opened by KMS."""
        self._allowed("decrypt")
        context = dict(request.encryption_context)
        check_context(context, self._tenant_id)
        (given,) = request.encrypted_data_keys
        ciphertext, provider = given.encrypted_data_key, given.key_provider
        sealed = read_sealed_key(provider.provider_id, provider.key_info, ciphertext, self._alias_arn)

        def load(kms: TenantKms) -> ReadingKey:
            plaintext = unseal(kms, self._alias_arn, sealed, context)
            return ReadingKey(DecryptionMaterials(data_key=DataKey(provider, plaintext, ciphertext)))

        return self._key(self._reading, _name_of(request), "decrypt", load, own)

    def material(self, data_key: bytes, own: Token | None) -> Steps[tuple[str | None]]:
        """The id of the key material under which an encrypted data key without a context is. Asks KMS each time."""
        self._allowed("decrypt")
        context = {CONTEXT_KEY: self._tenant_id}

        def load(kms: TenantKms) -> tuple[str | None]:
            answer = kms.decrypt(KeyId=self._alias_arn, CiphertextBlob=data_key, EncryptionContext=context)
            return (answer.get("KeyMaterialId"),)

        uncached: ExpiringCache[bytes, tuple[str | None]] = ExpiringCache(max_age=0, capacity=1, max_uses=1)
        return self._key(uncached, data_key, "decrypt", load, own)

    def sweep(self) -> None:
        self._writing.sweep()
        self._reading.sweep()

    def clear(self) -> None:
        self._writing.clear()
        self._reading.clear()

    def _held(self, cache: ExpiringCache[Key, Found], key: Key, operation: str) -> Found | None:
        found = cache.take(key)
        if found is not None:
            self._tell(operation, hit=True)
        return found

    def _key(
        self,
        cache: ExpiringCache[Key, Found],
        key: Key,
        operation: str,
        load: Callable[[TenantKms], Found],
        own: Token | None,
    ) -> Steps[Found]:
        """Cached or loaded. Where AWS gives no answer, what is over its age is used within the tenant's grace.

        No answer is never taken for a refusal, nor a refusal for no answer: that one ends the use at once.
        """
        try:
            found = yield from self._fresh(cache, key, operation, load, own)
        except (ServiceUnavailable, Throttled):
            late = cache.late(key)
            if late is None:
                raise
            notify(self._transport.on_event, Event("grace", self._tenant_id, operation))
            return late
        except TenantKeysError:
            cache.forget(key)
            raise
        return found

    def _fresh(
        self,
        cache: ExpiringCache[Key, Found],
        key: Key,
        operation: str,
        load: Callable[[TenantKms], Found],
        own: Token | None,
    ) -> Steps[Found]:
        """Cached, or loaded once for all who miss it together. With a new session once, if AWS ends this one."""
        ended: RoleSession | None = None
        while True:
            if (found := self._held(cache, key, operation)) is not None:
                return found
            session = yield from self._session.steps(own=own, instead_of=ended)
            joined = cache.join(key, partial(self._fly, cache, key, session, load))
            if joined is None:
                continue
            flight, mine = joined
            over: SessionEnded | None = None
            try:
                entry = yield flight
            except SessionEnded as error:
                over = error
            finally:
                if mine:
                    flight.notify(self._transport.on_event)
            if over is None:
                if (found := cache.share(entry)) is not None:
                    self._tell(operation, hit=not mine)
                    return found
            elif mine and ended is not None:
                raise AccessDenied(*over.args) from over.__cause__
            elif mine:
                ended = session
            # Not mine: it may have been another session's flight, or an entry that the others have used up.

    def _fly(
        self, cache: ExpiringCache[Key, Found], key: Key, session: RoleSession, load: Callable[[TenantKms], Found]
    ) -> Flight[Entry[Found]]:
        transport = self._transport

        def work(events: list[Event]) -> Entry[Found]:
            kms = TenantKms(
                lambda: transport.aws.kms(region=self._region, session=session),
                transport.retries(self._tenant_id, events),
                self._alias_arn,
                held=self._held_key,
            )
            return cache.load(key, lambda: load(kms))

        return transport.fly(f"kms-{self._region}", self._tenant_id, f"KMS for {self._alias_arn}", work)

    def _allowed(self, operation: str) -> None:
        if operation not in self._operations:
            raise AccessDenied(f"this workload may not {operation}: its operations are {sorted(self._operations)}")

    def _tell(self, operation: str, *, hit: bool) -> None:
        if (hook := self._transport.on_event) is None:
            return
        if not hit:
            notify(hook, Event("cache_miss", self._tenant_id, operation))
            return
        if (event := self._hits.get(operation)) is None:  # every hit's is the same
            event = self._hits[operation] = Event("cache_hit", self._tenant_id, operation)
        notify(hook, event)


def _writing_key(kms: TenantKms, alias_arn: str, context: dict[str, str]) -> WritingKey:
    made = generate(kms, alias_arn, context)
    provider = MasterKeyInfo(provider_id=PROVIDER, key_info=made.sealed.key_arn)
    materials = EncryptionMaterials(
        algorithm=SUITE,
        data_encryption_key=DataKey(provider, made.plaintext, made.sealed.ciphertext),
        encrypted_data_keys={EncryptedDataKey(provider, made.sealed.ciphertext)},
        encryption_context=context,
    )
    return WritingKey(materials, SingleFrameSealer(materials))


def _name_of(request: DecryptionMaterialsRequest) -> tuple[bytes, bytes, Context]:
    (given,) = request.encrypted_data_keys
    return given.encrypted_data_key, given.key_provider.key_info, _whole(request.encryption_context)


def _whole(context: dict[str, str]) -> Context:
    """All pairs, in one order."""
    return tuple(sorted(context.items()))
