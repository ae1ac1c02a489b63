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

HOOK_CALLED: Final = (
    "CloudFormation alone calls the function, and waits; a limit or a queue of its own would add refusals."
)
HOOK_NETWORK: Final = "The function reads one presigned URL of Amazon S3, and no network of ours."
HOOK_LOGS: Final = "CloudWatch Logs encrypts the log, which holds errors of Python and no data of a tenant."
HOOK_FUNCTION_METADATA: Final = {
    "checkov": {
        "skip": [
            {"id": "CKV_AWS_115", "comment": HOOK_CALLED},
            {"id": "CKV_AWS_116", "comment": HOOK_CALLED},
            {"id": "CKV_AWS_117", "comment": HOOK_NETWORK},
        ]
    },
    "guard": {
        "SuppressedRules": ["LAMBDA_CONCURRENCY_CHECK", "LAMBDA_DLQ_CHECK", "LAMBDA_INSIDE_VPC"],
        "Reason": f"{HOOK_CALLED} {HOOK_NETWORK}",
    },
}
HOOK_LOGS_METADATA: Final = {
    "checkov": {"skip": [{"id": "CKV_AWS_158", "comment": HOOK_LOGS}]},
    "guard": {"SuppressedRules": ["CLOUDWATCH_LOG_GROUP_ENCRYPTED"], "Reason": HOOK_LOGS},
}

RECORDS_READ: Final = (
    "The bucket's policy lets the manifest's readers and the break-glass role alone read records, and nobody remove "
    "them; their reads are not logged, because that log would need a bucket with the same safeguards."
)
RECORDS_COPIED: Final = (
    "A copy in another Region would be a second place to read records from; in this one, versions are kept and the "
    "bucket's policy denies their removal to everyone."
)
RECORDS_ENCRYPTED: Final = (
    "Amazon S3 encrypts the records with keys of its own; who administers keys of this account could make the records "
    "of that unreadable."
)
RECORDS_WATCHED: Final = (
    "The rules of the audit stacks receive the events from Amazon EventBridge; a copy in CloudWatch Logs would be a "
    "second place to read them from."
)


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
