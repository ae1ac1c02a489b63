"""A policy document as the proof sees it: compiled by the evaluator, with each condition still in view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tenant_keys.review.iam import Policy
from tenant_keys.review.iam.condition import Holds
from tenant_keys.review.iam.decision import PolicyKind
from tenant_keys.review.iam.principal import IMPLIED_KEYS, TAG_PREFIX
from tenant_keys.review.iam.statement import Statement
from tenant_keys.review.iam.variables import Variable, template
from tenant_keys.review.proof.outcome import NotProved

_FIXED_KEYS: Final = IMPLIED_KEYS | {"kms:resourcealiases", "aws:resourceaccount"}
_SUBSTITUTING: Final = "2012-10-17"
_VALUES: Final = ("Resource", "NotResource", "Principal", "NotPrincipal", "Condition")
"""Elements whose values can name a tenant. An action, an effect or a Sid cannot."""


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition: an operator on one key with its values."""

    operator: str
    key: str
    """In lower case."""
    values: tuple[str, ...]
    holds: Holds
    constant: bool
    """Whether no value holds a policy variable."""

    @property
    def base(self) -> str:
        """The operator without qualifier and IfExists."""
        return self.operator.rpartition(":")[2].removesuffix("IfExists")

    @property
    def fixed(self) -> bool:
        """Whether who asks, and for which key, decides it: nothing that the caller chooses."""
        return is_fixed(self.key)


@dataclass(frozen=True, slots=True)
class Clause:
    """A statement with its guards."""

    statement: Statement
    guards: tuple[Guard, ...]
    static: Statement
    """The statement with none but the fixed guards: where it does not apply, the statement never does."""
    free: frozenset[str]
    """Keys of the other guards."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A policy with its clauses."""

    policy: Policy
    clauses: tuple[Clause, ...]
    raw: Mapping[str, Any]
    holding: Mapping[str, tuple[str, ...]]
    """Values with a policy variable, by the key of the variable."""
    _found: dict[tuple[str, bool], tuple[Clause, ...]] = field(default_factory=dict, repr=False)

    @staticmethod
    def parse(raw: Mapping[str, Any], *, name: str, kind: PolicyKind) -> Document:
        """Compile a document; raises UnsupportedPolicy on anything whose effect is not known."""
        policy = Policy.parse(raw, name=name, kind=kind)
        substitute = raw.get("Version") == _SUBSTITUTING
        holding = _variables(raw, name) if substitute else {}
        pairs = zip(statements(raw), policy.statements, strict=True)
        clauses = tuple(_clause(body, one, substitute=substitute) for body, one in pairs)
        return Document(policy, clauses, raw, holding)

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


def is_fixed(key: str) -> bool:
    """Whether the caller cannot choose the key's value, and the proof knows it."""
    return key in _FIXED_KEYS or key.startswith(TAG_PREFIX)


def statements(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The statements as they stand, one or many; raises NotProved where there are none."""
    several = document.get("Statement")
    found: list[Any] = list(several) if isinstance(several, list | tuple) else [several]
    if not all(isinstance(one, Mapping) for one in found):
        raise NotProved(f"a policy's Statement: got {several!r:.80}; a statement or a list of them")
    return found


def values(document: Mapping[str, Any]) -> Iterator[str]:
    """Every text in a document that a name could be compared with."""
    for statement in statements(document):
        for element in _VALUES:
            if element in statement:
                yield from _leaves(statement[element])


def resources(document: Mapping[str, Any]) -> Iterator[str]:
    """Every value of a Resource or NotResource."""
    for statement in statements(document):
        for element in ("Resource", "NotResource"):
            if element in statement:
                yield from _leaves(statement[element])


def _variables(document: Mapping[str, Any], name: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for value in values(document):
        if "${" not in value:
            continue
        for part in template(value, substitute=True).parts:
            if not isinstance(part, Variable):
                if part[1]:
                    raise NotProved(f"{name}: {value} holds an escape; no classes of values are worked out for it")
            elif not is_fixed(part.key):
                raise NotProved(f"{name}: {value} compares with a value that the caller chooses")
            else:
                found[part.key] = (*found.get(part.key, ()), value)
    return found


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield str(value)


def _clause(raw: Mapping[str, Any], statement: Statement, *, substitute: bool) -> Clause:
    guards = tuple(_guards(raw.get("Condition", {}), statement, substitute=substitute))
    fixed = tuple(guard.holds for guard in guards if guard.fixed)
    free = frozenset(guard.key for guard in guards if not guard.fixed)
    return Clause(statement, guards, replace(statement, conditions=fixed), free)


def _guards(
    condition: Mapping[str, Mapping[str, object]], statement: Statement, *, substitute: bool
) -> Iterator[Guard]:
    # The evaluator compiles conditions in the order in which they stand.
    compiled = iter(statement.conditions)
    for operator, keys in condition.items():
        for key, value in keys.items():
            texts = tuple(map(_text, value if isinstance(value, list | tuple) else [value]))
            constant = not substitute or not any("${" in text for text in texts)
            yield Guard(operator, key.lower(), texts, next(compiled), constant)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
