"""One condition of a statement, in words that can follow "if" and after "unless"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.review.report.principals import roles

_POSITIVE: Final = frozenset({"StringEquals", "StringEqualsIgnoreCase", "ArnEquals", "NumericEquals", "Bool"})
_NEGATED: Final[Mapping[str, str]] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "NotIpAddress": "IpAddress",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key."""

    operator: str
    """Without "Not": what the words say."""
    quantifier: str
    """"ForAllValues", "ForAnyValue" or nothing."""
    if_exists: bool
    negated: bool
    key: str
    values: tuple[str, ...]

    def words(self, account: str) -> str:
        """What holds if the condition, taken without "Not", does."""
        said = self._said(account)
        return f"{said}, or nothing is said of it" if self.if_exists else said

    def _said(self, account: str) -> str:
        values = any_of(self.values)
        key = self.key.lower()
        if self.operator == "Null":
            return f"{self.key} is {'absent' if self.values == ('true',) else 'there'}"
        if self.quantifier == "ForAllValues":
            return self._all(key, values)
        if self.values == ("?*",) and key.startswith("aws:requesttag/"):
            return f"a session tag {self.key.partition('/')[2]} that is not empty is passed"
        plain = self.operator in _POSITIVE or not any(set(value) & set("*?") for value in self.values)
        for prefix, phrase in _PHRASES:
            if key.startswith(prefix):
                said = phrase(self.key, values if plain else f"something like {values}")
                return said if self.quantifier != "ForAnyValue" or key == "kms:resourcealiases" else f"one of: {said}"
        if key == "aws:principalarn":
            return f"the caller is a session of {roles(self.values, account)}"
        if key.endswith(":aud"):
            return f"the token's audience is {values}"
        if key.endswith(":sub"):
            return f"the token's subject is {values}"
        if key == "kms:trailingdayswithoutkeyusage" and self.operator == "NumericLessThan":
            return f"the key was used, or if never used created, less than {values} days ago"
        verb = "is" if self.operator in _POSITIVE else f"is, by {self.operator},"
        return f"{self.key} {verb} {values}"

    def _all(self, key: str, values: str) -> str:
        if key == "aws:tagkeys":
            return f"no session tag but {values} is passed"
        return f"every value of {self.key} is {values}, or there is none"


_PHRASES: Final[tuple[tuple[str, Callable[[str, str], str]], ...]] = (
    ("kms:requestalias", lambda _, v: f"the request names the key by {v}"),
    ("kms:resourcealiases", lambda _, v: f"the key has the alias {v}"),
    ("kms:encryptioncontext:", lambda k, v: f"the encryption context says {k.split(':', 2)[2]} = {v}"),
    ("aws:principaltag/", lambda k, v: f"the session carries the tag {k.partition('/')[2]} = {v}"),
    ("aws:requesttag/", lambda k, v: f"the session tag {k.partition('/')[2]} = {v} is passed"),
    ("aws:principalorgid", lambda _, v: f"the caller belongs to organization {v}"),
    ("aws:sourceaccount", lambda _, v: f"it acts for account {v}"),
    ("aws:sourcearn", lambda _, v: f"it acts for {v}"),
    ("kms:expirationmodel", lambda _, v: f"the expiry of the material is {v}"),
    ("kms:wrappingalgorithm", lambda _, v: f"the material is wrapped by {v}"),
    ("kms:wrappingkeyspec", lambda _, v: f"the wrapping key is {v}"),
    ("kms:viaservice", lambda _, v: f"the request comes through {v}"),
    ("kms:grantisforawsresource", lambda _, v: f"it being a grant for an AWS resource is {v}"),
)


def conditions(raw: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    """Every condition of a statement, in the order in which they are written."""
    for spelled, keys in raw.items():
        quantifier, colon, operator = spelled.rpartition(":")
        name = operator.removesuffix("IfExists")
        for key, values in keys.items():
            several = values if isinstance(values, list) else [values]
            yield Condition(
                _NEGATED.get(name, name),
                quantifier if colon else "",
                operator != name,
                name in _NEGATED,
                key,
                tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in several),
            )


def any_of(values: Sequence[str]) -> str:
    """Alternatives: `a`, `a or b`, `a, b or c`."""
    return joined(values, "or")


def joined(values: Sequence[str], word: str) -> str:
    """Several things as a list in a sentence."""
    if len(values) < 2:
        return "".join(values)
    return f"{', '.join(values[:-1])} {word} {values[-1]}"
