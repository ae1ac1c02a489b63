"""Which lock is that of the sample estate, which nobody deployed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenant_keys.manifest.lock import Entry, Lock
from tenant_keys.manifest.lock_text import with_entries
from tenant_keys.manifest.sample import is_sample, replaces_sample

NAMES = ("acme", "globex", "initech", "umbrella", "wayne", "wonka")
OURS = Lock("222222222222", "eu-west-1")


def lock(*names: str, account: str = "111111111111", key_id: str | None = None) -> Lock:
    entries = {name: Entry(name, 1, "aws-kms", False, "eu-west-1", key_id=key_id) for name in names}
    return with_entries(Lock(account, "eu-west-1"), entries)


@pytest.mark.parametrize("names", [(), NAMES, *((name,) for name in NAMES)], ids=str)
def test_a_lock_with_tenants_of_the_sample_alone_is_the_samples(names: tuple[str, ...]) -> None:
    assert is_sample(lock(*names))
    assert replaces_sample(lock(*names), OURS)


@pytest.mark.parametrize(
    "other",
    [
        lock(*NAMES, "hooli"),
        lock(*NAMES, account="222222222222"),
        lock("acme", key_id="mrk-0123456789abcdef0123456789abcdef"),
    ],
    ids=["a tenant of its own", "an account of its own", "a key that is deployed"],
)
def test_a_lock_with_anything_of_its_own_is_not_the_samples(other: Lock) -> None:
    assert not is_sample(other)
    assert not replaces_sample(other, OURS)


def test_nothing_replaces_the_sample_in_its_own_account() -> None:
    assert not replaces_sample(lock("acme"), replace(OURS, account="111111111111"))
