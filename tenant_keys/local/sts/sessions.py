"""The sessions that STS handed out."""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tenant_keys.local.caller import Caller
from tenant_keys.local.emulator import iam_records

_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials and who they represent."""

    access_key: str
    secret: str
    token: str
    expires: datetime
    caller: Caller


class Sessions:
    """All sessions, by access key."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def issue(self, caller: Caller, seconds: int) -> Session:
        session = Session(
            access_key="ASIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
            secret=base64.b64encode(secrets.token_bytes(30)).decode(),
            token=base64.b64encode(secrets.token_bytes(180)).decode(),
            expires=datetime.now(UTC) + timedelta(seconds=seconds),
            caller=caller,
        )
        self._sessions[session.access_key] = session
        iam_records.register_session(
            session.access_key,
            {
                "Arn": caller.arn,
                "UserId": caller.user_id,
                "SecretAccessKey": session.secret,
                "SessionToken": session.token,
                "Expiration": session.expires.timestamp(),
                "AccountId": caller.account,
                "PrincipalType": "AssumedRole",
                "SessionTags": [{"Key": key, "Value": value} for key, value in caller.session_tags.items()],
                "SessionPolicies": None
                if caller.session_policies is None
                else {"Policy": "".join(caller.session_policies[:1]), "PolicyArns": []},
            },
        )
        return session

    def find(self, access_key: str) -> Session | None:
        return self._sessions.get(access_key)

    def clear(self) -> None:
        self._sessions.clear()
