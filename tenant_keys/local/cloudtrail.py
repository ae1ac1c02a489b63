"""CloudTrail: a record of AWS's own form for each request that KMS and STS decide and for what KMS does by itself,
written and sent to EventBridge.

Sources: AWS KMS guide, ct-* pages and logging-using-cloudtrail; CloudTrail guide,
cloudtrail-event-reference-user-identity; IAM guide, cloudtrail-integration. Which fields a denied record keeps is not
documented: ours keeps the parameters, and a rule must do without them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol

from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.clock import Clock
from tenant_keys.local.event import Event
from tenant_keys.local.event_history import EventHistory
from tenant_keys.local.fault import Fault
from tenant_keys.local.kms.store import ServiceEvent

_READING: Final = ("Describe", "Get", "List")
_READ_ONLY: Final = frozenset(
    {
        *("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"),
        *("Decrypt", "DeriveSharedSecret", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateMac"),
        *("GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateRandom", "ReEncrypt"),
        *("Sign", "Verify", "VerifyMac"),
    }
)
"""Beside Describe, Get and List (EventBridge guide, eb-service-management-event-list)."""
_NEVER: Final = frozenset(
    {"CiphertextBlob", "EncryptedKeyMaterial", "ImportToken", "Message", "Plaintext", "Signature", "WebIdentityToken"}
)
"""Parameters that CloudTrail leaves out: data, ciphertext, credentials."""
_CODES: Final = {"AccessDeniedException": "AccessDenied"}
"""What a record calls otherwise than the answer to the caller (aws-samples/baseline-environment-on-aws, issue 51)."""
_ANSWERED: Final = frozenset({"keyId", "keyMetadata", "keyState", "deletionDate", "keyMaterialId", "grantId"})
"""Of the answer to a request that writes."""
_BY_KMS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "DeleteKey": ("KMS CMK Deletion", {}),
    "DeleteExpiredKeyMaterial": ("KMS Imported Key Material Expiration", {"key-material-id": "keyMaterialId"}),
    "RotateKey": (
        "KMS CMK Rotation",
        {
            "key-origin": "keyOrigin",
            "rotation-type": "rotationType",
            "previous-key-material-id": "previousKeyMaterialId",
            "current-key-material-id": "currentKeyMaterialId",
        },
    ),
}
"""The event that KMS itself sends beside a record, and the names of its fields there (AWS KMS guide, kms-events)."""


class Bus(Protocol):
    """EventBridge, as far as a service sends events to it."""

    def send(self, event: Event) -> None:
        """Put one event on the default bus of its account and Region."""


class CloudTrail:
    """Writes each record to a file of the account that it belongs to, and sends it to the account's default bus."""

    def __init__(self, path: Path, clock: Clock, bus: Bus, history: EventHistory) -> None:
        self._path, self._clock, self._bus, self._history = path, clock, bus, history
        self._file: IO[str] = path.open("a", encoding="utf-8")

    def write(
        self,
        *,
        source: str,
        operation: str,
        caller: Caller | None,
        region: str,
        request_id: str,
        parameters: Mapping[str, Any],
        answer: Mapping[str, Any],
        resources: list[str],
        fault: Fault | None,
    ) -> None:
        """Write the record of one request.

        A request across accounts that succeeds is recorded in both, a denied one in the caller's account alone.
        """
        owners = [arn.split(":")[4] for arn in resources if arn.startswith("arn:")]
        own = caller.account if caller else next(iter(owners), "")
        record = {
            "eventVersion": "1.11",
            "userIdentity": identity(caller, operation),
            "eventTime": _utc(self._clock.now()),
            "eventSource": source,
            "eventName": operation,
            "awsRegion": region,
            "sourceIPAddress": (caller.via_service if caller else None) or "192.0.2.10",
            "userAgent": (caller.via_service if caller else None) or "local",
            **({"errorCode": _CODES.get(fault.code, fault.code), "errorMessage": fault.message} if fault else {}),
            "requestParameters": dict(_named(parameters)) or None,
            "responseElements": None if fault else _answer(source, operation, answer),
            "requestID": request_id,
            "eventID": event_id(request_id, own),
            "readOnly": operation in _READ_ONLY or operation.startswith(_READING),
            "resources": [_resource(arn) for arn in resources],
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "eventCategory": "Management",
        }
        others = [] if fault else [owner for owner in dict.fromkeys(owners) if owner and owner != own]
        self._deliver({**record, "recipientAccountId": own}, own, region, source)
        for account in others:
            shared = {"sharedEventID": str(uuid.uuid4()), "eventID": event_id(request_id, account)}
            seen = {**record, "recipientAccountId": account, **shared}
            if caller is not None and source == "sts.amazonaws.com":
                seen["userIdentity"] = {
                    "type": "AWSAccount",
                    "principalId": caller.user_id,
                    "accountId": caller.account,
                }
            self._deliver(seen, account, region, source)

    def write_service_event(self, done: ServiceEvent) -> None:
        """Write the record of what KMS did by itself, and send the event that KMS itself sends of it."""
        key = done.key
        record = {
            "eventVersion": "1.11",
            "userIdentity": {"accountId": key.account, "invokedBy": "AWS Internal"},
            "eventTime": _utc(done.at),
            "eventSource": "kms.amazonaws.com",
            "eventName": done.name,
            "awsRegion": key.region,
            "sourceIPAddress": "AWS Internal",
            "userAgent": "AWS Internal",
            "requestParameters": None,
            "responseElements": None,
            "eventID": str(uuid.uuid4()),
            "readOnly": False,
            "resources": [_resource(key.arn)],
            "eventType": "AwsServiceEvent",
            "managementEvent": True,
            "recipientAccountId": key.account,
            **({"serviceEventDetails": {**done.details, "keyId": key.id}} if done.details else {}),
            "eventCategory": "Management",
        }
        self._keep(record, key.account, key.region, done.at)
        place = (key.account, key.region, "aws.kms")
        self._bus.send(Event(*place, "AWS Service Event via CloudTrail", record, done.at))
        detail_type, fields = _BY_KMS[done.name]
        detail = {"key-id": key.id, **{name: done.details[known_as] for name, known_as in fields.items()}}
        self._bus.send(Event(*place, detail_type, detail, done.at, (key.arn,)))

    def _deliver(self, record: Mapping[str, Any], account: str, region: str, source: str) -> None:
        now, service = self._clock.now(), source.partition(".")[0]
        self._keep(record, account, region, now)
        self._bus.send(Event(account, region, f"aws.{service}", "AWS API Call via CloudTrail", record, now))

    def _keep(self, record: Mapping[str, Any], account: str, region: str, at: datetime) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        self._history.keep(account, region, record, at)

    def clear(self) -> None:
        self._file.close()
        self._file = self._path.open("w", encoding="utf-8")


def event_id(request_id: str, account: str) -> str:
    """Of the record of a request in one account: GetKeyLastUsage names the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{request_id} {account}"))


def identity(caller: Caller | None, operation: str) -> dict[str, Any]:
    """`userIdentity` of a record."""
    if caller is None:
        kind = "WebIdentityUser" if operation == "AssumeRoleWithWebIdentity" else "AWSService"
        return {"type": kind, **({} if kind == "WebIdentityUser" else {"invokedBy": "AWS Internal"})}
    if caller.kind is CallerKind.SERVICE:
        return {"type": "AWSService", "invokedBy": caller.name}
    found: dict[str, Any] = {
        "type": {CallerKind.ROOT: "Root", CallerKind.USER: "IAMUser"}.get(caller.kind, "AssumedRole"),
        "principalId": caller.user_id or caller.account,
        "arn": caller.arn,
        "accountId": caller.account,
    }
    if caller.kind is CallerKind.USER:
        found["userName"] = caller.name
    if caller.role_arn is not None:
        issuer = {
            "type": "Role",
            "principalId": caller.user_id.partition(":")[0],
            "arn": caller.role_arn,
            "accountId": caller.account,
            "userName": caller.role_arn.rpartition("/")[2],
        }
        found["sessionContext"] = {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}}
    if caller.via_service is not None:
        found["invokedBy"] = caller.via_service
    return found


def _named(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Parameters as a record names them. STS's query protocol spells lists out: Tags.member.1.Key."""
    tags: dict[str, str] = {}
    for name, value in parameters.items():
        if name in _NEVER or name in ("Action", "Version") or isinstance(value, bytes):
            continue
        if name.startswith("Tags.member.") and name.endswith(".Key"):
            tags[str(value)] = str(parameters.get(name.removesuffix("Key") + "Value", ""))
        elif ".member." not in name:
            yield name[0].lower() + name[1:], value
    if tags:
        yield "principalTags", tags


def _answer(source: str, operation: str, answer: Mapping[str, Any]) -> dict[str, Any] | None:
    if source == "sts.amazonaws.com":
        return dict(answer) or None
    if operation in _READ_ONLY or operation.startswith(_READING):
        return None
    found = {name[0].lower() + name[1:]: value for name, value in answer.items()}
    kept = {name: value for name, value in found.items() if name in _ANSWERED}
    return json.loads(json.dumps(kept, default=str)) or None


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _resource(arn: str) -> dict[str, str]:
    kind = "AWS::IAM::Role" if ":iam:" in arn else "AWS::KMS::Key"
    return {"accountId": (arn.split(":") + [""] * 5)[4], "type": kind, "ARN": arn}
