"""Each statement of a policy in a plain sentence. A statement of unknown form is reported element by element."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal

from tenant_keys.review.iam.catalogue import actions
from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.proof.key_actions import FUTURE, is_cryptographic, key_actions
from tenant_keys.review.report.conditions import Condition, any_of, conditions, joined
from tenant_keys.review.report.principals import principal, roles

Kind = Literal["key", "identity", "trust"]
MATERIAL: Final = "work with the key's material (every cryptographic operation)"


def sentence(statement: Mapping[str, Any], kind: Kind, account: str) -> str:
    """What the statement says.

    Args:
        statement: as it is in the policy, a tenant's names as tokens.
        kind: the policy that it is in.
        account: the key account, in which the tenants' own roles are.
    """
    found = list(conditions(statement.get("Condition", {})))
    callers = [one for one in found if _names_callers(one)]
    rest = [one for one in found if one not in callers]
    what = _what(statement) + _on(statement, kind)
    if statement["Effect"] == "Allow":
        return _allowed(statement, kind, callers, what, rest, account)
    return _denied(statement, kind, callers, what, rest, account)


def _allowed(
    statement: Mapping[str, Any],
    kind: Kind,
    callers: list[Condition],
    what: str,
    rest: list[Condition],
    account: str,
) -> str:
    positive = [one for one in callers if not one.negated]
    who = " and ".join(f"sessions of {roles(one.values, account)}" for one in positive) or _subject(statement, kind)
    rest = rest + [one for one in callers if one.negated]
    terms = [_negation(one, account) if one.negated else one.words(account) for one in rest]
    said = f"{who} may {what}" + (f" if {joined(terms, 'and')}" if terms else "")
    if kind == "key" and _is_account(statement):
        said += "; a policy of the role must allow it too"
    return _sentence(said)


def _denied(
    statement: Mapping[str, Any],
    kind: Kind,
    callers: list[Condition],
    what: str,
    rest: list[Condition],
    account: str,
) -> str:
    only = [f"sessions of {roles(one.values, account)}" for one in callers if one.negated]
    whom = [f"sessions of {roles(one.values, account)}" for one in callers if not one.negated]
    everyone = kind != "identity" and statement.get("Principal") in ("*", {"AWS": "*"})
    if whom:
        start = f"{joined(whom, 'and')} may not {what}"
    elif everyone:
        start = f"nobody{' but ' + joined(only, 'or') if only else ''} may {what}"
    else:
        start = f"{_subject(statement, kind)} may not {what}"
    holds = [one.words(account) for one in rest if not one.negated]
    unless = [one.words(account) for one in rest if one.negated]
    unless += [f"the caller is one of the {one}" for one in only] if whom or not everyone else []
    if holds:
        start += f" if {joined(holds, 'and')}"
    if unless:
        start += f"{',' if holds else ''} unless {any_of(unless)}"
    return _sentence(start)


def _names_callers(one: Condition) -> bool:
    exact = one.operator in ("ArnEquals", "ArnLike", "StringEquals") and not one.quantifier and not one.if_exists
    return exact and one.key.lower() == "aws:principalarn" and not any("*" in v or "?" in v for v in one.values)


def _negation(one: Condition, account: str) -> str:
    return f"it is not so that {one.words(account)}"


def _subject(statement: Mapping[str, Any], kind: Kind) -> str:
    if kind == "identity":
        return "the role"
    if "NotPrincipal" in statement:
        return f"everybody but {principal(statement['NotPrincipal'])}"
    who = principal(statement.get("Principal", "nobody"))
    return f"roles and users of {who}" if _is_account(statement) else who


def _is_account(statement: Mapping[str, Any]) -> bool:
    element = statement.get("Principal")
    return isinstance(element, Mapping) and str(element.get("AWS", "")).endswith(":root")


def _what(statement: Mapping[str, Any]) -> str:
    if "NotAction" in statement:
        return f"do everything but {any_of(_texts(statement['NotAction']))}"
    patterns = tuple(_texts(statement["Action"]))
    if all("*" not in pattern and "?" not in pattern for pattern in patterns):
        return any_of([pattern.partition(":")[2] for pattern in patterns])
    return _expanded(patterns)


@cache
def _expanded(patterns: tuple[str, ...]) -> str:
    """Patterns, as the operations that they mean."""
    tests = action_tests(patterns, "Action")
    met = [one for one in key_actions() if one != FUTURE and any(test(one.lower()) for test in tests)]
    material = {one for one in key_actions() if is_cryptographic(one)}
    extra = [one.partition(":")[2] for one in met if one not in material]
    missing = [one.partition(":")[2] for one in sorted(material.difference(met))]
    if len(met) > len(missing) and len(missing) <= 1:
        but = f" but {missing[0]}" if missing else ""
        return f"{MATERIAL}{but}" + "".join(f" or {one}" for one in extra)
    known = set(actions("kms"))
    if met and all(any(test(one.lower()) for one in known) for test in tests):
        return any_of([one.partition(":")[2] for one in met])
    return any_of(patterns)


_KEYS: Final = re.compile(r"arn:aws[a-z-]*:kms:")


def _on(statement: Mapping[str, Any], kind: Kind) -> str:
    """On what; in a key policy it is the key itself, in a trust policy the role."""
    if "NotResource" in statement:
        return f" on everything but {any_of(_texts(statement['NotResource']))}"
    if kind != "identity":
        return ""
    resources = _texts(statement.get("Resource", ()))
    keys = [one.split(":") for one in resources if _KEYS.match(one) and one.endswith(":key/*")]
    if resources and len(keys) == len(resources):
        regions = any_of(list(dict.fromkeys(one[3] for one in keys)))
        return f" with keys of account {any_of(list(dict.fromkeys(one[4] for one in keys)))} in {regions}"
    return f" on {any_of(resources)}"


def _texts(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _sentence(said: str) -> str:
    return f"{said[0].upper()}{said[1:]}."
