"""The table of rules: id, severity, sentence, pattern, and what to run next. The source of `docs/detection.md`."""

from __future__ import annotations

from typing import Final

from tenant_keys.policy.audit import patterns as on
from tenant_keys.policy.audit.rule import Rule

_WHOSE: Final = "aws kms list-aliases --key-id <key> --region <region>"
"""Shows the tenant of a key; an alias that the caller gave is already in `key` or `alias`."""
_CANCEL: Final = f"aws kms cancel-key-deletion --key-id <key> --region <region>; tenant: {_WHOSE}"
_TRAIL: Final = (
    "aws cloudtrail lookup-events --region <region> --lookup-attributes AttributeKey=EventId,AttributeValue=<record>"
)

RULES: Final = (
    Rule(
        "deletion-scheduled", "critical", "The deletion of a key was scheduled.", _CANCEL, on.kms("ScheduleKeyDeletion")
    ),
    Rule(
        "deletion-cancelled",
        "high",
        "The scheduled deletion of a key was cancelled; the key is disabled.",
        f"aws kms describe-key --key-id <key> --region <region>; tenant: {_WHOSE}",
        on.kms("CancelKeyDeletion"),
    ),
    Rule(
        "key-deleted",
        "critical",
        "AWS KMS deleted a key; its data cannot be recovered.",
        "compare the key with the keys of tenants that were offboarded: tenants.lock",
        on.native("KMS CMK Deletion"),
        native=True,
    ),
    Rule(
        "key-disabled",
        "high",
        "A key was disabled by hand, not by a deployment.",
        f"aws kms enable-key --key-id <key> --region <region>, or set the tenant suspended; tenant: {_WHOSE}",
        on.kms_but_deployers("DisableKey"),
    ),
    Rule(
        "key-enabled",
        "medium",
        "A key was enabled by hand, not by a deployment.",
        f"aws kms describe-key --key-id <key> --region <region>; tenant: {_WHOSE}",
        on.kms_but_deployers("EnableKey"),
    ),
    Rule(
        "key-policy-changed",
        "critical",
        "A key policy was changed by a role that is not a deployment role.",
        f"aws kms get-key-policy --key-id <key> --region <region>; deploy the estate again; tenant: {_WHOSE}",
        on.kms_but_deployers("PutKeyPolicy"),
    ),
    Rule(
        "lockout-bypass",
        "critical",
        "A request for a key or a key policy bypassed the lockout safety check, or tried to.",
        f"aws kms get-key-policy --key-id <key> --region <region>; tenant: {_WHOSE}",
        on.lockout_bypass,
    ),
    Rule(
        "key-created",
        "medium",
        "A key was created by hand in the key account.",
        _TRAIL,
        on.kms_but_deployers("CreateKey"),
    ),
    Rule(
        "alias-created",
        "high",
        "An alias was created by hand.",
        "aws kms list-aliases --region <region>; delete the alias that tenants.lock does not contain",
        on.kms_but_deployers("CreateAlias"),
    ),
    Rule(
        "alias-moved",
        "critical",
        "An alias now points at another key: its tenant cannot open its data.",
        "aws kms list-aliases --region <region>; point the alias back at its key",
        on.kms("UpdateAlias"),
    ),
    Rule(
        "alias-deleted",
        "critical",
        "An alias was deleted: its tenant has lost access.",
        "aws kms create-alias with the key of the tenant's stack; tenant: <alias>",
        on.kms("DeleteAlias"),
    ),
    Rule(
        "grant-created",
        "critical",
        "A grant on a key was created, which every key policy of the estate denies.",
        f"aws kms list-grants --key-id <key> --region <region>; revoke it; tenant: {_WHOSE}",
        on.kms("CreateGrant"),
    ),
    Rule(
        "replica-created",
        "high",
        "A key was replicated by hand into another Region.",
        f"aws kms describe-key --key-id <key> --region <region>; tenant: {_WHOSE}",
        on.kms_but_deployers("ReplicateKey"),
    ),
    Rule(
        "primary-moved",
        "critical",
        "The primary Region of a key was changed: its stack holds a replica now.",
        f"aws kms update-primary-region back; tenant: {_WHOSE}",
        on.kms("UpdatePrimaryRegion"),
    ),
    Rule(
        "material-imported",
        "medium",
        "Key material was imported.",
        f"aws kms describe-key --key-id <key> --region <region>; ask the tenant: {_WHOSE}",
        on.kms("ImportKeyMaterial"),
    ),
    Rule(
        "material-deleted",
        "critical",
        "Imported key material was deleted: the key cannot decrypt until the material is imported again.",
        f"ask the tenant whether it revoked its key: {_WHOSE}",
        on.kms("DeleteImportedKeyMaterial"),
    ),
    Rule(
        "material-expired",
        "critical",
        "Imported key material has expired: the key cannot decrypt until the material is imported again.",
        f"have the tenant import its material again: {_WHOSE}",
        on.native("KMS Imported Key Material Expiration"),
        native=True,
    ),
    Rule(
        "import-begun",
        "medium",
        "An import role was assumed, or the parameters of an import were fetched.",
        f"ask the tenant whether it imports key material: {_WHOSE}",
        on.import_begun,
        read_only=True,
    ),
    Rule(
        "rotation-done",
        "low",
        "AWS KMS rotated the material of a key.",
        f"nothing; tenant: {_WHOSE}",
        on.native("KMS CMK Rotation"),
        native=True,
    ),
    Rule(
        "rotation-asked-for",
        "medium",
        "A key was rotated on demand, which AWS KMS allows 25 times for each key.",
        f"aws kms list-key-rotations --key-id <key> --region <region>; tenant: {_WHOSE}",
        on.kms("RotateKeyOnDemand"),
    ),
    Rule(
        "rotation-changed",
        "high",
        "Automatic rotation of a key was switched on or off by hand.",
        f"aws kms get-key-rotation-status --key-id <key> --region <region>; tenant: {_WHOSE}",
        on.kms_but_deployers("DisableKeyRotation", "EnableKeyRotation"),
    ),
    Rule(
        "tags-changed",
        "low",
        "The tags of a key were changed by hand.",
        f"aws kms list-resource-tags --key-id <key> --region <region>; tenant: {_WHOSE}",
        on.kms_but_deployers("TagResource", "UntagResource"),
    ),
    Rule(
        "administration-denied",
        "high",
        "An attempt to create or change a key, to import its material or to end a grant was denied.",
        _TRAIL,
        on.administration_denied,
        read_only=True,
    ),
    Rule(
        "use-denied",
        "high",
        "Use of a key was denied: to another tenant's role, to an unknown caller, or for a wrong encryption context.",
        f"the query denials-by-tenant; the role is <role>; tenant: {_WHOSE}",
        on.use_denied,
        read_only=True,
    ),
    Rule(
        "unusable-key-used",
        "medium",
        "A request used a key that is disabled, pending deletion or without its material.",
        f"before the key is deleted, find out who needs it: the query last-use; tenant: {_WHOSE}",
        on.unusable,
        read_only=True,
    ),
    Rule(
        "break-glass-assumed",
        "critical",
        "Somebody assumed the break-glass role.",
        "ask <who> for the ticket; the query break-glass-sessions lists what the session does",
        on.break_glass_assumed,
        read_only=True,
    ),
    Rule(
        "break-glass-used",
        "critical",
        "The break-glass role called AWS KMS.",
        f"the query break-glass-sessions; tenant: {_WHOSE}",
        on.break_glass_used,
        read_only=True,
    ),
    Rule(
        "access-refused",
        "high",
        "A role was denied an access role: a workload requests a tenant that it does not serve.",
        "in account <account> find out what <who> runs; the role asked for is <target>",
        on.access_refused,
        read_only=True,
    ),
    Rule(
        "root-used",
        "critical",
        "The root user of the key account was used.",
        "aws iam get-account-summary; find out who signed in from <from>",
        on.root_used,
        read_only=True,
    ),
    Rule(
        "role-changed",
        "critical",
        "An access, import or break-glass role, its trust policy or an identity provider was changed by hand. "
        "IAM's events reach us-east-1 only.",
        "deploy the estate again; aws cloudtrail lookup-events has the record <record>",
        on.role_changed,
    ),
    Rule(
        "trail-stopped",
        "critical",
        "A trail was stopped or deleted in this account.",
        "aws cloudtrail start-logging; aws cloudtrail describe-trails",
        on.trail_stopped,
    ),
    Rule(
        "trail-blinded",
        "critical",
        "The settings of a trail in this account were changed by hand: check that it still records AWS KMS.",
        "aws cloudtrail get-event-selectors; look for ExcludeManagementEventSources",
        on.trail_blinded,
    ),
    Rule(
        "records-changed",
        "critical",
        "The bucket of this account's own trail, or an access point, was changed by hand: who may read the "
        "records, or how long they are kept.",
        "deploy the stack of the trail again; aws cloudtrail validate-logs",
        on.records_changed,
    ),
    Rule(
        "rules-changed",
        "critical",
        "A rule or alarm of this detection, or who may send events to its bus, was changed by hand.",
        "deploy the audit stack of <region> again",
        on.rules_changed,
    ),
    Rule(
        "topic-changed",
        "critical",
        "The topic of this detection was changed by hand, or a subscription was removed or changed.",
        "deploy the audit stack of <region> again; aws sns list-subscriptions-by-topic",
        on.topic_changed,
    ),
)
"""In the order of a key's life, then its use, then the detection itself."""
