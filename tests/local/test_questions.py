"""The questions to the trail, run by a SQL engine on records that the local AWS wrote of what happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tenant_keys.policy.audit.questions import QUESTIONS, Period, logs_insights, table
from tests.local import handmade
from tests.local.conftest import LocalEstate
from tests.local.logs_insights import run
from tests.local.refusal import refused
from tests.local.test_detection import MANIFEST
from tests.policy.estates import estate_of_text

ESTATE = estate_of_text(MANIFEST.replace("globex: {}", "globex: {}, initech: {}"))
TODAY = datetime.now(UTC).date()
PERIOD = Period(TODAY - timedelta(days=1), TODAY + timedelta(days=1))
TEXT = "VARCHAR"
ISSUER = "STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, username VARCHAR)"
COLUMNS = {
    "useridentity": "STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, invokedby VARCHAR, "
    f"accesskeyid VARCHAR, username VARCHAR, sessioncontext STRUCT(sessionissuer {ISSUER}))",
    **dict.fromkeys(("eventtime", "eventsource", "eventname", "awsregion", "sourceipaddress", "errorcode"), TEXT),
    **dict.fromkeys(("errormessage", "requestparameters", "responseelements", "eventid", "recipientaccountid"), TEXT),
    "resources": "STRUCT(arn VARCHAR, accountid VARCHAR, type VARCHAR)[]",
    **dict.fromkeys(("account", "region", "day"), TEXT),
}
TRINO = """
CREATE MACRO json_extract_scalar(value, path) AS json_extract_string(value, path);
CREATE MACRO element_at(list, position) AS list[position];
"""
"""What Athena's engine calls otherwise. Its regexp_extract answers NULL where DuckDB's answers '', so nullif."""
Ask = Callable[..., list[dict[str, Any]]]


def row(record: dict[str, Any]) -> dict[str, Any]:
    """A record as Athena's serde gives it: names in lower case, parameters as text."""
    texts = ("requestParameters", "responseElements")
    found = {name.lower(): lowered(value) for name, value in record.items() if name not in texts}
    found |= {name.lower(): None if record.get(name) is None else json.dumps(record[name]) for name in texts}
    day = record["eventTime"][:10].replace("-", "/")
    return found | {"account": record["recipientAccountId"], "region": record["awsRegion"], "day": day}


def lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.lower(): lowered(below) for name, below in value.items()}
    return [lowered(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def records(local: LocalEstate) -> list[dict[str, Any]]:
    """Of a day in the life of the estate."""
    alias = f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:alias/tenant-"
    before = len(local.aws.trail())
    own = {"tenant_id": "acme"}
    acme = local.tenant("acme").client("kms")
    blob = acme.encrypt(KeyId=f"{alias}acme", Plaintext=b"x", EncryptionContext=own)["CiphertextBlob"]
    acme.decrypt(KeyId=f"{alias}acme", CiphertextBlob=blob, EncryptionContext=own)
    local.tagged("acme").client("kms").decrypt(KeyId=f"{alias}acme", CiphertextBlob=blob, EncryptionContext=own)
    with refused("AccessDeniedException"):
        acme.encrypt(KeyId=f"{alias}globex", Plaintext=b"x", EncryptionContext=own)
    with refused("AccessDeniedException"):
        local.tagged("acme").client("kms").decrypt(KeyId=f"{alias}globex", CiphertextBlob=blob, EncryptionContext=own)
    with refused("AccessDeniedException"):  # by its key: the trail alone knows whose it is
        local.role(handmade.ADMINISTRATOR).client("kms").decrypt(
            KeyId=local.key_of["acme"][1], CiphertextBlob=blob, EncryptionContext=own
        )
    local.role(handmade.BREAK_GLASS).client("kms").describe_key(KeyId=local.key_of["globex"][0])
    return local.aws.trail()[before:]


@pytest.fixture(scope="module")
def ask(records: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The questions, asked of a SQL engine."""
    file: Path = tmp_path_factory.mktemp("trail") / "records.jsonl"
    file.write_text("\n".join(json.dumps(row(one)) for one in records), encoding="utf-8")
    engine = duckdb.connect()
    engine.execute(TRINO)
    engine.execute(
        "CREATE TABLE cloudtrail_kms AS SELECT * FROM "
        f"read_json('{file}', format='newline_delimited', columns={json.dumps(COLUMNS)})"
    )

    def answer(name: str, tenant: str = "") -> list[dict[str, Any]]:
        (question,) = [one for one in QUESTIONS if one.name == name]
        found = engine.execute(question.sql(ESTATE, PERIOD, tenant))
        columns = [column[0] for column in found.description or ()]
        return [dict(zip(columns, values, strict=True)) for values in found.fetchall()]

    return answer


def test_who_used_a_key_from_which_role_and_workload_and_when(ask: Ask) -> None:
    found = {(one["workload"], one["role"], one["eventname"], one["calls"]) for one in ask("who-used", "acme")}
    assert found == {
        ("orders", handmade.tenant_role("acme"), "Encrypt", 1),
        ("orders", handmade.tenant_role("acme"), "Decrypt", 1),
        ("billing", handmade.SHARED, "Decrypt", 1),
    }
    assert all(one["first"] <= one["last"] for one in ask("who-used", "acme"))
    assert ask("who-used", "initech") == []


def test_the_last_use_is_the_latest_first(ask: Ask) -> None:
    found = ask("last-use", "acme")
    assert {one["answer"] for one in found} == {"ok"}
    assert [one["last"] for one in found] == sorted((one["last"] for one in found), reverse=True)


def test_denials_are_reported_by_tenant_also_where_the_key_was_named(ask: Ask) -> None:
    found = {(one["tenant"], one["role"], one["eventname"]) for one in ask("denials-by-tenant")}
    assert found == {
        ("globex", handmade.tenant_role("acme"), "Encrypt"),
        ("globex", handmade.SHARED, "Decrypt"),
        ("acme", handmade.ADMINISTRATOR, "Decrypt"),
    }


def test_a_session_of_one_tenant_at_another_tenants_alias_is_found_by_role_and_by_tag(ask: Ask) -> None:
    found = {(one["session_of"], one["tenant"], one["eventname"], one["answer"]) for one in ask("wrong-tenant")}
    assert found == {("acme", "globex", "Encrypt", "AccessDenied"), ("acme", "globex", "Decrypt", "AccessDenied")}


def test_a_break_glass_session_is_listed_from_its_beginning(ask: Ask) -> None:
    assert [one["eventname"] for one in ask("break-glass-sessions")] == ["AssumeRole", "DescribeKey"]


def test_usage_is_metered_by_tenant_and_month_without_denials(ask: Ask) -> None:
    month = f"{TODAY:%Y-%m}"
    assert [tuple(one.values()) for one in ask("usage-by-tenant")] == [
        (month, "acme", "Decrypt", 2),
        (month, "acme", "Encrypt", 1),
    ]


def test_a_question_reads_no_day_outside_its_period(ask: Ask) -> None:
    (question,) = [one for one in QUESTIONS if one.name == "usage-by-tenant"]
    assert "day BETWEEN '2026/01/01' AND '2026/01/31'" in question.sql(
        ESTATE, Period(PERIOD.first.replace(2026, 1, 1), PERIOD.last.replace(2026, 1, 31)), ""
    )


def test_the_table_projects_its_partitions_over_the_accounts_and_regions_of_the_estate() -> None:
    text = table("trail", "o-a1b2c3d4e5", ESTATE)
    assert "'projection.account.values'='111111111111,222222222222'" in text
    assert "'projection.region.values'='eu-west-1'" in text
    assert "s3://trail/AWSLogs/o-a1b2c3d4e5/${account}/CloudTrail/${region}/${day}" in text


def test_logs_insights_answers_as_the_sql_does_from_the_same_records(ask: Ask, records: list[dict[str, Any]]) -> None:
    role = "userIdentity.sessionContext.sessionIssuer.arn"
    used = run(str(logs_insights("who-used", ESTATE, "acme")), records)
    assert {
        (one[role], one["awsRegion"], one["eventName"], one["calls"], one["first"], one["last"]) for one in used
    } == {
        (one["role"], one["awsregion"], one["eventname"], one["calls"], one["first"], one["last"])
        for one in ask("who-used", "acme")
    }
    denied = run(str(logs_insights("denials-by-tenant", ESTATE, "")), records)
    assert {(one["userIdentity.arn"], one["eventName"], one["calls"], one["last"]) for one in denied} == {
        (one["who"], one["eventname"], one["calls"], one["last"]) for one in ask("denials-by-tenant")
    }
    breaking = run(str(logs_insights("break-glass-sessions", ESTATE, "")), records)
    assert [(one["eventTime"], one["eventName"], one["sourceIPAddress"]) for one in breaking] == [
        (one["eventtime"], one["eventname"], one["sourceipaddress"]) for one in ask("break-glass-sessions")
    ]


@pytest.mark.parametrize(
    "query", ['filter eventNames = "x"', 'filter eventName ~ "x"', "stats sum(x) as y by z", "where eventName = 1"]
)
def test_what_is_no_query_of_logs_insights_or_of_cloudtrail_is_an_error(
    query: str, records: list[dict[str, Any]]
) -> None:
    with pytest.raises((KeyError, ValueError)):
        run(query, records)


def test_logs_insights_asks_what_needs_no_join() -> None:
    assert logs_insights("wrong-tenant", ESTATE, "") is None
    assert "alias\\/tenant-acme$" in str(logs_insights("who-used", ESTATE, "acme"))
