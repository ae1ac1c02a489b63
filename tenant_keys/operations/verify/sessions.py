"""Sessions of the reading role in each account of the estate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.handlers import json_decode_template_body

from tenant_keys.operations.given_session import SessionOf, given_session

ClientOf = Callable[[str, str, str], Any]
"""A boto3 client of an account, a Region and a service; raises Unreachable."""

_BEFORE_ITS_END: Final = timedelta(minutes=5)
SESSION_NAME: Final = "tenant-keys-verify"
CONFIG: Final = Config(
    connect_timeout=10,
    read_timeout=30,
    max_pool_connections=100,
    retries={"total_max_attempts": 1, "mode": "standard"},  # the lanes repeat calls themselves, at their own pace
)


class Unreachable(Exception):
    """Raised when no session of an account can be had: nothing of the account is known."""


class Sessions:
    """Assumes the reading role of each account, once; the caller's own session where it is that role's already."""

    def __init__(self, role: str, partition: str, session_of: SessionOf | None = None) -> None:
        """`role`: as the manifest writes it, `role/SecurityAudit`; the same in every account.

        Raises:
            NoCredentialsError: the environment holds no credentials to assume the role with.
        """
        if session_of is None and given_session(None).get_credentials() is None:
            raise NoCredentialsError
        self._session_of = session_of or given_session
        self._role = role
        self._partition = partition
        self._lock = threading.Lock()
        self._sessions: dict[str, boto3.Session | str] = {}
        self._until: dict[str, datetime] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def __call__(self, account: str, region: str, service: str) -> Any:
        """A client, shared by threads (boto3 guide, clients): one for each account, Region and service."""
        key = (account, region, service)
        with self._lock:
            if account in self._until and datetime.now(UTC) > self._until[account] - _BEFORE_ITS_END:
                self._forget(account)
            if key not in self._clients:
                session = self._sessions.setdefault(account, self._session(account, region))
                if isinstance(session, str):
                    raise Unreachable(session)
                client: Any = session.client(service, region_name=region, config=CONFIG)  # type: ignore[call-overload]
                if service == "cloudformation":
                    # botocore would parse the template, and of two equal names in an object keep the last alone.
                    client.meta.events.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
                self._clients[key] = client
            return self._clients[key]

    def _session(self, account: str, region: str) -> boto3.Session | str:
        if account in self._sessions:
            return self._sessions[account]
        own = self._session_of(None)
        wanted = f"arn:{self._partition}:iam::{account}:{self._role}"
        try:
            sts = own.client("sts", region_name=region, config=CONFIG)
            caller = sts.get_caller_identity()["Arn"]
            name = self._role.rpartition("/")[2]
            if caller.startswith(f"arn:{self._partition}:sts::{account}:assumed-role/{name}/"):
                return own
            given = sts.assume_role(RoleArn=wanted, RoleSessionName=SESSION_NAME)["Credentials"]
        except (ClientError, BotoCoreError) as error:
            return f"no session of {wanted}: {error}"
        self._until[account] = given["Expiration"]
        return self._session_of(given)

    def _forget(self, account: str) -> None:
        """A session of a role that was assumed by a role lasts an hour (IAM guide, role chaining)."""
        del self._sessions[account], self._until[account]
        self._clients = {key: client for key, client in self._clients.items() if key[0] != account}
