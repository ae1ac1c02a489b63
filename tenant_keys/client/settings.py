"""What a workload must know to reach its tenants' keys: the document that the stacks write beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, cast

from tenant_keys.client.errors import ConfigurationError
from tenant_keys.client.tenant_id import check_tenant_id

Access = Literal["tenant-role", "session-tag", "web-identity"]
ACCESS_MODES: Final = ("tenant-role", "session-tag", "web-identity")

PLACEHOLDER: Final = "{tenant_id}"
"""Stands literally in the document's patterns. Replaced, never formatted: a pattern is data."""

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/{}-]+\Z", re.ASCII)
_HELD_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-z-]{36}\Z", re.ASCII)
LONGEST_GRACE: Final = 86_400
"""Seconds: a day, as the manifest allows at most."""
_ALIAS = re.compile(r"arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):(alias/[\w/{}-]+)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """Where one tenant's key is reached."""

    role_arn: str
    alias_arn: str
    """What requests name as KeyId: the alias, or the ARN of a key that the tenant holds itself."""
    held: bool = False
    grace: int = 0
    """Seconds that data keys of a held key are used beyond their age while AWS cannot be reached."""

    @property
    def partition(self) -> str:
        return self.alias_arn.split(":", 5)[1]

    @property
    def region(self) -> str:
        return self.alias_arn.split(":", 5)[3]

    @property
    def account(self) -> str:
        return self.alias_arn.split(":", 5)[4]

    @property
    def alias_name(self) -> str:
        return self.alias_arn.split(":", 5)[5]


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that a tenant holds in an account of its own."""

    key_arn: str
    grace_seconds: int = 0

    def __post_init__(self) -> None:
        if not _HELD_KEY.match(self.key_arn):
            raise ConfigurationError(f"held: got {self.key_arn!r}; expected the ARN of a key")
        if type(self.grace_seconds) is not int or not 0 <= self.grace_seconds <= LONGEST_GRACE:
            got = f"got {self.grace_seconds!r} of grace_seconds"
            raise ConfigurationError(f"held: {got}; allowed are whole seconds from 0 to {LONGEST_GRACE:,}")


@dataclass(frozen=True, slots=True)
class Settings:
    """The document at the SSM parameter `/tenant-keys/<workload>`, checked."""

    workload: str
    access: Access
    role_arn: str
    alias_arn: str
    operations: frozenset[str] = frozenset({"encrypt", "decrypt"})
    exceptions: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, HeldKey] = field(default_factory=dict)
    """By tenant id: those who hold their keys themselves."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Opaque names, by the id that the workload knows the tenant by."""

    def __post_init__(self) -> None:
        if self.access not in ACCESS_MODES:
            raise ConfigurationError(f"access: got {self.access!r}; allowed are {', '.join(ACCESS_MODES)}")
        _check("role_arn", self.role_arn, _ROLE, placeholders=1 if self.access == "tenant-role" else 0)
        _check("alias_arn", self.alias_arn, _ALIAS, placeholders=1)
        # A copy: what is checked here must not change in the caller's hands.
        object.__setattr__(self, "exceptions", MappingProxyType(dict(self.exceptions)))
        object.__setattr__(self, "ids", MappingProxyType(dict(self.ids)))
        for known, name in self.ids.items():
            if check_tenant_id(name) in self.ids or check_tenant_id(known) == name:
                raise ConfigurationError(f"ids: got {name!r}, which is the id of another tenant; redeploy")
        if len(set(self.ids.values())) != len(self.ids):
            raise ConfigurationError("ids: two tenants have the same name; redeploy")
        for tenant_id, alias_arn in self.exceptions.items():
            _same_alias_elsewhere(self.alias_arn.replace(PLACEHOLDER, check_tenant_id(tenant_id)), alias_arn)
        object.__setattr__(self, "held", MappingProxyType(dict(self.held)))
        for tenant_id in self.held:
            check_tenant_id(tenant_id)

    def id_in_aws(self, tenant_id: str) -> str:
        """What the tenant's alias, role, tag and encryption context call it: its id, or its opaque name."""
        return self.ids.get(tenant_id, tenant_id)

    def names(self, tenant_id: str) -> Names:
        """Role and alias of a tenant. The id is checked here, so that no other text gets into an ARN."""
        tenant_id = check_tenant_id(tenant_id)
        if (held := self.held.get(tenant_id)) is not None:
            role_arn = self.role_arn.replace(PLACEHOLDER, tenant_id)
            return Names(role_arn=role_arn, alias_arn=held.key_arn, held=True, grace=held.grace_seconds)
        alias_arn = self.exceptions.get(tenant_id) or self.alias_arn.replace(PLACEHOLDER, tenant_id)
        return Names(role_arn=self.role_arn.replace(PLACEHOLDER, tenant_id), alias_arn=alias_arn)

    @property
    def sts_operation(self) -> str:
        """As IAM writes it."""
        return "sts:AssumeRoleWithWebIdentity" if self.access == "web-identity" else "sts:AssumeRole"

    @classmethod
    def from_json(cls, text: str, *, origin: str) -> Settings:
        """Reads the document; `origin` says in an error where it came from."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ConfigurationError(f"{origin}: not JSON: {error}") from error
        if not isinstance(document, dict) or document.get("version") != 1:
            raise ConfigurationError(f"{origin}: expected an object with version 1; update the client or redeploy")
        try:
            operations, exceptions = document["operations"], document.get("exceptions", {})
            held, ids = document.get("held", {}), document.get("ids", {})
            objects = all(isinstance(one, dict) for one in (exceptions, held, ids))
            if not isinstance(operations, list) or not objects:
                raise ConfigurationError("operations must be a list; exceptions, held and ids objects")
            return cls(
                workload=str(document["workload"]),
                access=cast("Access", document["access"]),
                role_arn=str(document["role_arn"]),
                alias_arn=str(document["alias_arn"]),
                operations=frozenset(map(str, operations)),
                exceptions={str(tenant): str(arn) for tenant, arn in exceptions.items()},
                held={str(tenant): _held_key(one) for tenant, one in held.items()},
                ids={str(tenant): str(name) for tenant, name in ids.items()},
            )
        except KeyError as error:
            raise ConfigurationError(f"{origin}: {error.args[0]} is missing") from error
        except ConfigurationError as error:
            raise ConfigurationError(f"{origin}: {error}") from error


def _held_key(document: object) -> HeldKey:
    if not isinstance(document, dict) or document.keys() != {"key_arn", "grace_seconds"}:
        raise ConfigurationError(f"held: got {document!r:.80}; expected an object of key_arn and grace_seconds")
    return HeldKey(str(document["key_arn"]), document["grace_seconds"])


def _check(name: str, value: str, pattern: re.Pattern[str], *, placeholders: int) -> None:
    if not pattern.match(value) or value.count(PLACEHOLDER) != placeholders or "{" in value.replace(PLACEHOLDER, ""):
        wanted = f"exactly one {PLACEHOLDER}" if placeholders else f"no {PLACEHOLDER}"
        raise ConfigurationError(f"{name}: got {value!r}; expected an ARN with {wanted}")


def _same_alias_elsewhere(pattern: str, exception: str) -> None:
    """An exception may move a tenant to another Region, never to another account or another alias."""
    usual, other = _ALIAS.match(pattern), _ALIAS.match(exception)
    if usual is None or other is None or usual.group(1, 3, 4) != other.group(1, 3, 4):
        raise ConfigurationError(f"exceptions: got {exception!r}; only the Region may differ from {pattern}")
