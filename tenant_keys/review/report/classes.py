"""The classes of tenants that no document distinguishes: what holds for all of a class appears once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tenant_keys.manifest import Estate, Workload
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.marks import marked
from tenant_keys.review.proof.promise import Promise, Use
from tenant_keys.review.proof.world import RoleCase
from tenant_keys.review.report import names
from tenant_keys.review.report.attempts import Attempt, attempts
from tenant_keys.review.report.issuance import sessions_tried
from tenant_keys.review.report.key_evaluator import KeyEvaluator, key_evaluators
from tenant_keys.review.report.sentences import Kind, sentence
from tenant_keys.review.report.uses import nobody, offices, paths

Json = dict[str, Any]


@dataclass(slots=True)
class Statements:
    """Every distinct statement, once, with its sentence."""

    account: str
    rows: list[Json] = field(default_factory=list)
    _found: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, text: str, kind: Kind) -> list[int]:
        """The places of a document's statements; the text may hold the inventory's marks."""
        document = names.closed(json.loads(text))
        several = document["Statement"]
        return [self._place(one, kind) for one in (several if isinstance(several, list) else [several])]

    def _place(self, statement: Json, kind: Kind) -> int:
        key = (kind, json.dumps(statement, sort_keys=True))
        if key not in self._found:
            self._found[key] = len(self.rows)
            said = sentence(statement, kind, self.account)
            row = {"sid": str(statement.get("Sid", "")), "effect": statement["Effect"], "policy": kind}
            self.rows.append({**row, "sentence": said, "json": statement})
        return self._found[key]


@dataclass(slots=True)
class Classes:
    """Writes classes down, one by one."""

    estate: Estate
    inventory: Inventory
    promises: Mapping[str, Promise]
    statements: Statements
    _compiled: dict[str, RoleCase] = field(default_factory=dict)

    def row(self, tenants: list[str]) -> Json:
        """What holds for every tenant of a class; the first one represents it."""
        first = tenants[0]
        asked = key_evaluators(self.estate, self.inventory, self.promises, first, self._compiled)
        described = _asked(asked[0], self._other(first, tenants)) if asked else _no_key()
        promise = self.promises[first]
        return {
            "tenants": len(tenants),
            "first": first,
            "keys": [self._key(evaluator) for evaluator in asked],
            "roles": [self._role(use, promise) for use in promise.uses if use.role_arn in self.inventory.roles],
            **described,
        }

    def _key(self, evaluator: KeyEvaluator) -> Json:
        record = evaluator.record
        policy = self.statements.of(record.policy, "key")
        return {"region": record.region, "replica": record.replica, "enabled": record.enabled, "policy": policy}

    def _role(self, use: Use, promise: Promise) -> Json:
        role = self.inventory.roles[use.role_arn]
        own = [marked(document, promise) if not use.shared else json.dumps(document) for _, document in role.identity]
        trust = json.dumps(role.trust) if use.shared else marked(role.trust, promise)
        return {
            "workload": use.workload,
            "shared": use.shared,
            "arn": use.role_arn if use.shared else names.role(use.workload),
            "trust": self.statements.of(trust, "trust"),
            "identity": [place for text in own for place in self.statements.of(text, "identity")],
        }

    def _other(self, tenant: str, alike: list[str]) -> Callable[[Workload], Promise | None]:
        def find(workload: Workload) -> Promise | None:
            for name in (*alike[1:2], *self._users(workload)):
                promise = self.promises[name]
                if name != tenant and any(use.workload == workload.name for use in promise.uses):
                    return promise
            return None

        return find

    def _users(self, workload: Workload) -> Iterable[str]:
        """Tenants of a workload, the active ones first: their sessions have the most."""
        for usable in (True, False):
            for name, promise in self.promises.items():
                if promise.usable is usable and any(use.workload == workload.name for use in promise.uses):
                    yield name


def _asked(evaluator: KeyEvaluator, other: Callable[[Workload], Promise | None]) -> Json:
    """What the evaluator answers."""
    used, administered = list(paths(evaluator)), offices(evaluator)
    tried = [*attempts(evaluator, other), *sessions_tried(evaluator)]
    return {
        "uses": [asdict(path) for path in used],
        "administration": [asdict(office) for office in administered],
        "nobody": nobody(used, administered),
        "attempts": [_attempt(one) for one in tried],
    }


def _attempt(one: Attempt) -> Json:
    return {**asdict(one), "as_expected": one.as_expected}


def _no_key() -> Json:
    return {"uses": [], "administration": [], "nobody": [], "attempts": []}
