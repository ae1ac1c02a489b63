"""What CloudFormation accepts of a template: its bytes and the number of its resources."""

from __future__ import annotations

import json
from pathlib import Path

from tenant_keys.aws_facts.quotas import TEMPLATE_BYTES, TEMPLATE_RESOURCES
from tenant_keys.policy.limits import FEWER_DEPLOYERS, PolicyTooLarge
from tenant_keys.policy.template_size import what_is_large
from tenant_stacks.cell import CDK_METADATA

REFUSED_TEMPLATE = "CloudFormation accepts"
"""In the message of each refusal, by which it is known after jsii has made another error of it."""


def check_template(template: Path, stack: str) -> None:
    """Refuse a template, as it is deployed, that CloudFormation would refuse.

    Raises:
        PolicyTooLarge: it has too many bytes or resources.
    """
    check_text(template.read_bytes(), stack)


def check_text(text: bytes, stack: str) -> None:
    """Refuse the text of a template, as `check_template` does."""
    if len(text) > TEMPLATE_BYTES:
        resources = json.loads(text)["Resources"].values()
        raise PolicyTooLarge(
            f"stack {stack}: got a template of {len(text):,} bytes, {REFUSED_TEMPLATE} {TEMPLATE_BYTES:,}; the "
            "largest parts are "
            f"{what_is_large(resources)}: set fewer or shorter tags, shorten roles' paths, let fewer workloads serve "
            f"its tenants, use access session-tag, or {FEWER_DEPLOYERS}"
        )
    if text.count(b'{"Type":') <= TEMPLATE_RESOURCES:
        return
    number = sum(resource["Type"] != CDK_METADATA for resource in json.loads(text)["Resources"].values())
    if number > TEMPLATE_RESOURCES:
        raise PolicyTooLarge(
            f"stack {stack}: got {number:,} resources, {REFUSED_TEMPLATE} {TEMPLATE_RESOURCES:,} beside the one that "
            "the CDK adds; spread the workloads over more accounts, or declare fewer"
        )
