"""What verify says of the key account's own trail, by what CloudTrail answers of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tenant_keys.operations.verify.compare_accounts import AccountComparison
from tests.manifest.sample import TEXT
from tests.policy.estates import estate_of_text

ESTATE = estate_of_text(f"audit: {{trail: own}}\n{TEXT}")
OWN: dict[str, Any] = {
    "Name": "tenant-keys-trail",
    "TrailARN": "arn:aws:cloudtrail:eu-west-1:111111111111:trail/tenant-keys-trail",
    "S3BucketName": "tenant-keys-trail-111111111111",
    "HomeRegion": "eu-west-1",
    "IsMultiRegionTrail": True,
    "IncludeGlobalServiceEvents": True,
    "LogFileValidationEnabled": True,
    "IsOrganizationTrail": False,
    "HasCustomEventSelectors": True,
    "HasInsightSelectors": False,
}
OTHER = {**OWN, "Name": "organization", "TrailARN": "arn:aws:cloudtrail:eu-west-1:444444444444:trail/organization"}
FOREIGN_KEY = "arn:aws:kms:eu-west-1:999999999999:key/x"
LOGGING: dict[str, Any] = {"IsLogging": True}
ALL: dict[str, Any] = {"EventSelectors": [{"IncludeManagementEvents": True, "ReadWriteType": "All"}]}
WITHOUT_KMS = {"EventSelectors": [{**ALL["EventSelectors"][0], "ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}


def found(*trails: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], region: str = "eu-west-1") -> list[str]:
    scope = SimpleNamespace(central="111111111111", regions=[region])
    state: Any = SimpleNamespace(scope=scope, trails={region: list(trails)}, unknown=[], is_unknown=lambda *_: False)
    expected: Any = SimpleNamespace(estate=ESTATE)
    return [f"{one.kind}: {one.what}" for one in AccountComparison(state, expected)._trails(region)]


def test_a_trail_that_is_as_declared_is_no_finding() -> None:
    assert found((OWN, LOGGING, ALL)) == []
    assert found((OWN, LOGGING, ALL), region="eu-central-1") == []


@pytest.mark.parametrize(
    ("changed", "reported"),
    [
        ({"S3BucketName": "another"}, "trail-changed: S3BucketName is another"),
        ({"LogFileValidationEnabled": False}, "trail-changed: LogFileValidationEnabled is False"),
        ({"IncludeGlobalServiceEvents": False}, "trail-changed: IncludeGlobalServiceEvents is False"),
        ({"IsOrganizationTrail": True}, "trail-changed: IsOrganizationTrail is True"),
        ({"KmsKeyId": FOREIGN_KEY}, f"trail-changed: KmsKeyId is {FOREIGN_KEY}"),
        ({"S3KeyPrefix": "elsewhere"}, "trail-changed: S3KeyPrefix is elsewhere"),
        ({"HomeRegion": "us-east-1"}, "trail-changed: HomeRegion is us-east-1"),
        ({"SnsTopicARN": "topic"}, "trail-changed: SnsTopicARN is topic"),
        ({"CloudWatchLogsLogGroupArn": "group"}, "trail-changed: CloudWatchLogsLogGroupArn is group"),
        ({"CloudWatchLogsRoleArn": "role"}, "trail-changed: CloudWatchLogsRoleArn is role"),
        ({"HasInsightSelectors": True}, "trail-changed: HasInsightSelectors is True"),
        ({"Sampling": "10"}, "unknown: Sampling is 10: this field of a trail is not known"),
        ({"Paused": False}, "unknown: Paused is False: this field of a trail is not known"),
        ({"TrailARN": OTHER["TrailARN"]}, "trail-changed: the account has no trail of this name"),
    ],
)
def test_a_trail_that_was_changed_past_its_stack_is_reported(changed: dict[str, Any], reported: str) -> None:
    assert found(({**OWN, **changed}, LOGGING, ALL)) == [reported]


def _advanced(**of_source: list[str]) -> dict[str, Any]:
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", **of_source}]
    return {"AdvancedEventSelectors": [{"Name": "changed", "FieldSelectors": fields}]}


@pytest.mark.parametrize(
    "selectors",
    [
        _advanced(Equals=["kms.amazonaws.com"]),
        _advanced(NotEquals=["iam.amazonaws.com", "sts.amazonaws.com", "cloudtrail.amazonaws.com", "s3.amazonaws.com"]),
        {"EventSelectors": [*ALL["EventSelectors"], {"ReadWriteType": "WriteOnly"}]},
        {"EventSelectors": [{**ALL["EventSelectors"][0], "ExcludeManagementEventSources": ["rdsdata.amazonaws.com"]}]},
        {"EventSelectors": [{**ALL["EventSelectors"][0], "DataResources": [{"Type": "AWS::S3::Object"}]}]},
        {"EventSelectors": [{**ALL["EventSelectors"][0], "Sampling": "10"}]},
    ],
)
def test_an_own_trail_with_other_event_selectors_is_reported_though_it_has_the_calls_of_kms(
    selectors: dict[str, Any],
) -> None:
    (reported,) = found((OWN, LOGGING, selectors))
    assert reported.startswith("trail-changed: it")


def test_event_selectors_that_leave_out_their_defaults_are_as_declared() -> None:
    written = {**ALL["EventSelectors"][0], "DataResources": [], "ExcludeManagementEventSources": []}
    assert found((OWN, LOGGING, {"EventSelectors": [written]})) == []
    assert found((OWN, LOGGING, {"EventSelectors": [{"IncludeManagementEvents": True}]})) == []


def test_an_own_trail_that_is_silent_is_reported_though_another_one_logs() -> None:
    stopped, blind = found((OWN, {"IsLogging": False}, ALL)), found((OWN, LOGGING, WITHOUT_KMS))
    assert [one.split(":")[0] for one in stopped] == ["trail-changed", "trail-silent"]
    assert blind[0] == "trail-changed: it excludes kms.amazonaws.com"
    beside = found((OWN, {"IsLogging": False}, ALL), (OTHER, LOGGING, ALL))
    assert beside[0] == "trail-changed: it does not log"
    assert [one for one in beside if one.startswith("trail-silent")] == []


def test_a_second_copy_of_the_calls_of_kms_is_reported_with_its_price() -> None:
    (reported,) = found((OWN, LOGGING, ALL), (OTHER, LOGGING, ALL))
    assert reported.startswith(
        "trail-twice: arn:aws:cloudtrail:eu-west-1:444444444444:trail/organization has the calls of KMS"
    )
    assert found((OWN, LOGGING, ALL), (OTHER, LOGGING, WITHOUT_KMS)) == []
