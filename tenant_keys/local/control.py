"""What only the launcher may ask of the server: forget everything, move KMS's time, run code as a workload role."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from tenant_keys.local.cloud import Cloud
from tenant_keys.local.fault import Fault
from tenant_keys.local.identity import Signed
from tenant_keys.local.settings import tenant_of

TOKEN_HEADER = "x-local-control"  # noqa: S105  # a header's name


class Control:
    """`/_local/…`: not part of AWS, and closed without the token that the launcher made."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def answer(self, path: str, request: Signed) -> tuple[int, str, bytes]:
        given = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._cloud.settings.control_token.encode()):
            return 403, "application/json", b'{"code": "AccessDenied", "message": "not the launcher"}'
        try:
            answer = self._do(path.removeprefix("/_local/"), json.loads(request.body or b"{}"))
        except Fault as fault:
            refused = {"code": fault.code, "message": fault.message}
            return fault.status, "application/json", json.dumps(refused).encode()
        return 200, "application/json", json.dumps(answer).encode()

    def _do(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        actions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "health": lambda _: {"ready": True, "accounts": list(self._cloud.settings.accounts)},
            "reset": self._reset,
            "advance": self._advance,
            "fail": self._fail,
            "rates": self._rates,
            "requests": lambda _: dict(self._cloud.others.requests),
            "hold-key": self._hold_key,
            "run-as": self._run_as,
            "key-states": self._key_states,
        }
        if name not in actions:
            raise Fault("NotFound", f"nothing at /_local/{name}", 404)
        return actions[name](given)

    def _reset(self, _given: dict[str, Any]) -> dict[str, Any]:
        self._cloud.reset()
        return {}

    def _advance(self, given: dict[str, Any]) -> dict[str, Any]:
        self._cloud.clock.advance(float(given["days"]))
        self._cloud.kms.apply_due_changes()
        return {"now": self._cloud.clock.now().isoformat()}

    def _fail(self, given: dict[str, Any]) -> dict[str, Any]:
        times = {"skip": int(given["skip"]), "times": int(given["times"])}
        self._cloud.kms.failures.plan(given["operation"], given["code"], given["message"], **times)
        return {}

    def _rates(self, given: dict[str, Any]) -> dict[str, Any]:
        rates = self._cloud.kms.rates
        if "now" in given:
            rates.enforce(float(given["now"]))
        if given.get("lifted"):
            rates.lift()
        return {"latest": rates.latest}

    def _hold_key(self, given: dict[str, Any]) -> dict[str, Any]:
        self._cloud.kms.hold(given["arn"], given["policy"])
        return {}

    def _run_as(self, given: dict[str, Any]) -> dict[str, Any]:
        session = self._cloud.sts.run_as(
            given["service"], given["region"], given["role_arn"], given["session_name"], given["context"]
        )
        return {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": session.expires.isoformat(),
        }

    def _key_states(self, given: dict[str, Any]) -> dict[str, Any]:
        store, account = self._cloud.kms.store, self._cloud.settings.accounts[0]
        aliases = [(alias, store.find(alias.region, alias.key_id)) for alias in store.aliases(account, given["region"])]
        tenants = [(tenant_of(alias.name, self._cloud.settings.naming), key) for alias, key in aliases]
        return {tenant: key.state.value for tenant, key in tenants if key is not None and tenant is not None}
