"""How long and how much the client keeps; each is a promise that the tests hold it to."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_keys.client.errors import ConfigurationError

MAX_MESSAGES = 2**32
"""Messages a data key at most (Encryption SDK, MAX_MESSAGES_PER_KEY)."""


MAX_TIMEOUT = 900
"""Seconds; no Lambda function lives longer."""

MAX_AGE = 3600
"""Seconds; a delay of revocation longer than a session would surprise everyone."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults that fit a Lambda function or a container of 512 MB."""

    max_age: float = 300.0
    """Seconds that a data key is used after KMS gave it: the delay with which disabling a key takes effect here.
    0 asks KMS for every message."""

    max_messages: int = 10_000
    """Messages encrypted under one data key."""

    max_data_keys: int = 1_000
    """Data keys kept for reading, a tenant."""

    max_tenants: int = 10_000
    """Tenants with live credentials and data keys; the least recently used one goes first."""

    attempts: int = 5
    """Tries of an AWS call, the first included, with exponential backoff and jitter between them."""

    timeout: float = 20.0
    """Seconds that one operation waits for AWS, with the session, the data key and all retries."""

    def __post_init__(self) -> None:
        if not 0 <= self.max_age <= MAX_AGE:
            raise ConfigurationError(f"max_age: got {self.max_age}; allowed are 0 to {MAX_AGE} seconds")
        if not 1 <= self.max_messages <= MAX_MESSAGES:
            raise ConfigurationError(f"max_messages: got {self.max_messages}; allowed are 1 to {MAX_MESSAGES}")
        if min(self.max_data_keys, self.max_tenants, self.attempts) < 1:
            raise ConfigurationError("max_data_keys, max_tenants and attempts must be at least 1")
        if not 0 < self.timeout <= MAX_TIMEOUT:
            raise ConfigurationError(f"timeout: got {self.timeout}; allowed are above 0 to {MAX_TIMEOUT} seconds")
