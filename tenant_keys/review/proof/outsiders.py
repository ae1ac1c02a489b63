"""Principals that are in no template: one for each way in which a resource's policy can distinguish them.

They have full administrator rights in their own account, which is the worst case: anyone who changes roles there can
give them that. Accounts, names, organizations and tags are distinguished by the policy's conditions and principals
alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from tenant_keys.aws_facts.identity_center import is_pattern
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, federated_user, role_session, root_user, user
from tenant_keys.review.proof.document import Condition, Document
from tenant_keys.review.proof.domain import ARN, EXACT, LIKE, resolved
from tenant_keys.review.proof.examples import distinguished_accounts, examples, fresh_word
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.readers import FEDERATED_NAME, ORGANIZATION, PATH_AND_NAME, LastSegment, Pattern, Words
from tenant_keys.review.proof.solutions import affixed, solutions

_NUMBERS: Final = ("aws:principalaccount", "kms:calleraccount")


@dataclass(frozen=True, slots=True)
class Outsiders:
    """Who there is outside the templates, as one policy distinguishes them."""

    roles: tuple[str, ...]
    """ARNs."""
    users: tuple[str, ...]
    federated_users: tuple[str, ...]
    accounts: tuple[str, ...]
    organizations: tuple[str | None, ...]
    """Of accounts of which the manifest says nothing."""
    sessions: Mapping[tuple[str, str], tuple[str, ...]]
    """Names of sessions that the policy names, by account and name of the role."""
    partition: str
    session: str
    """A session name that the policy does not hold."""

    def session_names(self, role_arn: str) -> tuple[str, ...]:
        """Session names that the policy distinguishes, with one that represents all others first."""
        return (self.session, *self.sessions.get((role_arn.split(":")[4], role_arn.rpartition("/")[2]), ()))


def outsiders(
    document: Document,
    known: Iterable[str],
    apart: Iterable[str],
    resource: Mapping[str, Value],
    partition: str,
    declared: frozenset[str],
) -> Outsiders:
    """Every principal that the policy could distinguish.

    Args:
        document: the policy of the key or role.
        known: accounts of which the manifest speaks.
        apart: ARNs of roles that the manifest or a template names, and patterns of permission sets.
        partition: of all accounts that can be named: no other is visible from this one.
        resource: context that the resource decides, to which a policy variable could be compared.
        declared: ARNs of all roles of which the manifest declares anything. None of them represents a class of
            others: what is declared of it is not declared of them.

    Raises:
        NotProved: a principal is named in a way whose classes are not derived.
    """
    distinguished = frozenset(apart)
    found = _distinguished(document, known, distinguished, resource, partition)
    # To distinguish thousands of them from the start would cost more than to do so with the few that were chosen.
    while chosen := declared.intersection(found.roles) - distinguished:
        distinguished |= chosen
        found = _distinguished(document, known, distinguished, resource, partition)
    return found


def _distinguished(
    document: Document, known: Iterable[str], apart: Iterable[str], resource: Mapping[str, Value], partition: str
) -> Outsiders:
    for variable in ("aws:username", "aws:principalorgid", *_NUMBERS):
        if affixed((document,), variable, resource)[0]:
            raise NotProved(f"${{{variable}}} is compared with a key that has patterns: no classes of both are derived")
    conditions = document.conditions
    parsed = [clause.statement.principals for clause in document.clauses if clause.statement.principals]
    named = sorted({arn for principals in parsed for arn in principals.arns})
    sessions: dict[tuple[str, str], tuple[str, ...]] = {}
    for arn in named:
        if ":assumed-role/" in arn:
            _, role, session = arn.split("/", 2)
            whose = (arn.split(":")[4], role)
            sessions[whose] = (*sessions.get(whose, ()), session)
    exact = [arn for arn in named if ":assumed-role/" not in arn]
    as_arn, plain, whole = _patterns(conditions, ("aws:principalarn",), resource)
    sets = tuple(arn for arn in sorted(apart) if is_pattern(arn))
    apart = [arn for arn in apart if not is_pattern(arn)]
    arns = (tuple(sorted({*as_arn, *sets})), plain, whole)
    numbers = _patterns(conditions, _NUMBERS, resource)
    users = _patterns(conditions, ("aws:username",), resource)
    usernames = (*users[2], *solutions(document, "aws:username", resource, lambda _: True))
    mentioned = {account for principals in parsed for account in principals.accounts}
    mentioned |= {arn.split(":")[4] for arn in (*named, *apart, *sets)}
    for key in _NUMBERS:
        mentioned |= set(solutions(document, key, resource, lambda text: len(text) == 12 and text.isdecimal()))
    accounts, roles, users_found, federated = _named(
        tuple(sorted({*known, *mentioned})),
        arns,
        numbers,
        (*exact, *sorted(apart)),
        (users[0], users[1], usernames),
        tuple(sorted({name for _, name in sessions})),
        partition,
    )
    return Outsiders(
        tuple(dict.fromkeys(roles)),
        users_found,
        federated,
        accounts,
        _organizations(document, conditions, resource),
        sessions,
        partition,
        fresh_word([name for names in sessions.values() for name in names], "any-session"),
    )


def persons(
    found: Outsiders, own: Mapping[str, str | None], tags: Sequence[Mapping[str, str]], without: frozenset[str]
) -> Iterator[Actor]:
    """Sessions, users and root users. `own`: organization by account that the manifest names.

    `without`: ARNs of roles that exist. No other role of their account has such a name, in whichever path and case
    (IAM guide, reference_identifiers, friendly names and paths).
    """
    taken = {_account_and_name(arn) for arn in without}
    for arn in found.roles:
        sessions = found.session_names(arn) if _account_and_name(arn) not in taken else ()
        for organization, carried, session in product(within(arn.split(":")[4], found, own), tags, sessions):
            label = with_tags(arn, carried)
            yield role_session(arn, organization=organization, tags=carried, label=label, session=session)
    for account in found.accounts:
        yield from (
            root_user(f"arn:{found.partition}:iam::{account}:root", organization)
            for organization in within(account, found, own)
        )
    for make, arns in ((user, found.users), (federated_user, found.federated_users)):
        for arn in arns:
            for organization, carried in product(within(arn.split(":")[4], found, own), tags):
                yield make(arn, organization, carried)


def _account_and_name(role_arn: str) -> tuple[str, str]:
    return role_arn.split(":")[4], role_arn.rpartition("/")[2].lower()


def with_tags(label: str, tags: Mapping[str, str]) -> str:
    """A label that says which tags a session carries."""
    shown = shown_tags(tags)
    return f"{label} with tags {shown}" if shown else label


def shown_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags but for those that the app gives its roles, which every session of theirs has."""
    return {key: value for key, value in tags.items() if not key.startswith("tenant-keys:")}


def within(account: str, found: Outsiders, own: Mapping[str, str | None]) -> tuple[str | None, ...]:
    """The organizations in which an account can be."""
    known = own.get(account)
    # Where the manifest names no organization an account of its may be in any.
    return found.organizations if known is None else (known,)


def _organizations(
    document: Document, conditions: Sequence[Condition], resource: Mapping[str, Value]
) -> tuple[str | None, ...]:
    arns, plain, exact = _patterns(conditions, ("aws:principalorgid",), resource)
    named = solutions(document, "aws:principalorgid", resource, lambda text: text.startswith("o-"))
    can_be = [one for one in exact if one.startswith("o-") and one[2:].isalnum()]
    exact = tuple(dict.fromkeys([*can_be, *named]))
    found = examples(arns, arn=True, plain=plain, exact=exact, prefix="o-", legal=ORGANIZATION)
    return (None, *dict.fromkeys([*exact, *found]))


Patterns = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Values compared as ARNs, as strings with wildcards, and exactly."""


def _patterns(conditions: Iterable[Condition], keys: Sequence[str], resource: Mapping[str, Value]) -> Patterns:
    sorts: dict[str, list[str]] = {"arn": [], "plain": [], "exact": []}
    for condition in conditions:
        if condition.key not in keys or condition.base == "Null":
            continue
        if condition.base not in ARN | LIKE | EXACT:
            raise NotProved(f"{condition.key} under {condition.tree.spelled}: no classes of principals are derived")
        sort = "arn" if condition.base in ARN else "plain" if condition.base in LIKE else "exact"
        sorts[sort] += resolved(condition, resource)
    return tuple(sorted(set(sorts["arn"]))), tuple(sorted(set(sorts["plain"]))), tuple(sorted(set(sorts["exact"])))


def _is_short(kind: str, path_and_name: str) -> bool:
    """Whether a path and a name are no longer than IAM and STS accept (IAM API, CreateRole; STS API)."""
    path, _, name = path_and_name.rpartition("/")
    return len(name) <= (32 if kind == "federated-user" else 64) and len(path) <= 510  # beside two slashes


@lru_cache(maxsize=1024)
def _named(
    known: tuple[str, ...],
    arns: Patterns,
    numbers: Patterns,
    apart: tuple[str, ...],
    usernames: Patterns,
    of_sessions: tuple[str, ...],
    partition: str,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Accounts, and ARNs of roles, users and federated users in them.

    `of_sessions`: names of roles of which the policy names sessions. A session's ARN does not hold the path of its
    role, so the role is tried in each path that the policy distinguishes.
    """
    as_arn, plain, exact = arns
    compiled = [Pattern.of([(text, False)], arn=True) for text in as_arn]
    compiled += [Pattern.of([(text, False)], arn=False) for text in plain]
    compiled += [Pattern.of([(text, True)], arn=False) for text in exact]
    ids = [Pattern.of([(text, False)], arn=False) for text in numbers[1]]
    ids += [Pattern.of([(text, True)], arn=False) for text in (*numbers[0], *numbers[2])]
    accounts = tuple(distinguished_accounts(known, compiled, ids, partition))
    by_name = [LastSegment(Pattern.of([(text, False)], arn=False)) for text in usernames[1]]
    by_name += [LastSegment(Words(usernames[2]))] if usernames[2] else []  # no name has the colons of an ARN
    by_session = [LastSegment(Words(of_sessions))] if of_sessions else []
    found: list[list[str]] = []
    for service, kind, legal, also in (
        ("iam", "role", PATH_AND_NAME, by_session),
        ("iam", "user", PATH_AND_NAME, by_name),
        ("sts", "federated-user", FEDERATED_NAME, []),
    ):
        found.append([])
        for account in accounts:
            prefix = f"arn:{partition}:{service}::{account}:{kind}/"
            names = examples(
                as_arn,
                arn=True,
                plain=plain,
                exact=[*exact, *apart],
                prefix=prefix,
                legal=legal,
                also=also,
                letters="".join(text for texts in (*usernames, of_sessions) for text in texts),
            )
            found[-1] += [arn for arn in names if _is_short(kind, arn.removeprefix(prefix))]
    return accounts, *(tuple(dict.fromkeys(one)) for one in found)  # type: ignore[return-value]  # three of them
