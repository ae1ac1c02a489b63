"""A policy document as the proof sees it: compiled by the evaluator, with each condition still in view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tenant_keys.review import syntax
from tenant_keys.review.assembly import is_unresolved
from tenant_keys.review.iam import Policy
from tenant_keys.review.iam.condition import Holds
from tenant_keys.review.iam.decision import PolicyKind
from tenant_keys.review.iam.principal import TAG_PREFIX
from tenant_keys.review.iam.statement import Statement
from tenant_keys.review.iam.variables import Variable, template
from tenant_keys.review.iam.wildcards import has_wildcard
from tenant_keys.review.proof.condition_keys import MODELLED, known
from tenant_keys.review.proof.key_actions import carries, is_later
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.syntax import parse_document

RESOURCE: Final = "resource"
"""Represents the resource's ARN among the keys with which values are compared."""
VARIABLES: Final = frozenset(
    {"aws:username", "aws:principalaccount", "kms:calleraccount", "aws:principalorgid", "aws:principaltype"}
    | {"aws:resourceaccount"}
)
"""Policy variables whose values the representatives differ in; principal tags besides."""
_OF_SERVICES: Final = frozenset({"aws:sourcearn"})
"""Keys that services set, such as the trust anchor of IAM Roles Anywhere: no caller has the value by chance."""
_OF_RESOURCE: Final = frozenset({"aws:resourceaccount"})
_FIXED_KEYS: Final = MODELLED | _OF_RESOURCE


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: an operator on one key with its values, and its test."""

    tree: syntax.Condition
    holds: Holds
    constant: bool
    """Whether no value holds a policy variable."""

    @property
    def key(self) -> str:
        """The condition key in lower case."""
        return self.tree.key

    @property
    def values(self) -> tuple[str, ...]:
        """The policy's values."""
        return self.tree.values

    @property
    def base(self) -> str:
        """The operator without qualifier and IfExists."""
        return self.tree.operator.name

    @property
    def fixed(self) -> bool:
        """Whether who asks, and for which key, decides it: nothing that the caller chooses."""
        return is_fixed(self.key)


@dataclass(frozen=True, slots=True)
class Clause:
    """A statement with its conditions."""

    statement: Statement
    tree: syntax.Statement
    conditions: tuple[Condition, ...]
    static: Statement
    """The statement with none but the fixed conditions: where it does not apply, the statement never does."""
    free: frozenset[str]
    """Keys of the other conditions."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A policy with its clauses."""

    policy: Policy
    """Compiled so that every open rule allows more: what is possibly allowed."""
    clauses: tuple[Clause, ...]
    tree: syntax.Document
    raw: Mapping[str, Any]
    holding: Mapping[str, tuple[tuple[str, str], ...]]
    """Values with a policy variable, each with the key that it is compared with, by the key of the variable."""
    action_patterns: frozenset[str]
    """Actions with a wildcard, and those that KMS may have added, in lower case."""
    _found: dict[tuple[str, bool], tuple[Clause, ...]] = field(default_factory=dict)
    _speech: dict[str, int] = field(default_factory=dict)
    _speeches: dict[tuple[str, ...], tuple[int, ...]] = field(default_factory=dict)
    _forms: dict[tuple[tuple[int, ...], frozenset[str]], int] = field(default_factory=dict)
    _strict: list[Policy] = field(default_factory=list)

    @property
    def strict(self) -> Policy:
        """The policy with every open rule read so that less is allowed: what is certainly allowed."""
        if not self._strict:
            self._strict.append(
                Policy.compile(self.tree, name=self.policy.name, kind=self.policy.kind, grants_in_doubt=False)
            )
        return self._strict[0]

    @staticmethod
    def parse(raw: Mapping[str, Any], *, name: str, kind: PolicyKind) -> Document:
        """Compile a document; raises UnsupportedPolicy on anything whose effect is not known."""
        tree = parse_document(raw, name)
        policy = Policy.compile(tree, name=name, kind=kind)
        for statement in tree.statements:
            for condition in statement.conditions:
                _check_known(condition.key, name)
                _check_ids(condition, name)
        holding = _variables(tree, name) if tree.substitutes else {}
        pairs = zip(tree.statements, policy.statements, strict=True)
        clauses = tuple(_clause(body, one, substitute=tree.substitutes) for body, one in pairs)
        patterns = frozenset(
            pattern.lower()
            for statement in tree.statements
            for pattern in (*statement.actions, *statement.not_actions)
            if has_wildcard(pattern) or is_later(pattern)
        )
        return Document(policy, clauses, tree, raw, holding, patterns)

    @property
    def conditions(self) -> list[Condition]:
        """Every condition of every statement."""
        return [condition for clause in self.clauses for condition in clause.conditions]

    def conditions_on(self, key: str) -> list[Condition]:
        """Every condition on one key in lower case."""
        return [condition for condition in self.conditions if condition.key == key]

    def speaking(self, action: str, *, allow: bool) -> tuple[Clause, ...]:
        """Clauses of one effect that speak of an action in lower case."""
        found = self._found.get((action, allow))
        if found is None:
            found = tuple(
                clause
                for clause in self.clauses
                if clause.statement.allow is allow and clause.statement.speaks_of(action)
            )
            self._found[action, allow] = found
        return found

    def speeches(self, actions: tuple[str, ...]) -> tuple[int, ...]:
        """Of each action a number, the same where the same clauses speak of it and it carries the same free keys."""
        found = self._speeches.get(actions)
        if found is None:
            found = self._speeches[actions] = tuple(map(self._spoken, actions))
        return found

    def _spoken(self, action: str) -> int:
        found = self._speech.get(action)
        if found is None:
            lower = action.lower()
            clauses = (*self.speaking(lower, allow=True), *self.speaking(lower, allow=False))
            carried = frozenset(key for clause in clauses for key in clause.free if carries(action, key))
            found = self._forms.setdefault((tuple(map(id, clauses)), carried), len(self._forms))
            self._speech[action] = found
        return found


def _check_known(key: str, name: str) -> None:
    try:
        known(key)
    except NotProved as problem:
        raise NotProved(f"{name}: {problem}") from None


def _check_ids(condition: syntax.Condition, name: str) -> None:
    """An id that AWS has yet to choose is a value that a caller can have or send, once it is known."""
    if condition.key not in _OF_SERVICES and (value := next(filter(is_unresolved, condition.values), None)):
        raise NotProved(f"{name}: {condition.key} is compared with {value}, an id that AWS has yet to choose")


def is_fixed(key: str) -> bool:
    """Whether the caller cannot choose the key's value, and the proof knows it."""
    return key in _FIXED_KEYS or key.startswith(TAG_PREFIX)


def _variables(tree: syntax.Document, name: str) -> Mapping[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for key, value in _compared(tree):
        if "${" not in value:
            continue
        for part in template(value, substitute=True).parts:
            if not isinstance(part, Variable):
                if part[1]:
                    raise NotProved(f"{name}: {value} holds an escape; no classes of values are derived for it")
            elif not (part.key in VARIABLES or part.key.startswith(TAG_PREFIX)):
                raise NotProved(f"{name}: {value} compares with {part.key}, of which no classes are derived")
            elif key == "aws:userid":
                raise NotProved(f"{name}: {value} is compared with {key}; no classes of both together are derived")
            elif key in MODELLED and part.key not in _OF_RESOURCE:
                raise NotProved(f"{name}: {key} is compared with {value}, which the principal decides too")
            elif has_wildcard(part.default or ""):
                raise NotProved(f"{name}: {value} has a wildcard as the default of a variable")
            else:
                found[part.key] = (*found.get(part.key, ()), (key, value))
    return found


def _compared(tree: syntax.Document) -> Iterator[tuple[str, str]]:
    """Each value with the key that it is compared with; "resource" for those of Resource and NotResource."""
    for statement in tree.statements:
        for value in (*statement.resources, *statement.not_resources):
            yield RESOURCE, value
        for condition in statement.conditions:
            for value in condition.values:
                yield condition.key, value


def _clause(tree: syntax.Statement, statement: Statement, *, substitute: bool) -> Clause:
    # The evaluator compiles conditions in the order in which they are written.
    pairs = zip(tree.conditions, statement.conditions, strict=True)
    conditions = tuple(
        Condition(one, holds, not substitute or not any("${" in value for value in one.values)) for one, holds in pairs
    )
    fixed = tuple(one.holds for one in conditions if one.fixed)
    free = frozenset(one.key for one in conditions if not one.fixed)
    return Clause(statement, tree, conditions, replace(statement, conditions=fixed), free)
