"""The one module that knows ministack: its environment, its stores, its request scope.

Everything here is internal to ministack, so its version is pinned; the tests of this folder are run on every bump.
"""
# ruff: noqa: SLF001  # ministack has no other way in

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenant_keys.local.event import Event

_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z\Z", re.ASCII)
_HEX_DIGITS = 64
"""Of a SHA-256; requests to S3 may declare other things in its place, such as UNSIGNED-PAYLOAD."""
Asgi = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


def prepare_environment(directory: Path, port: int, region: str) -> None:
    """Set what ministack reads when it is imported: loopback only, no containers, nothing outside our folder."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_", "LOCALSTACK_"))]:
        del os.environ[name]
    scratch = directory / "ministack"
    scratch.mkdir(exist_ok=True)
    os.environ.update(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        DOCKER_HOST=f"unix://{scratch}/no-docker.sock",
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        LOG_LEVEL="WARNING",
        MINISTACK_HOST="localhost",
        MINISTACK_REGION=region,
        PERSIST_STATE="0",
        S3_DATA_DIR=str(scratch / "s3"),
        S3_PERSIST="0",
        SFTP_ENABLED="0",
        STATE_DIR=str(scratch / "state"),
        TMPDIR=str(scratch),
    )


@dataclass(frozen=True, slots=True)
class Identity:
    """A user or role as ministack's IAM holds it."""

    arn: str
    unique_id: str
    trust: str | None
    tags: dict[str, str]
    inline: dict[str, str]
    attached: tuple[str, ...]
    boundary: str | None
    longest_session: int


def application() -> Asgi:
    """ministack as an ASGI application, without the scripts that it would run from system folders."""
    from ministack import app  # type: ignore[import-untyped]
    from ministack.core import hypercorn_compat  # type: ignore[import-untyped]

    hypercorn_compat.install()
    app._run_init_scripts = lambda: None

    async def no_scripts() -> None:
        app._ready_scripts_state["status"] = "completed"

    app._run_ready_scripts = no_scripts
    _join_in_conditions()
    found: Asgi = app.app
    return found


Judge = Callable[[str, str, str, str, str, Mapping[str, Any], tuple[str, str] | None], str]
"""Access key, service, action, Region, resource ARN, context, resource policy and its owner; answers Allow, Deny or
ImplicitDeny."""


def install_judge(judge: Judge) -> None:
    """Have every request to ministack's own services decided by us, after ministack verified who sends it."""
    from ministack.core import iam_evaluator as inner

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        account, _ = current_scope()
        if failure := inner._s3_scope_failure(service):
            return failure
        if inner._anonymous.get() or not access_key_id:
            return inner.AuthError("MissingAuthenticationToken", "Missing Authentication Token")
        checked = inner.authenticate(access_key_id, account)
        if isinstance(checked, inner.AuthError):
            return checked
        principal = inner.resolve_principal(access_key_id, account, checked)
        if isinstance(principal, inner.AuthError):
            return principal
        policy = inner._resource_policy(service, resource_arn)
        found = (str(policy[0]), str(policy[1])) if policy is not None and policy[0] else None
        outcome = judge(access_key_id, service, iam_action, region, resource_arn, service_context or {}, found)
        if outcome == "Allow":
            return None
        return inner.EvalResult(outcome, principal_arn=principal.arn)

    inner.enforce = enforce


def _join_in_conditions() -> None:
    """ministack takes Fn::Join in a Condition for true; the bootstrap template decides with it whom its roles trust."""
    from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks  # type: ignore[import-untyped]

    evaluate = engine._evaluate_conditions

    def with_join(template: dict[str, Any], params: dict[str, Any]) -> Any:
        conditions = template.get("Conditions")
        if not conditions:
            return evaluate(template, params)
        values = {name: str(value["Value"]) for name, value in params.items() if "Value" in value}
        return evaluate({**template, "Conditions": _joined(conditions, values)}, params)

    for module in (changesets, engine, handlers, provisioners, stacks):
        if hasattr(module, "_evaluate_conditions"):
            module._evaluate_conditions = with_join


def _joined(node: Any, values: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_joined(each, values) for each in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Fn::Join"}:
        separator, parts = node["Fn::Join"]
        if isinstance(parts, dict) and parts.get("Ref") in values:
            parts = values[parts["Ref"]].split(",")
        elif isinstance(parts, list):
            parts = [
                values.get(part["Ref"], part) if isinstance(part, dict) and "Ref" in part else part for part in parts
            ]
        if all(isinstance(part, str) for part in parts):
            return separator.join(parts)
    return {name: _joined(each, values) for name, each in node.items()}


def service_handler(name: str) -> Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]:
    """What answers requests to a service."""
    from ministack import app

    found: Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]] = app.SERVICE_HANDLERS[name]
    return found


def install_service(name: str, handler: Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]) -> None:
    """Put our handler in place of ministack's."""
    from ministack import app

    app.SERVICE_HANDLERS[name] = handler


@contextmanager
def scope(account: str, region: str) -> Iterator[None]:
    """Act in an account and Region: ministack's stores are scoped by them."""
    from ministack.core.responses import request_scope  # type: ignore[import-untyped]

    with request_scope(account, region):
        yield


def current_scope() -> tuple[str, str]:
    """Account and Region of the request that is served."""
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()


def role(account: str, name: str) -> Identity | None:
    from ministack.services import iam  # type: ignore[import-untyped]

    found = iam._roles.get_scoped(account, None, name)
    if found is None:
        return None
    return _identity(found, found["RoleId"], dict(found.get("InlinePolicies") or {}))


def user(account: str, name: str) -> Identity | None:
    from ministack.services import iam

    found = iam._users.get_scoped(account, None, name)
    if found is None:
        return None
    with scope(account, "us-east-1"):
        inline = dict(iam._user_inline_policies.get(name) or {})
        groups = [(group, record) for group, record in iam._groups.items() if name in record.get("Users", [])]
        attached: list[str] = []
        for group, record in groups:
            inline |= {f"{group}/{key}": text for key, text in (iam._group_inline_policies.get(group) or {}).items()}
            attached += record.get("AttachedPolicies", [])
    return _identity(found, found["UserId"], inline, attached)


def access_key(key_id: str) -> tuple[str, str, str] | None:
    """Account, user name and secret of a user's active access key."""
    from ministack.services import iam

    for (account, stored), record in iam._access_keys.to_dict().items():
        if stored == key_id and record.get("Status") == "Active":
            return account, str(record["UserName"]), str(record["SecretAccessKey"])
    return None


def managed_policy(arn: str, account: str) -> str | None:
    """The default version of a managed policy, AWS's own or the account's."""
    from ministack.core.iam_evaluator import _resolve_managed_policy_document  # type: ignore[import-untyped]

    return _text(_resolve_managed_policy_document(arn, account))


def oidc_provider(account: str, arn: str) -> Mapping[str, Any] | None:
    from ministack.services import iam

    found: Mapping[str, Any] | None = iam._oidc_providers.get_scoped(account, None, arn)
    return found


def register_session(key_id: str, record: Mapping[str, Any]) -> None:
    """Tell ministack of a session of ours, so that S3, DynamoDB and the others know its caller."""
    from ministack.services import sts

    sts.register_session(key_id, dict(record))


Handlers = dict[str, Any]
"""How CloudFormation makes, changes and removes one type: ministack's own form."""


def resource_handlers() -> dict[str, Handlers]:
    """CloudFormation's types, by name; changing it changes what CloudFormation can do."""
    from ministack.services.cloudformation import provisioners

    found: dict[str, Handlers] = provisioners._RESOURCE_HANDLERS
    return found


def look_up_imports(found: Mapping[str, tuple[str, Callable[[str], str | None]]]) -> None:
    """Have IMPORT change sets look for our types, by the identifier's key and what says why a resource is missing."""
    from ministack.services.cloudformation import changesets

    changesets._IMPORT_LOOKUPS.update({name: ((key,), missing) for name, (key, missing) in found.items()})


def replace_by(properties: Mapping[str, tuple[str, ...]]) -> None:
    """Have change sets say which properties of our types replace a resource, and that no other does."""
    from ministack.services.cloudformation import provisioners

    provisioners._REPLACING_PROPERTIES.update(properties)


def tag_type(resource_type: str) -> None:
    """Have CloudFormation put the stack's tags on a type of ours."""
    from ministack.services.cloudformation import provisioners

    provisioners._STACK_TAG_PROPERTY[resource_type] = ("Tags", "list")


def physical_name(stack: str, logical_id: str) -> str:
    """A name as CloudFormation makes one."""
    from ministack.services.cloudformation import provisioners

    return str(provisioners._physical_name(stack, logical_id, max_len=64))


def service_module(name: str) -> Any:
    """A service of ministack, loaded."""
    from ministack import app

    return app._get_module(name)


def iam_roles() -> Mapping[str, Any]:
    """The roles of the account in scope, by name."""
    from ministack.services import iam

    found: Mapping[str, Any] = iam._roles
    return found


def set_boundary(role_name: str, policy_arn: str | None) -> None:
    """ministack's CloudFormation leaves out a role's permissions boundary."""
    from ministack.services import iam

    if policy_arn:
        iam._roles[role_name]["PermissionsBoundary"] = policy_arn
    else:
        iam._roles[role_name].pop("PermissionsBoundary", None)


def put_oidc_provider(arn: str, record: Mapping[str, Any] | None) -> None:
    """Write or, with None, remove an identity provider of the account in scope."""
    from ministack.services import iam

    if record is None:
        iam._oidc_providers.pop(arn, None)
    else:
        iam._oidc_providers[arn] = dict(record)


Takes = Callable[[str, str], bool]
"""The state of a rule, and an event's detail as JSON: whether the rule gets the event."""
ToBus = Callable[[Mapping[str, Any], str, str, str], bool]
"""A target, the rule's account, the event's source and detail type: whether another account's bus gets it."""
ToTopic = Callable[[str, "str | None", "str | None"], bool]
"""A topic, its policy and its key: whether EventBridge may publish on it."""


class EventDelivery:
    """Takes the place of ministack's: ours decide which events a rule gets, and what reaches topics and other buses."""

    def __init__(self, takes: Takes, to_bus: ToBus, to_topic: ToTopic) -> None:
        from ministack.services import eventbridge

        self._takes, self._to_bus, self._to_topic = takes, to_bus, to_topic
        self._inner, self._publish = eventbridge, eventbridge._dispatch_to_sns
        eventbridge._dispatch_event = self.dispatch
        eventbridge._dispatch_to_sns = self._to_sns

    def dispatch(self, event: dict[str, Any], view: Any = None) -> None:
        """Give the event to every rule of its bus, in the scope."""
        view = view or self._inner._pattern_event_view(event)
        for key, rule in list(self._inner._rules.items()):
            if self._matches(key, rule, event, view):
                for target in self._inner._targets.get(key, []):
                    self._send(target, event, rule, view)

    def _matches(self, key: str, rule: Mapping[str, Any], event: Mapping[str, Any], view: Any) -> bool:
        if rule.get("EventBusName", "default") != event.get("EventBusName", "default") or not rule.get("EventPattern"):
            return False
        if key in (event.get("_DispatchPath") or ()) or not self._takes(str(rule["State"]), str(event["Detail"])):
            return False
        return bool(self._inner._matches_pattern_view(rule["EventPattern"], view, f"rule {key}"))

    def _send(self, target: Mapping[str, Any], event: dict[str, Any], rule: Mapping[str, Any], view: Any) -> None:
        arn, (account, region) = str(target.get("Arn", "")).split(":", 5), current_scope()
        if arn[2:3] != ["events"] or (arn[3], arn[4]) == (region, account):
            self._inner._invoke_target(target, event, rule, view)
        elif self._to_bus(target, account, str(event.get("Source")), str(event.get("DetailType"))):
            with scope(arn[4], arn[3]):
                self.dispatch({**event, "EventBusName": arn[5].partition("/")[2], "_DispatchPath": []})

    def _to_sns(self, arn: str, payload: Any) -> None:
        from ministack.services import sns

        topic = sns._topics.get(arn)
        given = (topic or {}).get("attributes", {})
        if topic is not None and self._to_topic(arn, given.get("Policy"), given.get("KmsMasterKeyId") or None):
            self._publish(arn, payload)


def encrypt_topic(arn: str, key: object) -> None:
    """Write the key of a topic of the scope, or with None take it away."""
    from ministack.services import sns

    attributes = sns._topics[arn]["attributes"]
    if key is None:
        attributes.pop("KmsMasterKeyId", None)
    else:
        attributes["KmsMasterKeyId"] = str(key)


def send_event(event: Event) -> None:
    """Dispatch an event of an AWS service on the default bus of the scope."""
    from ministack.services import eventbridge as inner

    inner._dispatch_event(
        {
            "EventId": str(uuid.uuid4()),
            "Source": event.source,
            "DetailType": event.detail_type,
            "Detail": json.dumps(event.detail),
            "EventBusName": "default",
            "Time": int(event.at.timestamp()),
            "Resources": list(event.resources),
            "Account": event.account,
            "Region": event.region,
        }
    )


def put_pod_association(cluster: str, identifier: str, record: Mapping[str, Any] | None) -> None:
    """Write or, with None, remove an association of EKS Pod Identity in the account and Region in scope."""
    from ministack.services import eks

    key = eks._pia_key(cluster, identifier)
    if record is None:
        eks._pod_identity_associations.pop(key, None)
        return
    eks._clusters.setdefault(cluster, {"name": cluster, "status": "ACTIVE"})
    eks._pod_identity_associations[key] = dict(record)


def trust_policies() -> Iterator[dict[str, Any]]:
    """Every role of every account, as ministack's own record."""
    from ministack.services import iam

    yield from iam._roles.to_dict().values()


def reset() -> None:
    from ministack import app

    app._reset_all_state()


@dataclass(frozen=True, slots=True)
class Signature:
    """The SigV4 credentials of a request, not yet verified."""

    access_key: str
    region: str
    service: str
    parsed: Any
    presigned: bool


def signature_of(headers: Mapping[str, str], query: Mapping[str, Any]) -> Signature | tuple[str, str] | None:
    """The signature in header or query; an error (code, message) if it is incomplete; None without any."""
    from ministack.core import sigv4

    if headers.get("authorization", "").startswith("AWS4-HMAC-SHA256"):
        parsed, presigned = sigv4.parse_header_signature(headers), False
    elif "X-Amz-Signature" in query or "x-amz-signature" in query:
        parsed, presigned = sigv4.parse_query_signature(query), True
    else:
        return None
    if isinstance(parsed, tuple):
        return str(parsed[0]), str(parsed[1])
    return Signature(parsed.access_key_id, parsed.region, parsed.service, parsed, presigned)


def signature_failure(
    signature: Signature,
    secret: str,
    method: str,
    raw_path: str,
    query: Mapping[str, Any],
    headers: Mapping[str, str],
    body: bytes,
) -> tuple[str, str] | None:
    """Why a signature does not hold: time, scope, headers or bytes (IAM guide, reference_sigv)."""
    from ministack.core import sigv4

    parsed, is_s3 = signature.parsed, signature.service == "s3"
    if parsed.region_set is not None or not _AMZ_DATE.match(parsed.amz_date):
        return "SignatureDoesNotMatch", "The local AWS takes AWS4-HMAC-SHA256 signatures with a date in ISO 8601 basic."
    # S3 limits a presigned request by X-Amz-Expires, which ministack looks at; elsewhere five or fifteen minutes hold.
    if not (signature.presigned and is_s3) and (skewed := sigv4.request_time_failure(parsed)):
        return str(skewed[0]), str(skewed[1])
    if signature.presigned and not is_s3 and _presign_expired(parsed.amz_date, query):
        return "RequestTimeTooSkewed", "Signature expired: the request was presigned for less time."
    if unsigned := _unsigned_headers(parsed.signed_headers, headers):
        return "SignatureDoesNotMatch", f"'{unsigned}' must be a 'SignedHeader' in the AWS Authorization."
    failure = sigv4.header_signature_failure(
        parsed, secret, method, raw_path, query, headers, body, presigned=signature.presigned
    )
    if failure is None:
        # The signature covers the declared hash of the body; the body must have that hash, too. S3 alone takes others.
        declared = headers.get("x-amz-content-sha256")
        if declared and (len(declared) == _HEX_DIGITS or not is_s3) and declared != _sha256(body):
            return "SignatureDoesNotMatch", "The body does not have the hash that was signed."
        return None
    return str(failure[0]), str(failure[1])


def _presign_expired(amz_date: str, query: Mapping[str, Any]) -> bool:
    from ministack.core import sigv4

    given = (query.get("X-Amz-Expires") or ["0"])[0]
    return not str(given).isdigit() or bool(sigv4.presigned_request_is_expired(amz_date, given))


def _unsigned_headers(signed: str, headers: Mapping[str, str]) -> str | None:
    """The first header that must be signed and is not: the host, and all of AWS's own (reference_sigv-create)."""
    names = ["host", *(name for name in headers if name.startswith("x-amz-"))]
    return next((name for name in names if name not in signed.split(";")), None)


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _identity(
    record: Mapping[str, Any], unique_id: str, inline: Mapping[str, Any], more_attached: list[str] | None = None
) -> Identity:
    boundary = record.get("PermissionsBoundary")
    if isinstance(boundary, Mapping):
        boundary = boundary.get("PermissionsBoundaryArn")
    return Identity(
        arn=str(record["Arn"]),
        unique_id=unique_id,
        trust=_text(record.get("AssumeRolePolicyDocument")),
        tags={str(tag["Key"]): str(tag["Value"]) for tag in record.get("Tags") or ()},
        inline={name: text for name, document in inline.items() if (text := _text(document)) is not None},
        attached=(*(record.get("AttachedPolicies") or ()), *(more_attached or ())),
        boundary=boundary or None,
        longest_session=int(record.get("MaxSessionDuration") or 3600),
    )


def _text(document: Any) -> str | None:
    if document is None or document == "":
        return None
    return document if isinstance(document, str) else json.dumps(document)
