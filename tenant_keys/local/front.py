"""The door: every HTTP request comes in here. KMS and STS are ours, the rest goes on to ministack."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote

from tenant_keys.local.cloud import Cloud
from tenant_keys.local.control import Control
from tenant_keys.local.emulator import scopes, signatures
from tenant_keys.local.emulator.application import Asgi
from tenant_keys.local.fault import Fault
from tenant_keys.local.identity import Signed
from tenant_keys.local.kms.shape import checked
from tenant_keys.local.rest_service import Beside
from tenant_keys.local.sts.service import UNSIGNED, render, render_fault

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Answer = tuple[int, str, bytes]

FORBIDDEN = 403
_KMS_TARGET = "TrentService."
_STS_VERSION = "2011-06-15"
_SIMULATIONS = ("SimulatePrincipalPolicy", "SimulateCustomPolicy")
"""Of IAM: ministack would answer them by an evaluator of its own."""
SLOW = frozenset({"GetParametersForImport", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"})
"""Operations that make RSA keys: on a thread, so that the others do not wait."""


class Front:
    """An ASGI application around ministack's."""

    def __init__(self, cloud: Cloud, inner: Asgi) -> None:
        self._cloud = cloud
        self._inner = inner
        self._control = Control(cloud)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        body = await _body(receive)
        request = _signed(scope, body)
        answer = await self._answer(scope["path"], request)
        if answer is not None:
            await _send(send, *answer)
            return
        await self._inner(scope, _replay(body, receive), send)

    async def _answer(self, path: str, request: Signed) -> Answer | None:
        """What we answer ourselves; None for ministack's services."""
        if path.startswith("/_local/"):
            return self._control.answer(path, request)
        if path.startswith(("/_ministack", "/_localstack")):
            return 404, "application/json", b'{"message": "not here"}'
        if request.headers.get("x-amz-target", "").startswith(_KMS_TARGET):
            return await self._kms(request)
        form = _form(request)
        scope_service = _scope_service(request)
        if scope_service == "kms":
            return _json_fault(Fault("UnknownOperationException"))
        if scope_service == "sts" or form.get("Action") in UNSIGNED or form.get("Version") == _STS_VERSION:
            return self._sts(request, form)
        if scope_service is not None and scope_service in self._cloud.beside:
            return self._beside(path, request, self._cloud.beside[scope_service])
        return self._check_sender(request, form)

    def _beside(self, path: str, request: Signed, service: Beside) -> Answer:
        """A service in the REST protocol that ministack does not have."""
        try:
            caller, signature = self._cloud.identities.authenticate(request)
            query = {name: values[0] for name, values in request.query.items()}
            with scopes.scope(caller.account, signature.region):
                answer = service.answer(
                    caller, signature.region, request.method, path, query, _parameters(request.body)
                )
        except Fault as fault:
            return _json_fault(fault)
        return 200, "application/json", json.dumps(answer).encode()

    async def _kms(self, request: Signed) -> Answer:
        request_id = str(uuid.uuid4())
        operation = request.headers["x-amz-target"].removeprefix(_KMS_TARGET)
        try:
            caller, signature = self._cloud.identities.authenticate(request)
            _require_service(signature, "kms")
            parameters = checked(operation, _parameters(request.body))
            arguments = (caller, signature.region, operation, parameters, request_id)
            if operation in SLOW:
                answer = await asyncio.to_thread(self._cloud.kms.call, *arguments)
            else:
                answer = self._cloud.kms.call(*arguments)
        except Fault as fault:
            return _json_fault(fault)
        return 200, "application/x-amz-json-1.1", json.dumps(answer).encode()

    def _sts(self, request: Signed, form: dict[str, str]) -> Answer:
        request_id, action = str(uuid.uuid4()), form.get("Action", "")
        try:
            caller, region = None, self._cloud.settings.region
            if action not in UNSIGNED:
                caller, signature = self._cloud.identities.authenticate(request)
                _require_service(signature, "sts")
                region = signature.region
            result = self._cloud.sts.call(caller, region, form, request_id)
        except Fault as fault:
            return fault.status, "text/xml", render_fault(_sts_words(fault), request_id)
        return 200, "text/xml", render(action, result, request_id)

    def _check_sender(self, request: Signed, form: dict[str, str]) -> Answer | None:
        """Refuse what is not signed by whom it names: ministack takes an account id as its root user unsigned.

        And what ministack would answer by other rules than ours.
        """
        try:
            self._cloud.identities.authenticate(request)
            if form.get("Action") in _SIMULATIONS:
                raise Fault(
                    "NotImplemented",
                    "the local AWS does not simulate policies: make the call, and read the decision log; "
                    "`tenant-keys can` decides a request without making it",
                    501,
                )
        except Fault as fault:
            words = _sts_words(fault)
            if "x-amz-target" in request.headers:
                return _json_fault(fault)
            return words.status, "text/xml", render_fault(words, str(uuid.uuid4()))
        return None


def _require_service(signature: signatures.Signature, service: str) -> None:
    if signature.service != service:
        message = f"Credential should be scoped to correct service: '{service}'."
        raise Fault("InvalidSignatureException", message, 403)


def _sts_words(fault: Fault) -> Fault:
    """The query protocol's codes for what the JSON protocol calls otherwise."""
    code = {
        "MissingAuthenticationTokenException": "MissingAuthenticationToken",
        "UnrecognizedClientException": "InvalidClientTokenId",
        "InvalidSignatureException": "SignatureDoesNotMatch",
        "ExpiredTokenException": "ExpiredToken" if fault.status == FORBIDDEN else "ExpiredTokenException",
    }.get(fault.code, fault.code)
    return Fault(code, fault.message, fault.status)


def _json_fault(fault: Fault) -> Answer:
    body = {"__type": fault.code} | ({"message": fault.message} if fault.message else {})
    return fault.status, "application/x-amz-json-1.1", json.dumps(body).encode()


def _parameters(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Fault("SerializationException")
    return found


def _scope_service(request: Signed) -> str | None:
    signature = signatures.signature_of(request.headers, request.query)
    return signature.service if isinstance(signature, signatures.Signature) else None


def _form(request: Signed) -> dict[str, str]:
    found = {name: values[0] for name, values in request.query.items()}
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        found |= {name: values[0] for name, values in fields.items()}
    return found


def _signed(scope: dict[str, Any], body: bytes) -> Signed:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers", []):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("utf-8", "replace")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True)
    return Signed(scope["method"], raw_path.decode("latin-1").partition("?")[0], query, headers, body)


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Any:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _send(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
