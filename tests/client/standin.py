"""A KMS and an STS inside the process, at botocore's level: real AES-GCM with the context as AAD, aliases, counters.

It decides nothing about IAM except what the access role's condition says: a call must name an alias. What IAM allows
is tested against the local AWS; this is for tests of the client's own rules, thousands a second.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenant_keys.client import Limits, Settings, TenantKeys, TokenVerifier
from tenant_keys.client.events import Hook

CENTRAL = "111111111111"
REGION = "eu-west-1"
KEY_IDS = {"acme": "0000000a-0000-4000-8000-000000000000", "globex": "0000000b-0000-4000-8000-000000000000"}


def key_arn(key_id: str, region: str = REGION, account: str = CENTRAL) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def settings(access: str = "tenant-role", **changes: Any) -> Settings:
    tenant = "tenant-{tenant_id}" if access == "tenant-role" else "shared"
    values: dict[str, Any] = {
        "workload": "orders",
        "access": access,
        "role_arn": f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/{tenant}.orders",
        "alias_arn": f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{{tenant_id}}",
    }
    return Settings(**(values | changes))


class Refused(Exception):
    def __init__(self, code: str, message: str = "no") -> None:
        super().__init__(code)
        self.code, self.message = code, message


@dataclass(repr=False)
class StandIn:
    """`aliases` maps an alias ARN to a key id; `fail` maps an operation to the error code it answers with.

    `why` and `status` are its message and HTTP status, `meanwhile` what happens while the call is on its way: a test
    waits there for an event. `signed_by` has the operation, the KeyId and the access key of every call, and
    `session_of` the name of an access key's session.
    """

    aliases: dict[str, str] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    fail: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    meanwhile: dict[str, Callable[[dict[str, Any]], object]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    requests: list[dict[str, Any]] = field(default_factory=list)
    session_seconds: float = 3600

    def __post_init__(self) -> None:
        self._material: dict[str, bytes] = {}
        self.session_of: dict[str, str] = {}
        self.signed_by: list[tuple[str, str | None, str | None]] = []
        self._lock = threading.Lock()

    def add(self, *tenants: str) -> StandIn:
        for tenant in tenants:
            alias = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}"
            self.aliases[alias] = KEY_IDS.get(tenant, f"{len(self.aliases):08x}-0000-4000-8000-00000000ffff")
        return self

    def session(self) -> boto3.Session:
        session = boto3.Session("AKIDWORKLOAD", "secret", region_name=REGION)
        for service in ("kms", "sts", "ssm"):
            session.events.register(f"before-call.{service}", self._answer)
        return session

    def keys(
        self,
        access: str = "tenant-role",
        *,
        verifier: TokenVerifier | None = None,
        limits: Limits | None = None,
        on_event: Hook | None = None,
        **changes: Any,
    ) -> TenantKeys:
        return TenantKeys(
            settings(access, **changes), verifier=verifier, session=self.session(), limits=limits, on_event=on_event
        )

    def _answer(
        self, *, model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> tuple[Any, dict[str, Any]]:
        body = params["body"]
        request = json.loads(body) if isinstance(body, (str, bytes)) else dict(body)
        with self._lock:
            self.calls[model.name] += 1
            self.requests.append({"operation": model.name, **request})
            signed_by = context.get("signing", {}).get("request_credentials")
            self.signed_by.append((model.name, request.get("KeyId"), signed_by and signed_by.access_key))
        self.meanwhile.get(model.name, lambda _: None)(request)
        try:
            if code := self.fail.get(model.name):
                raise Refused(code, self.why.get(model.name, "no"))
            return SimpleNamespace(status_code=200, headers={}), getattr(self, f"_{model.name}")(request)
        except Refused as error:
            status = self.status.get(model.name, 400)
            answer = {
                "Error": {"Code": error.code, "Message": error.message},
                "ResponseMetadata": {"RetryAttempts": 0, "HTTPStatusCode": status},
            }
            return SimpleNamespace(status_code=status, headers={}), answer

    def _AssumeRole(self, request: dict[str, Any]) -> dict[str, Any]:
        key = "ASIA" + os.urandom(4).hex()
        self.session_of[key] = request["RoleSessionName"]
        ends = datetime.fromtimestamp(time.time() + self.session_seconds, UTC)
        return {"Credentials": {"AccessKeyId": key, "SecretAccessKey": "SECRET-ACCESS",
                                "SessionToken": "SESSION-TOKEN", "Expiration": ends}}  # fmt: skip

    _AssumeRoleWithWebIdentity = _AssumeRole

    def _GetParameter(self, request: dict[str, Any]) -> dict[str, Any]:
        raise Refused("ParameterNotFound")

    def _GenerateDataKey(self, request: dict[str, Any]) -> dict[str, Any]:
        plaintext = os.urandom(32)
        return self._seal(request, plaintext) | {"Plaintext": plaintext}

    def _Encrypt(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._seal(request, base64.b64decode(request["Plaintext"]))

    def _seal(self, request: dict[str, Any], plaintext: bytes) -> dict[str, Any]:
        key_id, nonce = self._key(request), os.urandom(12)
        sealed = AESGCM(self._secret(key_id)).encrypt(nonce, plaintext, _aad(request))
        return {"KeyId": key_arn(key_id), "CiphertextBlob": key_id.encode() + nonce + sealed}

    def _Decrypt(self, request: dict[str, Any]) -> dict[str, Any]:
        key_id, blob = self._key(request), base64.b64decode(request["CiphertextBlob"])
        if blob[:36] != key_id.encode():
            raise Refused("IncorrectKeyException")
        try:
            plaintext = AESGCM(self._secret(key_id)).decrypt(blob[36:48], blob[48:], _aad(request))
        except InvalidTag as error:
            raise Refused("InvalidCiphertextException") from error
        return {"KeyId": key_arn(key_id), "Plaintext": plaintext}

    def _key(self, request: dict[str, Any]) -> str:
        if ":alias/" not in request.get("KeyId", ""):
            raise Refused("AccessDeniedException", "because no identity-based policy allows it")
        if request["KeyId"] not in self.aliases:
            raise Refused("NotFoundException")
        key_id = self.aliases[request["KeyId"]]
        if key_id in self.disabled:
            raise Refused("DisabledException")
        return key_id

    def _secret(self, key_id: str) -> bytes:
        with self._lock:
            return self._material.setdefault(key_id, os.urandom(32))


def _aad(request: dict[str, Any]) -> bytes:
    return json.dumps(request.get("EncryptionContext", {}), sort_keys=True).encode()
