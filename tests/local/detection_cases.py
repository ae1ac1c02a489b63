"""For each rule of detection: events that match it, and events that nearly do."""

from __future__ import annotations

from typing import Final

from tests.local.cloudtrail_events import (
    ACCOUNT,
    ADMINISTRATOR,
    BREAK_GLASS,
    CONFIG,
    DEPLOYER,
    IMPOSTOR,
    PROBE,
    ROOT,
    TENANT,
    USER,
    WORKLOAD,
    Event,
    Identity,
    assume,
    call,
    denied_without_parameters,
    native,
    role,
    service_event,
    sign_in,
    use,
)

BREAK_GLASS_ARN: Final = f"arn:aws:iam::{ACCOUNT}:role/KeyBreakGlass"
OTHER_TENANT: Final = f"arn:aws:iam::{ACCOUNT}:role/tenant-keys/orders/tenant-globex.orders"
DENIED: Final = "AccessDenied"
Cases = tuple[list[Event], list[Event]]


def by_anybody(*names: str, near: str, others: tuple[Event, ...] = ()) -> Cases:
    """An act that is reported regardless of who performs it."""
    who: tuple[Identity, ...] = (BREAK_GLASS, DEPLOYER, ROOT, USER)
    matching = [call(name, one) for name in names for one in who]
    return matching, [
        call(names[0], error=DENIED),
        call(near),
        call(names[0], service="kms-other"),
        service_event(names[0]),
        *others,
    ]


def by_hand(*names: str, near: str) -> Cases:
    """An act that is reported unless a deployment does it."""
    who: tuple[Identity, ...] = (ADMINISTRATOR, ROOT, USER, IMPOSTOR)
    matching = [call(name, one) for name in names for one in who]
    return matching, [
        *(call(name, DEPLOYER) for name in names),
        call(names[0], error=DENIED),
        call(names[0], ROOT, error="AccessDeniedException"),
        call(near),
    ]


def from_kms(detail_type: str, *others: str) -> Cases:
    found = [
        native(detail_type),
        native(detail_type, **{"key-id": "mrk-1234abcd12ab34cd56ef1234567890ab"}),
        {**native(detail_type), "region": "eu-central-1"},
    ]
    near: list[Event] = [native(one) for one in others]
    return found, [*near, {**native(detail_type), "source": "custom.kms"}, {**native(detail_type), "source": "aws.s3"}]


def _access_refused() -> Cases:
    message = f"User: {WORKLOAD['arn']} is not authorized to perform: sts:AssumeRole on resource: {OTHER_TENANT}"
    without = assume(OTHER_TENANT, error=DENIED, message=message)
    without["detail"]["requestParameters"] = None
    elsewhere = assume("arn:aws:iam::222222222222:role/tenant-keys/orders/x", error=DENIED, message="not authorized")
    return [
        assume(OTHER_TENANT, error=DENIED),
        without,
        assume(OTHER_TENANT, USER, error=DENIED),
        assume(OTHER_TENANT, error=DENIED, name="AssumeRoleWithWebIdentity"),
    ], [
        assume(OTHER_TENANT),
        elsewhere,
        assume(f"arn:aws:iam::{ACCOUNT}:role/SecurityAudit", error=DENIED, message="not authorized"),
        assume(OTHER_TENANT, error="ExpiredTokenException"),
    ]


def _rules_changed() -> Cases:
    own, other = {"name": "tenant-keys-audit-use-denied"}, {"name": "nightly-backup"}
    alarm = "tenant-keys-audit-quota-near"
    targets = {"rule": "tenant-keys-audit-use-denied", "ids": ["Topic"]}
    return [
        call("DisableRule", service="events", parameters=own),
        call("DeleteRule", ROOT, service="events", parameters=own),
        call("RemoveTargets", USER, service="events", parameters=targets),
        call("PutRule", IMPOSTOR, service="events", parameters=own),
        call("PutPermission", USER, service="events", parameters={"statementId": "x", "principal": "*"}),
        call("RemovePermission", ROOT, service="events", parameters={"statementId": "x"}),
        call("DeleteAlarms", service="monitoring", parameters={"alarmNames": ["other", alarm]}),
        call("DisableAlarmActions", ROOT, service="monitoring", parameters={"alarmNames": [alarm]}),
        call("PutMetricAlarm", USER, service="monitoring", parameters={"alarmName": alarm}),
    ], [
        call("DeleteAlarms", service="monitoring", parameters={"alarmNames": ["orders-quota-near"]}),
        call("PutMetricAlarm", DEPLOYER, service="monitoring", parameters={"alarmName": alarm}),
        call("EnableAlarmActions", service="monitoring", parameters={"alarmNames": [alarm]}),
        call("PutPermission", DEPLOYER, service="events", parameters={"statementId": "x"}),
        call("RemovePermission", service="events", parameters={"statementId": "x"}, error=DENIED),
        call("DescribeEventBus", service="events", parameters={"name": "default"}, read_only=True),
        call("DisableRule", service="events", parameters=other),
        call("PutRule", DEPLOYER, service="events", parameters=own),
        call("DisableRule", service="events", parameters=own, error=DENIED),
        call("EnableRule", service="events", parameters=own),
    ]


def _topic_changed() -> Cases:
    arn = f"arn:aws:sns:eu-west-1:{ACCOUNT}:tenant-keys-audit"
    own, subscribed = {"topicArn": arn}, {"subscriptionArn": f"{arn}:2bcfbf39"}
    return [
        call("DeleteTopic", service="sns", parameters=own),
        call("SetTopicAttributes", ROOT, service="sns", parameters={**own, "attributeName": "KmsMasterKeyId"}),
        call("Unsubscribe", USER, service="sns", parameters=subscribed),
        call("SetSubscriptionAttributes", service="sns", parameters={**subscribed, "attributeName": "FilterPolicy"}),
        call("PutDataProtectionPolicy", ROOT, service="sns", parameters={"resourceArn": arn}),
    ], [
        call("SetSubscriptionAttributes", DEPLOYER, service="sns", parameters=subscribed),
        call("SetSubscriptionAttributes", service="sns", parameters={"subscriptionArn": f"{arn}-of-others:2bcfbf39"}),
        call("PutDataProtectionPolicy", service="sns", parameters={"resourceArn": f"{arn}-of-others"}),
        call("GetDataProtectionPolicy", service="sns", parameters={"resourceArn": arn}, read_only=True),
        call("DeleteTopic", service="sns", parameters={"topicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders"}),
        call("SetTopicAttributes", DEPLOYER, service="sns", parameters=own),
        call("DeleteTopic", service="sns", parameters=own, error="AuthorizationError"),
        call("Unsubscribe", service="sns", parameters={"subscriptionArn": f"{arn}-of-others:2bcfbf39"}),
    ]


def _role_changed() -> Cases:
    own, other = {"roleName": "tenant-acme.orders"}, {"roleName": "nightly-backup"}
    provider = {"openIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.com"}
    of_provider = (
        "AddClientIDToOpenIDConnectProvider",
        "DeleteOpenIDConnectProvider",
        "RemoveClientIDFromOpenIDConnectProvider",
        "UpdateOpenIDConnectProviderThumbprint",
    )
    return [
        call("UpdateAssumeRolePolicy", service="iam", parameters=own),
        call("PutRolePolicy", ROOT, service="iam", parameters={"roleName": "shared.billing"}),
        call("AttachRolePolicy", USER, service="iam", parameters=own),
        call("UpdateAssumeRolePolicy", service="iam", parameters={"roleName": "import.acme"}),
        call("UpdateAssumeRolePolicy", USER, service="iam", parameters={"roleName": "KeyBreakGlass"}),
        call("UpdateRole", ROOT, service="iam", parameters={**own, "maxSessionDuration": 43200}),
        call("UntagRole", service="iam", parameters={**own, "tagKeys": ["tenant_id"]}),
        *(call(name, service="iam", parameters=provider) for name in of_provider),
        call("CreateOpenIDConnectProvider", USER, service="iam", parameters={"url": "https://login.example.com"}),
    ], [
        call("UpdateAssumeRolePolicy", USER, service="iam", parameters={"roleName": "KeyBreakGlassReader"}),
        call("UpdateRole", DEPLOYER, service="iam", parameters=own),
        call("UntagRole", service="iam", parameters=other),
        call("DeleteOpenIDConnectProvider", DEPLOYER, service="iam", parameters=provider),
        call("DeleteOpenIDConnectProvider", service="iam", parameters=provider, error=DENIED),
        call("GetOpenIDConnectProvider", service="iam", parameters=provider, read_only=True),
        call("UpdateAssumeRolePolicy", DEPLOYER, service="iam", parameters=own),
        call("UpdateAssumeRolePolicy", service="iam", parameters=other),
        call("UpdateAssumeRolePolicy", service="iam", parameters={"roleName": "importer"}),
        call("UpdateAssumeRolePolicy", service="iam", parameters=own, error=DENIED),
        call("GetRole", service="iam", parameters=own, read_only=True),
    ]


def _records_changed() -> Cases:
    own, other = {"bucketName": f"tenant-keys-trail-{ACCOUNT}"}, {"bucketName": f"tenant-keys-trail-{ACCOUNT}-old"}
    return [
        call("PutBucketPolicy", service="s3", parameters={**own, "policy": ""}),
        call("DeleteBucketPolicy", ROOT, service="s3", parameters={**own, "policy": ""}),
        call("PutBucketLifecycle", USER, service="s3", parameters=own),
        call("PutBucketVersioning", IMPOSTOR, service="s3", parameters=own),
        call("DeleteBucketReplication", service="s3", parameters=own),
        call("PutObjectLockConfiguration", service="s3", parameters=own),
        call("PutBucketObjectLockConfiguration", service="s3", parameters=own),
        call("CreateAccessPoint", USER, service="s3", parameters={"name": "copy"}),
        call("PutAccessPointPolicy", ROOT, service="s3", parameters={"name": "copy"}),
        call("PutAccountPublicAccessBlock", service="s3", parameters={}),
    ], [
        call("DeleteBucketReplication", service="s3", parameters=other),
        call("CreateAccessPoint", DEPLOYER, service="s3", parameters={"name": "copy"}),
        call("GetAccessPointPolicy", service="s3", parameters={"name": "copy"}, read_only=True),
        call("PutBucketPolicy", service="s3", parameters=other),
        call("PutBucketPolicy", DEPLOYER, service="s3", parameters=own),
        call("PutBucketPolicy", service="s3", parameters=own, error=DENIED),
        call("GetBucketPolicy", service="s3", parameters=own, read_only=True),
        call("PutBucketPolicy", service="s3", parameters={}),
    ]


def _lockout_bypass() -> Cases:
    def given(value: object) -> dict[str, object]:
        return {"keyId": "k", "bypassPolicyLockoutSafetyCheck": value}

    return [
        call("PutKeyPolicy", parameters=given(True)),
        call("PutKeyPolicy", DEPLOYER, parameters=given(True)),
        call("CreateKey", ROOT, parameters=given(True)),
        call("ReplicateKey", error=DENIED, parameters=given(True)),
    ], [
        call("PutKeyPolicy", parameters=given(False)),
        call("PutKeyPolicy", parameters={"keyId": "k"}),
        call("EnableKey", parameters=given(True)),
    ]


def _trail(*names: str, near: str, deployers: bool) -> Cases:
    given = {"name": "organization-trail"}
    matching = [call(name, who, service="cloudtrail", parameters=given) for name in names for who in (ROOT, USER)]
    return matching, [
        call(names[0], service="cloudtrail", parameters=given, error=DENIED),
        call(near, service="cloudtrail", parameters=given),
        call(names[0], service="logs", parameters=given),
        *([call(names[0], DEPLOYER, service="cloudtrail", parameters=given)] if deployers else []),
    ]


CASES: Final[dict[str, Cases]] = {
    "deletion-scheduled": by_anybody("ScheduleKeyDeletion", near="CancelKeyDeletion"),
    "deletion-cancelled": by_anybody("CancelKeyDeletion", near="ScheduleKeyDeletion"),
    "key-deleted": from_kms("KMS CMK Deletion", "KMS CMK Rotation"),
    "key-disabled": by_hand("DisableKey", near="DisableKeyRotation"),
    "key-enabled": by_hand("EnableKey", near="EnableKeyRotation"),
    "key-policy-changed": by_hand("PutKeyPolicy", near="GetKeyPolicy"),
    "lockout-bypass": _lockout_bypass(),
    "key-created": by_hand("CreateKey", near="CreateAlias"),
    "alias-created": by_hand("CreateAlias", near="CreateKey"),
    "alias-moved": by_anybody("UpdateAlias", near="CreateAlias"),
    "alias-deleted": by_anybody("DeleteAlias", near="CreateAlias"),
    "grant-created": by_anybody("CreateGrant", near="RevokeGrant"),
    "replica-created": by_hand("ReplicateKey", near="UpdatePrimaryRegion"),
    "primary-moved": by_anybody("UpdatePrimaryRegion", near="ReplicateKey"),
    "material-imported": by_anybody("ImportKeyMaterial", near="DeleteImportedKeyMaterial"),
    "material-deleted": by_anybody("DeleteImportedKeyMaterial", near="ImportKeyMaterial"),
    "material-expired": from_kms("KMS Imported Key Material Expiration", "KMS CMK Deletion"),
    "import-begun": (
        [
            call("GetParametersForImport", role("globex-key-import"), read_only=True),
            call("GetParametersForImport", ROOT, read_only=True),
            call("GetParametersForImport", USER, read_only=True),
            assume(f"arn:aws:iam::{ACCOUNT}:role/tenant-keys/import.acme", account=ACCOUNT),
            assume(f"arn:aws:iam::{ACCOUNT}:role/key-import/globex-key-import", account=ACCOUNT),
            assume(
                f"arn:aws:iam::{ACCOUNT}:role/key-import/new/customer", USER, account=ACCOUNT, name="AssumeRoleWithSAML"
            ),
        ],
        [
            assume(f"arn:aws:iam::{ACCOUNT}:role/tenant-keys/import.acme", account=ACCOUNT, error=DENIED),
            assume(f"arn:aws:iam::{ACCOUNT}:role/tenant-keys/orders/tenant-acme.orders", account=ACCOUNT),
            assume("arn:aws:iam::999999999999:role/tenant-keys/import.acme", account=ACCOUNT),
            assume("arn:aws:iam::999999999999:role/key-import/globex-key-import", account=ACCOUNT),
            assume(f"arn:aws:iam::{ACCOUNT}:role/key-importer", account=ACCOUNT),
            assume(f"arn:aws:iam::{ACCOUNT}:role/key-import/globex-key-import", account=ACCOUNT, error=DENIED),
            call("GetParametersForImport", read_only=True, error=DENIED),
            call("GetPublicKey", read_only=True),
            call("ImportKeyMaterial"),
        ],
    ),
    "rotation-done": from_kms("KMS CMK Rotation", "KMS CMK Deletion"),
    "rotation-asked-for": by_anybody("RotateKeyOnDemand", near="EnableKeyRotation"),
    "rotation-changed": by_hand("DisableKeyRotation", "EnableKeyRotation", near="DisableKey"),
    "tags-changed": by_hand("TagResource", "UntagResource", near="ListResourceTags"),
    "administration-denied": (
        [
            call("PutKeyPolicy", USER, error=DENIED),
            call("ScheduleKeyDeletion", ROOT, error=DENIED),
            call("CreateGrant", TENANT, error="AccessDeniedException"),
            call("UpdateAlias", DEPLOYER, error=DENIED),
            call("CreateKey", USER, error=DENIED),
            call("RevokeGrant", TENANT, error=DENIED),
            call("GetParametersForImport", USER, error=DENIED, read_only=True),
        ],
        [
            call("PutKeyPolicy", USER),
            call("PutKeyPolicy", USER, error="MalformedPolicyDocumentException"),
            use("Decrypt", error=DENIED),
            call("GetKeyPolicy", USER, error=DENIED, read_only=True),
            call("CreateKey", USER),
            call("GetParametersForImport", USER, read_only=True),
        ],
    ),
    "use-denied": (
        [
            use("Decrypt", error=DENIED),
            use("GenerateDataKey", role("tenant-globex.orders", path="/tenant-keys/orders/"), error=DENIED),
            use("Encrypt", ROOT, error="AccessDeniedException"),
            use("ReEncrypt", USER, error=DENIED),
            denied_without_parameters("Decrypt", TENANT),
        ],
        [
            use("Decrypt"),
            use("Decrypt", CONFIG, error=DENIED),
            use("Decrypt", PROBE, error=DENIED),
            use("Decrypt", error="DisabledException"),
            call("DescribeKey", read_only=True, error=DENIED),
        ],
    ),
    "unusable-key-used": (
        [
            use("Decrypt", error="DisabledException"),
            use("GenerateDataKey", ROOT, error="KMSInvalidStateException"),
            use("Encrypt", USER, error="DisabledException"),
        ],
        [
            use("Decrypt"),
            use("Decrypt", error="IncorrectKeyException"),
            call("EnableKey", error="KMSInvalidStateException"),
        ],
    ),
    "break-glass-assumed": (
        [
            assume(BREAK_GLASS_ARN, account=ACCOUNT),
            assume(BREAK_GLASS_ARN, USER, account=ACCOUNT),
            assume(BREAK_GLASS_ARN, account=ACCOUNT, name="AssumeRoleWithSAML"),
        ],
        [
            assume(BREAK_GLASS_ARN, account=ACCOUNT, error=DENIED),
            assume(f"{BREAK_GLASS_ARN}Reader", account=ACCOUNT),
            assume("arn:aws:iam::222222222222:role/KeyBreakGlass"),
        ],
    ),
    "break-glass-used": (
        [
            call("ScheduleKeyDeletion", BREAK_GLASS),
            call("DescribeKey", BREAK_GLASS, read_only=True),
            use("Decrypt", BREAK_GLASS, error=DENIED),
        ],
        [
            call("ScheduleKeyDeletion", role("KeyBreakGlass", account="999999999999")),
            call("ScheduleKeyDeletion", ADMINISTRATOR),
            call("ListBuckets", BREAK_GLASS, service="s3", read_only=True),
            call("ScheduleKeyDeletion", ROOT),
        ],
    ),
    "access-refused": _access_refused(),
    "root-used": (
        [
            call("CreateAccessKey", ROOT, service="iam", parameters={}),
            call("DescribeKey", ROOT, read_only=True, error=DENIED),
            sign_in(ROOT),
        ],
        [
            call("CreateAccessKey", USER, service="iam", parameters={}),
            call("Decrypt", {**ROOT, "invokedBy": "backup.amazonaws.com"}, read_only=True),
            sign_in(USER),
            service_event("RotateKey"),
        ],
    ),
    "role-changed": _role_changed(),
    "trail-stopped": _trail("StopLogging", "DeleteTrail", near="StartLogging", deployers=False),
    "trail-blinded": _trail("PutEventSelectors", "UpdateTrail", near="GetEventSelectors", deployers=True),
    "records-changed": _records_changed(),
    "rules-changed": _rules_changed(),
    "topic-changed": _topic_changed(),
}
"""By the id of the rule: what matches, and what nearly does."""
