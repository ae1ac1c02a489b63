"""The roles around the CloudFormation Hook: CloudFormation invokes one function, which writes to one log group.

Sources: CloudFormation Hooks user guide, lambda-hooks (execution role); CloudFormation user guide, registry-public
(trust policy of a Hook with aws:SourceArn); Lambda guide, lambda-intro-execution-role.
"""

from __future__ import annotations

from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.policy.statement import Document, allow, document

HOOKS: Final = ("Stacks", "Keys")
"""One for changes of stacks, one for deletions of KMS resources."""
_VENDOR: Final = "TenantKeys"


def function_name(estate: Estate) -> str:
    """The same in every Region."""
    return f"{estate.naming.stack_prefix}-hook"


def function_arn(region: str, estate: Estate) -> str:
    central = estate.central
    return f"arn:{central.partition}:lambda:{region}:{central.account}:function:{function_name(estate)}"


def log_group(estate: Estate) -> str:
    return f"/aws/lambda/{function_name(estate)}"


def hook_alias(of: str, estate: Estate) -> str:
    """Name of a Hook: three words of letters and digits (CloudFormation, AWS::CloudFormation::LambdaHook, Alias)."""
    return f"{_VENDOR}::Deletion::{estate.naming.stack_prefix.replace('-', '')}{of}"


def function_role_name(region: str, estate: Estate) -> str:
    """The role that the function runs as; no workload's name has a dot."""
    return f"{estate.naming.role_prefix}tenant-keys-hook.{region}"


def invoking_role_name(region: str, estate: Estate) -> str:
    """The role with which CloudFormation invokes the function."""
    return f"{function_role_name(region, estate)}.invoke"


def function_trust() -> Document:
    return document([allow("RunFunction", ("sts:AssumeRole",), Principal={"Service": "lambda.amazonaws.com"})])


def function_policy(region: str, estate: Estate) -> Document:
    """To its own log group, which the stack creates, and nothing else."""
    central = estate.central
    group = f"arn:{central.partition}:logs:{region}:{central.account}:log-group:{log_group(estate)}:*"
    return document([allow("WriteLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), Resource=group)])


def invoking_trust(region: str, estate: Estate) -> Document:
    """For these Hooks of this account alone. An ARN has hyphens where the name of a Hook has colons."""
    central = estate.central
    hooks = f"arn:{central.partition}:cloudformation:{region}:{central.account}:type/hook/{_VENDOR}-Deletion-*"
    own = {"StringEquals": {"aws:SourceAccount": central.account}, "ArnLike": {"aws:SourceArn": hooks}}
    service = {"Service": "hooks.cloudformation.amazonaws.com"}
    return document([allow("InvokeForHook", ("sts:AssumeRole",), own, Principal=service)])


def invoking_policy(region: str, estate: Estate) -> Document:
    """The one function, and nothing else."""
    return document([allow("InvokeFunction", ("lambda:InvokeFunction",), Resource=function_arn(region, estate))])
