"""The lists of KMS actions, each with its reason. Allows are spelled out: a pattern would grant what comes later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tenant_keys.manifest.model import Auditor, Operation

USE: Final[dict[Operation, tuple[str, ...]]] = {
    "encrypt": ("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
    "decrypt": ("kms:Decrypt",),
    "re-encrypt": ("kms:ReEncryptFrom", "kms:ReEncryptTo"),
}
"""What a workload may be allowed. Key pairs are not among it: no workload needs asymmetric data keys."""

DESCRIBE: Final = ("kms:DescribeKey",)
"""Tells a workload the key's state; carries no encryption context, so it is in statements of its own."""

CRYPTOGRAPHIC: Final = (
    "kms:Dec*",
    "kms:DeriveSharedSecret",
    "kms:Enc*",
    "kms:GenerateDataKey*",
    "kms:GetPublicKey",
    "kms:*Mac",
    "kms:ReEncrypt*",
    "kms:Sign",
    "kms:Verify",
)
"""For Denies alone: every operation that carries `kms:RequestAlias`, but for DescribeKey, and what KMS adds to them.

A test holds the patterns to exactly the operations of the service authorization reference: on any other the condition
key is always absent, and a Deny with a negated operator would deny it to every principal.
"""

CRYPTOGRAPHIC_BUT_DECRYPT: Final = CRYPTOGRAPHIC[1:]
"""Without Decapsulate too, which no symmetric key can do (AWS KMS guide, key-types)."""

WITH_CONTEXT: Final = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
"""For a Deny: every operation that carries an encryption context, but for those on grants."""

DEPLOY: Final = (
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
"""What CloudFormation's handlers of key, replica and alias call to change a key (registry schemas, `handlers`)."""

STOP: Final = ("kms:DisableKey",)
"""Revocation: the more people may do it quickly, the better."""

SCHEDULE_DELETION: Final = ("kms:ScheduleKeyDeletion",)
"""The one act that loses data for good."""

CANCEL_DELETION: Final = ("kms:CancelKeyDeletion",)

IMPORT: Final = ("kms:DeleteImportedKeyMaterial", "kms:GetParametersForImport", "kms:ImportKeyMaterial")
"""Bring your own key; none of it can be called across accounts (KMS API reference)."""

ROTATE: Final = ("kms:RotateKeyOnDemand",)

CUSTODIAN_READS: Final = ("kms:DescribeKey", "kms:ListKeyRotations")
"""What the ceremony of a custodian reads: the key's state, and what becomes of each material."""

READ: Final = (
    "kms:GetKeyLastUsage",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
)
"""Evidence, and CloudFormation's read handlers. DescribeKey goes with it, but its Deny is separate: tenants' roles
have it too."""

AUDITOR: Final[Mapping[Auditor, tuple[str, ...]]] = {
    "access-analyzer": ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants", "kms:ListKeyPolicies"),
    "config": ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"),
}
"""What AWS's own auditors ask of a key: the actions on keys in the managed policies of their service-linked roles
(AccessAnalyzerServiceRolePolicy, version 16; AWSConfigServiceRolePolicy). Without them Access Analyzer reports
ACCESS_DENIED (IAM guide, access-analyzer-resources), and KMS.5 fails (Security Hub guide, kms-controls)."""

NOBODY: Final = ("kms:CreateGrant", "kms:UpdateAlias", "kms:UpdatePrimaryRegion")
"""A grant opens a key beside its policy; a re-pointed alias stops old ciphertext from opening; a moved primary breaks
its stack. A runbook changes the policy first."""
