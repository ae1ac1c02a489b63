"""`tenant-keys audit`: the rules, the table and the questions, as a team asks for them."""

from __future__ import annotations

import json

import pytest

from tests.command import tenant_keys


def test_the_rules_are_listed_with_severity_and_as_json_with_their_patterns() -> None:
    listed = tenant_keys("audit", "rules").stdout
    assert "critical  deletion-scheduled     The deletion of a key was scheduled." in listed
    rules = json.loads(tenant_keys("audit", "rules", "--json").stdout)
    assert len(rules) == len(listed.splitlines()) >= 20
    assert rules[0]["pattern"]["source"] == ["aws.kms"]


def test_a_question_is_printed_for_the_days_that_are_asked_for() -> None:
    assert "who-used" in tenant_keys("audit", "query").stdout
    asked = tenant_keys("audit", "query", "who-used", "--tenant", "acme", "--days", "1")
    assert asked.exit_code == 0
    assert "tenant = 'acme'" in asked.stdout
    assert tenant_keys("audit", "query", "denials-by-tenant", "--engine", "logs").stdout.startswith("filter ")


def test_the_table_is_over_the_bucket_of_the_organizations_trail() -> None:
    assert "LOCATION 's3://trail/AWSLogs/o-a1b2c3d4e5/'" in tenant_keys("audit", "table", "--bucket", "trail").stdout
    own = tenant_keys("audit", "table", "--bucket", "trail", "--own-account").stdout
    assert "LOCATION 's3://trail/AWSLogs/'" in own


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (("nope",), "got nope; allowed: who-used"),
        (("who-used",), "who-used is about one tenant"),
        (("who-used", "--tenant", "nobody"), "got --tenant 'nobody'"),
        (("wrong-tenant", "--engine", "logs"), "joins records"),
    ],
)
def test_a_mistake_is_reported_in_a_sentence(arguments: tuple[str, ...], reported: str) -> None:
    done = tenant_keys("audit", "query", *arguments)
    assert done.exit_code == 1
    assert reported in " ".join(done.stderr.replace("│", " ").split())
