"""Which finding of which tool is acknowledged where, typed by hand; each has its reason."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.policy import acknowledged
from tenant_keys.policy.acknowledged import key_metadata, why_no_rotation
from tests.policy.estates import sample, with_tenant


def found(metadata: dict[str, Any]) -> tuple[list[str], list[str], set[str]]:
    """Ids for checkov, ids for cfn-guard, reasons; nothing else may be there."""
    skipped = metadata.get("checkov", {"skip": []})
    guard = metadata.get("guard", {"SuppressedRules": [], "Reason": ""})
    assert metadata.keys() <= {"checkov", "guard"}
    assert (skipped.keys(), guard.keys()) == ({"skip"}, {"SuppressedRules", "Reason"})
    assert all(one.keys() == {"id", "comment"} for one in skipped["skip"])
    reasons = {one["comment"] for one in skipped["skip"]} | ({guard["Reason"]} if guard["Reason"] else set())
    return [one["id"] for one in skipped["skip"]], guard["SuppressedRules"], reasons


HOOK = {acknowledged.HOOK_CALLED, acknowledged.HOOK_NETWORK, f"{acknowledged.HOOK_CALLED} {acknowledged.HOOK_NETWORK}"}


@pytest.mark.parametrize(
    ("metadata", "checkov", "guard", "reasons"),
    [
        (acknowledged.INLINE_POLICY_METADATA, [], ["IAM_NO_INLINE_POLICY_CHECK"], {acknowledged.INLINE_POLICY}),
        (
            acknowledged.HOOK_FUNCTION_METADATA,
            ["CKV_AWS_115", "CKV_AWS_116", "CKV_AWS_117"],
            ["LAMBDA_CONCURRENCY_CHECK", "LAMBDA_DLQ_CHECK", "LAMBDA_INSIDE_VPC"],
            HOOK,
        ),
        (
            acknowledged.HOOK_LOGS_METADATA,
            ["CKV_AWS_158"],
            ["CLOUDWATCH_LOG_GROUP_ENCRYPTED"],
            {acknowledged.HOOK_LOGS},
        ),
    ],
)
def test_the_findings_that_are_meant_are_these(
    metadata: dict[str, Any], checkov: list[str], guard: list[str], reasons: set[str]
) -> None:
    assert found(metadata) == (checkov, guard, reasons)


def test_a_key_without_automatic_rotation_says_why() -> None:
    tenants = with_tenant(sample(), "acme", rotation_days=None).tenants
    for tenant, reason in (("acme", acknowledged.ROTATION_OFF), ("globex", acknowledged.IMPORTED_KEY)):
        assert why_no_rotation(tenants[tenant]) == reason
        assert found(key_metadata(tenants[tenant])) == (["CKV_AWS_7"], ["CMK_BACKING_KEY_ROTATION_ENABLED"], {reason})
    assert why_no_rotation(tenants["initech"]) is None
    assert key_metadata(tenants["initech"]) == {}
