"""The sizes that AWS accepts. A document that is too large fails the synth, with its tenant and a way out."""

from __future__ import annotations

import json
from typing import Final

from tenant_keys.policy.statement import Document

KEY_POLICY_BYTES: Final = 32_768
"""Source: AWS KMS guide, key-policy-overview; AWS::KMS::Key, KeyPolicy."""
INLINE_POLICY_CHARACTERS: Final = 10_240
"""All inline policies of a role together, white space not counted (IAM quotas)."""
TRUST_POLICY_CHARACTERS: Final = 2_048
"""Of a role in a workload account, whose quotas the manifest does not know (IAM quotas)."""
MANAGED_POLICY_CHARACTERS: Final = 6_144
"""Source: IAM quotas, white space not counted."""
PARAMETER_CHARACTERS: Final = 4_096
"""A standard SSM parameter (AWS::SSM::Parameter, Tier)."""
TEMPLATE_BYTES: Final = 1_048_576
"""A template in S3: 1 MB (CloudFormation quotas)."""

TEMPLATE_RESOURCES: Final = 499
"""CloudFormation allows 500 in a template; the CDK's command line adds one (CloudFormation quotas)."""
FEWER_DEPLOYERS: Final = "name one role for all Regions in central.deployment_roles"
"""A way out: every key policy names the execution role of each Region in eight places."""

_compact = json.JSONEncoder(separators=(",", ":")).encode


class PolicyTooLarge(ValueError):
    """Raised when a document would be refused by AWS for its size."""


def check_size(document: Document, limit: int, what: str, way_out: str) -> Document:
    """Return the document if its compact JSON has at most `limit` characters.

    Raises:
        PolicyTooLarge: it has more; says whose document it is and what to change.
    """
    size = len(_compact(document))
    if size > limit:
        raise PolicyTooLarge(f"{what}: got {size:,} characters, AWS accepts {limit:,}; {way_out}")
    return document
