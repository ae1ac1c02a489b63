"""Values of a policy variable with which a policy's value meets something that it is compared with.

Only such values, and any other, are distinguished by a condition that holds the variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from tenant_keys.review.iam.variables import Value, Variable, template
from tenant_keys.review.iam.wildcards import has_wildcard
from tenant_keys.review.proof.condition_keys import Type, known
from tenant_keys.review.proof.document import RESOURCE, Document
from tenant_keys.review.proof.domain import ARN, EXACT, LIKE
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.readers import Affixed, Pattern, Reader

MOST: Final = 100
_NAMES: Final = {"kms:encryptioncontextkeys": "kms:encryptioncontext:", "aws:tagkeys": "aws:requesttag/"}
"""Keys that list the names of others, and how those begin."""
LIMITED: Final = frozenset({RESOURCE, "kms:requestalias"})
"""Keys whose values are those of the resource alone, beside those that a case names."""


def solutions(
    documents: Document | Iterable[Document],
    variable: str,
    resource: Mapping[str, Value],
    possible: Callable[[str], bool],
    named: Mapping[str, Iterable[str]] | None = None,
) -> list[str]:
    """The values of a variable, by its key in lower case, that make a condition or resource meet a name.

    Args:
        documents: all that bear on the request.
        variable: the key of the variable.
        resource: what the resource decides, by key; "resource" is its ARN.
        possible: whether the key can have a value.
        named: further values that a key is compared with, or promised.

    Raises:
        NotProved: the values are too many to follow.
    """
    several = (documents,) if isinstance(documents, Document) else tuple(documents)
    found: dict[str, None] = {}
    for document in several:
        for key, text in document.holding.get(variable, ()):
            others = dict.fromkeys([*_values_of(key, several, resource), *((named or {}).get(key, ()))])
            for name in others:
                found.update(dict.fromkeys(filter(possible, _fitting(text, name))))
    return list(found)


def affixed(documents: Sequence[Document], variable: str, resource: Mapping[str, Value]) -> tuple[list[Reader], str]:
    """Readers of the variable's value: one for each pattern with which a value that holds it shares its key.

    Where the resource decides the key's value, `solutions` has every value that matters.

    Raises:
        NotProved: another variable is compared with the same key, both sides have wildcards, or the key is also read as
            a number, a date or another type, or without regard to case.
    """
    readers: list[Reader] = []
    letters: dict[str, None] = {}
    for document in documents:
        for key, text in document.holding.get(variable, ()):
            if key in resource or key in LIMITED:
                continue
            beside = {other for one in documents for other, held in one.holding.items() if key in dict(held)}
            if beside != {variable}:
                raise NotProved(f"{key} is compared with {' and '.join(sorted(beside))}: no classes are derived")
            if others := sorted(_bases_on(key, documents) - EXACT - LIKE - ARN - {"Null"}):
                raise NotProved(f"{key} is compared with {text} and by {others[0]}: no classes are derived")
            patterns = list(_patterns_on(key, documents))
            if not patterns:
                continue
            before, after = _around(text)
            if has_wildcard(before + after):
                raise NotProved(f"{text}: a policy variable beside a wildcard, and other patterns on {key}")
            for pattern, arn in patterns:
                readers.append(Affixed(Pattern.of([(pattern, False)], arn=arn), before, after))
                letters[pattern] = None
    return readers, "".join(letters)


def _bases_on(key: str, documents: Iterable[Document]) -> set[str]:
    return {condition.base for document in documents for condition in document.conditions_on(key)}


def _patterns_on(key: str, documents: Iterable[Document]) -> Iterator[tuple[str, bool]]:
    for document in documents:
        for condition in document.conditions_on(key):
            if condition.base in LIKE | ARN:
                for value in condition.values:
                    if "${" not in value and has_wildcard(value):
                        yield value, condition.base in ARN


def _values_of(key: str, documents: Iterable[Document], resource: Mapping[str, Value]) -> Iterator[str]:
    """What is compared with the key: the values that it can have, where they are few, and those of all conditions."""
    own = resource.get(key, ())
    yield from (own,) if isinstance(own, str) else own
    if key != RESOURCE and known(key).type is Type.TRUTH:
        yield from ("true", "false")
    for document in documents:
        for condition in document.conditions:
            if condition.key == key:
                yield from (value for value in condition.values if "${" not in value)
            if key in _NAMES and condition.key.startswith(_NAMES[key]):
                yield condition.key.removeprefix(_NAMES[key])


def _fitting(text: str, name: str) -> list[str]:
    """Values of the variable for which the pattern meets the name."""
    before, after = _around(text)
    if not has_wildcard(before + after):
        fits = name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after)
        return [name[len(before) : len(name) - len(after)]] if fits else []
    # Beside a wildcard any piece of the name may do: try them all.
    starts = [len(before)] if not has_wildcard(before) else range(len(name))
    ends = [len(name) - len(after)] if not has_wildcard(after) else range(1, len(name) + 1)
    pieces = {name[i:j] for i in starts for j in ends if i < j}
    if len(pieces) > MOST:
        raise NotProved(f"{text}: a policy variable beside a wildcard; the values that fit {name} are too many")
    return sorted(pieces, key=lambda piece: (len(piece), piece))


def _around(text: str) -> tuple[str, str]:
    """The text before and after the variable."""
    parts = template(text, substitute=True).parts
    places = [number for number, part in enumerate(parts) if isinstance(part, Variable)]
    if len(places) != 1:
        raise NotProved(f"{text}: two policy variables in one value")
    before, after = (
        "".join(part[0] for part in some if not isinstance(part, Variable))
        for some in (parts[: places[0]], parts[places[0] + 1 :])
    )
    return before, after
