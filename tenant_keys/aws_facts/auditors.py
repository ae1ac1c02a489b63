"""The service-linked roles with which AWS's own auditors read keys, as references: the end of their ARNs.

Source: IAM guide, access-analyzer-using-service-linked-roles; AWS Config guide, using-service-linked-roles. A key
policy's Deny holds for service-linked roles too; service and resource control policies do not (Organizations guide,
orgs_manage_policies_scps and rcps).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SERVICE_LINKED_ROLES: Final[Mapping[str, str]] = {
    "access-analyzer": "role/aws-service-role/access-analyzer.amazonaws.com/AWSServiceRoleForAccessAnalyzer",
    "config": "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
}
"""By the name that the manifest gives the auditor."""
