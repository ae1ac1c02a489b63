"""The demo talks to 127.0.0.1 alone, whatever profile, endpoint or proxy the user's shell is set to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nothing_of_the_users() -> Iterator[None]:
    """Hide the user's AWS settings from this process and its children, and go past any proxy."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("AWS_", "CDK_", "TENANT_KEYS_")):
            del os.environ[name]
    around = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost"]))
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        CDK_DISABLE_CLI_TELEMETRY="true",
        CDK_DISABLE_VERSION_CHECK="1",
        NO_PROXY=around,
        no_proxy=around,
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
