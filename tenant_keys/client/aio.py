"""The same for asyncio: in a thread, so that a call to KMS does not hold the event loop.

tenant = AsyncTenant(keys.tenant(token))
blob = await tenant.encrypt(b"...", name="orders/42")
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenant_keys.client.tenant import Tenant


class AsyncTenant:
    """Bound to the handle that it is made from, as the handle is bound to its tenant."""

    __slots__ = ("_tenant",)

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    @property
    def id(self) -> str:
        return self._tenant.id

    async def encrypt(self, data: bytes, *, name: str, context: Mapping[str, str] | None = None) -> bytes:
        return await asyncio.to_thread(self._tenant.encrypt, data, name=name, context=context)

    async def decrypt(self, blob: bytes, *, name: str, context: Mapping[str, str] | None = None) -> bytes:
        return await asyncio.to_thread(self._tenant.decrypt, blob, name=name, context=context)
