"""One statement, compiled: does it speak of this request?"""

from dataclasses import dataclass

from tenant_keys.review.iam.condition import Holds, compile_conditions
from tenant_keys.review.iam.decision import Decider, PolicyKind
from tenant_keys.review.iam.elements import Covers, action_tests, resource_covers, strings
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.iam.principal import Principal
from tenant_keys.review.iam.principal_element import DIRECT, EVERYONE, NOT, Naming, Principals, parse_principals
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
        if principals is not None and principals is not EVERYONE:
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
            return principals.naming(principal, allow=self.allow)
        # A Deny with NotPrincipal "will always deny any IAM principal that has a permissions boundary".
        if bounded and principal.in_account:
            return DIRECT
        return NOT if principals.naming(principal, allow=True) else DIRECT


def parse_statement(raw: object, *, policy: str, kind: PolicyKind, index: int, substitute: bool) -> Statement:
    """Compile a statement, or raise UnsupportedPolicy."""
    where = f"{policy}.Statement[{index}]"
    if not isinstance(raw, dict):
        raise UnsupportedPolicy(where, raw, "an object")
    if not _ELEMENTS.issuperset(raw):
        raise UnsupportedPolicy(where, sorted(set(raw) - _ELEMENTS), f"the elements {', '.join(sorted(_ELEMENTS))}")
    effect, sid = raw.get("Effect"), raw.get("Sid")
    if effect not in ("Allow", "Deny"):
        raise UnsupportedPolicy(f"{where}.Effect", effect, "Allow or Deny")
    if not isinstance(sid, str | None):
        raise UnsupportedPolicy(f"{where}.Sid", sid, "a string")
    allow = effect == "Allow"
    element, patterns = _one_of(raw, "Action", where)
    not_action = element == "NotAction"
    trust = kind == "resource" and not not_action and _is_trust(patterns)
    principals, not_principal = _principals(raw, kind, trust, allow, where)
    return Statement(
        decider=Decider(policy, kind, sid or None, index),
        allow=allow,
        actions=action_tests(patterns, f"{where}.{element}"),
        actions_inverted=not_action,
        covers=_resources(raw, trust, where, substitute=substitute, allow=allow),
        principals=principals,
        principals_inverted=not_principal,
        conditions=compile_conditions(raw["Condition"], f"{where}.Condition", substitute=substitute, allow=allow)
        if "Condition" in raw
        else (),
    )


def _one_of(raw: dict[str, object], name: str, where: str) -> tuple[str, tuple[str, ...]]:
    inverted = f"Not{name}"
    if (name in raw) is (inverted in raw):
        raise UnsupportedPolicy(where, sorted(raw), f"either {name} or {inverted}: without one it has no effect")
    element = name if name in raw else inverted
    return element, strings(raw[element], f"{where}.{element}")


def _resources(raw: dict[str, object], trust: bool, where: str, *, substitute: bool, allow: bool) -> Covers | None:
    """What the statement covers; None is everything. A role trust policy alone has no Resource."""
    if trust:
        if "Resource" in raw or "NotResource" in raw:
            raise UnsupportedPolicy(where, sorted(raw), "a role trust policy has no Resource")
        return None
    element, patterns = _one_of(raw, "Resource", where)
    if element == "Resource" and patterns == ("*",):
        return None
    return resource_covers(
        patterns, f"{where}.{element}", inverted=element == "NotResource", substitute=substitute, allow=allow
    )


def _is_trust(actions: tuple[str, ...]) -> bool:
    """Whether the actions are those of a role trust policy: of STS alone."""
    return all(action[:4].lower() == "sts:" for action in actions)


def _principals(
    raw: dict[str, object], kind: PolicyKind, trust: bool, allow: bool, where: str
) -> tuple[Principals | None, bool]:
    named = "Principal" in raw or "NotPrincipal" in raw
    if kind not in ("resource", "rcp"):
        if named:
            raise UnsupportedPolicy(where, sorted(raw), f"the principal of an {kind} policy is implied")
        return None, False
    if ("Principal" in raw) is ("NotPrincipal" in raw):
        raise UnsupportedPolicy(where, sorted(raw), "either Principal or NotPrincipal")
    inverted = "NotPrincipal" in raw
    principals = parse_principals(
        raw["NotPrincipal" if inverted else "Principal"], f"{where}.{'Not' * inverted}Principal"
    )
    if inverted and (allow or trust or kind == "rcp"):
        raise UnsupportedPolicy(where, "NotPrincipal", "NotPrincipal only with Deny, and in no trust policy or RCP")
    if kind == "rcp" and principals is not EVERYONE:
        raise UnsupportedPolicy(where, raw["Principal"], '"*": an RCP names no principal')
    if principals.federated and not trust:
        raise UnsupportedPolicy(where, sorted(principals.federated), "Federated only in a role trust policy")
    return principals, inverted
