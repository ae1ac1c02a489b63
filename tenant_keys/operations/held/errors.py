"""What the registration of a tenant's own key refuses."""

from __future__ import annotations

from tenant_keys.operations.errors import OperationError


class HeldKeyError(OperationError):
    """Raised when a key that a tenant holds is not in the state that the next step needs; nothing is changed."""
