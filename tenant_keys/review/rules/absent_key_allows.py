"""An Allow with IfExists or ForAllValues holds also where the key is absent, unless the statement asks for presence.

Presence is asked for by `Null: {key: "false"}`, or by any other test of the same key that is false where it is absent
(one that is neither negated nor IfExists nor ForAllValues; ForAnyValue is false for no values). aws:TagKeys holds the
keys of the request's tags, and kms:EncryptionContextKeys those of the context, so such a test of aws:RequestTag/x,
or of kms:EncryptionContext:x, requires them as well; ISSUER:oaud is there only where a token has azp, and ISSUER:aud
always, which holds azp then. And ForAnyValue:StringEquals aws:TagKeys x requires aws:RequestTag/x.
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
                    why="the test holds where the request does not carry the key at all",
                    fix=f'add "Null": {{"{test.key}": "false"}}, or test the key with an operator that needs it',
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
