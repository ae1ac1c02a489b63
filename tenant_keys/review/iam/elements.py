"""The Action and Resource elements, and their Not forms.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from collections.abc import Callable
from functools import lru_cache

from tenant_keys.review.iam.conditions.arn_like import matches as arn_matches
from tenant_keys.review.iam.conditions.arn_like import prepare as arn_pattern
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.iam.variables import Context, template
from tenant_keys.review.iam.wildcards import Piece, Test, glob

#: Whether a statement speaks of a resource.
Covers = Callable[[str, Context], bool]


@lru_cache(maxsize=4096)
def action_test(pattern: str) -> Test:
    """The test of an action in lower case: actions ignore case."""
    service, colon, name = pattern.partition(":")
    if pattern != "*" and not (service and colon and name and ":" not in name and "$" not in pattern):
        raise ValueError("an action is written service:Operation, or *")
    return glob(((pattern.lower(), False),))


@lru_cache(maxsize=1024)
def _action_tests(patterns: tuple[str, ...]) -> tuple[Test, ...]:
    return tuple([action_test(pattern) for pattern in patterns])


def action_tests(patterns: tuple[str, ...], where: str) -> tuple[Test, ...]:
    """The tests of an Action or NotAction element."""
    try:
        return _action_tests(patterns)
    except ValueError as problem:
        raise UnsupportedPolicy(where, patterns, str(problem)) from problem


def resource_covers(patterns: tuple[str, ...], where: str, *, inverted: bool, substitute: bool, widely: bool) -> Covers:
    """Whether Resource (or, inverted, NotResource) covers an ARN.

    `widely`: where a wildcard may or may not cross a colon, and where a variable of NotResource has no value, it does.
    """
    try:
        return _covers(patterns, inverted, substitute, widely)
    except ValueError as problem:
        raise UnsupportedPolicy(where, patterns, str(problem)) from problem


@lru_cache(maxsize=4096)
def _covers(patterns: tuple[str, ...], inverted: bool, substitute: bool, widely: bool) -> Covers:
    tests = [
        _resource(pattern, substitute=substitute, widely=widely is not inverted, inverted=inverted)
        for pattern in patterns
    ]
    if len(tests) == 1:
        only = tests[0]
        if inverted:
            return lambda resource, context: not only(resource, context)
        return only
    if inverted:
        return lambda resource, context: not any(test(resource, context) for test in tests)
    return lambda resource, context: any(test(resource, context) for test in tests)


def _resource(pattern: str, *, substitute: bool, widely: bool, inverted: bool) -> Covers:
    if pattern == "*":
        return lambda _resource, _context: True
    if len(pattern.split(":", 5)) != 6 or not pattern.startswith("arn:"):
        raise ValueError("a resource is an ARN of six parts, or *")
    parsed = template(pattern, substitute=substitute)
    if substitute and "${" in ":".join(pattern.split(":", 5)[:5]):
        raise ValueError("a policy variable is allowed only after the fifth colon of an ARN")
    if parsed.constant:
        return _fixed(parsed.pieces(), widely)

    def covers(resource: str, context: Context) -> bool:
        pieces = parsed.resolve(context)
        if pieces is None:
            # "This might cause the entire statement to be invalid": NotResource may then cover nothing.
            return inverted and widely
        return _fixed(pieces, widely)(resource, context)

    return covers


def _fixed(pieces: tuple[Piece, ...], widely: bool) -> Covers:
    if widely:
        whole = glob(pieces)
        return lambda resource, _: whole(resource)
    parts = arn_pattern(pieces)
    return lambda resource, _: arn_matches(resource, parts)
