"""What an identity policy reaches beside the requests that are tried: keys at all, and whatever could open them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tenant_keys.review.iam.catalogue import actions
from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.syntax import Document

MUTATORS: Final = ("iam", "organizations", "cloudformation", "ram", "sso")
"""Services by whose actions a role could be given what the templates do not give it. A stack that has a service role
is updated with that role's permissions, without iam:PassRole (CloudFormation guide, using-iam-servicerole). A share of
RAM is a second policy of a key (AWS KMS API, PutKeyPolicy); a permission set of IAM Identity Center becomes a role."""


def reaching(document: Document) -> Iterator[str]:
    """Action patterns that reach keys or sessions, or could give somebody what reaches them."""
    return _allowed(document, ("kms", "sts", *MUTATORS))


def mutating(document: Document) -> Iterator[str]:
    """Action patterns by which roles and policies could be changed."""
    return _allowed(document, MUTATORS)


def assuming(document: Document) -> Iterator[str]:
    """Patterns of the roles of which the policy allows sessions."""
    for statement in document.statements:
        if any(_allowed(replace(document, statements=(statement,)), ("sts",))):
            if statement.not_resources or not statement.resources:
                yield "everything but " + (", ".join(statement.not_resources) or "nothing")
            yield from statement.resources


def _allowed(document: Document, services: Sequence[str]) -> Iterator[str]:
    for statement in document.statements:
        if not statement.allows:
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
