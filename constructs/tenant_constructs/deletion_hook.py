"""The CloudFormation Hook of a Region of the key account: it refuses what would remove or replace a tenant's key."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from aws_cdk import RemovalPolicy, aws_lambda
from aws_cdk import aws_cloudformation as cloudformation
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from tenant_constructs.metadata import add_metadata
from tenant_constructs.tags import estate_tags
from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import hook_stack
from tenant_keys.policy import deletion_hook as policies
from tenant_keys.policy.acknowledged import HOOK_FUNCTION_METADATA, HOOK_LOGS_METADATA, INLINE_POLICY_METADATA
from tenant_keys.policy.statement import Document

KMS_TYPES: Final = ["AWS::KMS::Alias", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"]
RUNTIME: Final = "python3.14"
SECONDS: Final = 25
"""A Hook waits 30 seconds for its function (CloudFormation Hooks user guide)."""


class DeletionHook(Construct):
    """Two Hooks and the function that both invoke.

    The Hooks leave out the stack that they are in: a function that fails stops every other stack of the Region and must
    not stop its own repair. Two, because the filter by actions and types would leave out change sets too.
    """

    def __init__(self, scope: Construct, construct_id: str, *, estate: Estate, region: str) -> None:
        super().__init__(scope, construct_id)
        self._estate, self._region = estate, region
        group = logs.CfnLogGroup(
            self, "Logs", log_group_name=policies.log_group(estate), retention_in_days=365, tags=estate_tags(estate)
        )
        group.apply_removal_policy(RemovalPolicy.DESTROY)
        group.override_logical_id("HookLogs")
        add_metadata(group, HOOK_LOGS_METADATA)
        runs_as = self._role(
            "HookFunctionRole",
            policies.function_role_name(region, estate),
            "The function of the CloudFormation Hook",
            policies.function_trust(),
            policies.function_policy(region, estate),
        )
        function = aws_lambda.CfnFunction(
            self,
            "Function",
            function_name=policies.function_name(estate),
            description="Refuses changes of stacks that would remove or replace a tenant's key",
            code=aws_lambda.CfnFunction.CodeProperty(zip_file=function_code(estate)),
            handler="index.handler",
            runtime=RUNTIME,
            architectures=["arm64"],
            memory_size=256,
            timeout=SECONDS,
            role=runs_as.attr_arn,
            tags=estate_tags(estate),
        )
        function.override_logical_id("HookFunction")
        function.add_resource_dependency(group)
        add_metadata(function, HOOK_FUNCTION_METADATA)
        self._invoked_by = self._role(
            "HookInvokingRole",
            policies.invoking_role_name(region, estate),
            "CloudFormation invokes the function of the Hook",
            policies.invoking_trust(region, estate),
            policies.invoking_policy(region, estate),
        )
        self._function = function
        own = cloudformation.CfnLambdaHook.StackNamesProperty(exclude=[hook_stack(region, estate.naming)])
        stacks = self._hook("Stacks", ["STACK", "CHANGE_SET"], ["CREATE", "UPDATE"], {})
        stacks.stack_filters = cloudformation.CfnLambdaHook.StackFiltersProperty(
            filtering_criteria="ALL", stack_names=own
        )
        self._hook("Keys", ["RESOURCE", "CLOUD_CONTROL"], ["DELETE"], {"TargetNames": KMS_TYPES})

    def _hook(
        self, name: str, operations: list[str], actions: list[str], types: dict[str, list[str]]
    ) -> cloudformation.CfnLambdaHook:
        hook = cloudformation.CfnLambdaHook(
            self,
            name,
            alias=policies.hook_alias(name, self._estate),
            execution_role=self._invoked_by.attr_arn,
            failure_mode="FAIL",
            hook_status="ENABLED",
            lambda_function=policies.function_arn(self._region, self._estate),
            target_operations=operations,
        )
        # Not by the CDK's own type, which asks for both of two forms of which CloudFormation takes one.
        hook.add_property_override(
            "TargetFilters", {"Actions": actions, "InvocationPoints": ["PRE_PROVISION"], **types}
        )
        hook.override_logical_id(f"HookOf{name}")
        hook.add_resource_dependency(self._function)
        return hook

    def _role(self, logical_id: str, name: str, description: str, trust: Document, policy: Document) -> iam.CfnRole:
        role = iam.CfnRole(
            self,
            logical_id,
            role_name=name,
            description=description,
            assume_role_policy_document=trust,
            policies=[iam.CfnRole.PolicyProperty(policy_name="Hook", policy_document=policy)],
            permissions_boundary=self._estate.central.permissions_boundary,
            tags=estate_tags(self._estate),
        )
        role.override_logical_id(logical_id)
        add_metadata(role, INLINE_POLICY_METADATA)
        return role


def function_code(estate: Estate) -> str:
    """The file of the function, and whose keys it keeps: the template holds both, and nothing is loaded at run time.

    CloudFormation takes up to 4 MB of code inline (template reference, AWS::Lambda::Function Code, ZipFile).
    """
    source = files("tenant_constructs").joinpath("hook_function.py").read_text("utf-8")
    whose = (estate.naming.stack_prefix, estate.naming.alias.removesuffix("{id}"), sorted(estate.offboarded))
    return f"""{source}

ESTATE = Estate({whose[0]!r}, {whose[1]!r}, frozenset({whose[2]!r}))


def handler(event: Any, context: object) -> dict[str, Any]:
    return answer(event, ESTATE, fetched)
"""
