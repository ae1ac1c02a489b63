"""The values that AWS takes of the properties which the app writes: lengths, characters, and lists of choices.

Sources: the API reference of each service, page of the action that CloudFormation's resource calls (IAM CreateRole,
CreatePolicy, PutRolePolicy, CreateInstanceProfile; KMS CreateKey, ReplicateKey; Systems Manager PutParameter;
Organizations CreatePolicy; CloudWatch PutMetricAlarm; EventBridge PutRule; SNS CreateTopic; IAM Roles Anywhere
CreateProfile, CreateTrustAnchor). Read in November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

POLICY_CHARACTERS: Final = re.compile(r"[\t\n\r\x20-\xff]*")
"""Of a policy document (IAM API, PolicyDocument; AWS KMS API, PutKeyPolicy, Policy)."""
ACTION: Final = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?_-]+")
"""In a policy: the prefix of a service, and an operation (IAM guide, reference_policies_elements_action)."""
TAG_KEY: Final = 128
TAG_VALUE: Final = 256
TAGS: Final = 50
"""Of a resource of IAM, KMS, Systems Manager and EKS (each service's API, Tag; IAM quotas)."""
TAG_MARKS: Final = frozenset("_.:/=+-@")
"""Beside letters, digits and spaces (IAM API, Tag; AWS KMS guide, tagging-keys)."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that AWS takes."""

    longest: int
    characters: re.Pattern[str] | None = None
    """Of the whole text; None: any."""
    shortest: int = 0


_LATIN: Final = re.compile(r"[\t\n\r\x20-\x7e\xa1-\xff]*")
_IAM_NAME: Final = re.compile(r"[\w+=,.@-]+", re.ASCII)
_PATH: Final = re.compile(r"/(?:[\x21-\x7e]+/)?")
_RULE_NAME: Final = re.compile(r"[.\-_A-Za-z0-9]+")
_TOPIC_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.fifo)?")
_LABEL: Final = re.compile(r"[ A-Za-z0-9_-]*")

TEXTS: Final[Mapping[str, Mapping[str, Text]]] = {
    "AWS::CloudWatch::Alarm": {"AlarmDescription": Text(1_024), "AlarmName": Text(255, None, 1)},
    "AWS::Events::Rule": {"Description": Text(512), "Name": Text(64, _RULE_NAME, 1)},
    "AWS::IAM::InstanceProfile": {"InstanceProfileName": Text(128, _IAM_NAME, 1), "Path": Text(512, _PATH, 1)},
    "AWS::IAM::ManagedPolicy": {
        "Description": Text(1_000),
        "ManagedPolicyName": Text(128, _IAM_NAME, 1),
        "Path": Text(512, _PATH, 1),
    },
    "AWS::IAM::Policy": {"PolicyName": Text(128, _IAM_NAME, 1)},
    "AWS::IAM::Role": {
        "Description": Text(1_000, _LATIN),
        "Path": Text(512, _PATH, 1),
        "RoleName": Text(64, _IAM_NAME, 1),
    },
    "AWS::IAM::RolePolicy": {"PolicyName": Text(128, _IAM_NAME, 1)},
    "AWS::KMS::Key": {"Description": Text(8_192)},
    "AWS::KMS::ReplicaKey": {"Description": Text(8_192)},
    "AWS::Organizations::Policy": {"Description": Text(512), "Name": Text(128, None, 1)},
    "AWS::RolesAnywhere::Profile": {"Name": Text(255, _LABEL, 1)},
    "AWS::RolesAnywhere::TrustAnchor": {"Name": Text(255, _LABEL, 1)},
    "AWS::SNS::Topic": {"DisplayName": Text(100), "TopicName": Text(256, _TOPIC_NAME, 1)},
    "AWS::SSM::Parameter": {"Description": Text(1_024)},
}
"""By type and property."""
POLICY_NAME: Final = Text(128, _IAM_NAME, 1)
"""Of an inline policy of a role."""
CHOICES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "AWS::EKS::PodIdentityAssociation": {"DisableSessionTags": frozenset({"true", "false"})},
    "AWS::KMS::Key": {
        name: frozenset({"true", "false"})
        for name in ("BypassPolicyLockoutSafetyCheck", "EnableKeyRotation", "Enabled", "MultiRegion")
    },
    "AWS::KMS::ReplicaKey": {"Enabled": frozenset({"true", "false"})},
    "AWS::RolesAnywhere::Profile": {
        "AcceptRoleSessionName": frozenset({"true", "false"}),
        "Enabled": frozenset({"true", "false"}),
        "RequireInstanceProperties": frozenset({"true", "false"}),
    },
    "AWS::RolesAnywhere::TrustAnchor": {"Enabled": frozenset({"true", "false"})},
    "AWS::SSM::Parameter": {"Tier": frozenset({"Advanced", "Intelligent-Tiering", "Standard"})},
}
"""By type and property; a boolean is `true` or `false`, in quotes or not (CloudFormation guide, template format)."""
