"""Classes of actions on a key that every statement in question treats alike."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from tenant_keys.aws_facts.operations import WITHIN_ACCOUNT_ONLY
from tenant_keys.review.iam.wildcards import has_wildcard
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.examples import examples
from tenant_keys.review.proof.key_actions import gives_plaintext, key_actions
from tenant_keys.review.proof.readers import AtLeast
from tenant_keys.review.proof.world import KeyCase

GRANT_OPERATIONS: Final = (
    "CreateGrant",
    "Decrypt",
    "DeriveSharedSecret",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetPublicKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "Sign",
    "Verify",
    "VerifyMac",
)
"""All that a grant can allow (AWS KMS API, GrantListEntry, Operations)."""


def _later_actions(documents: Iterable[Document]) -> tuple[str, ...]:
    """Actions that KMS may add: those that documents name, and one for each way in which patterns distinguish them."""
    patterns = frozenset[str]().union(*(document.action_patterns for document in documents))
    of_kms = sorted(one for one in patterns if one.startswith("kms:"))
    named = [one for one in of_kms if not has_wildcard(one)]
    return tuple(dict.fromkeys((*named, *distinguished_actions(tuple(of_kms), "kms", key_actions()))))


@cache
def distinguished_actions(patterns: tuple[str, ...], service: str, actions: tuple[str, ...]) -> tuple[str, ...]:
    """One action that the service may add for each way in which patterns, in lower case, could match its name.

    `actions`: those that it has already.

    Raises:
        NotProved: the patterns interlock in more ways than can be followed.
    """
    known = [action.lower() for action in actions]
    found = examples((), arn=False, plain=patterns, exact=known, prefix=f"{service}:", legal=_ACTION_NAME)
    return tuple(action for action in found if action not in known)


_ACTION_NAME: Final = AtLeast("abcdefghijklmnopqrstuvwxyz0123456789".__contains__, 1)


def action_classes(case: KeyCase, actor: Actor, also: tuple[Document, ...] = ()) -> list[list[str]]:
    """Actions of which the same statements speak, which carry the same keys and of which the same is declared."""
    classes: dict[object, list[str]] = {}
    documents = (case.document, *actor.identity, *also)
    kinds: dict[str, object] = case.memory.setdefault("kinds of actions", {})
    actions = (*key_actions(), *_later_actions(documents))
    for action in actions:
        if action not in kinds:
            kinds[action] = _kind(case, action)
    spoken = [document.speeches(actions) for document in documents]
    for action, *form in zip(actions, map(kinds.__getitem__, actions), *spoken, strict=True):
        classes.setdefault(tuple(form), []).append(action)
    return list(classes.values())


def _kind(case: KeyCase, action: str) -> object:
    """What the action is, whatever the documents say of it."""
    lower = action.lower()
    declared = tuple(lower in use.actions for use in case.promise.uses), case.promise.administration.get(lower)
    special = lower if lower in _SPECIAL else (action.partition(":")[2] in GRANT_OPERATIONS, gives_plaintext(action))
    return declared, special, lower not in WITHIN_ACCOUNT_ONLY


_SPECIAL: Final = frozenset(
    {
        "kms:decrypt",
        "kms:describekey",
        "kms:getparametersforimport",
        "kms:getpublickey",
        "kms:importkeymaterial",
        "kms:schedulekeydeletion",
    }
)
"""Actions of which a promise says more than who, or that weigh less than others of their kind."""
