"""The time that KMS sees: real, but it can be set forward to let keys rotate, material expire, deletions fall due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Wall-clock time plus what it was advanced by."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, days: float) -> None:
        """Move KMS's time forward; it never goes back."""
        if days < 0:
            raise ValueError(f"days: got {days}; time goes forward only")
        self._ahead += timedelta(days=days)

    def reset(self) -> None:
        self._ahead = timedelta()
