"""The roles around the CloudFormation Hook: names and documents, typed by hand."""

from __future__ import annotations

from typing import Any

from tenant_keys.policy import deletion_hook
from tests.policy.estates import estate_of_text, manifest

NAMING = "naming: {stack_prefix: acme-keys, role_prefix: acme_, role_path: /acme/}\n"
PLAIN, OWN = estate_of_text(manifest()), estate_of_text(NAMING + manifest())


def allow(sid: str, actions: list[str], **elements: Any) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, **elements}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_the_hook_has_these_names() -> None:
    names = [
        (
            deletion_hook.function_name(estate),
            deletion_hook.function_arn("eu-west-1", estate),
            deletion_hook.log_group(estate),
            [deletion_hook.hook_alias(of, estate) for of in deletion_hook.HOOKS],
            deletion_hook.function_role_name("eu-west-1", estate),
            deletion_hook.invoking_role_name("eu-west-1", estate),
        )
        for estate in (PLAIN, OWN)
    ]
    assert names == [
        (
            "tenant-keys-hook",
            "arn:aws:lambda:eu-west-1:111111111111:function:tenant-keys-hook",
            "/aws/lambda/tenant-keys-hook",
            ["TenantKeys::Deletion::tenantkeysStacks", "TenantKeys::Deletion::tenantkeysKeys"],
            "tenant-keys-hook.eu-west-1",
            "tenant-keys-hook.eu-west-1.invoke",
        ),
        (
            "acme-keys-hook",
            "arn:aws:lambda:eu-west-1:111111111111:function:acme-keys-hook",
            "/aws/lambda/acme-keys-hook",
            ["TenantKeys::Deletion::acmekeysStacks", "TenantKeys::Deletion::acmekeysKeys"],
            "acme_tenant-keys-hook.eu-west-1",
            "acme_tenant-keys-hook.eu-west-1.invoke",
        ),
    ]


def test_the_function_writes_its_log_and_nothing_else() -> None:
    assert deletion_hook.function_trust() == allow(
        "RunFunction", ["sts:AssumeRole"], Principal={"Service": "lambda.amazonaws.com"}
    )
    group = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/tenant-keys-hook:*"
    assert deletion_hook.function_policy("eu-west-1", PLAIN) == allow(
        "WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], Resource=group
    )


def test_cloudformation_invokes_the_one_function_for_hooks_of_the_account() -> None:
    hooks = "arn:aws:cloudformation:eu-west-1:111111111111:type/hook/TenantKeys-Deletion-*"
    assert deletion_hook.invoking_trust("eu-west-1", PLAIN) == allow(
        "InvokeForHook",
        ["sts:AssumeRole"],
        Principal={"Service": "hooks.cloudformation.amazonaws.com"},
        Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}, "ArnLike": {"aws:SourceArn": hooks}},
    )
    function = "arn:aws:lambda:eu-west-1:111111111111:function:tenant-keys-hook"
    assert deletion_hook.invoking_policy("eu-west-1", PLAIN) == allow(
        "InvokeFunction", ["lambda:InvokeFunction"], Resource=function
    )
