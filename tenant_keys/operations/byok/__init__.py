"""Bring your own key: a tenant's material in, replaced, withdrawn and brought back. Source: AWS KMS, importing-keys."""

from tenant_keys.operations.byok.ceremony import Ceremony, import_material, revoke, rotate, start, to_withdraw
from tenant_keys.operations.byok.errors import ByokError, NotImported
from tenant_keys.operations.byok.state import Material, RegionalKey, read_keys

__all__ = [
    "ByokError",
    "Ceremony",
    "Material",
    "NotImported",
    "RegionalKey",
    "import_material",
    "read_keys",
    "revoke",
    "rotate",
    "start",
    "to_withdraw",
]
