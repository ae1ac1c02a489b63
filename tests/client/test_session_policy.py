"""The session policy that the client sends."""

from __future__ import annotations

import pytest

from tenant_keys.client import (
    AccessDenied,
)
from tenant_keys.client.session_policy import MAX_LENGTH, session_policy
from tests.client.standin import StandIn, settings


@pytest.mark.parametrize("operations", [{"encrypt"}, {"decrypt"}], ids=str)
def test_a_workload_does_not_ask_kms_for_what_is_not_its_operation(aws: StandIn, operations: set[str]) -> None:
    blob = aws.keys().tenant_without_token("acme").encrypt(b"x", name="n")
    aws.calls.clear()
    tenant = aws.keys(operations=frozenset(operations)).tenant_without_token("acme")
    with pytest.raises(AccessDenied, match="operations"):
        tenant.decrypt(blob, name="n") if operations == {"encrypt"} else tenant.encrypt(b"x", name="n")
    assert not aws.calls


def test_the_longest_session_policy_fits() -> None:
    tenant = "a" * 40
    policy = session_policy(settings().names(tenant), tenant, frozenset({"encrypt", "decrypt"}))
    assert len(policy) <= MAX_LENGTH // 2
