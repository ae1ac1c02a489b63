"""A call under way, whose result or error all that wait for it share.

What needs the network is written once, as a generator that yields the flights it waits for. `drive` waits for them in
a thread, `drive_async` in an event loop.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

from tenant_keys.client.deadline import Deadline
from tenant_keys.client.errors import TenantKeysError, TimedOut
from tenant_keys.client.events import Event, Hook, notify
from tenant_keys.client.instant import Instant

Value = TypeVar("Value")
Steps = Generator["Flight[Any]", Any, Value]


class Flight(Generic[Value]):
    """Made by anyone who asks first, run by a thread of the network, waited for by any number of threads and tasks.

    `budget`: seconds that the call may take. One that has taken longer is overdue: a server may send a byte a second
    for ever, and who asks then starts another flight instead of joining this one.
    """

    __slots__ = ("_began", "_budget", "_future", "about", "events")

    def __init__(self, about: str, budget: float) -> None:
        self.about = about
        self.events: list[Event] = []
        self._began, self._budget = Instant.now(), budget
        self._future: Future[Value] = Future()
        self._future.set_running_or_notify_cancel()  # no waiter can cancel it for the others

    def run(self, work: Callable[[list[Event]], Value]) -> None:
        """Does the work in this thread; it notes its events in the list."""
        try:
            value = work(self.events)
        except BaseException as error:  # noqa: BLE001  # anyone who waits gets it; a thread of the network has no caller
            self._future.set_exception(error)
        else:
            self._future.set_result(value)

    def done(self) -> bool:
        return self._future.done()

    def overdue(self) -> bool:
        return not self._future.done() and self._began.age() > self._budget

    def wait(self, deadline: Deadline) -> Value:
        """The result, this waiter's own copy of the error, or `TimedOut`."""
        try:
            error = self._future.exception(timeout=deadline.left())
        except TimeoutError:
            raise self._timed_out(deadline) from None
        return self._landed(error)

    async def wait_async(self, deadline: Deadline) -> Value:
        """The same for an event loop; a task that is cancelled leaves the flight to the others."""
        if not self._future.done():
            loop = asyncio.get_running_loop()
            landed: asyncio.Future[None] = loop.create_future()

            def wake() -> None:
                if not landed.done():
                    landed.set_result(None)

            def call(_: Future[Value]) -> None:
                with suppress(RuntimeError):  # the loop has been closed, and nothing waits any more
                    loop.call_soon_threadsafe(wake)

            self._future.add_done_callback(call)
            await asyncio.wait([landed], timeout=deadline.left())
        if not self._future.done():
            raise self._timed_out(deadline)
        return self._landed(self._future.exception())

    def notify(self, hook: Hook | None) -> None:
        """Tells the events once the flight has landed: a hook may call the client, which may wait for this flight."""

        def land(_: Future[Value]) -> None:
            for event in self.events:
                notify(hook, event)

        self._future.add_done_callback(land)

    def _landed(self, error: BaseException | None) -> Value:
        if error is None:
            return self._future.result()
        raise own_copy(error) if isinstance(error, TenantKeysError) else error

    def _timed_out(self, deadline: Deadline) -> TimedOut:
        return TimedOut(f"{self.about}: no answer within the operation's timeout of {deadline.seconds:g} s")


def own_copy(error: TenantKeysError) -> TenantKeysError:
    """Threads that raise one exception object write into one traceback, which then keeps all their variables alive."""
    copied = copy.copy(error)
    copied.__cause__, copied.__suppress_context__ = error.__cause__, True
    return copied


def drive(steps: Steps[Value], deadline: Deadline) -> Value:
    """Takes the steps in this thread, all of them within the deadline."""
    try:
        flight = next(steps)
        while True:
            try:
                landed = flight.wait(deadline)
            except BaseException as error:  # noqa: BLE001  # the steps decide
                flight = steps.throw(error)
            else:
                flight = steps.send(landed)
    except StopIteration as end:
        value: Value = end.value
        return value


async def drive_async(steps: Steps[Value], deadline: Deadline) -> Value:
    """Takes the steps without holding the event loop."""
    try:
        flight = next(steps)
        while True:
            try:
                landed = await flight.wait_async(deadline)
            except BaseException as error:  # noqa: BLE001  # the steps decide; a cancellation goes through them
                flight = steps.throw(error)
            else:
                flight = steps.send(landed)
    except StopIteration as end:
        value: Value = end.value
        return value
