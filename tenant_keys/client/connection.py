"""One tenant's session and data keys, held apart from every other tenant's. What they share keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenant_keys.client.data_keys import DataKeys
from tenant_keys.client.tenant_session import TenantSession

if TYPE_CHECKING:
    from tenant_keys.client.transport import Transport


class Connection:
    """Made on first use, one a tenant."""

    __slots__ = ("data_keys", "session")

    def __init__(self, transport: Transport, tenant_id: str) -> None:
        self.session = TenantSession(transport, tenant_id)
        self.data_keys = DataKeys(transport, self.session, tenant_id)
