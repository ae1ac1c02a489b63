"""The actions on a key: which exist, which condition keys each carries, and which give plaintext."""

from __future__ import annotations

from functools import cache
from typing import Final

from tenant_keys.review.iam.catalogue import actions, actions_on, is_listed
from tenant_keys.review.iam.catalogue import carries as catalogue_carries

FUTURE: Final = "kms:AnOperationYetToCome"
"""Represents every action that KMS may add: patterns of a policy reach it, the catalogue does not."""


@cache
def _listed_actions() -> frozenset[str]:
    return frozenset(action.lower() for action in actions_on("kms", "key"))


@cache
def _known() -> frozenset[str]:
    return frozenset(action.lower() for action in actions("kms"))


def is_later(action: str) -> bool:
    """Whether a policy names an action of KMS that the catalogue does not know: AWS may have added it."""
    lower = action.lower()
    return lower.startswith("kms:") and lower not in _known()


@cache
def spelled(action: str) -> str:
    """An action as the service spells it, which policies and requests may spell otherwise."""
    service = action.partition(":")[0]
    return next((one for one in actions(service) if one.lower() == action.lower()), action)


@cache
def key_actions() -> tuple[str, ...]:
    """Every action on a key that the catalogue knows, and the one that it cannot know."""
    return (*sorted(actions_on("kms", "key")), FUTURE)


def carries(action: str, key: str) -> bool:
    """Whether the action carries the condition key; in doubt it does.

    Of an action yet to come nothing is known, nor of a key that the catalogue lists for no action at all; and keys of
    identity providers outlast the call that they are made for (IAM guide, reference_policies_iam-condition-keys:
    available in subsequent requests).
    """
    if not key.startswith(("aws:", "kms:")) or action.lower() not in _listed_actions():
        return True
    return catalogue_carries(action, key) or not (key.startswith("aws:") or is_listed("kms", key))


def gives_plaintext(action: str) -> bool:
    """Whether the action yields or takes plaintext, or opens a way to it."""
    return is_cryptographic(action) or action == "kms:CreateGrant" or action.lower() not in _listed_actions()


@cache
def is_cryptographic(action: str) -> bool:
    """Whether the action works with the key's material: those that carry an alias, but for DescribeKey."""
    if action == "kms:DescribeKey" or action.lower() not in _listed_actions():
        return False
    return catalogue_carries(action, "kms:RequestAlias")
