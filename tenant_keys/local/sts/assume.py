"""AssumeRole, and the session that a compute service gives the role it runs. Source: STS API reference; IAM guide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenant_keys.local.authorizer import Authorizer, Question, Value
from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.decisions import Record
from tenant_keys.local.emulator import iam_records
from tenant_keys.local.emulator.iam_records import Identity
from tenant_keys.local.fault import Fault
from tenant_keys.local.identity import Identities
from tenant_keys.local.sts import parameters as read
from tenant_keys.local.sts.sessions import Session, Sessions


@dataclass(frozen=True, slots=True)
class Assumption:
    """A principal asks for a session of a role."""

    caller: Caller
    action: str
    region: str
    role_arn: str
    account: str
    role_name: str
    session_name: str
    tags: Mapping[str, str]
    transitive: tuple[str, ...]
    session_policies: tuple[str, ...] | None
    context: Mapping[str, Value]


class Assume:
    """Decides on the role's trust policy and, where that delegates, on the caller's own policies."""

    def __init__(self, authorizer: Authorizer, identities: Identities, sessions: Sessions) -> None:
        self._authorizer = authorizer
        self._identities = identities
        self._sessions = sessions

    def assume_role(self, caller: Caller, region: str, given: read.Parameters, record: Record) -> Session:
        arn, account, name = read.role(given)
        assumption = Assumption(
            caller=caller,
            action="sts:AssumeRole",
            region=region,
            role_arn=arn,
            account=account,
            role_name=name,
            session_name=read.session_name(given),
            tags=read.tags(given),
            transitive=read.members(given, "TransitiveTagKeys"),
            session_policies=read.session_policies(given, account),
            context={"sts:ExternalId": external} if (external := read.external_id(given)) else {},
        )
        if given.get("SourceIdentity"):
            raise read.validation_error("The local AWS does not support SourceIdentity.")
        if caller.kind is CallerKind.ROOT:
            raise Fault("AccessDenied", "Roles may not be assumed by root accounts.", 403)
        role = self.trusted(assumption, record)
        seconds = read.duration(given, role.longest_session, chained=caller.kind is CallerKind.ROLE)
        return self.issue(assumption, seconds)

    def run_as(
        self, service: str, region: str, role_arn: str, session_name: str, context: Mapping[str, str], record: Record
    ) -> Session:
        """What Lambda, ECS or EC2 does before it starts the code: assume the role as the service itself."""
        arn, account, name = read.role({"RoleArn": role_arn})
        caller = Caller(CallerKind.SERVICE, account, service, service, None)
        assumption = Assumption(
            caller, "sts:AssumeRole", region, arn, account, name, session_name, {}, (), None, dict(context)
        )
        self.trusted(assumption, record)
        return self.issue(assumption, 3600)

    def trusted(self, assumption: Assumption, record: Record) -> Identity:
        """Ask the trust policy: to assume, and besides to tag if there are tags.

        Raises:
            Fault: AccessDenied, also where the role is not there, so as not to tell which roles exist.
        """
        role = iam_records.role(assumption.account, assumption.role_name)
        if role is None or role.arn != assumption.role_arn or role.trust is None:
            raise Fault(
                "AccessDenied",
                f"User: {assumption.caller.arn} is not authorized to perform: {assumption.action} "
                f"on resource: {assumption.role_arn}",
                403,
            )
        self._no_override(assumption)
        context = self._context(assumption, role)
        actions = [assumption.action, *(["sts:TagSession"] if self._all_tags(assumption) else [])]
        for action in actions:
            self._authorizer.require(
                Question(
                    caller=assumption.caller,
                    action=action,
                    resource=role.arn,
                    account=assumption.account,
                    region=assumption.region,
                    context=context,
                    resource_policy=role.trust,
                    resource_policy_name=f"trust policy of {assumption.role_name}",
                    denied_code="AccessDenied",
                    denied_status=403,
                ),
                record,
            )
        return role

    def issue(self, assumption: Assumption, seconds: int) -> Session:
        inherited = self._inherited(assumption.caller)
        tags = self._all_tags(assumption)
        return self._sessions.issue(
            self._identities.role_session(
                assumption.account,
                assumption.role_name,
                assumption.session_name,
                session_tags=tags,
                transitive=frozenset([*assumption.transitive, *inherited]),
                session_policies=assumption.session_policies,
            ),
            seconds,
        )

    @staticmethod
    def _inherited(caller: Caller) -> dict[str, str]:
        """Transitive session tags of the calling session go on to the next one (IAM guide, id_session-tags)."""
        lower = {key.lower() for key in caller.transitive}
        return {key: value for key, value in caller.session_tags.items() if key.lower() in lower}

    def _all_tags(self, assumption: Assumption) -> dict[str, str]:
        return {**assumption.tags, **self._inherited(assumption.caller)}

    def _no_override(self, assumption: Assumption) -> None:
        inherited = {key.lower() for key in self._inherited(assumption.caller)}
        if inherited & {key.lower() for key in (*assumption.tags, *assumption.transitive)}:
            raise Fault(
                "InvalidParameterValue",
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
                "from the calling session.",
            )
        tagged = {key.lower() for key in assumption.tags}
        if any(key.lower() not in tagged for key in assumption.transitive):
            raise Fault("InvalidParameterValue", "A transitive tag key must be among the tags of the request.")

    def _context(self, assumption: Assumption, role: Identity) -> dict[str, Any]:
        # Inherited tags count as passed: whether AWS shows them as aws:RequestTag is not documented; this is stricter.
        tags = self._all_tags(assumption)
        context: dict[str, Value] = {
            **assumption.context,
            "sts:RoleSessionName": assumption.session_name,
            **{f"aws:ResourceTag/{key}": value for key, value in role.tags.items()},
            **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
        }
        if tags:
            context["aws:TagKeys"] = tuple(tags)
        if assumption.transitive:
            context["sts:TransitiveTagKeys"] = assumption.transitive
        return context
