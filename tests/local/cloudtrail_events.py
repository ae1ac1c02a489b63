"""Events as EventBridge delivers them: CloudTrail records of AWS's forms, and those that AWS KMS itself sends.

By hand from the samples of the AWS KMS guide (ct-*, kms-events), the CloudTrail guide
(cloudtrail-event-reference-user-identity) and the IAM guide (cloudtrail-integration).
"""

from __future__ import annotations

from typing import Any

ACCOUNT, WORKLOAD_ACCOUNT = "111111111111", "222222222222"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY_ID}"
ALIAS = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/tenant-acme"
Event = dict[str, Any]
Identity = dict[str, Any]


def role(name: str, account: str = ACCOUNT, path: str = "/", session: str = "jo", **more: Any) -> Identity:
    """A session of a role."""
    short = name.rpartition("/")[2]
    issuer = {
        "type": "Role",
        "principalId": "AROAEXAMPLE",
        "arn": f"arn:aws:iam::{account}:role{path}{name}",
        "accountId": account,
        "userName": short,
    }
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{short}/{session}",
        "accountId": account,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
        **more,
    }


ROOT: Identity = {
    "type": "Root",
    "principalId": ACCOUNT,
    "arn": f"arn:aws:iam::{ACCOUNT}:root",
    "accountId": ACCOUNT,
    "accessKeyId": "AKIAEXAMPLE",
}
USER: Identity = {
    "type": "IAMUser",
    "principalId": "AIDAEXAMPLE",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/eve",
    "accountId": ACCOUNT,
    "accessKeyId": "AKIAEXAMPLE",
    "userName": "eve",
}
SERVICE: Identity = {"type": "AWSService", "invokedBy": "AWS Internal"}
ADMINISTRATOR = role("KeyAdministrator")
BREAK_GLASS = role("KeyBreakGlass")
CONFIG = role(
    "AWSServiceRoleForConfig", path="/aws-service-role/config.amazonaws.com/", invokedBy="config.amazonaws.com"
)
DEPLOYER = role(
    f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1",
    session="AWSCloudFormation",
    invokedBy="cloudformation.amazonaws.com",
)
IMPOSTOR = role(f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1", account="999999999999")
"""The deployment role's name in another account."""
TENANT = role("tenant-acme.orders", path="/tenant-keys/orders/")
PROBE = role("KeyProbe")
WORKLOAD = role("tenant-keys-orders", account=WORKLOAD_ACCOUNT)


def call(
    name: str,
    who: Identity = ADMINISTRATOR,
    *,
    service: str = "kms",
    read_only: bool = False,
    parameters: Any = None,
    error: str | None = None,
    message: str | None = None,
    account: str = ACCOUNT,
    **more: Any,
) -> Event:
    """A record of an API call."""
    detail: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": "2026-11-28T09:30:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2.31",
        "requestParameters": {"keyId": KEY_ID} if parameters is None else parameters,
        "responseElements": None,
        "requestID": "4be68e2a-0000-4000-8000-000000000001",
        "eventID": "4be68e2a-0000-4000-8000-000000000002",
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
        **more,
    }
    if error is not None:
        detail |= {"errorCode": error, "errorMessage": message or f"User: {who.get('arn')} is not authorized"}
    return envelope(f"aws.{service}", "AWS API Call via CloudTrail", detail, account)


def use(name: str, who: Identity = TENANT, **more: Any) -> Event:
    """A record of the use of a key, by its alias."""
    given = {"keyId": ALIAS, "encryptionContext": {"tenant_id": "acme"}}
    return call(name, who, read_only=True, parameters=more.pop("parameters", given), **more)


def denied_without_parameters(name: str, who: Identity) -> Event:
    """A denied record that kept nothing of the request but its message."""
    message = (
        f"User: {who['arn']} is not authorized to perform: kms:{name} on resource: {KEY} because no resource-based "
        f"policy allows the kms:{name} action"
    )
    found = call(name, who, read_only=True, error="AccessDenied", message=message)
    found["detail"]["requestParameters"] = None
    return found


def assume(target: str, who: Identity = WORKLOAD, *, account: str = WORKLOAD_ACCOUNT, **more: Any) -> Event:
    """A record of AssumeRole."""
    parameters = {"roleArn": target, "roleSessionName": "jo"}
    name = more.pop("name", "AssumeRole")
    return call(name, who, service="sts", read_only=True, parameters=parameters, account=account, **more)


def native(detail_type: str, **detail: Any) -> Event:
    """An event that AWS KMS sends itself."""
    return envelope("aws.kms", detail_type, {"key-id": KEY_ID, **detail}, ACCOUNT)


def service_event(name: str) -> Event:
    """What AWS KMS does by itself, as CloudTrail records it."""
    found = call(name, SERVICE, eventType="AwsServiceEvent")
    found["detail-type"] = "AWS Service Event via CloudTrail"
    found["detail"]["requestParameters"] = None
    return found


def sign_in(who: Identity) -> Event:
    """A sign-in to the console."""
    found = call("ConsoleLogin", who, service="signin", eventType="AwsConsoleSignIn", parameters={})
    found["detail-type"] = "AWS Console Sign In via CloudTrail"
    return found


def envelope(source: str, detail_type: str, detail: dict[str, Any], account: str) -> Event:
    return {
        "version": "0",
        "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": "2026-11-28T09:30:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": detail,
    }
