"""What the review sees of a cloud assembly: stacks, and resources with their values resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

# The types whose policies, names and links the review reads: in them every value must be known.
READ_TYPES = frozenset(
    {
        "AWS::CloudFormation::LambdaHook",
        "AWS::CloudFormation::StackSet",
        "AWS::CloudTrail::Trail",
        "AWS::CloudWatch::Alarm",
        "AWS::EKS::PodIdentityAssociation",
        "AWS::Events::EventBusPolicy",
        "AWS::Events::Rule",
        "AWS::IAM::Group",
        "AWS::IAM::GroupPolicy",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::OIDCProvider",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::IAM::RolePolicy",
        "AWS::IAM::SAMLProvider",
        "AWS::IAM::ServiceLinkedRole",
        "AWS::IAM::User",
        "AWS::IAM::UserPolicy",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::Organizations::Policy",
        "AWS::RolesAnywhere::Profile",
        "AWS::RolesAnywhere::TrustAnchor",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
    }
)

# The types that create resources which are not in the template; those of a stack set are read from its TemplateBody.
HIDING_TYPES = frozenset(
    {
        "AWS::CloudFormation::Macro",
        "AWS::CloudFormation::Stack",
        "AWS::CloudFormation::StackSet",
        "AWS::SSO::PermissionSet",
        "AWS::Serverless::Application",
    }
)


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource, as AWS will be asked for it."""

    stack: str
    account: str
    region: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    deletion_policy: str | None
    update_replace_policy: str | None
    depends_on: frozenset[str] = frozenset()
    """Logical ids of what CloudFormation creates before; names of parameters may be among them."""
    physical_id: str | None = None
    """The id that AWS chose, of a resource that was read from an account."""

    @property
    def where(self) -> str:
        """Its stack and its logical id."""
        return f"{self.stack} {self.logical_id}"


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack with all its resources, by logical id."""

    name: str
    account: str
    region: str
    template_path: Path
    resources: Mapping[str, Resource]
    termination_protection: bool
    raw: tuple[str, ...]
    """Logical ids of resources, of types not in READ_TYPES, whose values are left as they are in the template."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What the template holds beside them: its other sections, and the metadata of resources that have any."""
    after: frozenset[str] = frozenset()
    """Names of the stacks that the CDK CLI deploys before."""
    deployed: bool = False
    """Whether it was read from an account, so that all its resources exist."""


class Stacks(Protocol):
    """Stacks one at a time: those of a cloud assembly, of an account, or of a test."""

    def stacks(self) -> Iterator[Stack]:
        """Yield each stack once."""
