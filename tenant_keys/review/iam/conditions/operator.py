"""What a condition operator is.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tenant_keys.review.iam.wildcards import Piece

#: A test of one value of the request against all values of the policy (they are ORed).
Test = Callable[[str], bool]


def text_of(pieces: tuple[Piece, ...]) -> str:
    """The pieces as one text, for an operator that knows no wildcards."""
    return "".join([text for text, _ in pieces])


def one_by_one(matches: Callable[[str, Any], bool], prepared: tuple[Any, ...]) -> Test:
    """The test of a request's value against several policy values, in turn."""
    if len(prepared) == 1:
        only = prepared[0]
        return lambda value: matches(value, only)
    return lambda value: any([matches(value, one) for one in prepared])  # noqa: C419 - faster than a generator


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """An operator. A negated one is true where its counterpart is not, absent keys included.

    `prepare` reads one policy value and raises ValueError on a malformed one; `matches` compares a value of the
    request with it, without the negation; `matches_any`, where it can be faster, with several at once. `multivalued`
    says whether it judges a multi-valued key by itself, without ForAnyValue or ForAllValues; `typed` whether `matches`
    raises ValueError on a value that it cannot read, such as a number.
    """

    name: str
    prepare: Callable[[tuple[Piece, ...]], Any]
    matches: Callable[[str, Any], bool]
    matches_any: Callable[[tuple[Any, ...]], Test] | None = None
    negated: bool = False
    multivalued: bool = False
    takes_variables: bool = False
    typed: bool = False

    def any_of(self, prepared: tuple[Any, ...]) -> Test:
        """The test of a request's value against several policy values."""
        return self.matches_any(prepared) if self.matches_any else one_by_one(self.matches, prepared)

    def negation(self, name: str) -> "Operator":
        """The same comparison, negated."""
        return replace(self, name=name, negated=True)
