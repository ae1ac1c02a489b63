"""The threads that talk to AWS: a lane for each dependency, so that one that hangs delays its own callers alone."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable

Job = Callable[[], None]

CALLS = 128
"""Calls of one lane at a time, and the connections that its pool keeps. The threads are made when they are needed."""

CALLS_OF_ONE_TENANT = 16
"""At a time, so that a tenant whose calls are slow leaves the lane to the others."""

IDLE = 10.0
"""Seconds after which a thread without work ends."""


class Lane:
    """Calls to one dependency, such as KMS in one Region. Tenants take turns."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._waiting: OrderedDict[str, deque[Job]] = OrderedDict()
        self._busy: Counter[str] = Counter()
        self._threads = self._idle = self._jobs = 0

    def submit(self, tenant_id: str, job: Job) -> None:
        """Runs the job in a thread of the lane, at once unless the lane or the tenant is full. It must not raise."""
        with self._lock:
            jobs = self._waiting.setdefault(tenant_id, deque())
            jobs.append(job)
            self._jobs += 1
            self._work.notify()
            if self._busy[tenant_id] + len(jobs) > CALLS_OF_ONE_TENANT:
                return  # a thread that is busy for the tenant takes it up
            # A thread that was woken is idle until it takes a job, so jobs are counted against idle threads.
            if self._jobs > self._idle and self._threads < CALLS:
                self._threads += 1
                threading.Thread(target=self._run, name=f"tenant-keys-{self._name}", daemon=True).start()

    def _run(self) -> None:
        while self._served():  # an idle thread keeps no job alive
            pass

    def _served(self) -> bool:
        """Whether there was a job, which is done."""
        found = self._take()
        if found is None:
            return False
        tenant_id, job = found
        try:
            job()
        finally:
            with self._lock:
                self._busy[tenant_id] -= 1
                if not self._busy[tenant_id]:
                    del self._busy[tenant_id]
        return True

    def _take(self) -> tuple[str, Job] | None:
        """None after an idle while: the thread ends."""
        with self._lock:
            while (found := self._next()) is None:
                self._idle += 1
                notified = self._work.wait(IDLE)
                self._idle -= 1
                if not (notified or self._jobs):
                    self._threads -= 1
                    return None
            self._jobs -= 1
            self._busy[found[0]] += 1
            return found

    def _next(self) -> tuple[str, Job] | None:
        for tenant_id, jobs in self._waiting.items():
            if self._busy[tenant_id] < CALLS_OF_ONE_TENANT:
                job = jobs.popleft()
                if jobs:
                    self._waiting.move_to_end(tenant_id)
                else:
                    del self._waiting[tenant_id]
                return tenant_id, job
        return None
