"""Whether the rules and alarms of detection can tell what they are declared to tell: written down a second time.

A rule's pattern and state and what an alarm watches are compared by what they mean: the values of a field are
alternatives, in whatever order (EventBridge guide, eb-event-patterns). Of a message, the fields and where they come
from; its sentences are prose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tenant_keys.aws_facts.identity_center import beginning_of, is_pattern
from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.errors import AssemblyUnreadable

ALL: Final = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
"""The only state that gets read-only management events (EventBridge API, PutRule, State)."""
_READING: Final = frozenset(
    {
        *("access-refused", "administration-denied", "break-glass-assumed", "break-glass-used", "import-begun"),
        *("root-used", "unusable-key-used", "use-denied"),
    }
)
_CALL: Final = "AWS API Call via CloudTrail"
_SUCCEEDED: Final[Mapping[str, Any]] = {"errorCode": [{"exists": False}]}
_DENIED: Final[Mapping[str, Any]] = {"errorCode": [{"prefix": "AccessDenied"}]}
_BY_ANYBODY: Final[Mapping[str, tuple[str, str]]] = {
    "deletion-scheduled": ("kms", "ScheduleKeyDeletion"),
    "deletion-cancelled": ("kms", "CancelKeyDeletion"),
    "alias-moved": ("kms", "UpdateAlias"),
    "alias-deleted": ("kms", "DeleteAlias"),
    "grant-created": ("kms", "CreateGrant"),
    "primary-moved": ("kms", "UpdatePrimaryRegion"),
    "material-imported": ("kms", "ImportKeyMaterial"),
    "material-deleted": ("kms", "DeleteImportedKeyMaterial"),
    "rotation-asked-for": ("kms", "RotateKeyOnDemand"),
    "trail-stopped": ("cloudtrail", "DeleteTrail StopLogging"),
}
_BY_HAND: Final[Mapping[str, tuple[str, str]]] = {
    "key-disabled": ("kms", "DisableKey"),
    "key-enabled": ("kms", "EnableKey"),
    "key-policy-changed": ("kms", "PutKeyPolicy"),
    "key-created": ("kms", "CreateKey"),
    "alias-created": ("kms", "CreateAlias"),
    "replica-created": ("kms", "ReplicateKey"),
    "rotation-changed": ("kms", "DisableKeyRotation EnableKeyRotation"),
    "tags-changed": ("kms", "TagResource UntagResource"),
    "trail-blinded": ("cloudtrail", "PutEventSelectors UpdateTrail"),
    "records-changed": ("s3", ""),
    "rules-changed": ("events monitoring", ""),
    "topic-changed": (
        "sns",
        (
            "AddPermission DeleteTopic PutDataProtectionPolicy RemovePermission SetSubscriptionAttributes "
            "SetTopicAttributes Unsubscribe"
        ),
    ),
    "role-changed": ("iam", ""),
}
_OF_ROLES: Final = (
    "AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DeleteRolePermissionsBoundary DetachRolePolicy "
    "PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole "
    "UpdateRoleDescription"
)
_OF_PROVIDERS: Final = (
    "AddClientIDToOpenIDConnectProvider CreateOpenIDConnectProvider DeleteOpenIDConnectProvider "
    "RemoveClientIDFromOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint"
)
_OF_BUCKETS: Final = (
    "DeleteBucket DeleteBucketEncryption DeleteBucketLifecycle DeleteBucketOwnershipControls DeleteBucketPolicy "
    "DeleteBucketPublicAccessBlock DeleteBucketReplication PutBucketAcl PutBucketEncryption PutBucketLifecycle "
    "PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock "
    "PutBucketReplication PutBucketVersioning PutObjectLockConfiguration"
)
_OF_ACCESS_POINTS: Final = (
    "CreateAccessPoint DeleteAccessPointPolicy DeleteAccountPublicAccessBlock PutAccessPointPolicy "
    "PutAccountPublicAccessBlock"
)
_OF_RULES: Final = "DeleteRule DisableRule PutRule PutTargets RemoveTargets"
_OF_KMS_ITSELF: Final[Mapping[str, str]] = {
    "key-deleted": "KMS CMK Deletion",
    "material-expired": "KMS Imported Key Material Expiration",
    "rotation-done": "KMS CMK Rotation",
}
_USE: Final = (
    "Decrypt Encrypt GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext "
    "GenerateDataKeyWithoutPlaintext ReEncrypt"
)
_CHANGES: Final = (
    "CancelKeyDeletion CreateAlias CreateGrant DeleteAlias DeleteImportedKeyMaterial DisableKey DisableKeyRotation "
    "EnableKey EnableKeyRotation ImportKeyMaterial PutKeyPolicy ReplicateKey RotateKeyOnDemand ScheduleKeyDeletion "
    "TagResource UntagResource UpdateAlias UpdateKeyDescription UpdatePrimaryRegion"
)
_SESSIONS: Final = "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity"
_FIELDS: Final[Mapping[str, str]] = {
    "time": "$.time",
    "account": "$.account",
    "region": "$.region",
    "event": "$.detail.eventName",
    "who": "$.detail.userIdentity.arn",
    "kind": "$.detail.userIdentity.type",
    "role": "$.detail.userIdentity.sessionContext.sessionIssuer.arn",
    "from": "$.detail.sourceIPAddress",
    "key": "$.detail.requestParameters.keyId",
    "alias": "$.detail.requestParameters.aliasName",
    "target": "$.detail.requestParameters.roleArn",
    "error": "$.detail.errorCode",
    "reason": "$.detail.errorMessage",
    "record": "$.detail.eventID",
}
_FIELDS_OF_KMS: Final[Mapping[str, str]] = {
    "time": "$.time",
    "account": "$.account",
    "region": "$.region",
    "event": "$.detail-type",
    "key": "$.detail.key-id",
    "record": "$.id",
}
_ALARMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "material-expiring": {
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 14 * 24 * 60 * 60,
        "Metrics": [
            {
                "Id": "q1",
                "Expression": 'SELECT MIN(SecondsUntilKeyMaterialExpiration) FROM SCHEMA("AWS/KMS", KeyId) '
                "GROUP BY KeyId ORDER BY MIN() ASC",
                "Period": 3600,
                "ReturnData": True,
            }
        ],
    },
    "quota-near": {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 80,
        "Metrics": [
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Usage",
                        "MetricName": "CallCount",
                        "Dimensions": [
                            {"Name": "Service", "Value": "KMS"},
                            {"Name": "Type", "Value": "API"},
                            {"Name": "Resource", "Value": "CryptographicOperationsSymmetric"},
                            {"Name": "Class", "Value": "None"},
                        ],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
                "ReturnData": False,
            },
            {"Id": "e1", "Expression": "100 * (m1 / PERIOD(m1)) / SERVICE_QUOTA(m1)", "ReturnData": True},
        ],
    },
}
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|<([^<>"]*)>')
"""A JSON string, or a variable outside of one."""


def declared_state(rule: str) -> str:
    """The state in which the rule of this id gets its events."""
    return ALL if rule in _READING else "ENABLED"


def pattern_differs(rule: str, pattern: object, estate: Estate) -> bool:
    """Whether the rule matches, or may match, other events than are declared."""
    return _canonical(pattern) != _canonical(_pattern(rule, estate))


def alarm_differences(alarm: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """Names of the properties by which the alarm of this id watches, or may watch, something else."""
    declared = {**_ALARMS[alarm], "EvaluationPeriods": 1, "TreatMissingData": "notBreaching"}
    for name, expected in declared.items():
        if _canonical(properties.get(name)) != _canonical(expected):
            yield name


def message_differs(rule: str, transformer: object) -> bool:
    """Whether the message is no JSON object, or its fields are others than are declared."""
    fields = _FIELDS_OF_KMS if rule in _OF_KMS_ITSELF else _FIELDS
    if not isinstance(transformer, Mapping) or set(transformer) != {"InputPathsMap", "InputTemplate"}:
        return True
    template = transformer["InputTemplate"]
    if transformer["InputPathsMap"] != fields or not isinstance(template, str):
        return True
    filled = _TOKEN.sub(lambda found: found[0] if found[1] is None else json.dumps({"field": found[1]}), template)
    try:
        message = parse_json(Path("InputTemplate"), filled.encode())
    except (AssemblyUnreadable, UnicodeEncodeError):
        return True
    if not isinstance(message, dict) or set(message) != {"rule", "severity", "what", "next", *fields}:
        return True
    prose = [message[name] for name in ("severity", "what", "next")]
    return (
        message["rule"] != rule
        or any(message[name] != {"field": name} for name in fields)
        or not all(isinstance(text, str) and set(re.findall("<([^<>]*)>", text)) <= set(fields) for text in prose)
    )


def _pattern(rule: str, estate: Estate) -> Mapping[str, Any]:
    if rule in _OF_KMS_ITSELF:
        return {"source": ["aws.kms"], "detail-type": [_OF_KMS_ITSELF[rule]]}
    if rule in _BY_ANYBODY:
        return _call(*_BY_ANYBODY[rule], _SUCCEEDED)
    if rule in _BY_HAND:
        of = _changed(rule, estate)
        return _call(*_BY_HAND[rule], {**_SUCCEEDED, **of, "userIdentity": _but(estate.central.deployers)})
    return _of_use(rule, estate) or _of_people(rule, estate)


def _changed(rule: str, estate: Estate) -> Mapping[str, Any]:
    """Of which resources a change by hand is told; empty: of all."""
    topic = names.audit_prefix(estate.naming).removesuffix("-")
    if rule == "role-changed":
        beginnings = [f"{estate.naming.role_prefix}{ours}" for ours in ("tenant-", "shared.", "import.")]
        breaker = beginning_of(estate.central.break_glass).rpartition("/")[2]
        last: object = {"prefix": breaker} if is_pattern(estate.central.break_glass) else breaker
        ours = {"requestParameters": {"roleName": [*({"prefix": beginning} for beginning in beginnings), last]}}
        return {"$or": [{"eventName": _OF_ROLES.split(), **ours}, {"eventName": _OF_PROVIDERS.split()}]}
    if rule == "records-changed":
        bucket = {"requestParameters": {"bucketName": [names.trail_bucket(estate.central.account, estate.naming)]}}
        return {"$or": [{"eventName": _OF_BUCKETS.split(), **bucket}, {"eventName": _OF_ACCESS_POINTS.split()}]}
    if rule == "rules-changed":
        of_rule = [{"prefix": f"{topic}-"}]
        of_rules = [
            {"eventName": _OF_RULES.split(), "requestParameters": {field: of_rule}} for field in ("name", "rule")
        ]
        of_alarms = [
            {"eventName": ["DeleteAlarms", "DisableAlarmActions"], "requestParameters": {"alarmNames": of_rule}},
            {"eventName": ["PutMetricAlarm"], "requestParameters": {"alarmName": of_rule}},
        ]
        return {"$or": [*of_rules, *of_alarms, {"eventName": ["PutPermission", "RemovePermission"]}]}
    if rule == "topic-changed":
        subscription = {"subscriptionArn": [{"wildcard": f"*:{topic}:*"}]}
        of_topic = ({name: [{"suffix": f":{topic}"}]} for name in ("topicArn", "resourceArn"))
        return {"$or": [{"requestParameters": one} for one in (*of_topic, subscription)]}
    return {}


def _of_use(rule: str, estate: Estate) -> Mapping[str, Any] | None:
    if rule == "lockout-bypass":
        bypass = {"requestParameters": {"bypassPolicyLockoutSafetyCheck": [True, "true"]}}
        return _call("kms", "CreateKey PutKeyPolicy ReplicateKey", bypass)
    if rule == "administration-denied":
        return _call("kms", f"{_CHANGES} CreateKey GetParametersForImport RevokeGrant", _DENIED)
    if rule == "unusable-key-used":
        return _call("kms", _USE, {"errorCode": ["DisabledException", "KMSInvalidStateException"]})
    if rule == "use-denied":
        who: dict[str, Any] = {"invokedBy": [{"exists": False}, {"anything-but": ["config.amazonaws.com"]}]}
        probes = estate.audit.probe_roles if estate.audit else ()
        return _call("kms", _USE, {**_DENIED, "userIdentity": {**who, **(_but(probes) if probes else {})}})
    return None


def _of_people(rule: str, estate: Estate) -> Mapping[str, Any]:
    central = estate.central
    breaker = central.break_glass
    named: object = {"prefix": beginning_of(breaker)} if is_pattern(breaker) else breaker
    if rule == "break-glass-assumed":
        return _call("sts", _SESSIONS, {**_SUCCEEDED, "requestParameters": {"roleArn": [named]}})
    if rule == "break-glass-used":
        return _call("kms", "", {"userIdentity": _issuer([named])})
    if rule == "import-begun":
        naming = estate.naming
        path = estate.audit.import_path if estate.audit else None
        paths = [f"{naming.role_path}{naming.role_prefix}import.", *([path] if path else [])]
        begun = [{"prefix": f"arn:{central.partition}:iam::{central.account}:role{one}"} for one in paths]
        fetched = {"eventSource": ["kms.amazonaws.com"], "eventName": ["GetParametersForImport"]}
        assumed = {"eventSource": ["sts.amazonaws.com"], "eventName": _SESSIONS.split()}
        of_roles = {"requestParameters": {"roleArn": begun}}
        return {
            "source": ["aws.kms", "aws.sts"],
            "detail-type": [_CALL],
            "detail": {**_SUCCEEDED, "$or": [fetched, {**assumed, **of_roles}]},
        }
    if rule == "access-refused":
        roles = f"arn:{central.partition}:iam::{central.account}:role{estate.naming.role_path}"
        asked = {"requestParameters": {"roleArn": [{"prefix": roles}]}}
        return _call("sts", _SESSIONS, {**_DENIED, "$or": [asked, {"errorMessage": [{"wildcard": f"*{roles}*"}]}]})
    if rule == "root-used":
        kinds = [_CALL, "AWS Console Sign In via CloudTrail"]
        return {
            "detail-type": kinds,
            "detail": {"userIdentity": {"type": ["Root"], "invokedBy": [{"exists": False}]}},
        }
    raise KeyError(rule)


def _call(service: str, operations: str, detail: Mapping[str, Any]) -> Mapping[str, Any]:
    named = {"eventName": operations.split()} if operations else {}
    return {
        "source": [f"aws.{one}" for one in service.split()],
        "detail-type": [_CALL],
        "detail": {"eventSource": [f"{one}.amazonaws.com" for one in service.split()], **named, **detail},
    }


def _but(roles: Sequence[str]) -> dict[str, Any]:
    return _issuer([{"exists": False}, {"anything-but": list(roles)}])


def _issuer(values: Sequence[object]) -> dict[str, Any]:
    return {"sessionContext": {"sessionIssuer": {"arn": list(values)}}}


def _canonical(value: object) -> Hashable:
    """The same for lists in another order. None of the declared ones has a list whose order matters."""
    if isinstance(value, Mapping):
        return "object", frozenset((str(name), _canonical(below)) for name, below in value.items())
    if isinstance(value, list | tuple):
        return "list", frozenset(map(_canonical, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", float(value)
    return type(value).__name__, str(value)
