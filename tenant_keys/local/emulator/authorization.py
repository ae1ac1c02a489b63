"""Has every request to ministack's own services decided by our evaluator."""
# ruff: noqa: SLF001  # ministack has no other way in

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tenant_keys.local.emulator.scopes import current_scope

Judge = Callable[[str, str, str, str, str, Mapping[str, Any], tuple[str, str] | None], str]
"""Access key, service, action, Region, resource ARN, context, resource policy and its owner; answers Allow, Deny or
ImplicitDeny."""


def install_judge(judge: Judge) -> None:
    """Have every request to ministack's own services decided by us, after ministack verified who sends it."""
    from ministack.core import iam_evaluator as inner  # type: ignore[import-untyped]

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        account, _ = current_scope()
        if failure := inner._s3_scope_failure(service):
            return failure
        if inner._anonymous.get() or not access_key_id:
            return inner.AuthError("MissingAuthenticationToken", "Missing Authentication Token")
        checked = inner.authenticate(access_key_id, account)
        if isinstance(checked, inner.AuthError):
            return checked
        principal = inner.resolve_principal(access_key_id, account, checked)
        if isinstance(principal, inner.AuthError):
            return principal
        policy = inner._resource_policy(service, resource_arn)
        found = (str(policy[0]), str(policy[1])) if policy is not None and policy[0] else None
        outcome = judge(access_key_id, service, iam_action, region, resource_arn, service_context or {}, found)
        if outcome == "Allow":
            return None
        return inner.EvalResult(outcome, principal_arn=principal.arn)

    inner.enforce = enforce
