"""What each value of `runs_on` means: which service runs code as the workload's role, and what the manifest must say.

The review has a copy of its own of the services, which a test compares: the proof must not repeat a mistake made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tenant_keys.manifest.model import RunsOn


class Platform(msgspec.Struct, frozen=True):
    """One place that a workload runs on."""

    sid: str | None
    """Sid of the statement of trust; None: the role exists already."""
    service: str | None
    """Service principal that assumes the role."""
    also: tuple[str, ...] = ()
    """Actions that the trust allows beside sts:AssumeRole."""
    needs: tuple[str, ...] = ()
    """Fields of the workload that belong to this place alone; one of them must be given."""
    source_identity: bool = False
    """Whether its sessions may carry a source identity, which stays with them when they assume a role."""


PLATFORMS: Final[Mapping[RunsOn, Platform]] = {
    # AWS Lambda guide, lambda-intro-execution-role.
    "lambda": Platform("RunOnLambda", "lambda.amazonaws.com"),
    # Amazon ECS guide, task-iam-roles.
    "ecs": Platform("RunAsTask", "ecs-tasks.amazonaws.com"),
    # EKS refuses to associate a role without sts:TagSession (Amazon EKS guide, pod-id-role). Its tags are transitive
    # and would reach the access roles, so the association switches them off. IRSA names no service.
    "eks": Platform("RunInPod", "pods.eks.amazonaws.com", ("sts:TagSession",), ("pod_identity", "irsa")),
    # Amazon EC2 guide, iam-roles-for-amazon-ec2.
    "ec2": Platform("RunOnInstances", "ec2.amazonaws.com"),
    # A Batch job role is assumed as an ECS task's (AWS Batch guide, job IAM roles).
    "batch": Platform("RunOnBatch", "ecs-tasks.amazonaws.com"),
    # Roles Anywhere sets the certificate's common name as source identity (IAM Roles Anywhere guide, trust-model).
    "roles-anywhere": Platform(
        "RunOnPremises",
        "rolesanywhere.amazonaws.com",
        ("sts:TagSession", "sts:SetSourceIdentity"),
        ("roles_anywhere",),
        source_identity=True,
    ),
    # The manifest cannot know who sets a source identity for a role that exists.
    "existing-role": Platform(None, None, needs=("role",), source_identity=True),
}
