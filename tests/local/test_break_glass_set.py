"""Break-glass by permission set: rules and queries find the set's roles, whatever their suffix."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tenant_keys.local import LocalAws
from tenant_keys.policy.audit.questions import QUESTIONS, logs_insights
from tenant_keys.policy.audit.rules import RULES
from tests.local.cloudtrail_events import ACCOUNT, ADMINISTRATOR, Identity, assume, call, role
from tests.local.test_detection import MANIFEST
from tests.local.test_questions import COLUMNS, PERIOD, TODAY, TRINO, row
from tests.policy.estates import estate_of_text

SET = "permission-set/Break_Glass+2\n  identity_center_region: eu-west-1"
ESTATE = estate_of_text(MANIFEST.replace("role/KeyBreakGlass", SET))
PATH = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
OF_THE_SET = ("AWSReservedSSO_Break_Glass+2_0123456789abcdef", "AWSReservedSSO_Break_Glass+2_fedcba9876543210")
NEAR = (
    "AWSReservedSSO_Break_Glass_0123456789abcdef",
    "AWSReservedSSO_BreakXGlass+2_0123456789abcdef",
    "AWSReservedSSO_Break_Glass+22_0123456789abcdef",
)
OF_ANOTHER = "AWSReservedSSO_Break_Glass+2_More_0123456789abcdef"
"""Begins alike: EventBridge counts no characters, the queries do."""


def arn(name: str, path: str = PATH, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:role{path}{name}"


def session(name: str, path: str = PATH, account: str = ACCOUNT) -> Identity:
    return role(name, account=account, path=path)


@pytest.mark.parametrize("rule_id", ["break-glass-assumed", "break-glass-used"])
def test_a_rule_reports_every_role_of_the_set_and_of_no_other(aws: LocalAws, rule_id: str) -> None:
    (rule,) = [one for one in RULES if one.id == rule_id]
    events, pattern = aws.session().client("events"), json.dumps(rule.pattern(ESTATE))

    def reported(name: str, **where: str) -> bool:
        event = (
            call("ScheduleKeyDeletion", session(name, **where))
            if rule_id == "break-glass-used"
            else assume(arn(name, **where), account=ACCOUNT, name="AssumeRoleWithSAML")
        )
        return bool(events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"])

    assert all(map(reported, (*OF_THE_SET, OF_ANOTHER)))
    assert not any(map(reported, NEAR))
    assert not reported(OF_THE_SET[0], path="/")
    assert not reported(OF_THE_SET[0], account="999999999999")


def test_the_query_lists_sessions_of_the_set_and_of_no_other(tmp_path: Path) -> None:
    sessions = [session(name) for name in (*OF_THE_SET, *NEAR, OF_ANOTHER)]
    records: list[dict[str, Any]] = [call("DescribeKey", one)["detail"] for one in (*sessions, ADMINISTRATOR)]
    records += [assume(arn(name), ADMINISTRATOR, account=ACCOUNT)["detail"] for name in (OF_THE_SET[0], NEAR[0])]
    file = tmp_path / "records.jsonl"
    day = {"day": f"{TODAY:%Y/%m/%d}"}
    file.write_text("\n".join(json.dumps(row(one) | day) for one in records), encoding="utf-8")
    engine = duckdb.connect()
    engine.execute(TRINO)
    engine.execute(
        "CREATE TABLE cloudtrail_kms AS SELECT * FROM "
        f"read_json('{file}', format='newline_delimited', columns={json.dumps(COLUMNS)})"
    )
    (question,) = [one for one in QUESTIONS if one.name == "break-glass-sessions"]
    found = [(one[1], one[2]) for one in engine.execute(question.sql(ESTATE, PERIOD, "")).fetchall()]
    assert sorted(found) == [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/{OF_THE_SET[0]}/jo", "DescribeKey"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/{OF_THE_SET[1]}/jo", "DescribeKey"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/KeyAdministrator/jo", "AssumeRole"),
    ]


def test_logs_insights_finds_the_same() -> None:
    query = logs_insights("break-glass-sessions", ESTATE, "")
    assert query
    first, second = re.findall(r"like /(.+?)/(?= or |\n)", query)
    assert first == second
    assert all(re.search(first, arn(name)) for name in OF_THE_SET)
    assert not any(re.search(first, arn(name)) for name in (*NEAR, OF_ANOTHER))
    assert not re.search(first, arn(OF_THE_SET[0], path="/"))
