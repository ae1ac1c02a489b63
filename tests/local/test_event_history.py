"""CloudTrail's event history on the local AWS: calls to KMS, by account and Region, to those who may look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tests.local import handmade
from tests.local.refusal import refused

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


def events(
    aws: LocalAws, arn: str, account: str = handmade.CENTRAL, region: str = handmade.REGION
) -> list[dict[str, Any]]:
    """CloudTrail's records of calls that name the key, newest first."""
    pages = aws.session(account, region=region).client("cloudtrail").get_paginator("lookup_events")
    named = [{"AttributeKey": "ResourceName", "AttributeValue": arn}]
    return [
        json.loads(event["CloudTrailEvent"])
        for page in pages.paginate(LookupAttributes=named)
        for event in page["Events"]
    ]


def test_each_call_is_found_by_its_key_with_its_error_and_without_its_data(aws: LocalAws, kms: KMSClient) -> None:
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.encrypt(KeyId=arn, Plaintext=b"top secret")
    kms.disable_key(KeyId=arn)
    with refused("DisabledException", "is disabled"):
        kms.encrypt(KeyId=arn, Plaintext=b"top secret")
    found = events(aws, arn)
    assert [(one["eventName"], one.get("errorCode")) for one in found] == [
        ("Encrypt", "DisabledException"),
        ("DisableKey", None),
        ("Encrypt", None),
    ]
    assert found[1]["userIdentity"]["arn"] == f"arn:aws:iam::{handmade.CENTRAL}:root"
    assert found[1]["requestParameters"] == {"keyId": arn}
    assert "dG9wIHNlY3JldA" not in json.dumps(found)
    assert kms.get_key_last_usage(KeyId=arn)["KeyLastUsage"]["CloudTrailEventId"] == found[2]["eventID"]


def test_other_accounts_and_regions_have_histories_of_their_own(aws: LocalAws, kms: KMSClient) -> None:
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.session(handmade.WORKLOAD).client("kms").describe_key(KeyId=arn)
    kms.describe_key(KeyId=arn)
    assert [one.get("errorCode") for one in events(aws, arn)] == [None]
    assert [one["errorCode"] for one in events(aws, arn, account=handmade.WORKLOAD)] == ["AccessDenied"]
    assert events(aws, arn, region=handmade.OTHER_REGION) == []


def test_who_may_not_look_is_refused(aws: LocalAws) -> None:
    iam = aws.session(handmade.CENTRAL).client("iam")
    trust = handmade.document(handmade.allow("Assume", ["sts:AssumeRole"], Principal=handmade.ROOT))
    iam.create_role(RoleName="Blind", AssumeRolePolicyDocument=json.dumps(trust))
    sts = aws.session(credentials=aws.operator()).client("sts")
    answer = sts.assume_role(RoleArn=f"arn:aws:iam::{handmade.CENTRAL}:role/Blind", RoleSessionName="test")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.session(credentials=answer["Credentials"]).client("cloudtrail").lookup_events()
