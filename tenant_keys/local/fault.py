"""An error as AWS answers it: code, message, HTTP status."""

from __future__ import annotations


class Fault(Exception):
    """Raised by a service of the local AWS to be sent to the caller in that service's protocol."""

    def __init__(self, code: str, message: str | None = None, status: int = 400) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> Fault:
    """A request that its service's model does not allow (KMS: ValidationException)."""
    return Fault("ValidationException", message)
