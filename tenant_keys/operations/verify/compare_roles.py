"""Roles as deployed against the assembly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tenant_keys.operations.verify.compare_keys import changes, difference_of_tags
from tenant_keys.operations.verify.deployed_state import DeployedRole, DeployedState
from tenant_keys.operations.verify.expected import Expected
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.meaning import UNIQUE_ID, Meaning, difference, meaning
from tenant_keys.review.proof.role_records import RoleRecord


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an earlier run found of things that no template knows."""

    roles: Mapping[str, str] = field(default_factory=dict)
    """Unique id of each role of the estate, by ARN."""
    thumbprints: Mapping[str, list[str]] = field(default_factory=dict)
    """Of each identity provider, by ARN."""


@dataclass(frozen=True, slots=True)
class RoleComparison:
    """One comparison."""

    state: DeployedState
    expected: Expected
    before: Baseline

    def findings(self) -> Iterator[DriftFinding]:
        """All of them."""
        inventory = self.expected.reviewed.inventory
        for arn, record in inventory.roles.items():
            role = self.state.roles.get(arn)
            if role is not None:
                yield from self._role(role, record)
            elif not self._unread(record.account, "iam:GetAccountAuthorizationDetails"):
                yield self._of(record.account, "role-missing", arn, "the role does not exist", arn, "")
        for arn, role in self.state.roles.items():
            if arn not in inventory.roles and self.expected.is_ours(arn):
                what = f"created as {role.id}, with {', '.join((*role.inline, *role.attached)) or 'no permissions'}"
                yield self._of(role.account, "role-unexpected", arn, what, "", role.id)

    def baseline(self) -> Baseline:
        """What a later run compares with."""
        roles = {arn: one.id for arn, one in self.state.roles.items() if self.expected.is_ours(arn)}
        return Baseline(
            roles, {arn: sorted(one.get("ThumbprintList") or ()) for arn, one in self.state.providers.items()}
        )

    def _unread(self, account: str, api: str, subject: str = "") -> bool:
        return self.state.is_unknown(account, self.state.scope.identity_region(account), api, subject)

    def _of(
        self, account: str, kind: str, resource: str, what: str, expected: str, found: str, region: str = "global"
    ) -> DriftFinding:
        return DriftFinding(kind, account, region, resource, what, expected, found, self._tenant(resource))

    def _tenant(self, arn: str) -> str | None:
        for promise in self.expected.reviewed.promises.values() if ":role/" in arn else ():
            if any(use.role_arn == arn and not use.shared for use in promise.uses):
                return promise.tenant
        return None

    def _role(self, role: DeployedRole, record: RoleRecord) -> Iterator[DriftFinding]:
        before = self.before.roles.get(role.arn)
        if before is not None and before != role.id:
            what = f"its unique id is {role.id}; the earlier record has {before}: it was deleted and created again"
            yield self._of(role.account, "role-recreated", role.arn, what, before, role.id)
        yield from self._trust(role, record)
        yield from self._permissions(role, record)
        difference = difference_of_tags(record.tags, role.tags)
        if difference:
            yield self._of(
                role.account, "tags", role.arn, difference, json.dumps(dict(record.tags)), json.dumps(dict(role.tags))
            )

    def _trust(self, role: DeployedRole, record: RoleRecord) -> Iterator[DriftFinding]:
        where = f"trust policy of {role.arn}"
        try:
            deployed = self._meaning([role.trust], where)
        except MalformedPolicy as problem:
            yield self._of(role.account, "unknown", role.arn, f"{problem}", "", json.dumps(role.trust))
            return
        for clause in sorted({one.principal[1] for one in deployed if UNIQUE_ID.fullmatch(one.principal[1])}):
            what = f"its trust policy names {clause}, the unique id of a principal that was deleted"
            yield self._of(role.account, "role-recreated", role.arn, what, "", clause)
        differs = difference(self._meaning([self.expected.resolved(record.trust)], where), deployed)
        if differs is not None and not differs.replaced_by_id:
            what = changes(differs.added, differs.removed)
            yield self._of(
                role.account, "role-trust", role.arn, what, "\n".join(differs.removed), "\n".join(differs.added)
            )

    def _permissions(self, role: DeployedRole, record: RoleRecord) -> Iterator[DriftFinding]:
        where = f"policies of {role.arn}"
        own = [arn for arn in role.attached if arn in self.state.managed]
        documents = [*role.inline.values(), *(self.state.managed[arn] for arn in own)]
        try:
            deployed = self._meaning(documents, where)
        except MalformedPolicy as problem:
            yield self._of(role.account, "unknown", role.arn, f"{problem}", "", "")
            return
        differences, wanted = [], self._meaning([self.expected.resolved(one) for _, one in record.identity], where)
        differs = difference(wanted, deployed)
        if differs is not None:
            differences.append(changes(differs.added, differs.removed))
        beside = sorted({arn for arn in role.attached if arn not in self.state.managed} ^ set(record.managed))
        differences += [f"{'attached' if arn in role.attached else 'not attached'}: {arn}" for arn in beside]
        if role.boundary != record.boundary:
            differences.append(f"permissions boundary {role.boundary or 'none'}; expected {record.boundary or 'none'}")
        if differences:
            lost, gained = ("\n".join(one) for one in ((differs.removed, differs.added) if differs else ((), ())))
            yield self._of(role.account, "role-policy", role.arn, "; ".join(differences), lost, gained)

    def _meaning(self, documents: list[Mapping[str, object]], where: str) -> Meaning:
        return meaning(documents, where, self.expected.estate.central.partition)
