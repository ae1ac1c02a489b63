"""Whether statements speak of every request that another one speaks of, however they are written.

A statement is a box: for each dimension (principal, resource, each condition key) the values that it speaks of. Values
come in classes that no condition at hand distinguishes (`review.proof.domain`), so a box is finite, and what some boxes
leave of another is found by taking them away one after the other. Dimensions are taken to be independent, which they
are not always (a role's ARN decides its account): more requests are compared than exist, so a difference may be
reported that no real request shows, and none is missed. What cannot be computed covers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tenant_keys.review import syntax
from tenant_keys.review.iam.condition import compile_condition
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.document import Condition
from tenant_keys.review.proof.domain import candidates
from tenant_keys.review.proof.key_actions import carries
from tenant_keys.review.proof.outcome import NotProved

MOST_PIECES: Final = 2_000
"""Remains of one statement that are followed; with more, it counts as not covered."""
_ACCOUNT: Final = re.compile(r"(?:arn:aws[a-z-]*:(?:iam|sts)::)?([0-9]{12})(:.*)?")
_EVERYONE: Final = ("*", "*")
_ANY_AWS: Final = ("AWS", "*")
ANY_SERVICE: Final = ("Service", "*", "any")
"""What `"*"` names for certain beside `{"AWS": "*"}`: services, and web identity tokens."""

Atom = object
"""A class of values of one dimension."""
Box = Mapping[str, frozenset[Atom]]


@dataclass(frozen=True, slots=True)
class Reach:
    """One statement, as far as it speaks of one action."""

    label: str
    """The document."""
    action: str
    statement: syntax.Statement
    substitutes: bool
    """Whether `${` begins a policy variable in the document."""
    own_keys: str = ""
    """In a key policy: the pattern of all keys of its account and Region. The policy speaks of one of them alone."""
    actions: frozenset[str] = frozenset()
    """All actions that the statement speaks of."""

    @property
    def allows(self) -> bool:
        """Whether it is an Allow."""
        return self.statement.allows


def uncovered(target: Reach, by: Sequence[Reach]) -> Mapping[str, Atom] | None:
    """Return an example of what `target` speaks of and none of `by` does; None where they cover all of it.

    The example holds a value for each dimension in which one of `by` falls short; it is empty where nothing is covered.
    """
    dimensions = _Dimensions(target, by)
    whole = dimensions.box()
    if not all(whole.values()):
        return None  # it speaks of no request, so there is nothing to cover
    pieces = [whole]
    for one in by:
        covered = dimensions.covered(one)
        pieces = [rest for piece in pieces for rest in _without(piece, covered)]
        if not pieces:
            return None
        if len(pieces) > MOST_PIECES:
            break
    return {name: min(atoms, key=str) for name, atoms in pieces[0].items() if atoms != whole[name]}


def covers_within(target: Reach, one: Reach, other: Reach) -> bool:
    """Whether `other` speaks of all that `one` covers of `target`."""
    dimensions = _Dimensions(target, (one, other))
    whole, covered, more = dimensions.box(), dimensions.covered(one), dimensions.covered(other)
    common = {name: atoms & covered.get(name, atoms) for name, atoms in whole.items()}
    return not all(common.values()) or all(atoms <= more.get(name, whole[name]) for name, atoms in common.items())


def meaning(reach: Reach) -> object:
    """What the whole statement speaks of, in one form for the spellings that are known to mean the same."""
    return reach.actions, _principals(reach), _resources(reach), frozenset(_conditions(reach))


def _without(piece: Box, covered: Box) -> Iterator[Box]:
    """What is left of a box: for each dimension the part outside, within the others so far."""
    if not all(piece[name] & covered.get(name, piece[name]) for name in piece):
        yield piece
        return
    inside = dict(piece)
    for name, atoms in piece.items():
        common = atoms & covered.get(name, atoms)
        if common != atoms:
            yield {**inside, name: atoms - common}
        inside[name] = common


class _Dimensions:
    """The dimensions in which a statement is compared, and the classes of values in each."""

    def __init__(self, target: Reach, by: Sequence[Reach]) -> None:
        self._target = target
        own = set(_conditions(target))
        self._more = {id(one): [c for c in _conditions(one) if c not in own] for one in by}
        """A condition that the target has too holds wherever the target speaks."""
        self._keys: dict[str, dict[Atom, Value | None] | None] = {}
        everything = [*own, *(c for several in self._more.values() for c in several)]
        for key in sorted({c.condition.key for c in everything}):
            self._keys[key] = _classes(target.action, key, [c for c in everything if c.condition.key == key])

    def box(self) -> Box:
        """Everything that the target speaks of."""
        box: dict[str, frozenset[Atom]] = {"principal": _principals(self._target), "resource": _resources(self._target)}
        own = _conditions(self._target)
        for key, classes in self._keys.items():
            box[key] = _holding(classes, [c for c in own if c.condition.key == key], widely=True)
        return box

    def covered(self, one: Reach) -> Box:
        """Of the target's box, what another statement speaks of for certain."""
        box = {
            "principal": frozenset(a for a in _principals(self._target) if _names(one, a)),
            "resource": frozenset(a for a in _resources(self._target) if _speaks_of(one, a)),
        }
        for key, classes in self._keys.items():
            conditions = [c for c in self._more[id(one)] if c.condition.key == key]
            if conditions:
                box[key] = frozenset() if classes is None else _holding(classes, conditions, widely=False)
        return box


@dataclass(frozen=True, slots=True)
class _Condition:
    condition: syntax.Condition
    substitutes: bool

    @property
    def constant(self) -> bool:
        return not (self.substitutes and any("${" in value for value in self.condition.values))


def _conditions(reach: Reach) -> list[_Condition]:
    return [
        # The version matters where there is a variable alone.
        _Condition(_plain(one), reach.substitutes and any("${" in value for value in one.values))
        for one in reach.statement.conditions
    ]


_SAME: Final = {"ArnLike": "ArnEquals", "ArnNotLike": "ArnNotEquals"}
"""Documented to be one (IAM guide, reference_policies_elements_condition_operators, ARN condition operators)."""


@lru_cache(maxsize=4096)
def _plain(one: syntax.Condition) -> syntax.Condition:
    """The condition in one spelling for all that mean the same: order, repetition, a default spelt out."""
    operator = one.operator
    # A negated operator holds where the key is absent, with IfExists and without.
    if_exists = operator.if_exists and not operator.negated
    name = _SAME.get(operator.name, operator.name)
    plain = syntax.Operator(name, operator.qualifier, if_exists)
    return syntax.Condition(plain, "", one.key, tuple(sorted(set(one.values))))


def _classes(action: str, key: str, conditions: Sequence[_Condition]) -> dict[Atom, Value | None] | None:
    """The classes of a key's values; None where they are not derived."""
    if action.startswith("kms:") and not carries(action, key):
        return {None: None}
    if not all(one.constant for one in conditions):
        return None
    try:
        compiled = [
            Condition(one.condition, compile_condition(one.condition, substitute=False, widely=True), constant=True)
            for one in conditions
        ]
        return {value: value for value in candidates(key, compiled, {})}
    except (NotProved, ValueError):
        return None


def _holding(
    classes: dict[Atom, Value | None] | None, conditions: Sequence[_Condition], *, widely: bool
) -> frozenset[Atom]:
    if classes is None:
        return frozenset(["whatever it asks for"])
    tests = [compile_condition(one.condition, substitute=False, widely=widely) for one in conditions]
    found = []
    for atom, value in classes.items():
        context = {} if value is None else {conditions[0].condition.key if conditions else "": value}
        if all(test(context) for test in tests):
            found.append(atom)
    return frozenset(found)


def _principals(reach: Reach) -> frozenset[Atom]:
    statement = reach.statement
    if statement.not_principals:
        # NotPrincipal "*" names nobody (IAM guide, reference_policies_elements_notprincipal).
        spared = frozenset(map(_name, statement.not_principals))
        return frozenset() if spared & {_EVERYONE, _ANY_AWS} else frozenset([("but", spared)])
    if _EVERYONE in statement.principals:
        return frozenset([_ANY_AWS, ANY_SERVICE])
    return frozenset(map(_name, statement.principals)) or frozenset([_EVERYONE])


def _name(principal: tuple[str, str]) -> tuple[str, str]:
    """One form for all that name the same (IAM guide, reference_policies_elements_principal).

    Whether `{"AWS": "*"}` names services too is not said there, so it stays apart from `"*"`.
    """
    kind, name = principal
    match = _ACCOUNT.fullmatch(name) if kind == "AWS" else None
    if match and match[2] in (None, ":root"):
        return kind, match[1]
    return kind, name


def _names(reach: Reach, atom: Atom) -> bool:
    named = _principals(reach)
    if ANY_SERVICE in named or atom in named:
        return True
    if _ANY_AWS in named:
        # In doubt an Allow of old allowed it to AWS principals alone, and a Deny stops these alone.
        return isinstance(atom, tuple) and atom[0] == "AWS"
    if reach.allows or not isinstance(atom, tuple) or atom[0] != "AWS":
        return False  # an Allow to an account leaves it to that account; one to its role does not
    match = _ACCOUNT.fullmatch(str(atom[1]))
    return match is not None and ("AWS", match[1]) in named


def _resources(reach: Reach) -> frozenset[Atom]:
    statement = reach.statement
    if statement.not_resources:
        patterns = frozenset(_pattern(reach, one) for one in statement.not_resources)
        return frozenset() if "*" in patterns else frozenset([("but", patterns)])
    return frozenset(_pattern(reach, one) for one in statement.resources) or frozenset("*")


def _pattern(reach: Reach, pattern: str) -> str:
    if reach.own_keys and _contains(pattern, reach.own_keys):
        return "*"
    # The same text with a variable and without are two patterns.
    return f"{reach.substitutes} {pattern}" if "${" in pattern else pattern


def _speaks_of(reach: Reach, atom: Atom) -> bool:
    patterns = _resources(reach)
    if atom in patterns:
        return True
    return isinstance(atom, str) and any(isinstance(one, str) and _contains(one, atom) for one in patterns)


@lru_cache(maxsize=4096)
def _contains(wide: str, narrow: str) -> bool:
    """Whether one pattern matches whatever the other does: its wildcards stand against `*` by `*` alone."""
    parts = (".*" if char == "*" else "[^*]" if char == "?" else re.escape(char) for char in wide)
    return re.fullmatch("".join(parts), narrow, re.DOTALL) is not None
