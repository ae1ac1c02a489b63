"""Control policies of the organization as they bear on one request: beside AWS's FullAWSAccess at one level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, Literal

from tenant_keys.review.iam import Policy
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.binding_records import ControlRecord
from tenant_keys.review.proof.document import Document

SCP: Final = "SERVICE_CONTROL_POLICY"
RCP: Final = "RESOURCE_CONTROL_POLICY"
ControlKind = Literal["scp", "rcp"]
Levels = tuple[tuple[Policy, ...], ...]


@dataclass(frozen=True, slots=True)
class Controls:
    """The control policies of one account; of no account where there are none."""

    account: str = ""
    scps: tuple[Document, ...] = ()
    rcps: tuple[Document, ...] = ()

    def bearing_on(self, actor: Actor, resource_account: str) -> Controls:
        """Those that limit a request: of the principal's account, and of the resource's (Organizations guide)."""
        own = actor.principal.in_account and actor.principal.account == self.account
        return replace(self, scps=self.scps if own else (), rcps=self.rcps if resource_account == self.account else ())

    @property
    def documents(self) -> tuple[Document, ...]:
        """All of them."""
        return (*self.scps, *self.rcps)

    def levels(self, *, strict: bool) -> tuple[Levels, Levels]:
        """SCPs and RCPs as the evaluator takes them. `strict`: open rules of IAM are read so that less is allowed."""
        return _level("scp", self.scps, strict=strict), _level("rcp", self.rcps, strict=strict)


def control_policy(record: ControlRecord, document: Mapping[str, Any] | None = None) -> Document:
    """Compile a control policy, or another document in its place. Raises UnsupportedPolicy."""
    kind: ControlKind = "scp" if record.kind == SCP else "rcp"
    return Document.parse(record.document if document is None else document, name=f"{kind} {record.name}", kind=kind)


def _level(kind: ControlKind, documents: Sequence[Document], *, strict: bool) -> Levels:
    if not documents:
        return ()
    return ((full_access(kind), *(one.strict if strict else one.policy for one in documents)),)


@cache
def full_access(kind: ControlKind) -> Policy:
    """AWS's own policy at every level: it allows everything (Organizations guide, orgs_manage_policies_scps)."""
    principal = {"Principal": "*"} if kind == "rcp" else {}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", **principal}
    return Policy.parse({"Version": "2012-10-17", "Statement": [statement]}, name="FullAWSAccess", kind=kind)
