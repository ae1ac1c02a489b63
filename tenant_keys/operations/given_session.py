"""boto3 sessions: of the environment, or with credentials that AWS STS gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3

SessionOf = Callable[[Mapping[str, Any] | None], boto3.Session]
"""A session with what STS answers under `Credentials`, or with the caller's own."""


def given_session(credentials: Mapping[str, Any] | None) -> boto3.Session:
    """With these credentials, or with those of the environment where there are none."""
    if credentials is None:
        return boto3.Session()
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
