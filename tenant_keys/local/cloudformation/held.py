"""Resources that CloudFormation made of types which do nothing here, for the services that list them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tenant_keys.local.emulator import scopes

Record = dict[str, Any]


class Held:
    """Records by type, account and Region; those of the request's scope are seen."""

    def __init__(self) -> None:
        self._records: defaultdict[tuple[str, str, str], dict[str, Record]] = defaultdict(dict)

    def of(self, kind: str) -> dict[str, Record]:
        """By id; changing it changes what is held."""
        account, region = scopes.current_scope()
        return self._records[kind, account, region]

    def clear(self) -> None:
        self._records.clear()
