"""What the statements of two versions stop and allow, apart from how they are written.

A redundant Deny changes no verdict when it goes, so only a comparison tells. Compared is what each statement does of
each action (`coverage`): a Deny is lost where a request that it stopped is stopped by no Deny of the same document any
more, or by those alone that stood beside it (`other_denies`), and an Allow is wider where a request that it allows was
allowed by none. Sids, order, splitting, spelling and defaults do not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from tenant_keys.review import syntax
from tenant_keys.review.diff.change import Change, Severity, keys_of
from tenant_keys.review.diff.coverage import ANY_SERVICE, Reach, uncovered
from tenant_keys.review.diff.other_denies import replacements, still_denying
from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.iam.wildcards import has_wildcard
from tenant_keys.review.proof.action_classes import distinguished_actions
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_actions import key_actions
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.marks import MARK, marked, names
from tenant_keys.review.proof.promise import Promise
from tenant_keys.review.proof.reviewed import ReviewedEstate
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.syntax import Statement, parse_document


class Text(NamedTuple):
    """One document, with marks for the tenant's own names."""

    label: str
    """Documents of one label act together: the policies of a role."""
    text: str
    own_keys: str = ""
    """Of a key policy: the pattern of the keys of its account and Region."""


Texts = tuple[Text, ...]
_STS: Final = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoot",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
)


def safeguard_changes(old: ReviewedEstate, new: ReviewedEstate) -> Iterator[Change]:
    """A redundant safeguard grants nothing when it goes, and would otherwise pass unseen."""
    before, after = documents_of(old.inventory, old.promises), documents_of(new.inventory, new.promises)
    leaving = frozenset(_offboarding(new) - _offboarding(old))
    for rule, severity, found in (
        ("safeguard-loosened", Severity.REVIEW, lost_safeguards(before, after, leaving)),
        ("written-differently", Severity.NOTE, rewritten(before, after, leaving)),
    ):
        for what, owners in found.items():
            tenants = [owner for owner in owners if owner in new.promises]
            whose = f": {keys_of(tenants)}" if tenants else ""
            message = what + whose
            yield Change(severity, rule, message, tuple(tenants[:5]), max(1, len(tenants)), like=_like(what))


def _like(what: str) -> str:
    """The document, the example, and what still denies it: what differs by Sid and action alone is one to a reader."""
    label, _, rest = what.partition(": ")
    kind = "Deny" if rest.startswith("no Deny") else "Allow"
    text, _, actions = rest.rpartition(" (")
    return f"{label} {kind} {text.partition(', such as where ')[2]}{actions.partition(')')[2]}"


def _offboarding(reviewed: ReviewedEstate) -> set[str]:
    return {name for name, tenant in reviewed.estate.tenants.items() if tenant.state == "offboarding"}


def documents_of(inventory: Inventory, promised: Mapping[str, Promise]) -> dict[str, Texts]:
    """The documents by tenant, by ARN for roles that are no single tenant's, and by kind for control policies."""
    found = {tenant: _texts(inventory, promise) for tenant, promise in promised.items()}
    own = {use.role_arn for promise in promised.values() for use in promise.uses if not use.shared}
    for arn, role in inventory.roles.items():
        if arn not in own:
            documents = [("trust", role.trust), *(("identity", document) for _, document in role.identity)]
            found[arn] = tuple(Text(f"{kind} policy of {_name(arn)}", json.dumps(body)) for kind, body in documents)
    for control in inventory.controls:
        if "Statement" in control.document:
            name = f"{control.kind.lower().replace('_', ' ')} of {control.targets[0] if control.targets else 'nothing'}"
            found[name] = (Text(name, json.dumps(control.document)),)
    return found


def lost_safeguards(
    before: Mapping[str, Texts], after: Mapping[str, Texts], leaving: frozenset[str] = frozenset()
) -> dict[str, list[str]]:
    """Safeguards that are gone or let more through, though another may still hold: of each, the tenants and roles.

    Tenants and roles that are not in both have nothing to lose.

    Args:
        before: as `documents_of` reads them.
        after: likewise.
        leaving: tenants whose offboarding begins. Their Deny of all use replaces those that spared their roles, also
            where the tenant was suspended and a Deny of all use was there before.
    """
    found: dict[str, list[str]] = {}
    for owner, texts in after.items():
        for one in _lost(before.get(owner, texts), texts, each=owner not in leaving):
            found.setdefault(one, []).append(owner)
    return found


def rewritten(
    before: Mapping[str, Texts], after: Mapping[str, Texts], leaving: frozenset[str] = frozenset()
) -> dict[str, list[str]]:
    """Documents that are written differently and let no more through: of each sentence, the tenants and roles."""
    found: dict[str, list[str]] = {}
    for owner, texts in after.items():
        earlier = before.get(owner, texts)
        if earlier != texts and not _lost(earlier, texts, each=owner not in leaving):
            less = _lost(texts, earlier, each=True)
            same = "allows less, or stops more, than before" if less else "means the same"
            labels = sorted({one.label for one in set(earlier) ^ set(texts)})
            found.setdefault(f"{' and '.join(labels)} is written differently and {same}", []).append(owner)
    return found


@lru_cache(maxsize=4096)
def _lost(before: Texts, after: Texts, *, each: bool) -> tuple[str, ...]:
    """What the earlier documents stopped and the later ones do not, or the later ones allow and the earlier did not.

    With `each`, also what an earlier Deny stopped that others, which stood beside it, stop alone.
    """
    if before == after:
        return ()
    gone: dict[tuple[str, str], list[str]] = {}
    later = _later_actions(before, after)
    old, new = _by_action(before, later), _by_action(after, later)
    for place in sorted(old.keys() | new.keys()):
        one, other = old.get(place, ()), new.get(place, ())
        allows = place[1]
        for reach in other if allows else one:
            rest, still = uncovered(reach, one if allows else other), ""
            if rest is None and each and not allows:
                rest = uncovered(reach, replacements(reach, one, other))
                still = _still(still_denying(reach, other)) if rest is not None else ""
            if rest is not None:
                what = _widened(reach, one) if allows else _loosened(reach)
                action = f"{reach.action}, which AWS may add" if reach.action in later else reach.action
                gone.setdefault((f"{reach.label}: {what}{_example(rest)}", still), []).append(action)
    return tuple(f"{what} ({', '.join(sorted(set(actions)))}){still}" for (what, still), actions in gone.items())


def _texts(inventory: Inventory, promise: Promise) -> Texts:
    found = [_key_text(record) for record in inventory.keys.get(promise.tenant, ())]
    for use in promise.uses:
        role = None if use.shared else inventory.roles.get(use.role_arn)
        if role is not None:
            found += _role_texts(role, use.workload, promise)
    return tuple(one._replace(text=_with_arns(one.text, promise)) for one in found)


def _with_arns(text: str, promise: Promise) -> str:
    """Marks of roles as ARNs in the role's account: an operator on ARNs, and an account as principal, ask for that."""
    for name, which in names(promise):
        if name.startswith("arn:"):
            text = text.replace(f'"{MARK}{which}"', f'"{name.rpartition("/")[0].partition("/")[0]}/{MARK}{which}"')
    return text


def _key_text(record: KeyRecord) -> Text:
    keys = f"arn:{record.partition}:kms:{record.region}:{record.account}:key/*"
    return Text(f"key policy in {record.region}", record.policy, keys)


def _role_texts(role: RoleRecord, workload: str, promise: Promise) -> Iterator[Text]:
    yield Text(f"trust policy of the role of {workload}", marked(role.trust, promise))
    for _, document in role.identity:
        yield Text(f"identity policy of the role of {workload}", marked(document, promise))


@lru_cache(maxsize=4096)
def _by_action(texts: Texts, later: tuple[str, ...]) -> dict[tuple[str, bool, str], tuple[Reach, ...]]:
    """The statements by document, effect and action; `later`: actions that AWS may add."""
    found: dict[tuple[str, bool, str], list[Reach]] = {}
    for label, text, own_keys in texts:
        document = parse_document(text, label)
        for statement in document.statements:
            actions = frozenset(_actions(statement, later))
            for action in actions:
                reach = Reach(label, action, statement, document.substitutes, own_keys, actions)
                found.setdefault((label, statement.allows, action), []).append(reach)
    return {place: tuple(several) for place, several in found.items()}


@lru_cache(maxsize=4096)
def _later_actions(before: Texts, after: Texts) -> tuple[str, ...]:
    """One action that AWS may add for each way in which a pattern of either version could match its name."""
    statements = [one for label, text, _ in (*before, *after) for one in parse_document(text, label).statements]
    spelled = {name.lower() for one in statements for name in (*one.actions, *one.not_actions)}
    found: list[str] = []
    for service, known in (("kms", key_actions()), ("sts", _STS)):
        patterns = tuple(sorted(one for one in spelled if one.startswith(f"{service}:") and has_wildcard(one)))
        found += distinguished_actions(patterns, service, known) if patterns else ()
    return tuple(found)


def _actions(statement: Statement, later: tuple[str, ...]) -> list[str]:
    tests = action_tests(statement.actions or statement.not_actions, "Action")
    known = dict.fromkeys((*key_actions(), *_STS, *later))
    lower = {name.lower() for name in known}
    spelled = (*statement.actions, *statement.not_actions)
    known |= dict.fromkeys(one for one in spelled if not has_wildcard(one) and one.lower() not in lower)
    return [name for name in known if any(test(name.lower()) for test in tests) is bool(statement.actions)]


def _loosened(reach: Reach) -> str:
    conditions = " and ".join(sorted(map(_shown, reach.statement.conditions))) or "to anyone"
    return f"no Deny {conditions} as strict as {reach.statement.sid or 'a statement'} was"


def _still(denies: Sequence[Reach]) -> str:
    names = sorted({one.statement.sid or "a statement" for one in denies})
    return f"; {' and '.join(names)} still {'deny' if len(names) > 1 else 'denies'} it"


def _widened(reach: Reach, allowed: Sequence[Reach]) -> str:
    """Which condition of the nearest earlier Allow is gone, or lets more values through."""
    if not allowed:
        return "a new Allow"
    own = _described(reach)

    def distance(earlier: Reach) -> tuple[int, int, int]:
        described = _described(earlier)
        changed = described.items() ^ own.items()
        return len(described.items() - own.items()), len(changed), len(_keys(described) ^ _keys(own))

    nearest = min(allowed, key=distance)
    gone = [name for name, values in _described(nearest).items() if own.get(name) != values]
    if gone:
        return "an Allow without " + " and ".join(sorted(gone)) + " as strict as before"
    return "an Allow to more principals or resources"


def _described(reach: Reach) -> dict[str, frozenset[str]]:
    """Each condition as the review shows it, with its values."""
    return {_shown(one): frozenset(one.values) for one in reach.statement.conditions}


def _keys(described: Mapping[str, object]) -> set[str]:
    return {name.rpartition(" ")[2] for name in described}


def _shown(condition: syntax.Condition) -> str:
    """Operator and key; of two names of one operator always the same."""
    qualifier, colon, name = condition.spelled.rpartition(":")
    name = name.replace("ArnLike", "ArnEquals").replace("ArnNotLike", "ArnNotEquals")
    if not any(map(has_wildcard, condition.values)):
        name = name.replace("StringLike", "StringEquals").replace("StringNotLike", "StringNotEquals")
    return f"{qualifier}{colon}{name} {condition.key}"


def _example(rest: Mapping[str, object]) -> str:
    """What is not covered, where part of it is."""
    if rest.get("principal") == ANY_SERVICE:
        return ', such as where the principal is a service, which {"AWS": "*"} may not name'
    values = [f"{name} is {_value(value)}" for name, value in sorted(rest.items())]
    return f", such as where {' and '.join(values)}" if values else ""


def _value(value: object) -> str:
    if value is None:
        return "absent"
    if isinstance(value, tuple):
        if value in (("*", "*"), ("AWS", "*")):
            return "anyone"
        return " ".join(_unmarked(str(part)) for part in value) if value[:1] != ("but",) else "anyone but those named"
    return _unmarked(str(value))


def _unmarked(text: str) -> str:
    """A mark in words: it represents the name of the tenant that the sentence ends with."""
    return f"the tenant's {text.partition(MARK)[2]}" if MARK in text else text


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
