"""A request in which everything is open that the caller, the service or the account may choose.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from tenant_keys.review.second_opinion.principals import SESSION_NAME, TAG, TAG_VALUE, Naming, Principal, session_name
from tenant_keys.review.second_opinion.statements import Statement
from tenant_keys.review.second_opinion.terms import (
    Formula,
    Text,
    all_of,
    any_of,
    either,
    ignoring_case,
    is_in,
    negate,
    one_of,
)
from tenant_keys.review.second_opinion.values import Value, catalogue, is_multivalued, key_pattern, type_of

_NAMED_BY: Final = {"kms:encryptioncontextkeys": "kms:encryptioncontext:", "aws:tagkeys": "aws:requesttag/"}
"""Multi-valued keys that list the names of others: what is in the encryption context, which tags are sent."""
_ALWAYS: Final = frozenset(
    {"aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport", "aws:viaawsservice"}
)
"""In every request (IAM guide, reference_policies_condition-keys: "always included")."""
_TRUTH: Final = one_of(("true", "false"))
_ONLY_WHERE_LISTED: Final = ("aws:requesttag/", "aws:resourcetag/", "aws:tagkeys")


@cache
def listed(action: str) -> tuple[str, ...]:
    """Condition keys that the catalogue lists for an action in lower case, or for what it acts on."""
    service, _, name = action.partition(":")
    source = catalogue()
    found: set[str] = set()
    for known in source.actions.get_actions_for_service(service):
        if known.lower() == name:
            details = source.actions.get_action_details(service, known)
            found.update(details["conditionKeys"])
            for each in details["resourceTypes"]:
                found.update(each["conditionKeys"])
                kind = source.resources.get_resource_type_details(service, each["name"])
                found.update(kind.get("conditionKeys", ()))
    return tuple(found)


@cache
def carries(action: str, key: str) -> bool:
    """Whether a request of the action may hold the key; in doubt it may.

    Global keys that the catalogue does not list are in any request; so may be keys of a service that it lists nowhere,
    and those of identity providers, which outlast the call that they are made for.
    """
    if any(key_pattern(name).fullmatch(key) for name in listed(action)):
        return True
    if key.startswith("aws:"):
        return not key.startswith(_ONLY_WHERE_LISTED)
    service = key.partition(":")[0]
    return service not in ("kms", "sts") or not _listed_anywhere(service, key)


@cache
def _listed_anywhere(service: str, key: str) -> bool:
    """Whether any action is listed with the key, as the deprecated kms:CustomerMasterKeySpec and -Usage are not.

    They work as kms:KeySpec and kms:KeyUsage do (AWS KMS guide, conditions-kms).
    """
    names = catalogue().actions.get_actions_for_service(service)
    return any(key_pattern(one).fullmatch(key) for name in names for one in listed(f"{service}:{name}".lower()))


@dataclass
class Asked:
    """Requests of one principal on one resource; `of` fixes the action.

    `asks` holds the number of conditions on each multi-valued key: so many values of it, and one more, are enough to
    make any of them true or false.
    """

    principal: Principal
    resource: str
    account: str
    facts: Mapping[str, Value]
    """Context keys that resource and service decide."""
    choices: Mapping[str, tuple[str, ...]]
    """Of keys that the caller chooses among a few texts: which."""
    asks: Mapping[str, int]
    keys: frozenset[str]
    """Every key that the documents ask for."""
    values: dict[str, Value] = field(default_factory=dict)
    sets: dict[str, list[Value]] = field(default_factory=dict)
    _known: dict[tuple[object, ...], Any] = field(default_factory=dict)

    def once(self, name: tuple[object, ...], work: Callable[[], Any]) -> Any:
        """What was found before, for another action."""
        if name not in self._known:
            self._known[name] = work()
        return self._known[name]

    def open_value(self, key: str) -> Value:
        """The value of a key, whatever the action."""
        if key not in self.values:
            self.values[key] = self._make(key)
        return self.values[key]

    def _make(self, key: str) -> Value:
        principal = self.principal
        if principal.decides(key):
            return principal.value(key)
        if key in self.facts:
            return self.facts[key]
        if key.startswith(TAG):
            if not principal.tagged:
                return Value(key, False, "")
            own = key.removeprefix(TAG) in principal.own_tags
            return Value.chosen(key, present=True if own else None, of=TAG_VALUE)
        if key in self.choices:
            return Value.among(key, self.choices[key])
        if key == "aws:epochtime":
            return self.open_value("aws:currenttime")
        there = True if key in _ALWAYS else None
        if key == SESSION_NAME:
            return session_name(None)
        language = TAG_VALUE if key.startswith("aws:requesttag/") else _TRUTH if type_of(key) == "Bool" else None
        return Value.chosen(key, present=there, of=language)

    def open_members(self, key: str) -> list[Value]:
        """The values of a multi-valued key, whatever the action."""
        if not is_multivalued(key):
            return [self.open_value(key)]
        if key not in self.sets:
            slots = [Value.chosen(f"{key}#{number}") for number in range(self.asks.get(key, 0) + 1)]
            prefix = _NAMED_BY.get(key)
            if prefix:
                slots += [
                    Value.chosen(f"{key}#{name}", present=self.open_value(name).present)
                    for name in sorted(self.keys)
                    if name.startswith(prefix)
                ]
            self.sets[key] = slots
        return self.sets[key]

    def limits(self) -> Formula:
        """What holds of the principal and of every open value."""
        found = [*self.principal.limits, *(value.limits() for value in self.values.values())]
        for key, slots in self.sets.items():
            found += [value.limits() for value in slots]
            prefix = _NAMED_BY.get(key)
            names = sorted(name.removeprefix(prefix) for name in self.keys if prefix and name.startswith(prefix))
            for slot in slots:
                name = slot.name.partition("#")[2].removeprefix(prefix or "")
                # Names ignore case, and a caller may write them in any.
                if name in names:
                    found.append(is_in(slot.held(), ignoring_case(name)))
                elif names:
                    known = is_in(slot.held(), either(*map(ignoring_case, names)))
                    found.append(any_of([negate(slot.present), negate(known)]))
        return all_of(found)

    def of(self, action: Text, account_action: str | None) -> OneAction:
        """The requests for one action; `account_action` names it where it is known."""
        return OneAction(self, action, account_action)


@dataclass(frozen=True)
class OneAction:
    """The requests for one action: keys that it does not carry are absent."""

    asked: Asked
    action: Text
    known: str | None

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return self.asked.principal

    @property
    def resource(self) -> str:
        """On what."""
        return self.asked.resource

    def _carried(self, key: str) -> bool:
        if self.principal.decides(key):
            return True
        if self.known is None:
            # KMS alone sets its keys; a request to STS holds none that the service authorization reference lists.
            return not (":role/" in self.resource and key.startswith("kms:") and _listed_anywhere("kms", key))
        return carries(self.known, key)

    def value(self, key: str) -> Value:
        """The value of a single-valued key."""
        return self.asked.open_value(key).given(self._carried(key))

    def members(self, key: str) -> list[Value]:
        """The values of a key."""
        return [value.given(self._carried(key)) for value in self.asked.open_members(key)]

    def naming(self, statement: Statement) -> Naming:
        """How a statement names the principal."""
        found: Naming = self.asked.once(("naming", id(statement)), lambda: statement.naming(self.principal))
        return found

    def holds(self, statement: Statement) -> Formula:
        """Whether resource and conditions are the request's: the same for all actions that carry the same keys."""
        carried = tuple(map(self._carried, statement.keys))
        found: Formula = self.asked.once(("holds", id(statement), carried), lambda: statement.holds(self))
        return found
