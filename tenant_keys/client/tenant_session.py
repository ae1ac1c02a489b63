"""One tenant's session: opened by the first who needs it, renewed beside the work that goes on with it."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

from tenant_keys.client.assume_role import open_session
from tenant_keys.client.errors import TokenError
from tenant_keys.client.flight import Flight, Steps
from tenant_keys.client.role_session import RoleSession

if TYPE_CHECKING:
    from tenant_keys.client.events import Event
    from tenant_keys.client.transport import Transport

RENEW_BEFORE = 300
"""Seconds before its end in which a session is renewed; if that fails, the old one is used to its end."""

SPREAD = 300
"""Seconds over which renewals are spread, before that: thousands of sessions that were opened in one minute would
meet the 600 calls a second of STS together (IAM guide, reference_iam-quotas)."""

RETRY_RENEWAL = 30
"""Seconds until a failed renewal is tried again."""


class TenantSession:
    """Thread-safe. A token is kept for the next renewal, in web-identity mode alone of any use."""

    __slots__ = (
        "_asked_with",
        "_expires_at",
        "_flight",
        "_held",
        "_lock",
        "_renew_at",
        "_tenant_id",
        "_token",
        "_transport",
    )

    def __init__(self, transport: Transport, tenant_id: str) -> None:
        self._transport, self._tenant_id = transport, tenant_id
        self._lock = threading.Lock()
        self._held: RoleSession | None = None
        self._renew_at = 0.0
        self._flight: Flight[RoleSession] | None = None
        self._token: str | None = None
        self._expires_at = 0.0
        self._asked_with: str | None = None

    def offer(self, token: str, expires_at: float) -> None:
        """Keeps the longest-lived verified token of this tenant."""
        if expires_at > self._expires_at:
            self._token, self._expires_at = token, expires_at

    def steps(self, *, own: tuple[str, float] | None, instead_of: RoleSession | None) -> Steps[RoleSession]:
        """A live session, another than `instead_of`, which AWS has said to be over.

        `own` is the token of the handle that asks, and when it ends: STS may refuse the kept one for reasons of its
        own, and then this one is tried, since a request with a good token must not be answered that its token is bad.
        """
        with self._lock:
            flight, mine = self._needed(instead_of)
            held, asked_with = self._held, self._asked_with
        if flight is None:
            if held is None:
                raise AssertionError("no flight, so there is a session")
            return held
        try:
            opened: RoleSession = yield flight
        except TokenError:
            if own is None or own[0] == asked_with:
                raise
            self._token, self._expires_at = own
        else:
            return opened
        finally:
            if mine:
                flight.notify(self._transport.on_event)
        return (yield from self.steps(own=None, instead_of=instead_of))

    def _needed(self, instead_of: RoleSession | None) -> tuple[Flight[RoleSession] | None, bool]:
        """The flight to wait for, if one must, and whether it is the asker's own. Needs the lock."""
        now, held = time.time(), self._held
        usable = held is not None and held is not instead_of and now < held.expires_at
        if usable and now < self._renew_at:
            return None, False
        flight, mine = self._flight, False
        if flight is None or flight.done() or flight.overdue():
            flight, mine = self._start(), True
            self._flight = flight
        if usable:  # renewed beside the work: no thread waits
            if mine:
                flight.notify(self._transport.on_event)
            return None, False
        return flight, mine

    def _start(self) -> Flight[RoleSession]:
        token = self._asked_with = self._token if self._expires_at > time.time() else None

        def work(events: list[Event]) -> RoleSession:
            try:
                session = open_session(
                    self._transport.aws,
                    self._transport.settings,
                    self._tenant_id,
                    token,
                    self._transport.retries(self._tenant_id, events),
                )
            except BaseException:
                with self._lock:
                    self._renew_at = time.time() + RETRY_RENEWAL
                raise
            with self._lock:
                self._held = session
                before = RENEW_BEFORE + random.uniform(0, SPREAD)  # noqa: S311  # no secret
                # A session that is shorter than we asked for must not be renewed at every call.
                self._renew_at = session.expires_at - min(before, (session.expires_at - time.time()) / 2)
            return session

        return self._transport.fly("sts", self._tenant_id, self._transport.settings.sts_operation, work)
