"""The action lists, against the catalogue of the service authorization reference."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import chain

from tenant_keys.policy import actions
from tenant_keys.review.iam import catalogue

ALL = catalogue.actions("kms")


def matched(patterns: tuple[str, ...]) -> set[str]:
    return {action for action in ALL if any(fnmatchcase(action, pattern) for pattern in patterns)}


def carrying(condition_key: str) -> set[str]:
    return {action for action in ALL if catalogue.carries(action, condition_key)}


def test_the_catalogue_knows_kms() -> None:
    """Every comparison below would hold for an empty catalogue."""
    assert len(ALL) > 50
    assert carrying("kms:RequestAlias") > {"kms:Decrypt", "kms:DescribeKey"}


def test_cryptographic_operations_are_those_that_carry_the_alias_of_the_request() -> None:
    """A Deny with StringNotEquals on any other would deny it to everybody."""
    assert matched(actions.CRYPTOGRAPHIC) == carrying("kms:RequestAlias") - {"kms:DescribeKey"}


def test_operations_with_a_context_are_those_that_carry_one() -> None:
    assert matched(actions.WITH_CONTEXT) == carrying("kms:EncryptionContext:tenant_id") - {
        "kms:CreateGrant",
        "kms:RetireGrant",
    }


def test_decrypting_by_key_frees_decryption_alone() -> None:
    """Decapsulate shares the pattern; a symmetric key has no such operation, and no role is allowed it."""
    freed = matched(actions.CRYPTOGRAPHIC) - matched(actions.CRYPTOGRAPHIC_BUT_DECRYPT)
    assert freed == {"kms:Decrypt", "kms:Decapsulate"}
    assert matched(actions.CRYPTOGRAPHIC_BUT_DECRYPT) < matched(actions.CRYPTOGRAPHIC)


def test_each_pattern_matches_something() -> None:
    for pattern in (*actions.CRYPTOGRAPHIC, *actions.CRYPTOGRAPHIC_BUT_DECRYPT, *actions.WITH_CONTEXT):
        assert matched((pattern,)), pattern


def test_every_action_on_a_key_is_decided_and_none_twice() -> None:
    """An operation that AWS adds is granted to nobody until it is in a list or in this one."""
    lists = [
        matched(actions.CRYPTOGRAPHIC),
        *map(
            set,
            (
                actions.DESCRIBE,
                actions.DEPLOY,
                actions.STOP,
                actions.SCHEDULE_DELETION,
                actions.CANCEL_DELETION,
                actions.IMPORT,
                actions.ROTATE,
                actions.READ,
                actions.NOBODY,
            ),
        ),
        {"kms:RetireGrant", "kms:RevokeGrant"},  # there are no grants, and no Allow
        {"kms:SynchronizeMultiRegionKey"},  # called by KMS's own service-linked role
    ]
    listed = list(chain.from_iterable(lists))
    assert len(listed) == len(set(listed))
    assert set(listed) == catalogue.actions_on("kms", "key")


def test_no_allow_list_has_a_pattern() -> None:
    for operation, allowed in actions.USE.items():
        assert not any("*" in action for action in allowed), operation
        assert set(allowed) <= matched(actions.CRYPTOGRAPHIC), operation
