"""An Allow with IfExists or ForAllValues is also true if the key is absent, unless another condition requires the key.

A condition requires the key if it is `Null: {key: "false"}`, or any other condition on the same key that is false for
an absent key (neither negated nor IfExists nor ForAllValues; ForAnyValue is false without values). aws:TagKeys contains
the keys of the request's tags, and kms:EncryptionContextKeys those of the context, so such a condition on
aws:RequestTag/x or on kms:EncryptionContext:x requires them too. ForAnyValue:StringEquals aws:TagKeys x requires
aws:RequestTag/x. ISSUER:oaud is present only if a token has azp. ISSUER:aud is always present, and then contains azp.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding
from tenant_keys.review.syntax import Condition, Statement

_BESIDE_AZP = ":oaud"
_MEMBERS = {"aws:tagkeys": "aws:requesttag/", "kms:encryptioncontextkeys": "kms:encryptioncontext:"}


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        if not statement.allows:
            continue
        for test in statement.conditions:
            if not (test.operator.if_exists or test.operator.qualifier == "ForAllValues"):
                continue
            if not any(_requires(other, test.key) for other in _present(statement)):
                yield finding(
                    __name__,
                    "error",
                    policy,
                    statement,
                    what=f"{test.spelled} {test.key} in an Allow without a condition that requires the key",
                    why="the condition is true for a request without the key",
                    fix=f'add "Null": {{"{test.key}": "false"}}, or use an operator that requires the key',
                )


def _present(statement: Statement) -> Iterator[Condition]:
    for test in statement.conditions:
        operator = test.operator
        if operator.is_null:
            if set(test.values) == {"false"}:
                yield test
        elif operator.qualifier == "ForAnyValue" or not (operator.negated or operator.if_exists or operator.qualifier):
            yield test


def _requires(other: Condition, key: str) -> bool:
    if other.key == key or (key.endswith(_BESIDE_AZP) and other.key == key.removesuffix(_BESIDE_AZP) + ":aud"):
        return True
    members = _MEMBERS.get(key)
    if members is not None:
        return other.key.startswith(members)
    for keys, prefix in _MEMBERS.items():
        if other.key == keys and key.startswith(prefix):
            names = {value.lower() for value in other.values}
            exact = other.operator.name == "StringEquals" and other.operator.qualifier == "ForAnyValue"
            return exact and names == {key.removeprefix(prefix)}
    return False
