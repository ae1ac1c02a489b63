"""The review's copy of the rules of detection: what the app writes is the declared, and any edit of it is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.policy.audit.rule import Rule
from tenant_keys.policy.audit.rules import RULES
from tenant_keys.review.proof.detection import alarm_differences, declared_state, message_difference, pattern_difference
from tests.policy.estates import estate_of_text, manifest

PLAIN = manifest()
ESTATES = {
    "plain": PLAIN,
    "permission sets": PLAIN.replace(
        "role/KeyBreakGlass", "permission-set/BreakGlass\n  identity_center_region: eu-west-1"
    ),
    "probes": f"{PLAIN}\naudit: {{probe_roles: [role/Prober]}}\n",
    "own names": f"{PLAIN}\nnaming: {{stack_prefix: acme-keys, role_prefix: acme_, role_path: /acme/}}\n",
    "another partition": PLAIN.replace("eu-west-1, eu-central-1", "us-gov-west-1").replace(
        "eu-west-1", "us-gov-west-1"
    ),
}


@pytest.fixture(scope="module", params=ESTATES)
def estate(request: pytest.FixtureRequest) -> Estate:
    return estate_of_text(ESTATES[request.param])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_as_the_app_writes_it_is_the_declared_one(rule: Rule, estate: Estate) -> None:
    assert declared_state(rule.id) == rule.state
    assert not message_difference(rule.id, rule.input_transformer)
    pattern = json.loads(json.dumps(rule.pattern(estate)))
    assert not pattern_difference(rule.id, pattern, estate)
    assert not pattern_difference(
        rule.id, json.loads(json.dumps(pattern), object_pairs_hook=lambda m: dict(m[::-1])), estate
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_edit_of_a_pattern_is_the_declared_one(rule: Rule) -> None:
    estate = estate_of_text(ESTATES["probes"])
    edited = list(edits(json.loads(json.dumps(rule.pattern(estate)))))
    assert len(edited) > 3
    assert [one for one in edited if not pattern_difference(rule.id, one, estate)] == []


def edits(value: Any) -> Iterator[Any]:
    """The value with one part gone, and with one text or truth value changed."""
    if isinstance(value, dict):
        for name, part in value.items():
            rest = {other: one for other, one in value.items() if other != name}
            yield rest
            yield from ({**rest, name: one} for one in edits(part))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            if len(value) > 1:
                yield [*value[:at], *value[at + 1 :]]
            yield from ([*value[:at], one, *value[at + 1 :]] for one in edits(part))
    elif isinstance(value, bool):
        yield not value
    else:
        yield f"{value}x"


def transformer() -> dict[str, Any]:
    return copy.deepcopy(next(rule for rule in RULES if rule.id == "use-denied").input_transformer)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"who": <who>', '"who": "<who>"'),
        ('"who": <who>', '"who": <role>'),
        ('"who": <who>, ', ""),
        ('"who": <who>', '"who": <who>, "who": <who>'),
        ('"rule": "use-denied"', '"rule": "key-disabled"'),
        ('"what": "', '"what": "<aws.events.event>'),
        ('"severity": "high"', '"severity": 1'),
        ("{", "["),
        ('"next"', '"more": "x", "next"'),
    ],
)
def test_no_edit_of_what_a_message_says_is_the_declared_one(old: str, new: str) -> None:
    edited = transformer()
    assert old in edited["InputTemplate"]
    edited["InputTemplate"] = edited["InputTemplate"].replace(old, new, 1)
    assert message_difference("use-denied", edited)


def test_the_prose_of_a_message_may_be_another() -> None:
    edited = transformer()
    edited["InputTemplate"] = edited["InputTemplate"].replace("Use of a key was denied", "No use of <key> by <who>")
    assert not message_difference("use-denied", edited)


@pytest.mark.parametrize(
    "edited", [None, "text", {}, {"InputTemplate": "{}"}, {"InputPathsMap": {}, "InputTemplate": 1}]
)
def test_what_is_no_message_differs(edited: Any) -> None:
    assert message_difference("use-denied", edited)


def test_each_field_of_a_message_comes_from_where_it_is_declared_to() -> None:
    for rule in ("use-denied", "key-deleted"):
        paths = next(one for one in RULES if one.id == rule).input_transformer["InputPathsMap"]
        for edited in edits(paths):
            reported = {**next(one for one in RULES if one.id == rule).input_transformer, "InputPathsMap": edited}
            assert message_difference(rule, reported)


QUOTA = {
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "Threshold": 80,
    "TreatMissingData": "notBreaching",
    "Metrics": [
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Usage",
                    "MetricName": "CallCount",
                    "Dimensions": [
                        {"Name": "Class", "Value": "None"},
                        {"Name": "Resource", "Value": "CryptographicOperationsSymmetric"},
                        {"Name": "Service", "Value": "KMS"},
                        {"Name": "Type", "Value": "API"},
                    ],
                },
                "Period": 60,
                "Stat": "Sum",
            },
            "ReturnData": False,
        },
        {"Id": "e1", "Expression": "100 * (m1 / PERIOD(m1)) / SERVICE_QUOTA(m1)", "ReturnData": True},
    ],
}
EXPIRY = {
    "ComparisonOperator": "LessThanThreshold",
    "EvaluationPeriods": 1,
    "Threshold": 1_209_600,
    "TreatMissingData": "notBreaching",
    "Metrics": [
        {
            "Id": "q1",
            "Expression": 'SELECT MIN(SecondsUntilKeyMaterialExpiration) FROM SCHEMA("AWS/KMS", KeyId) '
            "GROUP BY KeyId ORDER BY MIN() ASC",
            "Period": 3600,
            "ReturnData": True,
        }
    ],
}


@pytest.mark.parametrize(("alarm", "properties"), [("quota-near", QUOTA), ("material-expiring", EXPIRY)])
def test_an_alarm_is_the_declared_one_and_no_edit_of_it_is(alarm: str, properties: dict[str, Any]) -> None:
    assert list(alarm_differences(alarm, properties)) == []
    for edited in edits(properties):
        assert len(list(alarm_differences(alarm, edited))) == 1


def test_numbers_are_compared_as_numbers_and_truth_values_are_none() -> None:
    assert list(alarm_differences("quota-near", {**QUOTA, "Threshold": 80.0})) == []
    told = list(alarm_differences("quota-near", {**QUOTA, "EvaluationPeriods": True}))
    assert told == ["EvaluationPeriods is true, declared is 1"]


def test_a_rule_that_is_not_declared_has_no_pattern() -> None:
    with pytest.raises(KeyError, match="no-such-rule"):
        pattern_difference("no-such-rule", {}, estate_of_text(PLAIN))
