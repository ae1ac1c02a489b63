"""Who signed a request: the signature is verified before anything else is asked."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.emulator import iam_records, signatures
from tenant_keys.local.fault import Fault
from tenant_keys.local.organization import Organization
from tenant_keys.local.sts.sessions import Sessions

ROOT_SECRET = "test"  # noqa: S105  # public: it guards nothing but empty accounts on a laptop
"""The secret of every account's root user, whose access key is the account id: to bootstrap an empty account."""
_ROOT = re.compile(r"\d{12}\Z")
_UNKNOWN = "The security token included in the request is invalid."


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it arrived."""

    method: str
    raw_path: str
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes


class Identities:
    """Turns credentials into callers."""

    def __init__(self, organization: Organization, sessions: Sessions) -> None:
        self._organization = organization
        self._sessions = sessions

    def authenticate(self, request: Signed) -> tuple[Caller, signatures.Signature]:
        """The caller whose secret signed this request.

        Raises:
            Fault: no, unknown, expired or wrong credentials.
        """
        signature = signatures.signature_of(request.headers, request.query)
        if signature is None:
            raise Fault("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
        if isinstance(signature, tuple):
            raise Fault(signature[0], signature[1], 400)
        caller, secret, token = self._credentials(signature.access_key)
        given = request.query.get("X-Amz-Security-Token", [""])[0] if signature.presigned else ""
        given = given or request.headers.get("x-amz-security-token", "")
        if not hmac.compare_digest(token.encode(), given.encode()):
            raise Fault("UnrecognizedClientException", _UNKNOWN, 403)
        failure = signatures.signature_failure(
            signature, secret, request.method, request.raw_path, request.query, request.headers, request.body
        )
        if failure is not None:
            # S3 has a code of its own for a request that is too old; elsewhere the signature does not hold.
            code = failure[0] if signature.service == "s3" else "InvalidSignatureException"
            raise Fault(code, failure[1], 403)
        return caller, signature

    def holder(self, access_key: str) -> Caller:
        """Whose key this is, of a request whose signature was verified already."""
        return self._credentials(access_key)[0]

    def _credentials(self, access_key: str) -> tuple[Caller, str, str]:
        if _ROOT.match(access_key):
            if access_key not in self._organization.accounts:
                raise Fault("UnrecognizedClientException", _UNKNOWN, 403)
            return self.root(access_key), ROOT_SECRET, ""
        session = self._sessions.find(access_key)
        if session is not None:
            if session.expires <= datetime.now(UTC):
                raise Fault("ExpiredTokenException", "The security token included in the request is expired", 403)
            return session.caller, session.secret, session.token
        found = iam_records.access_key(access_key)
        if found is None:
            raise Fault("UnrecognizedClientException", _UNKNOWN, 403)
        account, name, secret = found
        return self.user(account, name), secret, ""

    def root(self, account: str) -> Caller:
        return Caller(
            kind=CallerKind.ROOT,
            account=account,
            arn=f"arn:aws:iam::{account}:root",
            name="root",
            organization=self._organization.id_of(account),
            user_id=account,
        )

    def user(self, account: str, name: str) -> Caller:
        found = iam_records.user(account, name)
        if found is None:
            raise Fault("UnrecognizedClientException", _UNKNOWN, 403)
        return Caller(
            kind=CallerKind.USER,
            account=account,
            arn=found.arn,
            name=name,
            organization=self._organization.id_of(account),
            user_id=found.unique_id,
            tags=found.tags,
        )

    def role_session(
        self,
        account: str,
        name: str,
        session_name: str,
        *,
        session_tags: Mapping[str, str] | None = None,
        transitive: frozenset[str] = frozenset(),
        session_policies: tuple[str, ...] | None = None,
        via_service: str | None = None,
    ) -> Caller:
        """A session of a role; its tags override the role's own, whose keys ignore case (IAM guide, id_session-tags).

        Raises:
            Fault: the role is not there.
        """
        found = iam_records.role(account, name)
        if found is None:
            raise Fault("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
        tags = {key.lower(): (key, value) for key, value in found.tags.items()}
        tags |= {key.lower(): (key, value) for key, value in (session_tags or {}).items()}
        return Caller(
            kind=CallerKind.ROLE,
            account=account,
            arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}",
            name=name,
            organization=self._organization.id_of(account),
            role_arn=found.arn,
            user_id=f"{found.unique_id}:{session_name}",
            tags=dict(tags.values()),
            transitive=transitive,
            session_policies=session_policies,
            session_tags=dict(session_tags or {}),
            via_service=via_service,
        )
