"""All keys and aliases of all accounts and Regions, and how a KeyId is read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tenant_keys.local.fault import Fault
from tenant_keys.local.kms.key import Key

_ARN = re.compile(r"arn:aws:kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<what>key|alias)/(?P<name>.+)\Z")


@dataclass(slots=True)
class Alias:
    """A second name of a key, in one account and Region."""

    account: str
    region: str
    name: str
    key_id: str
    created: datetime
    updated: datetime

    @property
    def arn(self) -> str:
        return f"arn:aws:kms:{self.region}:{self.account}:{self.name}"


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """What KMS did by itself, as CloudTrail names it (AWS KMS guide, ct-deletekey and the like)."""

    name: str
    """DeleteKey, DeleteExpiredKeyMaterial or RotateKey."""
    key: Key
    at: datetime
    details: Mapping[str, str]
    """Of the material, by the names of `serviceEventDetails`; empty for DeleteKey."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a KeyId of a request means to this caller in this Region."""

    account: str
    alias: str | None
    """The alias name, if the request names an alias: what kms:RequestAlias carries (AWS KMS guide, conditions-kms)."""
    key_id: str | None
    arn: str
    """As AWS quotes it in an error."""


class Store:
    """State of the service."""

    def __init__(self) -> None:
        self.notice: Callable[[ServiceEvent], None] = lambda _: None
        """Called with what KMS does by itself."""
        self.clear()

    def clear(self) -> None:
        self._keys: dict[tuple[str, str], Key] = {}
        self._aliases: dict[tuple[str, str, str], Alias] = {}
        self._aliases_of: defaultdict[tuple[str, str], list[Alias]] = defaultdict(list)
        self._families: defaultdict[str, list[Key]] = defaultdict(list)

    # --- keys

    def add(self, key: Key) -> None:
        self._keys[(key.region, key.id)] = key
        self._families[key.id].append(key)

    def remove(self, key: Key, at: datetime) -> None:
        """A key that is deleted takes its aliases with it (AWS KMS guide, deleting-keys)."""
        self.note("DeleteKey", key, at)
        del self._keys[(key.region, key.id)]
        self._families[key.id].remove(key)
        for alias in self.aliases_of(key):
            self.remove_alias(alias)

    def note(self, name: str, key: Key, at: datetime, details: Mapping[str, str] | None = None) -> None:
        """Tell what KMS did by itself."""
        self.notice(ServiceEvent(name, key, at, details or {}))

    def find(self, region: str, key_id: str) -> Key | None:
        return self._keys.get((region, key_id))

    def keys(self, account: str, region: str) -> list[Key]:
        return [key for key in self._keys.values() if (key.account, key.region) == (account, region)]

    def all_keys(self) -> list[Key]:
        return list(self._keys.values())

    def family(self, key: Key) -> tuple[Key, ...]:
        """The other Regions' keys of a multi-Region key."""
        return tuple(other for other in self._families[key.id] if other is not key)

    # --- aliases

    def alias(self, account: str, region: str, name: str) -> Alias | None:
        return self._aliases.get((account, region, name))

    def aliases(self, account: str, region: str) -> list[Alias]:
        found = [alias for alias in self._aliases.values() if (alias.account, alias.region) == (account, region)]
        return sorted(found, key=lambda alias: alias.name)

    def aliases_of(self, key: Key) -> list[Alias]:
        return list(self._aliases_of[(key.region, key.id)])

    def add_alias(self, alias: Alias) -> None:
        self._aliases[(alias.account, alias.region, alias.name)] = alias
        self._aliases_of[(alias.region, alias.key_id)].append(alias)

    def remove_alias(self, alias: Alias) -> None:
        del self._aliases[(alias.account, alias.region, alias.name)]
        self._aliases_of[(alias.region, alias.key_id)].remove(alias)

    def point(self, alias: Alias, key: Key, now: datetime) -> None:
        self._aliases_of[(alias.region, alias.key_id)].remove(alias)
        alias.key_id, alias.updated = key.id, now
        self._aliases_of[(alias.region, alias.key_id)].append(alias)

    # --- names

    def read(self, key_id: str, account: str, region: str) -> Named:
        """Read a KeyId: key id, key ARN, alias name (of the caller's own account) or alias ARN.

        Raises:
            Fault: an ARN that is none of KMS, or of another Region (InvalidArnException, NotFoundException).
        """
        if key_id.startswith("arn:"):
            found = _ARN.match(key_id)
            if found is None:
                raise Fault("InvalidArnException", f"Invalid arn {key_id}")
            if found["region"] != region:
                raise Fault("NotFoundException", f"Invalid arn {found['region']}")
            owner = found["account"]
            if found["what"] == "key":
                return Named(owner, None, found["name"], key_id)
            alias_name = f"alias/{found['name']}"
        elif key_id.startswith("alias/"):
            owner, alias_name = account, key_id
        else:
            return Named(account, None, key_id, f"arn:aws:kms:{region}:{account}:key/{key_id}")
        alias = self.alias(owner, region, alias_name)
        arn = f"arn:aws:kms:{region}:{owner}:{alias_name}"
        return Named(owner, alias_name, alias.key_id if alias else None, arn)

    def resolve(self, named: Named, region: str) -> Key | None:
        key = self.find(region, named.key_id) if named.key_id else None
        return key if key is not None and key.account == named.account else None
