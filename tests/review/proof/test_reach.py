"""What an identity policy reaches beside the requests that are tried, and what the record of a proof is worth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.proof.reach import assuming, beyond, mutating, reaching
from tenant_keys.review.proof.record import RECORD, recorded_verdict, write_record
from tenant_keys.review.syntax import Document, parse_document

Reach = Callable[[Document], Iterator[str]]
ROLE = "arn:aws:iam::111111111111:role/a"


def found(reach: Reach, *statements: dict[str, Any]) -> list[str]:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Resource": "*"} | one for one in statements],
    }
    return list(reach(parse_document(document, "identity")))


@pytest.mark.parametrize(
    ("statement", "keys_or_sessions", "roles_or_policies"),
    [
        ({"Action": "kms:Decrypt"}, ["kms:Decrypt"], []),
        ({"Action": "KMS:decrypt"}, ["KMS:decrypt"], []),
        ({"Action": "kms:NotYetKnown"}, ["kms:NotYetKnown"], []),
        ({"Action": ["s3:GetObject", "iam:Anew*"]}, ["iam:Anew*"], ["iam:Anew*"]),
        ({"Action": "s?s:AssumeRole"}, ["s?s:AssumeRole"], []),
        ({"Action": "*:AttachRolePolicy"}, ["*:AttachRolePolicy"], ["*:AttachRolePolicy"]),
        ({"Action": "cloudformation:UpdateStack"}, ["cloudformation:UpdateStack"], ["cloudformation:UpdateStack"]),
        ({"Action": "organizations:DetachPolicy"}, ["organizations:DetachPolicy"], ["organizations:DetachPolicy"]),
        ({"Action": "ram:CreateResourceShare"}, ["ram:CreateResourceShare"], ["ram:CreateResourceShare"]),
        ({"Action": "sso:CreatePermissionSet"}, ["sso:CreatePermissionSet"], ["sso:CreatePermissionSet"]),
        ({"Action": "*"}, ["*"], ["*"]),
        ({"Action": "s3:*"}, [], []),
        ({"NotAction": ["s3:*", "ec2:*"]}, ["everything but s3:*, ec2:*"], ["everything but s3:*, ec2:*"]),
        ({"Action": "kms:*", "Effect": "Deny"}, [], []),
        ({"NotAction": "kms:*", "Effect": "Deny"}, [], []),
    ],
)
def test_a_policy_reaches_keys_and_what_could_open_them(
    statement: dict[str, Any], keys_or_sessions: list[str], roles_or_policies: list[str]
) -> None:
    assert found(reaching, statement) == keys_or_sessions
    assert found(mutating, statement) == roles_or_policies


def test_a_deny_hides_no_later_statement() -> None:
    deny = {"Action": "kms:*", "Effect": "Deny"}
    assert found(reaching, deny, {"Action": "kms:Encrypt"}) == ["kms:Encrypt"]


@pytest.mark.parametrize(
    ("statement", "roles"),
    [
        ({"Action": "sts:AssumeRole", "Resource": [ROLE, f"{ROLE}b"]}, [ROLE, f"{ROLE}b"]),
        ({"Action": "s3:*", "Resource": ROLE}, []),
        ({"Action": "kms:*", "Resource": ROLE}, []),
        ({"Action": "sts:*", "Effect": "Deny", "Resource": ROLE}, []),
        ({"NotAction": "s3:*", "Resource": ROLE}, [ROLE]),
    ],
)
def test_a_policy_names_the_roles_of_which_it_allows_sessions(statement: dict[str, Any], roles: list[str]) -> None:
    assert found(assuming, statement) == roles


def test_all_roles_but_some_are_named_as_that() -> None:
    body = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "NotResource": [ROLE, f"{ROLE}b"]}}
    assert list(assuming(parse_document(body, "identity"))) == [f"everything but {ROLE}, {ROLE}b"]
    nothing = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}
    assert list(assuming(parse_document(nothing, "identity"))) == ["everything but nothing"]


def test_a_recorded_verdict_is_of_the_assembly_that_was_proved(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert recorded_verdict(tmp_path) is None
    write_record(tmp_path, "proved")
    assert recorded_verdict(tmp_path) == "proved"
    assert json.loads((tmp_path / RECORD).read_text(encoding="utf-8"))["verdict"] == "proved"
    (tmp_path / "manifest.json").write_text("{} ", encoding="utf-8")
    assert recorded_verdict(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "[]", '"proved"', "{}", '{"verdict": "proved"}', '{"verdict": "proved", "manifest": ""}']
)
def test_what_is_no_record_is_no_verdict(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / RECORD).write_text(text, encoding="utf-8")
    assert recorded_verdict(tmp_path) is None


PARAMETER = "arn:aws:ssm:eu-west-1:222222222222:parameter/tenant-keys/orders"
KEYS = ["arn:aws:kms:*:111111111111:key/*", "arn:aws-cn:kms:*:*:key/1"]


@pytest.mark.parametrize(
    ("statement", "of_key_account", "of_workload"),
    [
        ({"Action": "kms:*", "Resource": KEYS}, [], []),
        ({"Action": "kms:*", "Resource": [*KEYS, "*"]}, ["kms:*"], []),
        ({"Action": ["kms:Decrypt", "kms:CreateKey"]}, ["kms:CreateKey"], []),
        ({"Action": "kms:CreateKey", "Resource": KEYS}, [], []),
        ({"Action": ["sts:AssumeRole", "iam:PutRolePolicy"]}, [], []),
        ({"Action": ["iam:GetRole", "sts:GetCallerIdentity"]}, ["iam:GetRole"], ["iam:GetRole"]),
        ({"Action": "s3:GetObject"}, ["s3:GetObject"], ["s3:GetObject"]),
        ({"Action": "logs:PutLogEvents"}, ["logs:PutLogEvents"], []),
        ({"Action": "ssm:GetParameter", "Resource": PARAMETER}, ["ssm:GetParameter"], []),
        ({"Action": "ssm:GetParameter", "Resource": [PARAMETER, "*"]}, ["ssm:GetParameter"], ["ssm:GetParameter"]),
        ({"Action": "ssm:GetParameters", "Resource": PARAMETER}, ["ssm:GetParameters"], ["ssm:GetParameters"]),
        ({"Action": "s3:*", "Effect": "Deny"}, [], []),
    ],
)
def test_what_a_role_may_do_beside_its_work_is_not_understood(
    statement: dict[str, Any], of_key_account: list[str], of_workload: list[str]
) -> None:
    assert found(beyond, statement) == of_key_account
    assert found(lambda document: beyond(document, [PARAMETER]), statement) == of_workload
