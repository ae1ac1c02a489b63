"""What a rule sees: one policy document, split into statements and condition tests, and what it says: findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from tenant_keys.review.errors import MalformedPolicy

Kind = Literal["identity", "trust", "key", "session"]
Severity = Literal["error", "warning"]

_TEXT = frozenset({str})
_QUANTIFIERS = ("forallvalues", "foranyvalue")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a policy stands."""

    stack: str
    logical_id: str
    policy: str
    account: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule has against a policy."""

    rule: str
    severity: Severity
    where: str
    what: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator, taken apart; `name` is in lower case and without quantifier and IfExists."""

    name: str
    quantifier: str
    if_exists: bool

    @property
    def negated(self) -> bool:
        """Tell whether the operator holds where the key is absent (IAM guide, condition operators)."""
        return "not" in self.name

    @property
    def is_null(self) -> bool:
        return self.name == "null"


@dataclass(frozen=True, slots=True)
class Test:
    """One condition key under one operator, with its values; `key` is in lower case, for keys ignore case."""

    operator: Operator
    spelled: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, its one-or-many elements as tuples; what is absent is empty."""

    label: str
    sid: str | None
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    not_principals: tuple[tuple[str, str], ...]
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document, the kind of place it stands in, and its statements."""

    kind: Kind
    place: Place
    version: object
    statements: tuple[Statement, ...]


def parse_policy(document: Mapping[str, Any], kind: Kind, place: Place) -> Policy:
    """Split a document into its statements."""
    where = f"{place.stack}/{place.logical_id}/{place.policy}"
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicy(f"{where} Statement: got {statements!r}; expected at least one statement")
    parsed = tuple(_statement(item, index, where) for index, item in enumerate(statements))
    return Policy(kind, place, document.get("Version"), parsed)


def _statement(item: object, index: int, where: str) -> Statement:
    if not isinstance(item, dict) or item.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy(f"{where} Statement[{index}]: got {item!r}; expected an object with Effect Allow or Deny")
    sid = item.get("Sid") or None
    label = str(sid) if sid else f"Statement[{index}]"
    where = f"{where}/{label}"
    return Statement(
        label,
        None if sid is None else str(sid),
        item["Effect"] == "Allow",
        _strings(item.get("Action"), where),
        _strings(item.get("NotAction"), where),
        _strings(item.get("Resource"), where),
        _strings(item.get("NotResource"), where),
        _principals(item.get("Principal"), where),
        _principals(item.get("NotPrincipal"), where),
        _tests(item.get("Condition"), where),
    )


def _strings(value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if value is None:
        return ()
    if isinstance(value, list) and _TEXT.issuperset(map(type, value)):
        return tuple(value)
    raise MalformedPolicy(f"{where}: got {value!r}; expected text or a list of texts")


def _principals(value: object, where: str) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if value == "*":
        return (("AWS", "*"),)  # "*" and {"AWS": "*"} are the same (IAM guide, reference_policies_elements_principal)
    if not isinstance(value, dict):
        raise MalformedPolicy(f"{where} Principal: got {value!r}; expected * or an object")
    return tuple((str(kind), name) for kind, names in value.items() for name in _strings(names, where))


def _tests(condition: object, where: str) -> tuple[Test, ...]:
    if condition is None:
        return ()
    if not isinstance(condition, dict) or not all(isinstance(keys, dict) for keys in condition.values()):
        raise MalformedPolicy(f"{where} Condition: got {condition!r}; expected an object of objects")
    return tuple(
        Test(_operator(spelled), spelled, key.lower(), _values(values, where))
        for spelled, keys in condition.items()
        for key, values in keys.items()
    )


def _values(value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bool | int | float):
        return (str(value).lower(),)
    if isinstance(value, list):
        return tuple(text for item in value for text in _values(item, where))
    raise MalformedPolicy(f"{where} Condition: got {value!r}; expected text, a number, a boolean or a list of them")


@lru_cache(maxsize=256)
def _operator(spelled: str) -> Operator:
    quantifier, colon, name = spelled.lower().rpartition(":")
    if_exists = name.endswith("ifexists")
    if (colon and quantifier not in _QUANTIFIERS) or not name:
        raise MalformedPolicy(f"{spelled}: not a condition operator; allowed: ForAllValues: or ForAnyValue: before it")
    return Operator(name.removesuffix("ifexists"), quantifier, if_exists)
