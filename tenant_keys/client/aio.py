"""The same for asyncio. What is cached is done at once, in the event loop; what is not waits for AWS without a thread.

keys = AsyncTenantKeys(TenantKeys.from_environment())
tenant = await keys.tenant(token)
blob = await tenant.encrypt(b"...", name="orders/42")
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from tenant_keys.client.deadline import Deadline, check_timeout
from tenant_keys.client.flight import drive_async
from tenant_keys.client.materials import NotHeld
from tenant_keys.client.message import payload_of, seal_payload, unseal
from tenant_keys.client.record import Names
from tenant_keys.client.sdk import FRAME

if TYPE_CHECKING:
    from tenant_keys.client.keys import TenantKeys
    from tenant_keys.client.tenant import Tenant

COMPUTING_THREADS = 4
"""For messages of more than a frame, whose encryption would hold the event loop. They wait for no call of AWS."""


class AsyncTenant:
    """Bound to the handle that it is made from, as the handle is bound to its tenant."""

    __slots__ = ("_tenant",)

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    @property
    def id(self) -> str:
        return self._tenant.id

    async def encrypt(self, data: bytes, *, name: str, context: Mapping[str, str] | None = None) -> bytes:
        """As `Tenant.encrypt`."""
        tenant, whole = self._tenant, self._tenant._context(context)
        keys, payload = tenant._data_keys(), payload_of(data, name)
        materials = tenant._held_materials()
        held = keys.held_for_writing(whole)
        if held is None:
            held = await drive_async(keys.writing(whole, tenant._token), Deadline(tenant._timeout))
        materials.writing = held
        return await _compute(payload, lambda: seal_payload(materials, payload, context=whole))

    async def decrypt(self, blob: bytes, *, name: Names, context: Mapping[str, str] | None = None) -> bytes:
        """As `Tenant.decrypt`."""
        tenant, whole = self._tenant, self._tenant._context(context)
        materials = tenant._held_materials()
        while True:
            try:
                return await _compute(blob, lambda: unseal(materials, blob, name=name, context=whole))
            except NotHeld as missing:
                steps = missing.steps
            materials.reading = await drive_async(steps, Deadline(tenant._timeout))


class AsyncTenantKeys:
    """The way in, where fetching the issuer's keys must not hold the event loop either."""

    def __init__(self, keys: TenantKeys) -> None:
        self._keys = keys

    async def tenant(self, token: str, *, timeout: float | None = None) -> AsyncTenant:  # noqa: ASYNC109  # as in a thread
        """As `TenantKeys.tenant`."""
        seconds = check_timeout(timeout, self._keys._limits.timeout)
        return AsyncTenant(await drive_async(self._keys._tenant_steps(token, seconds), Deadline(seconds)))

    def tenant_without_token(self, tenant_id: str, *, timeout: float | None = None) -> AsyncTenant:
        """As `TenantKeys.tenant_without_token`."""
        return AsyncTenant(self._keys.tenant_without_token(tenant_id, timeout=timeout))


async def _compute(content: object, work: Callable[[], bytes]) -> bytes:
    """In the event loop if it is short: a thread would cost more than it saves."""
    if not isinstance(content, (bytes, bytearray, memoryview)) or len(content) <= FRAME:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_computing(), work)


@cache
def _computing() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(COMPUTING_THREADS, thread_name_prefix="tenant-keys-computing")
