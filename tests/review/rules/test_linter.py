"""Which policies are judged, and what only the estate as a whole shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import MalformedPolicy, NothingToReview
from tenant_keys.review.rules import LintFinding, lint

ROOT = {"AWS": "arn:aws:iam::111111111111:root"}
PUBLIC = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "NotResource": "a:b"}]}

Lint = Callable[[dict[str, Any]], list[LintFinding]]


@pytest.fixture
def lint_resources(tmp_path: Path) -> Lint:
    """Return a function from the resources of a stack to the findings on it."""

    def run(resources: dict[str, Any]) -> list[LintFinding]:
        artifact = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://111111111111/eu-west-1",
            "properties": {"templateFile": "app.template.json"},
        }
        (tmp_path / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"app": artifact}}))
        (tmp_path / "app.template.json").write_text(json.dumps({"Resources": resources}))
        return list(lint(Assembly.open(tmp_path)))

    return run


def _without_sid(resource_type: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"It": {"Type": resource_type, "Properties": properties}}


DOCUMENT = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "kms:Sign"}}


@pytest.mark.parametrize(
    ("resource_type", "properties", "where"),
    [
        ("AWS::KMS::Key", {"KeyPolicy": DOCUMENT}, "app/It/KeyPolicy/Statement[0]"),
        ("AWS::KMS::ReplicaKey", {"KeyPolicy": DOCUMENT}, "app/It/KeyPolicy/Statement[0]"),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": DOCUMENT}, "app/It/AssumeRolePolicyDocument/Statement[0]"),
        (
            "AWS::IAM::Role",
            {"Policies": [{"PolicyName": "use", "PolicyDocument": DOCUMENT}]},
            "app/It/use/Statement[0]",
        ),
        (
            "AWS::IAM::User",
            {"Policies": [{"PolicyName": "use", "PolicyDocument": DOCUMENT}]},
            "app/It/use/Statement[0]",
        ),
        (
            "AWS::IAM::Group",
            {"Policies": [{"PolicyName": "use", "PolicyDocument": DOCUMENT}]},
            "app/It/use/Statement[0]",
        ),
        ("AWS::IAM::ManagedPolicy", {"PolicyDocument": DOCUMENT}, "app/It/PolicyDocument/Statement[0]"),
        ("AWS::IAM::Policy", {"PolicyDocument": DOCUMENT}, "app/It/PolicyDocument/Statement[0]"),
        ("AWS::IAM::RolePolicy", {"PolicyDocument": DOCUMENT}, "app/It/PolicyDocument/Statement[0]"),
        ("AWS::IAM::UserPolicy", {"PolicyDocument": DOCUMENT}, "app/It/PolicyDocument/Statement[0]"),
        ("AWS::IAM::GroupPolicy", {"PolicyDocument": DOCUMENT}, "app/It/PolicyDocument/Statement[0]"),
        ("AWS::EKS::PodIdentityAssociation", {"Policy": json.dumps(DOCUMENT)}, "app/It/Policy/Statement[0]"),
        ("AWS::RolesAnywhere::Profile", {"SessionPolicy": json.dumps(DOCUMENT)}, "app/It/SessionPolicy/Statement[0]"),
    ],
)
def test_every_place_of_a_policy_is_judged(
    lint_resources: Lint, resource_type: str, properties: dict[str, Any], where: str
) -> None:
    findings = lint_resources(_without_sid(resource_type, properties))
    assert [(finding.rule, finding.where) for finding in findings] == [("missing_sid", where)]


def test_all_rules_judge_a_policy(lint_resources: Lint) -> None:
    findings = lint_resources(_without_sid("AWS::IAM::ManagedPolicy", {"PolicyDocument": PUBLIC}))
    assert {finding.rule for finding in findings} == {"inverted_element_in_allow", "missing_sid", "short_arn_pattern"}


def test_no_policy_at_all_is_an_error(lint_resources: Lint) -> None:
    with pytest.raises(NothingToReview, match="0 policies"):
        lint_resources({"Topic": {"Type": "AWS::SNS::Topic"}})


@pytest.mark.parametrize("policy", ["no json", "[]", ["x"]])
def test_what_is_no_document_is_refused(lint_resources: Lint, policy: object) -> None:
    with pytest.raises(MalformedPolicy, match="app/It/Policy"):
        lint_resources(_without_sid("AWS::EKS::PodIdentityAssociation", {"Policy": policy}))


def _alias(name: str) -> dict[str, Any]:
    return {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": name, "TargetKeyId": "x"}}


def _using(effect: str, *aliases: str) -> dict[str, Any]:
    statements = [
        {
            "Sid": f"Use{number}",
            "Effect": effect,
            "Action": "kms:Decrypt",
            "Resource": "arn:aws:kms:eu-west-1:111111111111:key/*",
            "Condition": {"StringLike": {"kms:RequestAlias": alias}},
        }
        for number, alias in enumerate(aliases)
    ]
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": {"Version": "2012-10-17", "Statement": statements}},
    }


def _prefix_findings(findings: list[LintFinding]) -> list[tuple[str, str]]:
    return [(finding.where, finding.what) for finding in findings if finding.rule == "prefix_aliases"]


def test_a_pattern_that_matches_two_aliases_of_the_estate_is_found(lint_resources: Lint) -> None:
    resources = {
        "Use": _using("Allow", "alias/a*"),
        "A": _alias("alias/a"),
        "B": _alias("alias/ab"),
        "C": _alias("alias/b"),
    }
    expected = [("app/Use/PolicyDocument/Use0", "alias/a* matches alias/a and alias/ab")]
    assert _prefix_findings(lint_resources(resources)) == expected
    assert _prefix_findings(lint_resources(dict(reversed(resources.items())))) == expected


def test_a_pattern_that_matches_two_aliases_of_conditions_is_found(lint_resources: Lint) -> None:
    assert _prefix_findings(lint_resources({"Use": _using("Allow", "alias/a?", "alias/ab", "alias/ac")})) == [
        ("app/Use/PolicyDocument/Use0", "alias/a? matches alias/ab and alias/ac")
    ]


def test_a_pattern_that_begins_another_pattern_is_found(lint_resources: Lint) -> None:
    assert _prefix_findings(lint_resources({"Use": _using("Allow", "alias/a*", "alias/ab*")})) == [
        ("app/Use/PolicyDocument/Use0", "alias/a* matches alias/ab*")
    ]


def test_a_variable_with_a_wildcard_matches_every_tenant(lint_resources: Lint) -> None:
    resources = {"Use": _using("Allow", "alias/${aws:PrincipalTag/t}*"), "A": _alias("alias/a"), "B": _alias("alias/b")}
    assert len(_prefix_findings(lint_resources(resources))) == 1


@pytest.mark.parametrize(
    ("effect", "pattern"),
    [("Allow", "alias/a"), ("Allow", "alias/ab*"), ("Allow", "alias/${aws:PrincipalTag/t}"), ("Deny", "alias/a*")],
)
def test_a_pattern_for_one_alias_a_variable_and_a_deny_are_left_alone(
    lint_resources: Lint, effect: str, pattern: str
) -> None:
    resources = {"Use": _using(effect, pattern), "A": _alias("alias/a"), "B": _alias("alias/ab")}
    assert _prefix_findings(lint_resources(resources)) == []
