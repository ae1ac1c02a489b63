"""The organization: which accounts belong to it, and which control policies apply to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tenant_keys.local.authorizer import Document

PolicyType = Literal["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
_EVERYTHING = Document(
    "FullAWSAccess",
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}',
)
_ALLOW = Document(
    "FullAWSAccess", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
)


@dataclass(slots=True)
class ControlPolicy:
    """A service or resource control policy and the accounts or roots that it is attached to."""

    id: str
    name: str
    type: PolicyType
    text: str
    targets: tuple[str, ...]


@dataclass(slots=True)
class Organization:
    """One organization of member accounts, without organizational units; outsiders belong to none."""

    id: str | None
    members: frozenset[str]
    outsiders: frozenset[str] = frozenset()
    management: str | None = None
    """Control policies do not apply in the management account (Organizations guide)."""
    control_policies: dict[str, ControlPolicy] = field(default_factory=dict)

    @property
    def accounts(self) -> frozenset[str]:
        return self.members | self.outsiders

    def id_of(self, account: str) -> str | None:
        return self.id if account in self.members else None

    def policies(self, account: str, kind: PolicyType) -> list[list[Document]]:
        """Two levels, root and account, each with AWS's FullAWSAccess; none where no control policy is attached."""
        mine = [one for one in self.control_policies.values() if one.type == kind]
        if not mine or account not in self.members or account == self.management:
            return []
        full = _ALLOW if kind == "SERVICE_CONTROL_POLICY" else _EVERYTHING
        levels = []
        for applies in (lambda target: target.startswith(("r-", "ou-")), lambda target: target == account):
            found = [Document(one.name, one.text) for one in mine if any(map(applies, one.targets))]
            levels.append([full, *found])
        return levels
