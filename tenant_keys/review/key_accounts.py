"""One key account's part of an assembly that holds the stacks of several.

For this key account the principals of another are outsiders, whom the proof takes to have every right in their own
accounts, whatever their templates say. So a part leaves the other's stacks out. Workload accounts are of several: of
the other's stacks there it has the resources that name a role or parameter of this key account's workloads, and nothing
declares them. Every stack is whole in one part at least, and a stack that is nobody's by its account or by its exact
name is in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from tenant_keys.manifest import Estate, Workload
from tenant_keys.manifest.stack_names import forwarding_stack_set, guardrails, stack_set_instance, workload_stack
from tenant_keys.review.assembly import Resource, Stack, StackArtifact, Stacks
from tenant_keys.review.assembly.json_file import compact

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_PATTERN: Final = re.compile(r"""(?<=[":])([0-9*?]+)(?=([":\\])?)""")
"""Digits and wildcards at the beginning of a part of an ARN or of a text, and what ends them."""


@dataclass(frozen=True, slots=True)
class Part:
    """The stacks of one key account, and whatever else names it."""

    source: Stacks
    estate: Estate

    def stacks(self) -> Iterator[Stack]:
        """Yield each stack that has a resource for this key account."""
        named = _names(_of_ours(self.estate))
        accounts = {one.central.account for one in self.estate.siblings}
        for stack in self.source.stacks():
            if not _is_of_sibling(stack, self.estate):
                yield stack
            elif stack.account not in accounts:
                kept = {logical_id: one for logical_id, one in stack.resources.items() if named.search(_text(one))}
                if kept:
                    yield replace(stack, resources=kept)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A resource of this key account's part that names another key account."""

    where: str
    account: str
    key_account: str
    """The other's name in the manifest."""


def own_artifacts(artifacts: Sequence[StackArtifact], estate: Estate) -> tuple[StackArtifact, ...]:
    """Those that are not the stacks of another key account."""
    return tuple(one for one in artifacts if not _is_of_sibling(one, estate))


def crossings(resources: Iterator[Resource] | Sequence[Resource], estate: Estate) -> Iterator[Crossing]:
    """Resources that name another key account, or by a pattern some accounts with it among them.

    Nothing of one account has to do with another. A wildcard for every account names none.
    """
    if not estate.siblings:
        return
    accounts = {one.central.account: str(one.key_account) for one in estate.siblings}
    named = _names(accounts)
    for resource in resources:
        text = _text(resource)
        for account in sorted({*named.findall(text), *_matched(text, accounts)}):
            yield Crossing(resource.where, account, accounts[account])


def _matched(text: str, accounts: Iterable[str]) -> set[str]:
    """The accounts that a pattern in the text matches, where a policy or an ARN has an account id.

    `*` matches any number of characters, also those after the account, and `?` matches one (IAM guide,
    reference_policies_elements_resource).
    """
    found: set[str] = set()
    for pattern, ends in _PATTERN.findall(text):
        if not ends and "*" not in pattern:
            continue
        meant = pattern if ends else pattern.partition("*")[0] + "*"
        if not meant.isdecimal() and re.search(r"\d", meant):
            found |= {account for account in accounts if fnmatchcase(account, meant)}
    return found


def _text(resource: Resource) -> str:
    """The properties of a resource as one text."""
    return compact(dict(resource.properties))


def _is_of_sibling(stack: Stack | StackArtifact, estate: Estate) -> bool:
    """Whether it is in another key account, or by its exact name and place another's beside its key account."""
    if stack.account == estate.central.account:
        return False
    for other in estate.siblings:
        if stack.account == other.central.account:
            return True
        accounts = {workload.account for workload in other.workloads.values()}
        there = workload_stack(stack.account, stack.region, other.naming)
        set_of_other = stack_set_instance(forwarding_stack_set(other.central.account, other.naming))
        if stack.account in accounts and stack.name in (there, set_of_other):
            return True
        if stack.account == other.management_account and stack.name == guardrails(other.naming):
            return True
    return False


def _of_ours(estate: Estate) -> list[str]:
    """What is this key account's alone: the account, and its workloads' roles and parameters in their accounts."""
    return [estate.central.account, *(name for one in estate.workloads.values() for name in _of_workload(one, estate))]


def _of_workload(workload: Workload, estate: Estate) -> tuple[str, str]:
    role = workload.existing_role or f"{estate.naming.role_prefix}tenant-keys-{workload.name}"
    return role.rpartition("/")[2], f"{estate.naming.role_path}{workload.name}"


def _names(names: Sequence[str] | dict[str, str]) -> re.Pattern[str]:
    """Finds the names as whole words: `tenant-keys-orders` is not in `tenant-keys-orders-us`.

    The number of an account is found between any characters but digits.
    """
    letter = r"[\w+=,.@-]"
    found = "|".join(
        rf"(?<!\d){one}(?!\d)" if _ACCOUNT.fullmatch(one) else rf"(?<!{letter}){re.escape(one)}(?!{letter})"
        for one in sorted(names)
    )
    return re.compile(found, re.IGNORECASE)
