"""Findings of other tools that are meant, as metadata of the resource.

checkov reads Metadata.checkov.skip. The rules of cfn-guard's AWS Guard Rules Registry skip a resource that names them
in Metadata.guard.SuppressedRules. The packs of cdk-nag read acknowledgements of the app: `tenant_stacks.validation`.
"""

from __future__ import annotations

from typing import Any, Final

from tenant_keys.manifest import Tenant

IMPORTED_KEY: Final = "The tenant imports the key material; AWS KMS rotates no imported key automatically."
ROTATION_OFF: Final = "The manifest switches automatic rotation off for this tenant; it is rotated on demand."
INLINE_POLICY: Final = (
    "The policy is this role's alone and is deleted with it; a managed policy could be attached elsewhere."
)

INLINE_POLICY_METADATA: Final = {
    "guard": {"SuppressedRules": ["IAM_NO_INLINE_POLICY_CHECK"], "Reason": INLINE_POLICY},
}

HOOK_FUNCTION_METADATA: Final = {
    "checkov": {
        "skip": [
            {"id": "CKV_AWS_115", "comment": "A Hook that is throttled refuses: a limit of its own would refuse more."},
            {"id": "CKV_AWS_116", "comment": "CloudFormation waits for the answer; nothing is invoked asynchronously."},
            {"id": "CKV_AWS_117", "comment": "It reads one presigned URL of Amazon S3 and no network of ours."},
        ]
    },
    "guard": {
        "SuppressedRules": ["LAMBDA_CONCURRENCY_CHECK", "LAMBDA_DLQ_CHECK", "LAMBDA_INSIDE_VPC"],
        "Reason": "CloudFormation invokes it and waits; it reads one presigned URL of Amazon S3.",
    },
}
HOOK_LOGS_METADATA: Final = {
    "checkov": {
        "skip": [{"id": "CKV_AWS_158", "comment": "CloudWatch Logs encrypts; the log holds errors of Python."}]
    },
    "guard": {"SuppressedRules": ["CLOUDWATCH_LOG_GROUP_ENCRYPTED"], "Reason": "The log holds errors of Python."},
}


def why_no_rotation(tenant: Tenant) -> str | None:
    """Why the tenant's key has no automatic rotation; None where it has."""
    if tenant.origin == "imported":
        return IMPORTED_KEY
    return ROTATION_OFF if tenant.rotation_days is None else None


def key_metadata(tenant: Tenant) -> dict[str, Any]:
    """The entries of `Metadata` of the tenant's key; empty where every tool is content."""
    reason = why_no_rotation(tenant)
    if reason is None:
        return {}
    return {
        "checkov": {"skip": [{"id": "CKV_AWS_7", "comment": reason}]},
        "guard": {"SuppressedRules": ["CMK_BACKING_KEY_ROTATION_ENABLED"], "Reason": reason},
    }
