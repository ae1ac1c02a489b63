"""Each rule of the audit stack against events, by EventBridge's own matching."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.manifest.detection import RULE_IDS
from tests.local.detection_cases import CASES
from tests.policy.estates import estate_of_text
from tests.stacks.synth import synthesized

MANIFEST = """
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
audit: {probe_roles: [role/KeyProbe], trail: own, import_path: /key-import/}
workloads:
  orders: {account: "222222222222", runs_on: lambda}
defaults: {workloads: [orders]}
tenants: {acme: {}, globex: {}}
"""
Rules = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    """Properties of each rule of the key account, by its id."""
    templates = synthesized(estate_of_text(MANIFEST), tmp_path_factory.mktemp("detection"))
    found = templates["tenant-keys-audit-eu-west-1"]["Resources"].values()
    own = [body["Properties"] for body in found if body["Type"] == "AWS::Events::Rule"]
    return {one["Name"].removeprefix("tenant-keys-audit-"): one for one in own}


def test_there_are_cases_for_every_rule(rules: Rules) -> None:
    assert set(rules) == set(CASES) == set(RULE_IDS)
    assert len(rules) >= 20
    assert all(len(matching) >= 3 and len(near) >= 3 for matching, near in CASES.values())


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_matches_its_events_and_nothing_near_them(aws: LocalAws, rules: Rules, rule: str) -> None:
    events = aws.session().client("events")
    pattern = json.dumps(rules[rule]["EventPattern"])
    matching, near = CASES[rule]
    for event in matching:
        assert events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"], event
    for event in near:
        assert not events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"], event


def test_a_rule_that_matches_read_only_events_has_the_state_that_gets_them(rules: Rules) -> None:
    special = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    reading = {rule for rule, (matching, _) in CASES.items() if any(one["detail"].get("readOnly") for one in matching)}
    assert reading == {rule for rule, properties in rules.items() if properties["State"] == special}
    assert "use-denied" in reading


def test_every_pattern_is_short_and_names_no_tenant(rules: Rules) -> None:
    texts = [json.dumps(one["EventPattern"], separators=(",", ":")) for one in rules.values()]
    assert max(map(len, texts)) <= 2_048
    assert not any(tenant in text for text in texts for tenant in ("acme", "globex"))


def test_every_leaf_of_a_pattern_that_leaves_a_role_out_takes_callers_without_a_role(rules: Rules) -> None:
    """`anything-but` does not match a field that is missing: root and users would slip through."""
    found = 0
    for properties in rules.values():
        for values in _leaves(properties["EventPattern"]):
            if any(isinstance(one, dict) and "anything-but" in one for one in values):
                found += 1
                assert {"exists": False} in values
    assert found >= 10


def _leaves(pattern: Any) -> list[list[Any]]:
    if isinstance(pattern, list):
        return [pattern]
    found: list[list[Any]] = []
    for name, value in pattern.items():
        found += [leaf for one in value for leaf in _leaves(one)] if name == "$or" else _leaves(value)
    return found


def test_the_message_says_what_who_where_from_and_what_to_run_next(rules: Rules) -> None:
    for rule, properties in rules.items():
        (target,) = properties["Targets"]
        transformer = target["InputTransformer"]
        rendered = transformer["InputTemplate"]
        for name in transformer["InputPathsMap"]:
            assert f"<{name}>" in rendered, rule
            rendered = rendered.replace(f'"{name}": <{name}>', f'"{name}": "{name}"').replace(f"<{name}>", name)
        message = json.loads(rendered)
        assert message["rule"] == rule
        assert message["severity"] in {"critical", "high", "medium", "low"}
        assert {"what", "time", "account", "region", "event", "key", "record", "next"} <= set(message)
        assert "<" not in message["next"], (rule, message["next"])
        if properties["EventPattern"].get("detail"):
            assert {"who", "role", "from"} <= set(message)


def test_rules_and_patterns_stay_the_same_for_a_thousand_tenants(tmp_path: Path, rules: Rules) -> None:
    many = MANIFEST.replace("{acme: {}, globex: {}}", json.dumps({f"t{n}": {} for n in range(300)}))
    templates = synthesized(estate_of_text(many), tmp_path)
    found = templates["tenant-keys-audit-eu-west-1"]["Resources"].values()
    own = [body["Properties"] for body in found if body["Type"] == "AWS::Events::Rule"]
    assert own == list(rules.values())
