"""The syntax tree of a policy document, which evaluator, proof, linter and diff all read.

It is lenient: it takes apart whatever has the form of a policy, and judges neither operators nor values. What a part
means is for the evaluator to say (`review.iam`).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tenant_keys.review.errors import MalformedPolicy

SUBSTITUTING: Final = "2012-10-17"
"""The version in which `${` begins a policy variable (IAM guide, reference_policies_elements_version)."""
_QUALIFIERS: Final = frozenset({"ForAllValues", "ForAnyValue"})
EVERYONE: Final = (("*", "*"),)
"""The element `"Principal": "*"`."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator, taken apart."""

    name: str
    """As it is written, without qualifier and IfExists."""
    qualifier: str
    """"ForAllValues", "ForAnyValue", or empty."""
    if_exists: bool

    @property
    def negated(self) -> bool:
        """Whether the operator holds where the key is absent (IAM guide, condition operators)."""
        return "Not" in self.name

    @property
    def is_null(self) -> bool:
        """Whether it judges presence alone."""
        return self.name == "Null"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition key under one operator, with its values."""

    operator: Operator
    spelled: str
    """The operator as it is written."""
    key: str
    """In lower case: keys ignore case. As it is written outside ASCII, where AWS documents none."""
    values: tuple[str, ...]
    """Numbers and booleans as text."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement; lists of one and single values alike are tuples, and what is absent is empty."""

    index: int
    sid: str | None
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    """Kind (AWS, Service ...) and name; `("*", "*")` for everyone."""
    not_principals: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...]
    elements: frozenset[str]
    """Names of the elements that are there."""

    @property
    def label(self) -> str:
        """The Sid, or the place of the statement."""
        return self.sid or f"Statement[{self.index}]"

    @property
    def place(self) -> str:
        """Where the statement is in its document, and its Sid."""
        return _place(self.index, self.sid)

    def values(self) -> Iterator[str]:
        """Every text with which a name could be compared; actions cannot name a tenant."""
        yield from self.resources
        yield from self.not_resources
        for _, name in (*self.principals, *self.not_principals):
            yield name
        for condition in self.conditions:
            yield from condition.values


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document."""

    version: object
    statements: tuple[Statement, ...]
    members: frozenset[str]
    """Names of the members that are there."""

    @property
    def substitutes(self) -> bool:
        """Whether `${` begins a policy variable."""
        return self.version == SUBSTITUTING

    def values(self) -> Iterator[str]:
        """Every text with which a name could be compared."""
        for statement in self.statements:
            yield from statement.values()


def parse_document(raw: object, where: str) -> Document:
    """Take a document apart: an object, or its JSON text. Raises MalformedPolicy where it is neither."""
    loaded = _load(raw, where) if isinstance(raw, str) else raw
    if not isinstance(loaded, Mapping):
        raise MalformedPolicy(where, loaded, "an object of Version, Id and Statement")
    several = loaded.get("Statement")
    if isinstance(several, Mapping):
        several = [several]
    if not isinstance(several, list | tuple) or not several:
        raise MalformedPolicy(f"{where}.Statement", several, "a statement or a list of them, not empty")
    parsed = tuple([_statement(one, index, where) for index, one in enumerate(several)])
    return Document(loaded.get("Version"), parsed, frozenset(loaded))


def _load(text: str, where: str) -> object:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise MalformedPolicy(where, sorted(name for name, _ in pairs), "each key of an object once")
        return members

    try:
        loaded: object = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as problem:
        raise MalformedPolicy(where, text[:80], f"JSON: {problem}") from problem
    return loaded


def _place(index: int, sid: object) -> str:
    return f"Statement[{index}] ({sid})" if sid and isinstance(sid, str) else f"Statement[{index}]"


def _statement(raw: object, index: int, document: str) -> Statement:
    if not isinstance(raw, Mapping):
        raise MalformedPolicy(f"{document}.Statement[{index}]", raw, "an object")
    effect, sid = raw.get("Effect"), raw.get("Sid")
    where = f"{document}.{_place(index, sid)}"
    if effect not in ("Allow", "Deny"):
        raise MalformedPolicy(f"{where}.Effect", effect, "Allow or Deny")
    if not isinstance(sid, str | None):
        raise MalformedPolicy(f"{where}.Sid", sid, "a string")
    return Statement(
        index=index,
        sid=sid or None,
        allows=effect == "Allow",
        actions=_strings(raw, "Action", where),
        not_actions=_strings(raw, "NotAction", where),
        resources=_strings(raw, "Resource", where),
        not_resources=_strings(raw, "NotResource", where),
        principals=_principals(raw, "Principal", where),
        not_principals=_principals(raw, "NotPrincipal", where),
        conditions=_conditions(raw["Condition"], f"{where}.Condition") if "Condition" in raw else (),
        elements=frozenset(raw),
    )


_STRINGS: Final = frozenset({str})


def _strings(raw: Mapping[str, Any], element: str, where: str) -> tuple[str, ...]:
    if element not in raw:
        return ()
    value = raw[element]
    if value.__class__ is str:
        return (value,)
    if not isinstance(value, list | tuple) or not _STRINGS.issuperset(map(type, value)):
        raise MalformedPolicy(f"{where}.{element}", value, "a string or a list of strings")
    return tuple(value)


def _principals(raw: Mapping[str, Any], element: str, where: str) -> tuple[tuple[str, str], ...]:
    if element not in raw:
        return ()
    value = raw[element]
    if value == "*":
        return EVERYONE
    if not isinstance(value, Mapping) or not value or [] in value.values():
        raise MalformedPolicy(f"{where}.{element}", value, '"*" or an object of AWS, Service and Federated')
    return tuple([(str(kind), name) for kind in value for name in _strings(value, kind, f"{where}.{element}")])


def _conditions(raw: object, where: str) -> tuple[Condition, ...]:
    if not isinstance(raw, Mapping):
        raise MalformedPolicy(where, raw, "an object of operators")
    found: list[Condition] = []
    for spelled, keys in raw.items():
        if not isinstance(keys, Mapping) or not keys:
            raise MalformedPolicy(f"{where}.{spelled}", keys, "an object of condition keys, not empty")
        operator = _operator(str(spelled))
        if operator is None:
            raise MalformedPolicy(
                f"{where}.{spelled}", spelled, "an operator; the qualifiers are ForAllValues: and ForAnyValue:"
            )
        for key, values in keys.items():
            texts = (values,) if values.__class__ is str else _texts(values, f"{where}.{spelled}.{key}")
            found.append(Condition(operator, str(spelled), _plain(str(key)), texts))
    return tuple(found)


def _plain(key: str) -> str:
    return key.lower() if key.isascii() else key


def _texts(values: object, where: str) -> tuple[str, ...]:
    several = values if isinstance(values, list | tuple) else [values]
    if not several:
        raise MalformedPolicy(where, values, "at least one value")
    texts: list[str] = []
    for value in several:
        if isinstance(value, bool):
            texts.append("true" if value else "false")
        elif isinstance(value, str | int | float):
            texts.append(str(value))
        else:
            raise MalformedPolicy(where, values, "a string, a number, a boolean or a list of them")
    return tuple(texts)


@lru_cache(maxsize=256)
def _operator(spelled: str) -> Operator | None:
    qualifier, colon, name = spelled.rpartition(":")
    if (colon and qualifier not in _QUALIFIERS) or not name:
        return None
    return Operator(name.removesuffix("IfExists"), qualifier, name.endswith("IfExists"))
