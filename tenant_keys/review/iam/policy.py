"""A policy document, parsed and compiled once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenant_keys.review import syntax
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.iam.decision import PolicyKind
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.iam.grant import Grant
from tenant_keys.review.iam.statement import Statement, compile_statement

_KINDS = ("identity", "boundary", "session", "resource", "scp", "rcp")
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
_CURRENT, _OLD = syntax.SUBSTITUTING, "2008-10-17"
_MEMBERS = frozenset({"Version", "Id", "Statement"})
#: Deny statements and Allow statements that speak of one action.
Relevant = tuple[tuple[Statement, ...], tuple[Statement, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """An immutable compiled policy; make one with `Policy.parse`."""

    name: str
    kind: PolicyKind
    statements: tuple[Statement, ...]
    _relevant: dict[str, Relevant] = field(default_factory=dict, repr=False)

    @staticmethod
    def parse(
        document: Mapping[str, Any] | str, *, name: str, kind: PolicyKind, grants_in_doubt: bool = True
    ) -> "Policy":
        """Compile a document. Raises UnsupportedPolicy on anything whose effect is not known."""
        try:
            tree = syntax.parse_document(document, name)
        except MalformedPolicy as problem:
            raise UnsupportedPolicy(problem.where, problem.got, problem.allowed) from problem
        return Policy.compile(tree, name=name, kind=kind, grants_in_doubt=grants_in_doubt)

    @staticmethod
    def compile(tree: syntax.Document, *, name: str, kind: PolicyKind, grants_in_doubt: bool = True) -> "Policy":
        """Compile a syntax tree; `grants_in_doubt`: an open rule is read so that more is allowed, else less."""
        if kind not in _KINDS:
            raise ValueError(f"kind {kind}: one of {', '.join(_KINDS)}")
        if not _MEMBERS.issuperset(tree.members):
            raise UnsupportedPolicy(name, sorted(tree.members), "an object of Version, Id and Statement")
        if "Version" in tree.members and tree.version not in (_CURRENT, _OLD):
            raise UnsupportedPolicy(f"{name}.Version", tree.version, f"{_CURRENT} or {_OLD}")
        statements = [
            compile_statement(one, policy=name, kind=kind, substitute=tree.substitutes, grants_in_doubt=grants_in_doubt)
            for one in tree.statements
        ]
        return Policy(name, kind, tuple(statements))

    def relevant(self, action_key: str) -> Relevant:
        """The statements that speak of an action (in lower case): Deny, Allow. Found once for each action."""
        found = self._relevant.get(action_key)
        if found is None:
            speaking = [statement for statement in self.statements if statement.speaks_of(action_key)]
            found = (
                tuple(statement for statement in speaking if not statement.allow),
                tuple(statement for statement in speaking if statement.allow),
            )
            self._relevant[action_key] = found
        return found


@dataclass(frozen=True, slots=True)
class Policies:
    """Every policy that bears on a request.

    `session` None: no session policy was passed; an empty tuple allows nothing. `scps` and `rcps`: one tuple for each
    level of the organization, root first. They do not apply to service-linked roles or in the management account:
    leaving them out there is the caller's job.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    resource: Policy | None = None
    scps: tuple[tuple[Policy, ...], ...] = ()
    rcps: tuple[tuple[Policy, ...], ...] = ()
    grants: tuple[Grant, ...] = ()
    #: Those whose Deny counts regardless of the caller; SCPs and RCPs come on top.
    direct: tuple[Policy, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        one = [policy for policy in (self.resource, self.boundary) if policy is not None]
        object.__setattr__(self, "direct", (*one[:1], *self.identity, *one[1:], *(self.session or ())))
        self._check()

    def _check(self) -> None:
        expected: tuple[tuple[str, tuple[Policy, ...]], ...] = (
            ("identity", self.identity),
            ("session", self.session or ()),
            ("boundary", () if self.boundary is None else (self.boundary,)),
            ("resource", () if self.resource is None else (self.resource,)),
            ("scp", tuple(policy for level in self.scps for policy in level)),
            ("rcp", tuple(policy for level in self.rcps for policy in level)),
        )
        for kind, policies in expected:
            for policy in policies:
                if policy.kind != kind:
                    raise ValueError(f"{policy.name}: parsed as {policy.kind}, given as {kind}")
