"""The operations of STS, and their answers in XML."""

from __future__ import annotations

import uuid
from xml.sax.saxutils import escape

from tenant_keys.local.authorizer import Value
from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.decisions import Decisions, Record
from tenant_keys.local.fault import Fault
from tenant_keys.local.sts import parameters as read
from tenant_keys.local.sts.assume import Assume, Assumption
from tenant_keys.local.sts.sessions import Session
from tenant_keys.local.sts.tokens import Issuers, Token

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
SERVER_ERROR = 500
UNSIGNED = frozenset({"AssumeRoleWithWebIdentity"})
"""Calls that carry a token instead of a signature."""


class Sts:
    """STS of the local AWS."""

    def __init__(self, assume: Assume, issuers: Issuers, decisions: Decisions) -> None:
        self._assume = assume
        self._issuers = issuers
        self._decisions = decisions

    def call(self, caller: Caller | None, region: str, given: read.Parameters, request_id: str) -> str:
        """Answer a request as the XML inside `<…Result>`.

        Raises:
            Fault: denied or not valid.
        """
        action = given.get("Action", "")
        with self._decisions.record("sts.amazonaws.com", action, caller, region, request_id) as record:
            record.parameters = given
            if action == "AssumeRoleWithWebIdentity":
                _, account, _ = read.role(given)
                token = self._issuers.verify(given.get("WebIdentityToken", ""), account)
                assumption = _by_token(token, region, given)
                try:
                    role = self._assume.trusted(assumption, record)
                except Fault as fault:
                    if fault.code != "AccessDenied":
                        raise
                    message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
                    raise Fault("AccessDenied", message, 403) from fault
                seconds = read.duration(given, role.longest_session, chained=False)
                return _assumed(self._recorded(record, self._assume.issue(assumption, seconds)), token)
            if caller is None:
                raise Fault("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
            if action == "AssumeRole":
                return _assumed(self._recorded(record, self._assume.assume_role(caller, region, given, record)))
            if action == "GetCallerIdentity":
                return _elements({"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account})
            raise Fault("InvalidAction", f"The local AWS has no STS action {action}.")

    @staticmethod
    def _recorded(record: Record, session: Session) -> Session:
        """CloudTrail keeps the answer to AssumeRole, though it is read-only (IAM guide, cloudtrail-integration)."""
        record.answer = {
            "credentials": {"accessKeyId": session.access_key},
            "assumedRoleUser": {"assumedRoleId": session.caller.user_id, "arn": session.caller.arn},
        }
        return session

    def run_as(self, service: str, region: str, role_arn: str, session_name: str, context: dict[str, str]) -> Session:
        """A session as a compute service hands it to the code that it runs."""
        with self._decisions.record("sts.amazonaws.com", "AssumeRole", None, region, str(uuid.uuid4())) as record:
            record.parameters = {"RoleArn": role_arn, "RoleSessionName": session_name}
            return self._assume.run_as(service, region, role_arn, session_name, context, record)


def _by_token(token: Token, region: str, given: read.Parameters) -> Assumption:
    arn, account, name = read.role(given)
    caller = Caller(
        CallerKind.WEB_IDENTITY, account, f"{token.host}:{token.subject}", token.provider_arn, organization=None
    )
    context: dict[str, Value] = {f"{token.host}:aud": token.audience, f"{token.host}:sub": token.subject}
    if token.original_audience is not None:
        context[f"{token.host}:oaud"] = token.original_audience
    amr = token.claims.get("amr")
    if isinstance(amr, list) and amr:
        context[f"{token.host}:amr"] = tuple(str(value) for value in amr)
    return Assumption(
        caller=caller,
        action="sts:AssumeRoleWithWebIdentity",
        region=region,
        role_arn=arn,
        account=account,
        role_name=name,
        session_name=read.session_name(given),
        tags=token.tags,
        transitive=token.transitive,
        session_policies=read.session_policies(given, account),
        context=context,
    )


def _assumed(session: Session, token: Token | None = None) -> str:
    credentials = {
        "AccessKeyId": session.access_key,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    role = {"AssumedRoleId": session.caller.user_id, "Arn": session.caller.arn}
    answer = f"<Credentials>{_elements(credentials)}</Credentials><AssumedRoleUser>{_elements(role)}</AssumedRoleUser>"
    if token is not None:
        answer += _elements(
            {
                "SubjectFromWebIdentityToken": token.subject,
                "Audience": token.audience,
                "Provider": token.provider_arn,
            }
        )
    return answer


def _elements(values: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


def render(action: str, result: str, request_id: str) -> bytes:
    return (
        f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


def render_fault(fault: Fault, request_id: str) -> bytes:
    kind = "Sender" if fault.status < SERVER_ERROR else "Receiver"
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>{kind}</Type><Code>{fault.code}</Code>'
        f"<Message>{escape(fault.message or '')}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()
