"""The stack of the management account: control policies of AWS Organizations, where the manifest asks for them."""

from __future__ import annotations

from typing import Final

from constructs import Construct

from tenant_constructs.guardrails import Guardrails
from tenant_keys.manifest import Estate

HOME: Final = "us-east-1"
"""Where AWS Organizations answers in the partition aws (botocore, endpoints: organizations, aws-global)."""


def add_guardrails(stack: Construct, estate: Estate) -> None:
    """Fill the stack.

    Raises:
        PolicyTooLarge: AWS Organizations would refuse a policy for its size.
    """
    Guardrails(stack, "Guardrails", estate=estate)
