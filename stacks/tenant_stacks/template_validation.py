"""The CDK's own validation of templates, of a cell on the members that have constructs.

It takes longer than all else of a synth together. The other members of a class differ from these by their names alone,
which the manifest's rules have checked, and the synthesizer has counted the finished template's bytes and resources.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import aws_cdk as cdk
import jsii
from constructs import IConstruct

from tenant_stacks.synthesizer import synthesizers


def add_template_validation(app: cdk.App) -> TemplateValidation | None:
    """Validate each cell by its examples; the CDK leaves its default validation out. Call it when all stacks are there.

    As with the default, `CDK_VALIDATION=false` and `cdk synth --no-validation`, which sets it, switch it off: None.
    """
    if os.environ.get("CDK_VALIDATION") == "false":
        return None
    validation = TemplateValidation(app)
    cdk.Validations.of(app).add_plugins(validation)
    return validation


class TemplateValidation(cdk.CloudFormationValidatePlugin):
    """The plugin that the CDK registers by default, which gets other files to read."""

    completed = False
    """Whether it ran to its end: the CDK takes a failure of this plugin for an assembly without findings."""

    def __init__(self, app: cdk.App) -> None:
        super().__init__()
        self._synthesizers = synthesizers(app)

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Findings of a cell name the finished template."""
        with TemporaryDirectory() as folder:
            read = [(self._read(stack, Path(folder)), stack.template_path) for stack in context.stack_templates]
            report = super().validate(_Context(context.app_construct, [stack for stack, _ in read]))
        finished: dict[str | None, str] = {stack.template_path: path for stack, path in read}
        self.completed = True
        return cdk.PolicyValidationPluginReport(
            success=report.success, violations=[_of(violation, finished) for violation in report.violations]
        )

    def _read(self, stack: cdk.PolicyValidationStack, folder: Path) -> cdk.PolicyValidationStack:
        synthesizer = self._synthesizers.get(stack.stack_construct_path)
        if synthesizer is None or not synthesizer.examples:
            return stack
        path = folder / Path(stack.template_path).name
        path.write_bytes(synthesizer.examples.encode())
        return cdk.PolicyValidationStack(
            stack_construct_path=stack.stack_construct_path,
            template_path=str(path),
            account_id=stack.account_id,
            region=stack.region,
        )


@jsii.implements(cdk.IPolicyValidationContext)
class _Context:
    """What the CDK hands to a plugin."""

    def __init__(self, app: IConstruct, stacks: list[cdk.PolicyValidationStack]) -> None:
        self._app, self._stacks = app, stacks

    @property
    def app_construct(self) -> IConstruct:
        return self._app

    @property
    def stack_templates(self) -> list[cdk.PolicyValidationStack]:
        return self._stacks

    @property
    def template_paths(self) -> list[str]:
        return [stack.template_path for stack in self._stacks]

    @property
    def account_id(self) -> None:
        return None

    @property
    def region(self) -> None:
        return None


def _of(violation: cdk.PolicyViolation, finished: Mapping[str | None, str]) -> cdk.PolicyViolation:
    """The violation, at the templates that are deployed."""
    resources = [
        cdk.PolicyViolatingResource(
            locations=one.locations,
            construct_path=one.construct_path,
            resource_logical_id=one.resource_logical_id,
            template_path=finished.get(one.template_path, one.template_path),
        )
        for one in violation.violating_resources
    ]
    return cdk.PolicyViolation(
        rule_name=violation.rule_name,
        description=violation.description,
        severity=violation.severity,
        fix=violation.fix,
        rule_metadata=violation.rule_metadata,
        violating_resources=resources,
    )
