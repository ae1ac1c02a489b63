"""Event patterns, and what they have in common.

`anything-but` does not match a field that is missing, and a root user's record has no role: wherever a role is left
out, the pattern also takes a record without one (`exists: false`). A pattern names no tenant: what holds for tenants
holds for any alias or role of the estate.

Sources: EventBridge guide, eb-create-pattern-operators, eb-service-event-cloudtrail; AWS KMS guide, ct-* pages and
kms-events; IAM guide, cloudtrail-integration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from tenant_keys.aws_facts.identity_center import beginning_of, is_pattern
from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import trail_bucket
from tenant_keys.policy.audit.rule import Pattern

CALL: Final = "AWS API Call via CloudTrail"
SIGN_IN: Final = "AWS Console Sign In via CloudTrail"
NO_ERROR: Final[Pattern] = {"errorCode": [{"exists": False}]}
DENIED: Final[Pattern] = {"errorCode": [{"prefix": "AccessDenied"}]}
"""KMS and STS write AccessDenied into the record where callers get AccessDeniedException; other services write that."""
CONFIG: Final = "config.amazonaws.com"
"""AWS Config tries to decrypt what it records, and is denied; its service-linked role names it as invokedBy."""

USE: Final = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncrypt",
)
"""Operations on data with a symmetric key, as CloudTrail names them."""
ADMINISTRATION: Final = (
    "CancelKeyDeletion",
    "CreateAlias",
    "CreateGrant",
    "DeleteAlias",
    "DeleteImportedKeyMaterial",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "ImportKeyMaterial",
    "PutKeyPolicy",
    "ReplicateKey",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
    "UpdatePrimaryRegion",
)
"""Operations that change a key or who may use it."""
BESIDE_CHANGES: Final = ("CreateKey", "GetParametersForImport", "RevokeGrant")
"""What else is reported when it is denied: a key more, new key material begun, and a principal's access ended."""
SESSIONS: Final = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")


def call(source: str, names: Sequence[str], *parts: Pattern) -> Pattern:
    """CloudTrail records of these operations of one service, all of whose parts match."""
    detail: dict[str, Any] = {"eventSource": [f"{source}.amazonaws.com"], "eventName": list(names)}
    for part in parts:
        detail = _merged(detail, part)
    return {"source": [f"aws.{source}"], "detail-type": [CALL], "detail": detail}


def kms(*names: str) -> Callable[[Estate], Pattern]:
    """The operations of AWS KMS that succeed, regardless of the caller."""
    return lambda _: call("kms", names, NO_ERROR)


def kms_but_deployers(*names: str) -> Callable[[Estate], Pattern]:
    """The same, but for the roles that deploy the estate."""
    return lambda estate: call("kms", names, NO_ERROR, by_none_of(estate.central.deployers))


def native(detail_type: str) -> Callable[[Estate], Pattern]:
    """An event that AWS KMS itself sends to the account of the key."""
    return lambda _: {"source": ["aws.kms"], "detail-type": [detail_type]}


def by_none_of(roles: Sequence[str]) -> Pattern:
    """By any caller but sessions of these roles: users, root users and services have no role at all."""
    return _issuer([{"exists": False}, {"anything-but": list(roles)}])


def by(role: str) -> Pattern:
    """By sessions of the role, or of the permission set's roles."""
    return _issuer([_named(role)])


def _named(role: str) -> str | Pattern:
    """EventBridge compares a string as a whole, and a permission set's roles are a pattern: their beginning matches.

    So a set whose name goes on after an underscore is reported too; none of the set's own roles is missed.
    """
    return {"prefix": beginning_of(role)} if is_pattern(role) else role


def _issuer(values: list[Any]) -> Pattern:
    return {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": values}}}}


def use_denied(estate: Estate) -> Pattern:
    """Denied use of a key, but for AWS Config's own and for those of the roles that probe the estate."""
    noise = {"userIdentity": {"invokedBy": [{"exists": False}, {"anything-but": [CONFIG]}]}}
    probes = (by_none_of(estate.audit.probe_roles),) if estate.audit and estate.audit.probe_roles else ()
    return call("kms", USE, DENIED, noise, *probes)


def import_begun(estate: Estate) -> Pattern:
    """The parameters of an import fetched, or an import role assumed, with success.

    It is a custodian's, or one below the path that the manifest names for those that others make.
    """
    central, naming = estate.central, estate.naming
    paths = [f"{naming.role_path}{naming.role_prefix}import."]
    if estate.audit and estate.audit.import_path:
        paths.append(estate.audit.import_path)
    roles = [{"prefix": f"arn:{central.partition}:iam::{central.account}:role{path}"} for path in paths]
    fetched = {"eventSource": ["kms.amazonaws.com"], "eventName": ["GetParametersForImport"]}
    assumed = {
        "eventSource": ["sts.amazonaws.com"],
        "eventName": list(SESSIONS),
        "requestParameters": {"roleArn": roles},
    }
    return {
        "source": ["aws.kms", "aws.sts"],
        "detail-type": [CALL],
        "detail": {**NO_ERROR, "$or": [fetched, assumed]},
    }


def unusable(_: Estate) -> Pattern:
    """Use of a key that is disabled, pending deletion or without its material."""
    return call("kms", USE, {"errorCode": ["DisabledException", "KMSInvalidStateException"]})


def lockout_bypass(_: Estate) -> Pattern:
    """A key or a policy made without KMS's check that its maker can still change it."""
    bypass = {"requestParameters": {"bypassPolicyLockoutSafetyCheck": [True, "true"]}}
    return call("kms", ("CreateKey", "PutKeyPolicy", "ReplicateKey"), bypass)


def break_glass_assumed(estate: Estate) -> Pattern:
    """A session of the break-glass role, with success."""
    asked = {"requestParameters": {"roleArn": [_named(estate.central.break_glass)]}}
    return call("sts", SESSIONS, NO_ERROR, asked)


def break_glass_used(estate: Estate) -> Pattern:
    """Any call to AWS KMS by the break-glass role, denied or not."""
    found = call("kms", (), by(estate.central.break_glass))
    del found["detail"]["eventName"]
    return found


def access_refused(estate: Estate) -> Pattern:
    """A session of an access role refused.

    Which fields of a denied record CloudTrail keeps is not documented: the role is in the parameters of the request, or
    in the message.
    """
    central = estate.central
    roles = f"arn:{central.partition}:iam::{central.account}:role{estate.naming.role_path}"
    found = call("sts", SESSIONS, DENIED)
    found["detail"]["$or"] = [
        {"requestParameters": {"roleArn": [{"prefix": roles}]}},
        {"errorMessage": [{"wildcard": f"*{roles}*"}]},
    ]
    return found


def root_used(_: Estate) -> Pattern:
    """Anything that the root user does itself, as CIS asks: no call that a service makes for it."""
    return {
        "detail-type": [CALL, SIGN_IN],
        "detail": {"userIdentity": {"type": ["Root"], "invokedBy": [{"exists": False}]}},
    }


def administration_denied(_: Estate) -> Pattern:
    """A change of a key, or its beginning, denied. The parameters of an import are read, and a key is changed next."""
    return call("kms", (*ADMINISTRATION, *BESIDE_CHANGES), DENIED)


def role_changed(estate: Estate) -> Pattern:
    """An access role, a custodian's import role or the break-glass role, or who may assume it, changed by others than
    those who deploy.

    An identity provider of the key account decides whose tokens assume a role; none here is made by hand, so each
    counts. Source: service authorization reference, AWS IAM.
    """
    roles = (
        "AttachRolePolicy",
        "CreateRole",
        "DeleteRole",
        "DeleteRolePolicy",
        "DeleteRolePermissionsBoundary",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "TagRole",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
    )
    providers = (
        "AddClientIDToOpenIDConnectProvider",
        "CreateOpenIDConnectProvider",
        "DeleteOpenIDConnectProvider",
        "RemoveClientIDFromOpenIDConnectProvider",
        "UpdateOpenIDConnectProviderThumbprint",
    )
    beginnings = [f"{estate.naming.role_prefix}{ours}" for ours in ("tenant-", "shared.", "import.")]
    breaker = estate.central.break_glass
    last: Any = (
        {"prefix": beginning_of(breaker).rpartition("/")[2]} if is_pattern(breaker) else breaker.rpartition("/")[2]
    )
    ours = {"requestParameters": {"roleName": [*({"prefix": beginning} for beginning in beginnings), last]}}
    return _either("iam", {"eventName": list(roles), **ours}, {"eventName": list(providers)}, estate=estate)


def trail_blinded(estate: Estate) -> Pattern:
    """What a trail records, changed by others than those who deploy."""
    return call("cloudtrail", ("PutEventSelectors", "UpdateTrail"), NO_ERROR, by_none_of(estate.central.deployers))


def trail_stopped(_: Estate) -> Pattern:
    """A trail stopped or deleted."""
    return call("cloudtrail", ("DeleteTrail", "StopLogging"), NO_ERROR)


def records_changed(estate: Estate) -> Pattern:
    """Who may read or write the records of the account's own trail, or how long they are kept, changed by others than
    those who deploy. Objects that are removed are data events, which no trail here records.

    An access point's record need not name its bucket, so each one of the account counts. Object Lock has two names: the
    API's and the permission's. Source: S3 guide, cloudtrail-logging-s3-info, for the names of operations.
    """
    of_bucket = (
        "DeleteBucket",
        "DeleteBucketEncryption",
        "DeleteBucketLifecycle",
        "DeleteBucketOwnershipControls",
        "DeleteBucketPolicy",
        "DeleteBucketPublicAccessBlock",
        "DeleteBucketReplication",
        "PutBucketAcl",
        "PutBucketEncryption",
        "PutBucketLifecycle",
        "PutBucketObjectLockConfiguration",
        "PutBucketOwnershipControls",
        "PutBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketReplication",
        "PutBucketVersioning",
        "PutObjectLockConfiguration",
    )
    of_account = (
        "CreateAccessPoint",
        "DeleteAccessPointPolicy",
        "DeleteAccountPublicAccessBlock",
        "PutAccessPointPolicy",
        "PutAccountPublicAccessBlock",
    )
    ours = {"requestParameters": {"bucketName": [trail_bucket(estate.central.account, estate.naming)]}}
    return _either("s3", {"eventName": list(of_bucket), **ours}, {"eventName": list(of_account)}, estate=estate)


def rules_changed(estate: Estate) -> Pattern:
    """A rule or alarm of this stack changed, stopped or emptied, or who may send to an event bus, by others than those
    who deploy. Without a name, PutPermission and RemovePermission are about the default bus, so each one counts.

    Sources: EventBridge API reference, PutPermission and RemovePermission; CloudWatch API reference, DeleteAlarms and
    DisableAlarmActions, whose AlarmNames is a list.
    """
    prefix = [{"prefix": f"{estate.naming.stack_prefix}-audit-"}]
    rules = ("DeleteRule", "DisableRule", "PutRule", "PutTargets", "RemoveTargets")
    alarms = (("alarmNames", ("DeleteAlarms", "DisableAlarmActions")), ("alarmName", ("PutMetricAlarm",)))
    found = _either(
        "events",
        *({"eventName": list(rules), "requestParameters": {field: prefix}} for field in ("name", "rule")),
        *({"eventName": list(names), "requestParameters": {field: prefix}} for field, names in alarms),
        {"eventName": ["PutPermission", "RemovePermission"]},
        estate=estate,
    )
    found["source"].append("aws.monitoring")
    found["detail"]["eventSource"].append("monitoring.amazonaws.com")
    return found


def topic_changed(estate: Estate) -> Pattern:
    """The topic deleted, or its policies, its key or what a subscriber gets changed, by others than those who deploy;
    or a subscriber removed. Source: Amazon SNS API reference, for the parameter that names the topic.
    """
    topic = [{"suffix": f":{estate.naming.stack_prefix}-audit"}]
    of_topic = [
        {"requestParameters": {"topicArn": topic}},
        {"requestParameters": {"resourceArn": topic}},
        {"requestParameters": {"subscriptionArn": [{"wildcard": f"*:{estate.naming.stack_prefix}-audit:*"}]}},
    ]
    names = (
        "AddPermission",
        "DeleteTopic",
        "PutDataProtectionPolicy",
        "RemovePermission",
        "SetSubscriptionAttributes",
        "SetTopicAttributes",
        "Unsubscribe",
    )
    found = call("sns", names, NO_ERROR, by_none_of(estate.central.deployers))
    found["detail"]["$or"] = of_topic
    return found


def _either(service: str, *alternatives: Pattern, estate: Estate) -> Pattern:
    """One of these calls of a service, with success, by others than those who deploy."""
    found = call(service, (), NO_ERROR, by_none_of(estate.central.deployers))
    del found["detail"]["eventName"]
    found["detail"]["$or"] = list(alternatives)
    return found


def _merged(left: Pattern, right: Pattern) -> Pattern:
    found = dict(left)
    for name, value in right.items():
        found[name] = _merged(found[name], value) if isinstance(found.get(name), dict) else value
    return found
