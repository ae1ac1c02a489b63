"""One statement, compiled: does it speak of this request?"""

from dataclasses import dataclass

from tenant_keys.review import syntax
from tenant_keys.review.iam.condition import Holds, compile_condition
from tenant_keys.review.iam.decision import Decider, PolicyKind
from tenant_keys.review.iam.elements import Covers, action_tests, resource_covers
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.iam.principal import Principal
from tenant_keys.review.iam.principal_element import DIRECT, EVERYONE, NOT, Naming, Principals, compile_principals
from tenant_keys.review.iam.request import Request
from tenant_keys.review.iam.wildcards import Test

_ELEMENTS = {
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
}


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A compiled statement. `principals` is None in a policy whose principal is implied."""

    decider: Decider
    allow: bool
    widely: bool
    """Whether, where AWS's documents leave a rule open, it speaks of more."""
    actions: tuple[Test, ...]
    actions_inverted: bool
    covers: Covers | None
    principals: Principals | None
    principals_inverted: bool
    conditions: tuple[Holds, ...]

    def speaks_of(self, action_key: str) -> bool:
        """Whether the action (in lower case) is among the statement's."""
        return any(test(action_key) for test in self.actions) is not self.actions_inverted

    def naming(self, request: Request, *, bounded: bool) -> Naming:
        """How the statement names the request's principal, if it applies to the request; NOT if it does not.

        The action is taken to be among the statement's already. `bounded`: the principal has a permissions boundary.
        """
        principals = self.principals
        naming: Naming = DIRECT
        if principals is not None and (principals is not EVERYONE or self.principals_inverted):
            naming = self._naming(principals, request.principal, bounded)
            if not naming:
                return naming
        context = request.keys
        try:
            if self.covers is not None and not self.covers(request.resource, context):
                return NOT
            for holds in self.conditions:
                if not holds(context):
                    return NOT
        except ValueError as problem:
            where = f"{self.decider.policy}.Statement[{self.decider.index}]"
            raise UnsupportedPolicy(where, self.decider.sid, str(problem)) from problem
        return naming

    def _naming(self, principals: Principals, principal: Principal, bounded: bool) -> Naming:
        if not self.principals_inverted:
            return principals.naming(principal, allow=self.allow, widely=self.widely)
        # A Deny with NotPrincipal "will always deny any IAM principal that has a permissions boundary".
        if bounded and principal.in_account:
            return DIRECT
        return NOT if principals.spares(principal, surely=self.widely) else DIRECT


def compile_statement(
    tree: syntax.Statement, *, policy: str, kind: PolicyKind, substitute: bool, grants_in_doubt: bool
) -> Statement:
    """Compile a statement, or raise UnsupportedPolicy.

    `grants_in_doubt`: where AWS's documents leave a rule open, an Allow covers more and a Deny less; else the reverse.
    """
    where = f"{policy}.{tree.place}"
    if not _ELEMENTS.issuperset(tree.elements):
        unknown = sorted(tree.elements - _ELEMENTS)
        raise UnsupportedPolicy(where, unknown, f"the elements {', '.join(sorted(_ELEMENTS))}")
    allow = tree.allows
    widely = allow is grants_in_doubt
    not_action, patterns = _one_of(tree, "Action", where)
    trust = kind == "resource" and not not_action and _is_trust(patterns)
    principals, not_principal = _principals(tree, kind, trust, where)
    return Statement(
        decider=Decider(policy, kind, tree.sid, tree.index),
        allow=allow,
        widely=widely,
        actions=action_tests(patterns, f"{where}.{'Not' * not_action}Action"),
        actions_inverted=not_action,
        covers=_resources(tree, trust, where, substitute=substitute, widely=widely),
        principals=principals,
        principals_inverted=not_principal,
        conditions=_conditions(tree, f"{where}.Condition", substitute=substitute, widely=widely),
    )


def _one_of(tree: syntax.Statement, name: str, where: str) -> tuple[bool, tuple[str, ...]]:
    """Whether the Not form is there, and its patterns or those of the plain one."""
    inverted = f"Not{name}" in tree.elements
    if (name in tree.elements) is inverted:
        raise UnsupportedPolicy(
            where, sorted(tree.elements), f"either {name} or Not{name}: without one it has no effect"
        )
    plain, negated = (tree.actions, tree.not_actions) if name == "Action" else (tree.resources, tree.not_resources)
    patterns = negated if inverted else plain
    if not patterns:
        raise UnsupportedPolicy(f"{where}.{'Not' * inverted}{name}", (), "a string or a list of strings, not empty")
    return inverted, patterns


def _resources(tree: syntax.Statement, trust: bool, where: str, *, substitute: bool, widely: bool) -> Covers | None:
    """What the statement covers; None is everything. A role trust policy alone has no Resource."""
    if trust:
        if "Resource" in tree.elements or "NotResource" in tree.elements:
            raise UnsupportedPolicy(where, sorted(tree.elements), "a role trust policy has no Resource")
        return None
    inverted, patterns = _one_of(tree, "Resource", where)
    if patterns == ("*",) and not inverted:
        return None
    element = f"{where}.{'Not' * inverted}Resource"
    return resource_covers(patterns, element, inverted=inverted, substitute=substitute, widely=widely)


def _conditions(tree: syntax.Statement, where: str, *, substitute: bool, widely: bool) -> tuple[Holds, ...]:
    """All conditions of a statement: they are ANDed, in the order in which they are written."""
    if "Condition" in tree.elements and not tree.conditions:
        raise UnsupportedPolicy(where, {}, "an object of operators, not empty")
    once = {(one.spelled, one.key) for one in tree.conditions}
    if len(once) != len(tree.conditions):
        raise UnsupportedPolicy(where, sorted(once), "each key once under an operator: their names ignore case")
    found: list[Holds] = []
    for one in tree.conditions:
        try:
            found.append(compile_condition(one, substitute=substitute, widely=widely))
        except ValueError as problem:
            operator = str(problem).startswith("an operator") or "qualifier" in str(problem)
            at = f"{where}.{one.spelled}" if operator else f"{where}.{one.spelled}.{one.key}"
            raise UnsupportedPolicy(at, one.spelled if operator else one.values, str(problem)) from problem
    return tuple(found)


def _is_trust(actions: tuple[str, ...]) -> bool:
    """Whether the actions are those of a role trust policy: of STS alone."""
    return all(action[:4].lower() == "sts:" for action in actions)


def _principals(tree: syntax.Statement, kind: PolicyKind, trust: bool, where: str) -> tuple[Principals | None, bool]:
    named, inverted = "Principal" in tree.elements, "NotPrincipal" in tree.elements
    if kind not in ("resource", "rcp"):
        if named or inverted:
            raise UnsupportedPolicy(where, sorted(tree.elements), f"the principal of an {kind} policy is implied")
        return None, False
    if named is inverted:
        raise UnsupportedPolicy(where, sorted(tree.elements), "either Principal or NotPrincipal")
    pairs = tree.not_principals if inverted else tree.principals
    principals = compile_principals(pairs, f"{where}.{'Not' * inverted}Principal")
    if inverted and (tree.allows or trust or kind == "rcp"):
        raise UnsupportedPolicy(where, "NotPrincipal", "NotPrincipal only with Deny, and in no trust policy or RCP")
    if kind == "rcp" and principals is not EVERYONE:
        raise UnsupportedPolicy(where, pairs, '"*": an RCP names no principal')
    if principals.federated and not trust:
        raise UnsupportedPolicy(where, sorted(principals.federated), "Federated only in a role trust policy")
    return principals, inverted
