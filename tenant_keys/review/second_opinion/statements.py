"""One statement: does it speak of a request, and how does it name who asks?

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
Where these pages leave a rule open, docs/iam-readings.md says which reading is the careful one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, Protocol

from tenant_keys.review.assembly import UNRESOLVED
from tenant_keys.review.errors import as_json
from tenant_keys.review.second_opinion.conditions import Context, conditions, hold, several
from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.patterns import Variable, arn_like, like, pieces, resolve
from tenant_keys.review.second_opinion.principals import (
    FEDERATED_USER,
    ROLE,
    ROOT,
    SERVICE,
    TOKEN,
    USER,
    Naming,
    Principal,
    is_one_of,
    session_of,
)
from tenant_keys.review.second_opinion.terms import Formula, Text, all_of, any_of, equal, negate

KEY, IDENTITY, TRUST = "key", "identity", "trust"
_ELEMENTS: Final = frozenset(
    ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition")
)
_ACCOUNT: Final = re.compile(r"(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?", re.ASCII)
_MARK: Final = UNRESOLVED
"""Begins an id that AWS has yet to choose, as the reading of the assembly writes it."""


class Request(Context, Protocol):
    """What is asked: an action in lower case, or an open one, on a resource."""

    @property
    def principal(self) -> Principal:
        """Who asks."""

    @property
    def action(self) -> Text:
        """What is to be done."""

    @property
    def resource(self) -> str:
        """On what: an ARN."""


@dataclass(frozen=True)
class Statement:
    """A statement as its document has it."""

    raw: Mapping[str, Any]
    kind: str
    where: str
    substitute: bool

    @cached_property
    def allow(self) -> bool:
        """Whether its effect is Allow."""
        return bool(self.raw["Effect"] == "Allow")

    @cached_property
    def actions(self) -> tuple[bool, tuple[str, ...]]:
        """Whether they are excluded, and their patterns in lower case."""
        inverted, values = self._one_of("Action")
        for value in values:
            if value != "*" and not re.fullmatch(r"[a-z0-9-]+:[a-z0-9*?]+", value.lower(), re.ASCII):
                raise NotUnderstood(f"{self.where}: {value} is not an action")
        return inverted, tuple(value.lower() for value in values)

    @cached_property
    def reaches_further(self) -> bool:
        """Whether actions that AWS may add are among its own."""
        return self.actions[0] or any(sign in pattern for pattern in self.actions[1] for sign in "*?")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every context key that it asks for, in conditions and in variables."""
        found = set()
        texts: list[str] = []
        if "Condition" in self.raw:
            for _, key, values in conditions(self.raw["Condition"], self.where):
                found.add(key)
                texts += values
        for name in ("Resource", "NotResource"):
            texts += map(str, several(self.raw.get(name, ())))
        for value in texts:
            parsed = pieces(value, substitute=self.substitute) if "${" in value else ()
            found |= {piece.key for piece in parsed if isinstance(piece, Variable)}
        return tuple(sorted(found))

    def _one_of(self, name: str) -> tuple[bool, list[str]]:
        inverted = f"Not{name}"
        if (name in self.raw) == (inverted in self.raw):
            raise NotUnderstood(f"{self.where}: either {name} or {inverted}")
        values = several(self.raw.get(name, self.raw.get(inverted)))
        if not values or not all(isinstance(value, str) for value in values):
            raise NotUnderstood(f"{self.where}.{name}: got {values!r:.80}; texts")
        return inverted in self.raw, values

    def speaks_of(self, action: Text) -> Formula:
        """Whether the action is among the statement's."""
        inverted, patterns = self.actions
        found = _matches(action, patterns) if isinstance(action, str) else _among(action, patterns)
        return negate(found) if inverted else found

    def holds(self, request: Request) -> Formula:
        """Whether resource and conditions are the request's."""
        found = [self._covers(request)]
        if found[0] is not False and "Condition" in self.raw:
            found.append(
                hold(self.raw["Condition"], request, substitute=self.substitute, allow=self.allow, where=self.where)
            )
        return all_of(found)

    def _covers(self, request: Request) -> Formula:
        """A trust policy has no Resource. In doubt an Allow covers and a Deny does not."""
        if self.kind == TRUST:
            if "Resource" in self.raw or "NotResource" in self.raw:
                raise NotUnderstood(f"{self.where}: a role trust policy with a Resource")
            return True
        inverted, patterns = self._one_of("Resource")
        widely = self.allow is not inverted
        found = any_of(self._resource(pattern, request, widely=widely) for pattern in patterns)
        return negate(found) if inverted else found

    def _resource(self, pattern: str, request: Request, *, widely: bool) -> Formula:
        if pattern == "*":
            return True
        head = pattern.split(":", 5)
        if len(head) != 6 or head[0] != "arn" or (self.substitute and "${" in "".join(head[:5])):
            raise NotUnderstood(f"{self.where}: {pattern} is not an ARN pattern")
        parsed = pieces(pattern, substitute=self.substitute)
        elsewhere = head[:5] != request.resource.split(":", 5)[:5] and not any(
            sign in "".join(head[:5]) for sign in "*?"
        )
        if _MARK in request.resource and pattern != request.resource and not elsewhere:
            _check_id(request.resource, head[5], self.where)

        def lookup(key: str) -> tuple[Formula, Text]:
            value = request.value(key)
            return value.present, value.held()

        defined, resolved = resolve(parsed, lookup)
        split = tuple(request.resource.split(":", 5))
        matched = (
            like(request.resource, resolved) if widely else arn_like(request.resource, split, resolved, self.where)
        )
        if widely and not self.allow:  # NotResource of a Deny: a variable without a value leaves it without effect
            return any_of([negate(defined), matched])
        return all_of([defined, matched])

    def naming(self, principal: Principal) -> Naming:
        """How it names the principal. An identity-based policy is its principal's own."""
        if self.kind == IDENTITY:
            if "Principal" in self.raw or "NotPrincipal" in self.raw:
                raise NotUnderstood(f"{self.where}: an identity-based policy with a principal")
            return Naming(directly=True)
        if ("Principal" in self.raw) == ("NotPrincipal" in self.raw):
            raise NotUnderstood(f"{self.where}: either Principal or NotPrincipal")
        if "NotPrincipal" not in self.raw:
            return self._named(self.raw["Principal"], principal, widely=self.allow)
        if self.allow or self.kind == TRUST:
            raise NotUnderstood(f"{self.where}: NotPrincipal is for Deny in key policies")
        return Naming(directly=negate(self._named(self.raw["NotPrincipal"], principal, widely=True).at_all))

    def _named(self, element: object, principal: Principal, *, widely: bool) -> Naming:
        if element == "*":
            return Naming(directly=True)
        if not isinstance(element, Mapping) or not element or not {"AWS", "Service", "Federated"}.issuperset(element):
            raise NotUnderstood(f"{self.where}: principal {element!r:.80}")
        if "Federated" in element and self.kind != TRUST:
            raise NotUnderstood(f"{self.where}: Federated outside a trust policy")
        names = {form: several(element.get(form, ())) for form in ("AWS", "Service", "Federated")}
        for form, name in [(each, one) for each, found in names.items() for one in found]:
            if not isinstance(name, str) or (form != "AWS" and any(sign in name for sign in "*?$")):
                raise NotUnderstood(f"{self.where}: {form} {name!r:.80}")
        if principal.kind in (SERVICE, TOKEN):
            # That {"AWS": "*"} is "*" is said of anonymous users alone.
            form = "Service" if principal.kind == SERVICE else "Federated"
            named = any_of(equal(principal.arn, name) for name in names[form])
            for name in names["AWS"]:
                self._aws(name, principal, widely=widely)
            return Naming(directly=any_of([named, widely and "*" in names["AWS"]]))
        each = [self._aws(name, principal, widely=widely) for name in names["AWS"]]
        return Naming(
            any_of(one.directly for one in each),
            any_of(one.as_role for one in each),
            any_of(one.by_account for one in each),
        )

    def _aws(self, name: str, principal: Principal, *, widely: bool) -> Naming:
        if name == "*":
            return Naming(directly=True)
        if principal.in_account and name.startswith("arn:") and name.split(":")[1] != principal.accounts.partition:
            raise NotUnderstood(f"{self.where}: principal {name} of another partition than its account")
        account = _ACCOUNT.fullmatch(name)
        if account and name.startswith("arn:") == name.endswith(":root"):
            counts = principal.in_account and (widely or principal.kind == ROOT)
            return Naming(by_account=equal(principal.account, account[1]) if counts else False)
        match = re.fullmatch(
            r"arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):((role|user|assumed-role|federated-user)/[!-~]+)", name, re.ASCII
        )
        if match is None or any(sign in name for sign in "*?$"):
            raise NotUnderstood(f"{self.where}: principal {name}")
        kind = match[3]
        if kind == "assumed-role":
            _, role_name, session = match[2].split("/", 2)
            return Naming(directly=session_of(principal, match[1], role_name, session))
        if kind == "role":
            return Naming(as_role=is_one_of(principal, [name]) if principal.kind == ROLE else False)
        if kind == "user" and principal.kind == FEDERATED_USER:
            # The session's ARN does not say whose it is.
            return Naming(as_role=equal(principal.account, match[1]) if widely else False)
        wanted = {"user": USER, "federated-user": FEDERATED_USER}[kind]
        return Naming(directly=is_one_of(principal, [name]) if principal.kind == wanted else False)


def _among(action: Text, patterns: tuple[str, ...]) -> Formula:
    return any_of(like(action, pieces(pattern, substitute=False)) for pattern in patterns)


@lru_cache(maxsize=65536)
def _matches(action: str, patterns: tuple[str, ...]) -> Formula:
    """Of a known action."""
    return _among(action, patterns)


def _check_id(resource: str, pattern: str, where: str) -> None:
    """Refuse a pattern whose match depends on an id that AWS has yet to choose."""
    kind = resource.split(":", 5)[5].partition("/")[0]
    if pattern not in ("*", f"{kind}/*") and not re.fullmatch(rf"(?!{kind}/)[a-z-]+/.*", pattern):
        raise NotUnderstood(f"{where}: {pattern} depends on the id of a {kind}, which AWS has yet to choose")


def _check_chosen_ids(statement: Statement) -> None:
    """Refuse a condition on an id that AWS has yet to choose: whoever asks can have it as a name or send it.

    Of a trust anchor only IAM Roles Anywhere sends the ARN (IAM Roles Anywhere guide, trust model).
    """
    if "Condition" not in statement.raw:
        return
    for _, key, values in conditions(statement.raw["Condition"], statement.where):
        if key != "aws:sourcearn" and any(_MARK in value for value in values):
            raise NotUnderstood(f"{statement.where}: {key} is compared with an id that AWS has yet to choose")


def statements(document: object, kind: str, name: str) -> list[Statement]:
    """The statements of a document; raises NotUnderstood."""
    if not isinstance(document, Mapping) or not {"Version", "Id", "Statement"}.issuperset(document):
        raise NotUnderstood(f"{name}: not a policy document")
    version = document.get("Version", "2008-10-17")
    if version not in ("2012-10-17", "2008-10-17"):
        raise NotUnderstood(f"{name}: Version {as_json(version)}")
    found = []
    for index, raw in enumerate(several(document.get("Statement", ()))):
        where = f"{name}.Statement[{index}]"
        if not isinstance(raw, Mapping) or not _ELEMENTS.issuperset(raw) or raw.get("Effect") not in ("Allow", "Deny"):
            raise NotUnderstood(f"{where}: got {raw!r:.120}; a statement")
        statement = Statement(raw, kind, where, version == "2012-10-17")
        _check_chosen_ids(statement)
        assert statement.actions  # noqa: S101 - read now, so that what is not understood is always reported
        found.append(statement)
    if not found:
        raise NotUnderstood(f"{name}: no statement")
    return found
