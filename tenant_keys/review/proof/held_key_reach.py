"""Which keys of other accounts a statement of a template's policy could be about, and what of them a Deny stops."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Final

from tenant_keys.review.iam.catalogue import actions, actions_on
from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.iam.wildcards import glob
from tenant_keys.review.syntax import Statement

_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_WILDCARD: Final = re.compile(r"[*?]")
_ACCOUNT: Final = re.compile(r"\d{12}")
_PARTS: Final = 6
"""Of the ARN of a key, which holds no other colon (AWS KMS guide, concepts, key ARN)."""
_DIGITS: Final = 12
"""Of the id of an account."""
_BEGINS_AS_A_KEY: Final = re.compile(r"a?|ar|arn(:[^:]*)?|arn:[^:]*:(k|km)?|arn:[^:]*:kms(:.*)?")
_ALL_BUT_SOME: Final = "all resources but some"
_PLAIN_DENY: Final = frozenset({"Sid", "Effect", "Action", "Resource"})
"""Elements of a Deny that holds for every request of its actions on its resources."""
_ALIAS: Final = re.compile(r"arn:[^*?]*:alias/.*")


def reached_keys(statement: Statement, owners: Mapping[str, str], central: str) -> list[str]:
    """The keys of other accounts that a statement on KMS could be about, registered or not."""
    if not _is_of_kms(statement) or (statement.allows and not _opens_keys(statement)):
        return []
    if statement.not_resources or not statement.resources:
        others = [_ALL_BUT_SOME] if owners and statement.allows else []
        return [*sorted(owners), *others]
    found: set[str] = set()
    for pattern in statement.resources:
        if _ALIAS.fullmatch(pattern) and not _changes_aliases(statement):
            continue
        widest = _VARIABLE.sub("*", pattern)
        found |= set(filter(glob(((widest, False),)), owners))
        # A Deny takes nothing of what is declared from keys that are not registered. Where no tenant holds a key, a
        # pattern of all accounts is about those of the key account, whose policies decide.
        meant = bool(owners) or names_account(widest)
        if statement.allows and pattern not in owners and meant and is_foreign(widest, central):
            found.add(pattern)
    return sorted(found)


def _changes_aliases(statement: Statement) -> bool:
    """Whether an action could be on an alias.

    Any other action on a key is authorized by the ARN of the key alone: an alias in Resource is no key there (AWS KMS
    guide, alias-authorization; service authorization reference, AWS KMS).
    """
    tests = action_tests(statement.actions, "Action")
    on_aliases = {action.lower() for action in actions_on("kms", "alias")}
    return bool(statement.not_actions) or any(test(action) for test in tests for action in on_aliases)


def _opens_keys(statement: Statement) -> bool:
    """Whether a statement on KMS allows any action but those, such as kms:CreateKey, that no existing key receives."""
    return statement.allows and (
        bool(statement.not_actions)
        or any(one.lower() not in _without_key() for one in statement.actions if could_be_of_kms(one))
    )


@cache
def _without_key() -> frozenset[str]:
    """Actions in lower case."""
    on_keys = {*actions_on("kms", "key"), *actions_on("kms", "alias")}
    return frozenset(action.lower() for action in actions("kms") if action not in on_keys)


def names_account(pattern: str) -> bool:
    """Whether a pattern of resources distinguishes some accounts from others, or may."""
    parts = pattern.split(":")
    if len(parts) < _PARTS:
        begins, _, rest = pattern.partition("*")
        return rest != "" or "?" in begins or parts[4:] not in ([], ["*"])
    account = parts[4]
    digits = account.count("?")
    every = digits == _DIGITS or ("*" in account and digits < _DIGITS)
    return account.strip("*?") != "" or not every


def is_foreign(pattern: str, central: str) -> bool:
    """Whether a pattern of resources could match a key of another account than the key account.

    Of fewer parts than an ARN has, a wildcard represents some; the proof knows no such pattern but `*`.
    """
    parts = pattern.split(":")
    if len(parts) != _PARTS:
        begins, *rest = _WILDCARD.split(pattern, maxsplit=1)
        return len(parts) < _PARTS and rest != [] and _BEGINS_AS_A_KEY.fullmatch(begins) is not None
    account = parts[4]
    if not glob(((parts[2], False),))("kms"):
        return False
    if not _WILDCARD.search(account):
        return account != central and _ACCOUNT.fullmatch(account) is not None
    length = len(account.replace("*", ""))
    return length < _DIGITS or (length == _DIGITS and account.replace("*", "") != central)


def _is_of_kms(statement: Statement) -> bool:
    if statement.not_actions:
        return True
    return any(map(could_be_of_kms, statement.actions))


def could_be_of_kms(pattern: str) -> bool:
    """Whether a pattern of actions matches any of KMS."""
    if pattern.lower().partition(":")[0] == "kms":
        return True
    return any(test(action.lower()) for test in action_tests((pattern,), "Action") for action in actions("kms"))


def taken_back(
    allow: Statement, reached: list[str], denies: list[Statement], owners: Mapping[str, str], central: str
) -> bool | None:
    """Whether Denies of the same role stop all that an Allow allows; None where they may, and it is not worked out.

    An explicit deny in any policy overrides the allow (IAM guide, reference_policies_evaluation-logic).
    """
    asked = [one for one in allow.actions or ("*",) if could_be_of_kms(one)]
    certain = [one for one in denies if one.elements <= _PLAIN_DENY]
    if all(
        any(_stops(one, action, resource) for one in certain)
        for action, resource in product(asked, allow.resources or ("*",))
    ):
        return True
    speaking = [one for one in denies if _stopped(one, asked)]
    spoken = {name for one in speaking for name in reached_keys(replace(one, allows=True), owners, central)}
    doubtful = {action for one in speaking for action in _stopped(one, asked)}.issuperset(asked)
    return None if doubtful and (spoken & {"*", _ALL_BUT_SOME} or spoken.issuperset(reached)) else False


def _stopped(deny: Statement, asked: list[str]) -> list[str]:
    """Those of the actions that a Deny may stop altogether."""
    patterns = deny.actions or ("*",)
    return [action for action in asked if any(_matches_all(one, action.lower()) for one in patterns)]


def _stops(deny: Statement, action: str, resource: str) -> bool:
    """Whether a Deny without conditions stops all that two patterns of an Allow match."""
    spells_out = resource in deny.resources and not (_WILDCARD.search(resource) or "$" in resource)
    return ("*" in deny.resources or spells_out) and any(_matches_all(one, action.lower()) for one in deny.actions)


def _matches_all(pattern: str, action: str) -> bool:
    """Whether a pattern of actions matches whatever another does."""
    if _WILDCARD.search(action):
        wanted = pattern.lower()
        return wanted in ("*", action) or (wanted.endswith(":*") and action.startswith(wanted[:-1]))
    return action_tests((pattern,), "Action")[0](action)
