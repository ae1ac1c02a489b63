"""The account and Region in which ministack acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def scope(account: str, region: str) -> Iterator[None]:
    """Act in an account and Region: ministack's stores are scoped by them."""
    from ministack.core.responses import request_scope  # type: ignore[import-untyped]

    with request_scope(account, region):
        yield


def current_scope() -> tuple[str, str]:
    """Account and Region of the request that is served."""
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()
