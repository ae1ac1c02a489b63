"""Failures on order: AWS throttles, runs out of a quota or breaks off, and what follows must be seen once."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_keys.local.fault import Fault


@dataclass(slots=True)
class _Planned:
    code: str
    message: str
    skip: int
    times: int


class Failures:
    """By operation of KMS; each is used up by the calls that it fails."""

    def __init__(self) -> None:
        self._planned: dict[str, _Planned] = {}

    def plan(self, operation: str, code: str, message: str, *, skip: int, times: int) -> None:
        """Have the operation fail `times` times, after `skip` calls that succeed."""
        self._planned[operation] = _Planned(code, message, skip, times)

    def clear(self) -> None:
        self._planned.clear()

    def check(self, operation: str) -> None:
        """Raise the failure that is due."""
        planned = self._planned.get(operation)
        if planned is None:
            return
        if planned.skip:
            planned.skip -= 1
            return
        planned.times -= 1
        if not planned.times:
            del self._planned[operation]
        raise Fault(planned.code, planned.message)
