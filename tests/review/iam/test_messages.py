"""What is refused in a policy is reported with its place: statement, element, operator, key. Typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.iam import Policy, UnsupportedPolicy
from tenant_keys.review.iam.decision import PolicyKind

GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
ROLE = "arn:aws:iam::111111111111:role/app"
KEY_POLICY: dict[str, Any] = {**GOOD, "Principal": {"AWS": ROLE}}
TRUST: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}
ACTION = "an action is written service:Operation, or *"
PRINCIPAL = '"*" or an object of AWS, Service and Federated'
ELEMENTS = "the elements Action, Condition, Effect, NotAction, NotPrincipal, NotResource, Principal, Resource, Sid"
EITHER = "either Resource or NotResource: without one it has no effect"
QUALIFIERS = "an operator; the qualifiers are ForAllValues: and ForAnyValue:"
STRINGS = "a string or a list of strings"


def without(statement: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != name}


def condition(condition: object) -> dict[str, Any]:
    return {**GOOD, "Condition": condition}


STATEMENTS: list[tuple[PolicyKind, object, str]] = [
    ("identity", None, ": got nothing; an object"),
    ("identity", "Allow", ': got "Allow"; an object'),
    ("identity", {**GOOD, "Effect": "allow"}, '.Effect: got "allow"; Allow or Deny'),
    ("identity", without(GOOD, "Effect"), ".Effect: got nothing; Allow or Deny"),
    ("identity", {**GOOD, "Sid": 7}, ".Sid: got 7; a string"),
    (
        "identity",
        {**GOOD, "Resources": "*"},
        f': got ["Resources"]; {ELEMENTS}',
    ),
    (
        "identity",
        without(GOOD, "Action"),
        ': got ["Effect", "Resource"]; either Action or NotAction: without one it has no effect',
    ),
    (
        "identity",
        {**GOOD, "NotResource": "*"},
        f': got ["Action", "Effect", "NotResource", "Resource"]; {EITHER}',
    ),
    ("identity", {**GOOD, "Action": {"Ref": "X"}}, f'.Action: got {{"Ref": "X"}}; {STRINGS}'),
    ("identity", {**GOOD, "Action": []}, f".Action: got []; {STRINGS}, not empty"),
    ("identity", {**GOOD, "Action": "x"}, f'.Action: got ["x"]; {ACTION}'),
    ("identity", {**without(GOOD, "Action"), "NotAction": []}, f".NotAction: got []; {STRINGS}, not empty"),
    ("identity", {**without(GOOD, "Action"), "NotAction": 7}, f".NotAction: got 7; {STRINGS}"),
    ("identity", {**without(GOOD, "Action"), "NotAction": "x"}, f'.NotAction: got ["x"]; {ACTION}'),
    ("identity", {**GOOD, "Resource": 7}, f".Resource: got 7; {STRINGS}"),
    ("identity", {**GOOD, "Resource": []}, f".Resource: got []; {STRINGS}, not empty"),
    (
        "identity",
        {**GOOD, "Resource": "key/1"},
        '.Resource: got ["key/1"]; a resource is an ARN of six parts, or *',
    ),
    ("identity", {**without(GOOD, "Resource"), "NotResource": [7]}, f".NotResource: got [7]; {STRINGS}"),
    ("identity", {**without(GOOD, "Resource"), "NotResource": []}, f".NotResource: got []; {STRINGS}, not empty"),
    (
        "identity",
        {**without(GOOD, "Resource"), "NotResource": "key/1"},
        '.NotResource: got ["key/1"]; a resource is an ARN of six parts, or *',
    ),
    (
        "identity",
        {**GOOD, "Principal": "*"},
        ': got ["Action", "Effect", "Principal", "Resource"]; the principal of an identity policy is implied',
    ),
    ("identity", condition([]), ".Condition: got []; an object of operators"),
    ("identity", condition({}), ".Condition: got {}; an object of operators, not empty"),
    (
        "identity",
        condition({"StringEquals": {}}),
        ".Condition.StringEquals: got {}; an object of condition keys, not empty",
    ),
    (
        "identity",
        condition({"StringEquals": "x"}),
        '.Condition.StringEquals: got "x"; an object of condition keys, not empty',
    ),
    (
        "identity",
        condition({"StringEquals": {"aws:PrincipalArn": []}}),
        ".Condition.StringEquals.aws:PrincipalArn: got []; at least one value",
    ),
    (
        "identity",
        condition({"StringEquals": {"aws:PrincipalArn": ["a", None]}}),
        '.Condition.StringEquals.aws:PrincipalArn: got ["a", null]; a string, a number, a boolean or a list of them',
    ),
    (
        "identity",
        condition({"NullIfExists": {"aws:PrincipalArn": "true"}}),
        '.Condition.NullIfExists: got "NullIfExists"; Null takes no qualifier',
    ),
    (
        "identity",
        condition({"ForSome:StringEquals": {"aws:PrincipalArn": "x"}}),
        f'.Condition.ForSome:StringEquals: got "ForSome:StringEquals"; {QUALIFIERS}',
    ),
    (
        "identity",
        condition({"IfExists": {"aws:PrincipalArn": "x"}}),
        '.Condition.IfExists: got "IfExists"; an operator that AWS documents, such as StringEquals',
    ),
    (
        "identity",
        condition({"NumericEquals": {"test:key": "ten"}}),
        ".Condition.NumericEquals.test:key: got [\"ten\"]; 'ten' is not a number",
    ),
    (
        "identity",
        condition({"StringEquals": {"test:key": ["a"], "Test:Key": ["b"]}}),
        '.Condition: got [["StringEquals", "test:key"]]; each key once under an operator: their names ignore case',
    ),
    (
        "identity",
        condition({"NumericEquals": {"test:key": [1.5, "ten"]}}),
        '.Condition.NumericEquals.test:key: got ["1.5", "ten"]; \'ten\' is not a number',
    ),
    ("resource", GOOD, ': got ["Action", "Effect", "Resource"]; either Principal or NotPrincipal'),
    (
        "resource",
        {**KEY_POLICY, "NotPrincipal": "*"},
        ': got ["Action", "Effect", "NotPrincipal", "Principal", "Resource"]; either Principal or NotPrincipal',
    ),
    ("resource", {**KEY_POLICY, "Principal": {}}, f".Principal: got {{}}; {PRINCIPAL}"),
    ("resource", {**KEY_POLICY, "Principal": {"AWS": []}}, f'.Principal: got {{"AWS": []}}; {PRINCIPAL}'),
    ("resource", {**KEY_POLICY, "Principal": {"AWS": 7}}, f".Principal.AWS: got 7; {STRINGS}"),
    (
        "resource",
        {**KEY_POLICY, "Principal": {"CanonicalUser": "x"}},
        f'.Principal: got [["CanonicalUser", "x"]]; {PRINCIPAL}',
    ),
    (
        "resource",
        {**KEY_POLICY, "Principal": {"Service": "*"}},
        '.Principal: got [["Service", "*"]]; *: a name without wildcards',
    ),
    (
        "resource",
        {**without(KEY_POLICY, "Principal"), "Effect": "Deny", "NotPrincipal": {"AWS": "1"}},
        '.NotPrincipal: got [["AWS", "1"]]; 1: an account, a role, a user or a session by its ARN, or *',
    ),
    (
        "resource",
        {**without(KEY_POLICY, "Principal"), "NotPrincipal": {"AWS": "111111111111"}},
        ': got "NotPrincipal"; NotPrincipal only with Deny, and in no trust policy or RCP',
    ),
    (
        "resource",
        {**without(TRUST, "Principal"), "Effect": "Deny", "NotPrincipal": {"AWS": "111111111111"}},
        ': got "NotPrincipal"; NotPrincipal only with Deny, and in no trust policy or RCP',
    ),
    (
        "resource",
        {**TRUST, "Resource": "*"},
        ': got ["Action", "Effect", "Principal", "Resource"]; a role trust policy has no Resource',
    ),
    (
        "resource",
        {**TRUST, "NotResource": "*"},
        ': got ["Action", "Effect", "NotResource", "Principal"]; a role trust policy has no Resource',
    ),
    (
        "rcp",
        {**KEY_POLICY, "Effect": "Deny"},
        f': got [["AWS", "{ROLE}"]]; "*": an RCP names no principal',
    ),
]


@pytest.mark.parametrize(("kind", "statement", "message"), STATEMENTS)
def test_a_statement_is_refused_at_its_place(kind: PolicyKind, statement: object, message: str) -> None:
    first = GOOD if kind == "identity" else {**GOOD, "Principal": "*"}
    document = {"Version": "2012-10-17", "Statement": [first, statement]}
    with pytest.raises(UnsupportedPolicy) as refused:
        Policy.parse(document, name="p", kind=kind)
    assert str(refused.value) == f"p.Statement[1]{message}"


DOCUMENTS: list[tuple[Any, str]] = [
    ("[]", "p: got []; an object of Version, Id and Statement"),
    ('{"Statement": ', 'p: got "{\\"Statement\\": "; JSON: Expecting value: line 1 column 15 (char 14)'),
    ('{"Id": "a", "Id": "b"}', 'p: got ["Id", "Id"]; each key of an object once'),
    ({"Statement": []}, "p.Statement: got []; a statement or a list of them, not empty"),
    ({"Statement": 7}, "p.Statement: got 7; a statement or a list of them, not empty"),
    ({"Version": "2012-10-17"}, "p.Statement: got nothing; a statement or a list of them, not empty"),
    (
        {"Statement": GOOD, "Comment": "x"},
        'p: got ["Comment", "Statement"]; an object of Version, Id and Statement',
    ),
    ({"Statement": GOOD, "Version": "2020-01-01"}, 'p.Version: got "2020-01-01"; 2012-10-17 or 2008-10-17'),
]


@pytest.mark.parametrize(("document", "message"), DOCUMENTS)
def test_a_document_is_refused_at_its_place(document: Any, message: str) -> None:
    with pytest.raises(UnsupportedPolicy) as refused:
        Policy.parse(document, name="p", kind="identity")
    assert str(refused.value) == message


def test_a_long_value_that_is_refused_is_cut() -> None:
    with pytest.raises(UnsupportedPolicy) as refused:
        Policy.parse('{"Statement"' + " " * 300, name="p", kind="identity")
    assert str(refused.value).startswith('p: got "{\\"Statement\\"' + " " * 68 + '"; JSON: ')


def test_tuples_are_lists_and_a_single_statement_is_a_list_of_one() -> None:
    statement = {
        "Sid": "Use",
        "Effect": "Allow",
        "Action": ("kms:Decrypt", "kms:Encrypt"),
        "Resource": ("*",),
        "Condition": {"StringEquals": {"test:key": ("a", 1, True, False)}},
    }
    several = Policy.parse({"Id": "x", "Version": "2008-10-17", "Statement": (statement,)}, name="p", kind="identity")
    one = Policy.parse({"Statement": statement}, name="p", kind="identity")
    assert [s.decider for s in several.statements] == [s.decider for s in one.statements]
    assert one.statements[0].decider.sid == "Use"
