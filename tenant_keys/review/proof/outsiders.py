"""Principals that stand in no template: one for each way in which a resource's policy can tell them apart.

They have full administrator rights in their own account, which is the worst case: whoever changes roles there can give
them that. Accounts, names, organisations and tags are told apart by the policy's conditions and principals alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from tenant_keys.review.proof.actor import (
    FOREIGN_ACCOUNT,
    OTHER_ORGANIZATION,
    Actor,
    federated_user,
    role_session,
    root_user,
    user,
)
from tenant_keys.review.proof.document import Condition, Document
from tenant_keys.review.proof.domain import ARN, EXACT, LIKE, text_classes
from tenant_keys.review.proof.examples import Pattern, accounts_told_apart, examples
from tenant_keys.review.proof.outcome import NotProved

_IMPOSSIBLE: Final = ":*?${}"
"""No name of a role or user holds them (IAM API, RoleName, Path)."""
_NUMBERS: Final = ("aws:principalaccount", "kms:calleraccount")


@dataclass(frozen=True, slots=True)
class Outsiders:
    """Who there is outside the templates, told apart by one policy."""

    roles: tuple[str, ...]
    """ARNs."""
    users: tuple[str, ...]
    federated_users: tuple[str, ...]
    accounts: tuple[str, ...]
    organizations: tuple[str | None, ...]
    """Of accounts of which the manifest says nothing."""
    sessions: Mapping[tuple[str, str], tuple[str, ...]]
    """Names of sessions that the policy names, by account and name of the role."""

    def session_names(self, role_arn: str) -> tuple[str, ...]:
        """Session names that the policy tells apart from any other."""
        return self.sessions.get((role_arn.split(":")[4], role_arn.rpartition("/")[2]), ())


def outsiders(document: Document, known: Iterable[str], apart: Iterable[str]) -> Outsiders:
    """Everybody whom the policy could tell apart.

    Args:
        document: the policy of the key or role.
        known: accounts of which the manifest speaks.
        apart: ARNs of roles of which something is promised or that stand in templates.

    Raises:
        NotProved: a principal is named in a way whose classes are not worked out.
    """
    conditions = [condition for clause in document.clauses for condition in clause.conditions]
    parsed = [clause.statement.principals for clause in document.clauses if clause.statement.principals]
    named = sorted({arn for principals in parsed for arn in principals.arns})
    sessions: dict[tuple[str, str], tuple[str, ...]] = {}
    for arn in named:
        if ":assumed-role/" in arn:
            _, role, session = arn.split("/", 2)
            whose = (arn.split(":")[4], role)
            sessions[whose] = (*sessions.get(whose, ()), session)
        elif ":role/" not in arn and ":user/" not in arn:
            raise NotProved(f"{document.policy.name}: principal {arn} is neither a role nor a user nor a session")
    exact = [arn for arn in named if ":assumed-role/" not in arn]
    arns = _patterns(conditions, ("aws:principalarn",))
    numbers = _patterns(conditions, _NUMBERS)
    mentioned = {account for principals in parsed for account in principals.accounts}
    mentioned |= {arn.split(":")[4] for arn in (*named, *apart)}
    accounts, roles, users, federated = _named(
        tuple(sorted({*known, FOREIGN_ACCOUNT, *mentioned})), arns, numbers, (*exact, *sorted(apart))
    )
    roles = (*roles, *(f"arn:aws:iam::{account}:role/{name}" for account, name in sessions))
    users = (*users, *_users(conditions, accounts))
    return Outsiders(
        tuple(dict.fromkeys(roles)),
        tuple(dict.fromkeys(users)),
        federated,
        accounts,
        _organizations(conditions),
        sessions,
    )


def persons(
    found: Outsiders, own: Mapping[str, str | None], tags: Sequence[Mapping[str, str]], without: frozenset[str]
) -> Iterator[Actor]:
    """Sessions, users and root users. `own`: organisation by account that the manifest names; `without`: role ARNs."""
    for arn in found.roles:
        sessions = ("any-session", *found.session_names(arn)) if arn not in without else ()
        for organization, carried, session in product(_within(arn.split(":")[4], found, own), tags, sessions):
            label = with_tags(arn, carried)
            yield role_session(arn, organization=organization, tags=carried, label=label, session=session)
    for account in found.accounts:
        yield from (root_user(account, organization) for organization in _within(account, found, own))
    for arn in found.users:
        for organization, carried in product(_within(arn.split(":")[4], found, own), tags):
            yield user(arn, organization, carried)
    for arn in found.federated_users:
        for organization, carried in product(_within(arn.split(":")[4], found, own), tags):
            yield federated_user(arn, organization, carried)


def with_tags(label: str, tags: Mapping[str, str]) -> str:
    """A label that says which tags a session carries."""
    shown = shown_tags(tags)
    return f"{label} with tags {shown}" if shown else label


def shown_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags but for those that the app gives its roles, which every session of theirs has."""
    return {key: value for key, value in tags.items() if not key.startswith("tenant-keys:")}


def _within(account: str, found: Outsiders, own: Mapping[str, str | None]) -> tuple[str | None, ...]:
    known = own.get(account)
    # Where the manifest names no organisation an account of its may be in any.
    return found.organizations if known is None else (known,)


def _organizations(conditions: Sequence[Condition]) -> tuple[str | None, ...]:
    on_key = [condition for condition in conditions if condition.key == "aws:principalorgid"]
    if not on_key:
        return (None,)
    if any(not condition.constant for condition in on_key):
        raise NotProved("aws:PrincipalOrgID is compared with a policy variable")
    return (None, *text_classes(on_key, {}, (OTHER_ORGANIZATION,)))


Patterns = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Values compared as ARNs, as strings with wildcards, and exactly."""


def _patterns(conditions: Iterable[Condition], keys: Sequence[str]) -> Patterns:
    sorts: dict[str, list[str]] = {"arn": [], "plain": [], "exact": []}
    for condition in conditions:
        if condition.key not in keys or condition.base == "Null":
            continue
        if not condition.constant or condition.base not in ARN | LIKE | EXACT:
            raise NotProved(f"{condition.key} under {condition.tree.spelled}: no classes of principals are worked out")
        sort = "arn" if condition.base in ARN else "plain" if condition.base in LIKE else "exact"
        sorts[sort] += condition.values
    return tuple(sorted(set(sorts["arn"]))), tuple(sorted(set(sorts["plain"]))), tuple(sorted(set(sorts["exact"])))


@lru_cache(maxsize=1024)
def _named(
    known: tuple[str, ...], arns: Patterns, numbers: Patterns, apart: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Accounts, and ARNs of roles, users and federated users in them."""
    as_arn, plain, exact = arns
    compiled = [Pattern.of([(text, False)], arn=True) for text in as_arn]
    compiled += [Pattern.of([(text, False)], arn=False) for text in plain]
    compiled += [Pattern.of([(text, True)], arn=False) for text in exact]
    for pattern, text in zip(compiled, (*as_arn, *plain, *exact), strict=True):
        if not pattern.read("arn:aws:iam::"):
            # A single federated user of GetFederationToken, or another partition: not modelled.
            raise NotProved(f"aws:PrincipalArn is compared with {text}, which no role or user has")
    ids = [Pattern.of([(text, False)], arn=False) for text in numbers[1]]
    ids += [Pattern.of([(text, True)], arn=False) for text in (*numbers[0], *numbers[2])]
    accounts = tuple(accounts_told_apart(known, compiled, ids))
    found: list[list[str]] = []
    for service, kind in (("iam", "role"), ("iam", "user"), ("sts", "federated-user")):
        found.append([])
        for account in accounts:
            found[-1] += examples(
                as_arn,
                arn=True,
                plain=plain,
                exact=[*exact, *apart],
                prefix=f"arn:aws:{service}::{account}:{kind}/",
                without=_IMPOSSIBLE,
            )
    return accounts, tuple(found[0]), tuple(found[1]), tuple(found[2])


def _users(conditions: Iterable[Condition], accounts: Iterable[str]) -> Iterator[str]:
    """Users by the names that conditions on aws:username tell apart."""
    on_key = [condition for condition in conditions if condition.key == "aws:username"]
    if any(not condition.constant for condition in on_key):
        raise NotProved("aws:username is compared with a policy variable")
    for name in text_classes(on_key, {}) if on_key else ():
        if name and not set(_IMPOSSIBLE) & set(name):
            yield from (f"arn:aws:iam::{account}:user/{name}" for account in accounts)
