"""Every rule finds what it is there for, leaves the rest alone, and does not mind how a policy is written."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tenant_keys.review import rules
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.rules import RULES, Kind, LintFinding, Place, parse_policy
from tools import lint_examples as cases

PLACE = Place("app", "It", "KeyPolicy", "111111111111")
NOT_RULES = {"__init__", "collect", "linter", "model", "registry", "report", "text"}


Document = dict[str, Any]


def _flat(by_rule: dict[str, list[tuple[str, Document]]]) -> list[Any]:
    return [
        pytest.param(rule, kind, case if "Statement" in case else _document(case), id=f"{rule}-{number}")
        for rule, listed in by_rule.items()
        for number, (kind, case) in enumerate(listed, 1)
    ]


def _document(statement: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _check(rule: str, kind: str, document: Document) -> list[LintFinding]:
    return list(RULES[rule](parse_policy(document, cast("Kind", kind), PLACE)))


@pytest.mark.parametrize(("rule", "kind", "document"), _flat(cases.BREAKS))
def test_a_rule_finds_what_breaks_it(rule: str, kind: str, document: Document) -> None:
    findings = _check(rule, kind, document)
    assert findings
    assert {finding.rule for finding in findings} == {rule}


@pytest.mark.parametrize(("rule", "kind", "document"), _flat(cases.KEEPS))
def test_a_rule_leaves_alone_what_keeps_it(rule: str, kind: str, document: Document) -> None:
    assert _check(rule, kind, document) == []


def _one_or_many(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if len(value) == 1 else value
    return [value] if isinstance(value, str) else value


def _rewritten(document: Document) -> Iterator[Document]:
    """Yield the same policy written in other ways."""
    statements = document["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    yield {**document, "Statement": listed[0] if len(listed) == 1 else listed}
    other = {"Sid": "Other", "Effect": "Deny", "Action": "kms:Sign", "Resource": "*", "Principal": {"AWS": "*"}}
    yield {**document, "Statement": [other, *listed]}
    yield {**document, "Statement": [dict(reversed(statement.items())) for statement in listed]}
    elements = {"Action", "NotAction", "Resource", "NotResource"}
    yield {
        **document,
        "Statement": [
            {name: _one_or_many(value) if name in elements else value for name, value in statement.items()}
            for statement in listed
        ],
    }
    for element in ("Principal", "NotPrincipal"):
        for spelled in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
            yield {
                **document,
                "Statement": [
                    {**statement, element: spelled}
                    if statement.get(element) in ("*", {"AWS": "*"}, {"AWS": ["*"]})
                    else statement
                    for statement in listed
                ],
            }
    for spell in (str.lower, str.upper):
        yield {**document, "Statement": [_with_keys(statement, spell) for statement in listed]}
    yield {**document, "Statement": [_with_values_listed_backwards(statement) for statement in listed]}


def _with_keys(statement: Document, spell: Any) -> Document:
    if "Condition" not in statement:
        return statement
    condition = {
        operator: {spell(key): value for key, value in keys.items()}
        for operator, keys in statement["Condition"].items()
    }
    return {**statement, "Condition": condition}


def _with_values_listed_backwards(statement: Document) -> Document:
    if "Condition" not in statement:
        return statement
    condition = {
        operator: {key: value[::-1] if isinstance(value, list) else [value] for key, value in reversed(keys.items())}
        for operator, keys in reversed(statement["Condition"].items())
    }
    return {**statement, "Condition": condition}


@pytest.mark.parametrize(("rule", "kind", "document"), _flat(cases.BREAKS) + _flat(cases.KEEPS))
def test_a_rule_does_not_mind_how_the_policy_is_written(rule: str, kind: str, document: Document) -> None:
    expected = len(_check(rule, kind, document))
    for number, rewritten in enumerate(_rewritten(document)):
        assert len(_check(rule, kind, rewritten)) == expected, (number, rewritten)


def test_every_rule_file_is_registered_and_has_cases_of_both_sorts() -> None:
    files = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - NOT_RULES
    assert files == {*RULES, "prefix_aliases"}
    assert set(cases.BREAKS) == set(cases.KEEPS) == set(RULES)


def test_every_rule_says_its_sentence_and_its_source() -> None:
    for rule in (*RULES, "prefix_aliases"):
        doc = importlib.import_module(f"tenant_keys.review.rules.{rule}").__doc__ or ""
        assert doc.splitlines()[0].endswith("."), rule
        assert "https://docs.aws.amazon.com/" in doc, rule


def test_a_finding_says_where_what_why_and_how_to_fix_it() -> None:
    statement = cases.use({"StringEquals": {"kms:RequestAlias": "alias/tenant-a*"}})
    assert _check("wildcard_inside_string_equals", "identity", _document(statement)) == [
        LintFinding(
            rule="wildcard_inside_string_equals",
            severity="error",
            where="app/It/KeyPolicy/S",
            what="StringEquals kms:requestalias compares with alias/tenant-a*",
            why="the wildcard is a literal character: an Allow matches nothing, a negated condition everything",
            fix="write the full value, or use StringLike for a pattern",
        )
    ]


def test_a_statement_without_a_sid_is_named_by_its_place() -> None:
    (finding,) = _check("missing_sid", "identity", {"Version": "2012-10-17", "Statement": [{"Effect": "Deny"}]})
    assert (finding.where, finding.severity) == ("app/It/KeyPolicy/Statement[0]", "warning")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Statement": []},
        {"Statement": "x"},
        {"Statement": [{"Effect": "allow"}]},
        {"Statement": [{"Effect": "Allow", "Action": {"Fn::If": []}}]},
        {"Statement": [{"Effect": "Allow", "Action": [1]}]},
        {"Statement": [{"Effect": "Allow", "Principal": "me"}]},
        {"Statement": [{"Effect": "Allow", "Condition": {"StringEquals": "x"}}]},
        {"Statement": [{"Effect": "Allow", "Condition": {"StringEquals": {"k": None}}}]},
        {"Statement": [{"Effect": "Allow", "Condition": {"ForSomeValues:StringEquals": {"k": "v"}}}]},
    ],
)
def test_what_is_no_policy_is_refused(document: Document) -> None:
    with pytest.raises(MalformedPolicy):
        parse_policy(document, "identity", PLACE)
