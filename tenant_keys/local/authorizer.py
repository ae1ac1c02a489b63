"""The question put to the project's own evaluator, with the policies as deployed, and what follows from its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, Protocol

from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.decisions import Record
from tenant_keys.local.denial import denial_message
from tenant_keys.local.fault import Fault
from tenant_keys.local.kms.key import Grant as KeyGrant
from tenant_keys.review.iam import (
    Decision,
    Grant,
    InvalidRequest,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    UnsupportedPolicy,
    authorize,
)

Value = str | tuple[str, ...]
PolicyKind = Literal["identity", "boundary", "session", "resource", "scp", "rcp"]

_KINDS = {
    CallerKind.ROOT: PrincipalKind.ROOT_USER,
    CallerKind.USER: PrincipalKind.USER,
    CallerKind.ROLE: PrincipalKind.ROLE_SESSION,
    CallerKind.SERVICE: PrincipalKind.SERVICE,
    CallerKind.WEB_IDENTITY: PrincipalKind.FEDERATED,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A policy as deployed: its name for the log, its JSON text."""

    name: str
    text: str


class Directory(Protocol):
    """The IAM and Organizations of the local AWS, read at each decision."""

    def identity_policies(self, caller: Caller) -> list[Document]:
        """Inline and attached policies of the user or role."""

    def boundary(self, caller: Caller) -> Document | None:
        """The permissions boundary of the user or role."""

    def service_control_policies(self, account: str) -> list[list[Document]]:
        """One list for each level of the organization, root first."""

    def resource_control_policies(self, account: str) -> list[list[Document]]:
        """As for service control policies."""

    def exists(self, principal_arn: str) -> bool:
        """Whether a user or role is there; a policy may not name one that is not."""


@dataclass(frozen=True, slots=True)
class Question:
    """May this caller do this on this resource?"""

    caller: Caller
    action: str
    resource: str
    account: str
    """The owner of the resource."""
    region: str
    context: Mapping[str, Value]
    resource_policy: str | None = None
    resource_policy_name: str = "resource policy"
    grants: tuple[KeyGrant, ...] = ()
    alias: str | None = None
    key: str | None = None
    denied_code: str = "AccessDeniedException"
    denied_status: int = 400


class Authorizer:
    """Decides every request of KMS and STS, and every call that CloudFormation makes to KMS and IAM."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    def require(self, question: Question, record: Record, *, resource_known: bool = True) -> None:
        """Allow, or raise what AWS answers.

        Raises:
            Fault: denied.
        """
        decision, why = self._decide(question)
        context = dict(question.context)
        record.add(question.action, question.resource, question.alias, context, decision, why)
        if decision is None or not decision.allowed:
            caller = question.caller
            message = denial_message(
                caller.arn,
                question.action,
                question.resource,
                decision,
                hidden=question.key is not None and caller.account != question.account,
                known=resource_known,
            )
            raise Fault(question.denied_code, message, question.denied_status)

    def would_allow(self, question: Question) -> bool:
        """The same without a trace in the log."""
        decision, _ = self._decide(question)
        return decision is not None and decision.allowed

    def decide(self, question: Question) -> Decision | None:
        """The evaluator's own answer; None where it refuses to guess, which denies."""
        return self._decide(question)[0]

    def _decide(self, question: Question) -> tuple[Decision | None, str]:
        try:
            return authorize(to_request(question), self.policies(question)), ""
        except (UnsupportedPolicy, InvalidRequest) as unknown:
            # Fail closed: what the evaluator cannot interpret for certain is denied and shows in the log.
            return None, f"not evaluated, so denied: {unknown}"

    def policies(self, question: Question) -> Policies:
        """Every policy that counts for this question, as deployed now."""
        caller, directory = question.caller, self.directory
        boundary = directory.boundary(caller)
        session = caller.session_policies
        in_account = caller.kind in (CallerKind.ROOT, CallerKind.USER, CallerKind.ROLE)
        return Policies(
            identity=tuple(_parse(found, "identity") for found in directory.identity_policies(caller)),
            boundary=_parse(boundary, "boundary") if boundary else None,
            session=None
            if session is None
            else tuple(_parse(Document("session policy", text), "session") for text in session),
            resource=_parse(Document(question.resource_policy_name, question.resource_policy), "resource")
            if question.resource_policy is not None
            else None,
            scps=_levels(directory.service_control_policies(caller.account), "scp") if in_account else (),
            rcps=_levels(directory.resource_control_policies(question.account), "rcp"),
            grants=tuple(_grant(grant) for grant in question.grants),
        )

    def check_resource_policy(self, text: str) -> None:
        """Refuse a key policy that AWS would not store.

        Raises:
            Fault: MalformedPolicyDocumentException; principals must exist (AWS KMS API reference, PutKeyPolicy).
        """
        try:
            document = json.loads(text)
            statements = document["Statement"]
            if not isinstance(statements, list):
                statements = [statements]
            principals = [name for statement in statements for name in _principals(statement)]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Fault("MalformedPolicyDocumentException", "Policy is not a valid JSON policy document.") from None
        for principal in principals:
            named = principal.startswith("arn:aws:iam::") and not principal.endswith(":root")
            if named and not self.directory.exists(principal):
                message = "Policy contains a statement with one or more invalid principals."
                raise Fault("MalformedPolicyDocumentException", message)


def to_request(question: Question) -> Request:
    """The question in the evaluator's words."""
    caller = question.caller
    now = datetime.now(UTC)
    context: dict[str, Value] = {
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
        "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:RequestedRegion": question.region,
        "aws:ViaAWSService": "false",
        **({"aws:userid": caller.user_id} if caller.user_id else {}),
        **question.context,
    }
    return Request(
        principal=to_principal(caller),
        action=question.action,
        resource=question.resource,
        resource_account=question.account,
        context=context,
    )


def to_principal(caller: Caller) -> Principal:
    kind = _KINDS[caller.kind]
    in_account = caller.kind in (CallerKind.ROOT, CallerKind.USER, CallerKind.ROLE)
    return Principal(
        kind=kind,
        arn=caller.name if caller.kind in (CallerKind.SERVICE, CallerKind.WEB_IDENTITY) else caller.arn,
        account=caller.account if in_account else None,
        role_arn=caller.role_arn if caller.kind is CallerKind.ROLE else None,
        organization=caller.organization if in_account else None,
        tags=caller.tags if caller.kind in (CallerKind.ROLE, CallerKind.USER) else {},
    )


def _levels(levels: list[list[Document]], kind: PolicyKind) -> tuple[tuple[Policy, ...], ...]:
    return tuple(tuple(_parse(found, kind) for found in level) for level in levels)


def _parse(document: Document, kind: PolicyKind) -> Policy:
    return _parse_text(document.text, document.name, kind)


@lru_cache(maxsize=20_000)
def _parse_text(text: str, name: str, kind: PolicyKind) -> Policy:
    return Policy.parse(text, name=name, kind=kind)


def _grant(grant: KeyGrant) -> Grant:
    return Grant(
        grantee=grant.grantee,
        operations=grant.operations,
        encryption_context_equals=grant.context_equals or None,
        encryption_context_subset=grant.context_subset or None,
        name=grant.name or grant.id,
    )


def _principals(statement: dict[str, object]) -> list[str]:
    element = statement.get("Principal", statement.get("NotPrincipal"))
    if not isinstance(element, dict):
        return []
    found = element.get("AWS", [])
    return [found] if isinstance(found, str) else [str(name) for name in found]
