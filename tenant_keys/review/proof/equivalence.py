"""Tenants that no document distinguishes, so that one of them can represent all: the reduction by symmetry.

Two tenants are interchangeable when the same is promised for them, their documents are the same but for their own
names, and every document that is not theirs names either both of them or neither. Exchanging them then maps the estate
to itself and keeps the truth of every condition, so what holds for one holds for the other. A tenant that another
tenant's document names (by a whole name, or by a wildcard that meets its names) is distinguished by it, and so is every
tenant that is not met. A tenant whose id is also an account, a word of a policy or another value of the estate stands
for itself alone: exchanging it would change more than its names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.iam.wildcards import glob, has_wildcard
from tenant_keys.review.proof.condition_keys import Type, known
from tenant_keys.review.proof.inventory import Inventory, parse_policies
from tenant_keys.review.proof.key_records import RESOURCE_TAG, KeyRecord
from tenant_keys.review.proof.marks import MARK, marked, names
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import Promise, Use
from tenant_keys.review.syntax import parse_document

_RESOURCE_TAG = re.compile(rf'"{RESOURCE_TAG}([^"]+)"')
_VARIABLE = re.compile(r"\$\{[^},]*(?:, '([^']*)')?[^}]*\}")


@dataclass(frozen=True, slots=True)
class RoleText:
    """A role's documents as text, with marks for its tenant's names."""

    trust: str
    identity: tuple[str, ...]
    managed: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TenantClass:
    """What a tenant is, but for its names. Tenants of one class are interchangeable."""

    promise: tuple[object, ...]
    keys: tuple[tuple[Hashable, ...], ...]
    roles: tuple[tuple[str, RoleText | None], ...]
    named_by: frozenset[tuple[str, str]]
    """Values in others' documents that meet one of its names, each with which name it is."""


@dataclass(slots=True)
class Tenants:
    """The tenants of one class: how many, and the first few of them."""

    count: int
    first: list[str]


def tenant_classes(inventory: Inventory, promises: Mapping[str, Promise]) -> dict[TenantClass, Tenants]:
    """Sort the tenants by equivalence class; linear in their number."""
    return by_class(class_of_each(inventory, promises))


def by_class(pairs: Iterable[tuple[str, TenantClass]]) -> dict[TenantClass, Tenants]:
    """The first two tenants of each class, and how many it has."""
    found: dict[TenantClass, Tenants] = {}
    for tenant, alike in pairs:
        tenants = found.setdefault(alike, Tenants(0, []))
        tenants.count += 1
        if len(tenants.first) < 2:
            tenants.first.append(tenant)
    return found


def class_of_each(inventory: Inventory, promises: Mapping[str, Promise]) -> Iterator[tuple[str, TenantClass]]:
    """Every tenant with its class."""
    texts: dict[RoleText, RoleText] = {}
    named = _Names(inventory, promises)
    rough: dict[
        str, tuple[tuple[object, ...], tuple[tuple[Hashable, ...], ...], tuple[tuple[str, RoleText | None], ...]]
    ]
    rough = {}
    for tenant, promise in promises.items():
        keys = tuple(sorted(key_form(record, inventory, promise) for record in inventory.keys.get(tenant, ())))
        roles = tuple(
            (use.workload, _role_text(inventory, use, promise, texts)) for use in promise.uses if not use.shared
        )
        rough[tenant] = (promise.signature, keys, roles)
    documents = {text for _, keys, roles in rough.values() for text in _texts(keys, roles)}
    others = [role for arn, role in inventory.roles.items() if arn not in named.role_owner]
    shared = [json.dumps(document) for role in others for document in (role.trust, *(d for _, d in role.identity))]
    shared += [json.dumps(policy.document) for policy in inventory.loose]
    strays = [record.policy for record in inventory.keys.get(None, ())]
    every = {*documents, *shared, *strays}
    asked = {name for text in every for name in _RESOURCE_TAG.findall(text.lower())}
    try:
        meeting = named.meeting(every)
        apart = _Apart(inventory, named, every)
    except MalformedPolicy:
        parse_policies(inventory)
        raise
    for tenant, (promised, keys, roles) in rough.items():
        alone = frozenset({(f"{tenant} itself", why)} if (why := apart.because(promises[tenant])) else ())
        tagged = (*keys, *_tags(inventory, promises[tenant], asked)) if asked else keys
        yield tenant, TenantClass(promised, tagged, roles, meeting.get(tenant, frozenset()) | alone)


def _tags(inventory: Inventory, promise: Promise, asked: set[str]) -> Iterator[tuple[Hashable, ...]]:
    """The tags of the tenant's keys that some condition names."""
    for record in inventory.keys.get(promise.tenant, ()):
        for name, value in sorted(record.tags.items()):
            if name.lower() in asked:
                yield (record.region, name, f"{MARK}id" if value == promise.tenant else value)


def key_form(record: KeyRecord, inventory: Inventory, promise: Promise) -> tuple[Hashable, ...]:
    """A key, but for the names of its tenant."""
    own = tuple(f"{MARK}alias" if name == promise.alias else name for name in inventory.aliases_of(record))
    properties = tuple(sorted(record.properties.items()))
    return (record.region, record.account, record.replica, record.enabled, properties, own, record.policy)


def _role_text(inventory: Inventory, use: Use, promise: Promise, texts: dict[RoleText, RoleText]) -> RoleText | None:
    role = inventory.roles.get(use.role_arn)
    if role is None:
        return None
    tags = tuple((key, f"{MARK}id" if value == promise.tenant else value) for key, value in sorted(role.tags.items()))
    text = RoleText(
        marked(role.trust, promise),
        tuple(marked(document, promise) for _, document in role.identity),
        role.managed,
        tuple(tag for tag in tags if tag[0] != "tenant-keys:cell"),
    )
    return texts.setdefault(text, text)


def _texts(keys: Iterable[tuple[Hashable, ...]], roles: Iterable[tuple[str, RoleText | None]]) -> Iterator[str]:
    for key in keys:
        yield str(key[-1])
    for _, role in roles:
        if role is not None:
            yield role.trust
            yield from role.identity


_TOKEN = re.compile(r"[a-z0-9-]+")
_READ_BY_VALUE = re.compile(r"Numeric|Date|Bool|IpAddress")
_WORDS = frozenset(
    {"anonymous", "account", "user", "assumedrole", "federateduser", "true", "false", "external", "primary", "replica"}
)
"""Values of keys that the caller does not choose, in lower case."""


def _reads_by_value(text: str) -> bool:
    """Whether a document takes for a number, a date or an address what could be a tenant's id.

    A key that holds nothing but numbers, such as kms:TrailingDaysWithoutKeyUsage, holds none.
    """
    if _READ_BY_VALUE.search(text) is None:
        return False
    conditions = [one for statement in parse_document(text, "a policy").statements for one in statement.conditions]
    read = [one for one in conditions if _READ_BY_VALUE.match(one.operator.name)]
    return any("${" in "".join(one.values) or _may_be_text(one.key) for one in read)


def _may_be_text(key: str) -> bool:
    try:
        return known(key).type is Type.TEXT
    except NotProved:
        return True


class _Apart:
    """Tenants that cannot be exchanged: one of whose names also means something else in the estate."""

    def __init__(self, inventory: Inventory, named: _Names, documents: Iterable[str]) -> None:
        self._roles = set(inventory.roles) - named.role_owner.keys()
        self._values = {value for arn in self._roles for value in inventory.roles[arn].tags.values()} | _WORDS
        self._by_value = False
        for text in documents:
            self._values.update(_TOKEN.findall(text.lower()))
            self._by_value = self._by_value or _reads_by_value(text)
        for records in inventory.keys.values():
            self._values |= {one for record in records for one in (record.account, record.region)}
        self._values |= {role.account for role in inventory.roles.values()}
        self._twice = named.twice

    def because(self, promise: Promise) -> str:
        """Why the tenant represents itself alone; empty where it does not."""
        tenant = promise.tenant
        if tenant in self._values or (self._by_value and tenant.replace("-", "").isdigit()):
            return "its id means something else in a policy"
        if tenant in self._twice:
            return "one of its names is another's too"
        if promise.import_role in self._roles:
            return "its import role is in the templates"
        return ""


class _Names:
    """All names of all tenants, and which of them a value of a policy meets."""

    def __init__(self, inventory: Inventory, promises: Mapping[str, Promise]) -> None:
        self.role_owner: dict[str, str] = {}
        self.owner: dict[str, tuple[str, str]] = {}
        """By name: its tenant, and which of the tenant's names it is."""
        self.twice: set[str] = set()
        """Tenants that share a name."""
        for tenant, promise in promises.items():
            for name, mark in names(promise):
                if name in self.owner:
                    self.twice |= {tenant, self.owner[name][0]}
                self.owner[name] = (tenant, mark)
            for use in promise.uses:
                if not use.shared:
                    self.role_owner[use.role_arn] = tenant
                    self.owner[_sessions_of(use.role_arn)] = (tenant, f"sessions {use.workload}")
            for record in inventory.keys.get(tenant, ()):
                where = f"{record.account} {record.region}"
                self.owner[record.key_id] = (tenant, f"key id {where}")
                self.owner[record.arn] = (tenant, f"key {where}")
                alias = f"{record.arn.rpartition(':')[0]}:{promise.alias}"
                self.owner[alias] = (tenant, f"alias {where}")

    def meeting(self, documents: Iterable[str]) -> dict[str, frozenset[tuple[str, str]]]:
        """For each tenant that is named in a document not its own, the values that name it, each with the name."""
        found: dict[str, set[tuple[str, str]]] = {}
        for value in {value for text in documents for value in parse_document(text, "a policy").values()}:
            if MARK in value or value == "*":
                continue  # its own name; everything alike
            for tenant, name in self._met(_VARIABLE.sub("*", value)):
                found.setdefault(tenant, set()).add((value, name))
            by_default = _VARIABLE.sub(lambda variable: "*" if variable[1] is None else variable[1], value)
            if "${" in value and by_default != _VARIABLE.sub("*", value):
                for tenant, name in self._met(by_default):
                    found.setdefault(tenant, set()).add((f"{value} by default", name))
        return {tenant: frozenset(met) for tenant, met in found.items()}

    def _met(self, value: str) -> Iterable[tuple[str, str]]:
        if not has_wildcard(value):
            # A session of a tenant's role is named by the role's name, without its path, and a name of its own.
            whole = {value, value.lower(), "/".join(value.split("/")[:2]) if ":assumed-role/" in value else value}
            return {self.owner[name] for name in whole if name in self.owner}
        matches = glob(((value, False),))
        return [owner for name, owner in self.owner.items() if matches(name)]


def _sessions_of(role_arn: str) -> str:
    """How the ARNs of a role's sessions begin."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    return f"arn:{partition}:sts::{account}:assumed-role/{role_arn.rpartition('/')[2]}"
