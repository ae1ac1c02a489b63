"""How a request and its policies are shown and sorted: as they were given, with nothing derived."""

from __future__ import annotations

from typing import get_args

from tenant_keys.review.iam import Policies, Policy, Principal, PrincipalKind, Request
from tenant_keys.review.iam.decision import DeciderKind, PolicyKind

NOBODY = Principal(PrincipalKind.ANONYMOUS)
SHOWN = (
    "Principal(kind=<PrincipalKind.ANONYMOUS: 'anonymous'>, arn=None, account=None, role_arn=None, organization=None, "
    "tags={})"
)


def test_a_principal_and_a_request_are_shown_as_they_were_given() -> None:
    assert repr(NOBODY) == SHOWN
    assert repr(Request(NOBODY, "kms:Decrypt", "*", "111111111111")) == (
        f"Request(principal={SHOWN}, action='kms:Decrypt', resource='*', resource_account='111111111111', context={{}})"
    )


def test_policies_are_shown_once_and_without_what_they_remember() -> None:
    assert repr(Policies()) == (
        "Policies(identity=(), boundary=None, session=None, resource=None, scps=(), rcps=(), grants=())"
    )
    document = {"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}
    policy = Policy.parse(document, name="p", kind="identity")
    before = repr(policy)
    policy.relevant("kms:decrypt")
    assert repr(policy) == before
    assert before.startswith("Policy(name='p', kind='identity', statements=(Statement(")
    assert repr(Policies(identity=(policy,))).count("name='p'") == 1


def test_a_statement_that_speaks_of_an_action_is_found_once() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}
    policy = Policy.parse(document, name="p", kind="identity")
    assert policy.relevant("kms:decrypt") is policy.relevant("kms:decrypt")
    assert policy.relevant("kms:decrypt") == ((), policy.statements)
    assert policy.relevant("kms:encrypt") == ((), ())


def test_denies_and_allows_of_an_action_are_kept_apart_in_their_order() -> None:
    statements = [
        {"Sid": sid, "Effect": effect, "Action": action, "Resource": "*"}
        for sid, effect, action in (
            ("A", "Allow", "kms:*"),
            ("B", "Deny", "kms:Decrypt"),
            ("C", "Allow", "kms:Decrypt"),
            ("D", "Deny", "kms:Encrypt"),
            ("E", "Deny", "*"),
        )
    ]
    policy = Policy.parse({"Statement": statements}, name="p", kind="identity")

    def found(action: str) -> list[list[str | None]]:
        return [[statement.decider.sid for statement in group] for group in policy.relevant(action)]

    assert found("kms:decrypt") == [["B", "E"], ["A", "C"]]
    assert found("kms:encrypt") == [["D", "E"], ["A"]]
    assert found("sts:assumerole") == [["E"], []]


def test_there_are_six_kinds_of_policy() -> None:
    kinds: tuple[PolicyKind, ...] = ("identity", "boundary", "session", "resource", "scp", "rcp")
    assert get_args(PolicyKind) == kinds
    assert get_args(DeciderKind) == (*kinds, "grant")
    for kind in kinds:
        principal = {"Principal": "*"} if kind in ("resource", "rcp") else {}
        document = {"Statement": {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*", **principal}}
        assert Policy.parse(document, name="p", kind=kind).kind == kind
