"""What an identity policy reaches beside the requests that are tried: keys at all, and whatever could open them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from tenant_keys.review.iam.catalogue import actions, actions_on
from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.syntax import Document

MUTATORS: Final = ("iam", "organizations", "cloudformation", "ram", "sso")
"""Services by whose actions a role could be given what the templates do not give it. A stack that has a service role
is updated with that role's permissions, without iam:PassRole (CloudFormation guide, using-iam-servicerole). A share of
RAM is a second policy of a key (AWS KMS API, PutKeyPolicy); a permission set of IAM Identity Center becomes a role."""


def reaching(document: Document) -> Iterator[str]:
    """Action patterns that reach keys or sessions, or could give a principal what reaches them."""
    return _allowed(document, ("kms", "sts", *MUTATORS))


def mutating(document: Document) -> Iterator[str]:
    """Action patterns by which roles and policies could be changed; not those that only read, nor what is denied."""
    denied = [
        pattern
        for statement in document.statements
        if not statement.allows and not statement.conditions and statement.resources == ("*",)
        for pattern in statement.actions
    ]
    for pattern in _allowed(document, MUTATORS):
        if not _reads(pattern) and pattern not in denied:
            yield pattern


def _reads(pattern: str) -> bool:
    """Whether the name of the action says that it reads; it is named as one that is not understood all the same."""
    return pattern.partition(":")[2].startswith(("Describe", "Get", "List", "Simulate"))


def assuming(document: Document) -> Iterator[str]:
    """Patterns of the roles of which the policy allows sessions."""
    for statement in document.statements:
        if any(_allowed(replace(document, statements=(statement,)), ("sts",))):
            if statement.not_resources or not statement.resources:
                yield "everything but " + (", ".join(statement.not_resources) or "nothing")
            yield from statement.resources


TELEMETRY: Final = frozenset(
    {
        "cloudwatch:putmetricdata",
        "logs:createloggroup",
        "logs:createlogstream",
        "logs:putlogevents",
        "xray:puttelemetryrecords",
        "xray:puttracesegments",
    }
)
"""What compute services ask of a workload's role: it writes records, and acts by nobody's permissions."""


def beyond(document: Document, parameters: Collection[str] | None = None) -> Iterator[str]:
    """Action patterns that are not understood: an access role works with keys, a workload's role reads its parameter.

    KMS on keys and sessions of roles are tried; `mutating` tells of what changes roles. Anything else could be a way to
    the permissions of another principal, such as the code of a function.

    Args:
        document: an identity policy.
        parameters: ARNs of the parameters that a workload's role may read; None for a role of the key account.
    """
    for statement in document.statements:
        if not statement.allows:
            continue
        only_keys = bool(statement.resources) and all(map(_KEYS, statement.resources))
        for pattern in statement.actions:
            lower = pattern.lower()
            service = lower.partition(":")[0]
            understood = service in ("sts", *MUTATORS) and (service == "sts" or not _reads(pattern))
            if parameters is None:
                # A key that a tenant's session created here could take the alias of a tenant to come.
                understood |= service == "kms" and (only_keys or not _beside_keys(pattern))
            else:
                reads = lower == "ssm:getparameter" and statement.resources and {*statement.resources} <= {*parameters}
                understood |= service == "kms" or lower in TELEMETRY or bool(reads)
            if not understood:
                yield pattern


_KEYS: Final = re.compile(r"arn:aws[a-z-]*:kms:[^:]*:[^:]*:key/.*").fullmatch


@cache
def _beside_keys(pattern: str) -> bool:
    """Whether a pattern reaches actions of KMS that take no key, such as kms:CreateKey."""
    test = action_tests((pattern,), "Action")[0]
    return any(test(action.lower()) for action in actions("kms") - actions_on("kms", "key"))


def denying(document: Document) -> Iterator[str]:
    """Action patterns of explicit denies that reach keys."""
    return _allowed(document, ("kms",), allows=False)


def _allowed(document: Document, services: Sequence[str], *, allows: bool = True) -> Iterator[str]:
    for statement in document.statements:
        if statement.allows is not allows:
            continue
        if statement.not_actions:
            yield "everything but " + ", ".join(statement.not_actions)
        for pattern in statement.actions:
            test = action_tests((pattern,), "Action")[0]
            # `iam:Anew*` may reach what the catalogue does not know yet: the service alone is enough.
            if pattern.partition(":")[0].lower() in services or any(
                test(action.lower()) for service in services for action in actions(service)
            ):
                yield pattern
