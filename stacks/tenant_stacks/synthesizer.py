"""Writes the template of one stack, and refuses one that CloudFormation would not accept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import DefaultStackSynthesizer, FileAssetLocation, FileAssetPackaging, Stack, Stage

from tenant_keys.aws_facts.quotas import TEMPLATE_BYTES, TEMPLATE_RESOURCES
from tenant_keys.policy.limits import FEWER_DEPLOYERS, PolicyTooLarge
from tenant_keys.policy.template_size import ADDED_BY_CDK, what_is_large

REFUSED_TEMPLATE = "CloudFormation accepts"
"""In the message of each refusal, by which it is known after jsii has made another error of it."""


class EstateSynthesizer(DefaultStackSynthesizer):
    """The CDK's own synthesizer, with a check of the template as it is deployed. One object serves one stack."""

    _written: Stack

    def reusable_bind(self, stack: Stack) -> EstateSynthesizer:
        """Bind this object: the CDK would bind a copy, which knows nothing of Python's methods."""
        self.bind(stack)
        self._written = stack
        return self

    def add_file_asset(
        self,
        *,
        source_hash: str,
        deploy_time: bool | None = None,
        display_name: str | None = None,
        executable: Sequence[str] | None = None,
        file_name: str | None = None,
        packaging: FileAssetPackaging | None = None,
    ) -> FileAssetLocation:
        """Check the template, which the CDK hands over as a file asset once it is written.

        Raises:
            PolicyTooLarge: CloudFormation would refuse the template for its bytes or its number of resources.
        """
        assembly = Stage.of(self._written)
        if assembly and file_name and file_name == self._written.template_file:
            check_template(Path(assembly.outdir, file_name), self._written.node.path)
        return super().add_file_asset(
            source_hash=source_hash,
            deploy_time=deploy_time,
            display_name=display_name,
            executable=executable,
            file_name=file_name,
            packaging=packaging,
        )


def check_template(template: Path, stack: str) -> None:
    """Refuse a template that CloudFormation would refuse once the CLI has added its one resource.

    Raises:
        PolicyTooLarge: it has too many bytes or resources.
    """
    text = template.read_bytes()
    size = len(text) + ADDED_BY_CDK
    if size > TEMPLATE_BYTES:
        resources = json.loads(text)["Resources"]
        raise PolicyTooLarge(
            f"stack {stack}: got a template of {size:,} bytes, {REFUSED_TEMPLATE} {TEMPLATE_BYTES:,}; large are "
            f"{what_is_large(resources.values())}: set fewer or shorter tags, shorten roles' paths, let fewer "
            f"workloads serve its tenants, use access session-tag, or {FEWER_DEPLOYERS}"
        )
    number = text.count(b'{"Type":"AWS::')
    if number > TEMPLATE_RESOURCES:
        resources = json.loads(text)["Resources"]
        raise PolicyTooLarge(
            f"stack {stack}: got {len(resources):,} resources, {REFUSED_TEMPLATE} {TEMPLATE_RESOURCES:,} beside "
            "the one that the CDK adds; spread the workloads over more accounts, or have fewer"
        )
