"""Keys that tenants hold in accounts of their own: registered, verified, activated, and never taken from use."""

from tenant_keys.operations.held.errors import HeldKeyError
from tenant_keys.operations.held.record import activate, deregister, held_key, record_verified, register
from tenant_keys.operations.held.verify import Probe, verify

__all__ = [
    "HeldKeyError",
    "Probe",
    "activate",
    "deregister",
    "held_key",
    "record_verified",
    "register",
    "verify",
]
