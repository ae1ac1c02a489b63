"""A line that only the lock remembers is taken back; anything merged or deployed is not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tenant_keys.manifest import read_lock
from tenant_keys.manifest.base import GitError
from tenant_keys.operations.errors import TakeBackRefused
from tenant_keys.operations.take_back import take_back

CENTRAL, OTHER = "111111111111", "222222222222"
ClientOf = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(accounts=(CENTRAL, OTHER)) as running:
        yield running


@pytest.fixture
def client_of(aws: LocalAws) -> ClientOf:
    aws.reset()
    return lambda service, region: aws.session(region=region).client(service)  # type: ignore[call-overload]


def refused(manifest: Path, client_of: ClientOf, tenant: str = "acme") -> str:
    lock = manifest.with_suffix(".lock")
    before = lock.read_bytes()
    with pytest.raises(TakeBackRefused) as refusal:
        take_back(lock, [tenant], client_of=client_of)
    assert lock.read_bytes() == before
    return str(refusal.value)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_a_line_of_which_nothing_was_deployed_is_taken_back_and_no_other(manifest: Path, client_of: ClientOf) -> None:
    lock = manifest.with_suffix(".lock")
    before = read_lock(lock).entries
    take_back(lock, ["acme"], client_of=client_of)
    assert read_lock(lock).entries == {name: entry for name, entry in before.items() if name != "acme"}


def test_a_tenant_whose_alias_stands_is_not_taken_back(manifest: Path, client_of: ClientOf) -> None:
    kms = client_of("kms", "eu-west-1")
    kms.create_alias(AliasName="alias/tenant-acme", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    assert "deployed already: arn:aws:kms:eu-west-1:111111111111:alias/tenant-acme" in refused(manifest, client_of)


def test_a_key_without_an_alias_is_found_by_its_tag(manifest: Path, client_of: ClientOf) -> None:
    tags = [{"TagKey": "tenant-keys:tenant", "TagValue": "acme"}]
    made = client_of("kms", "eu-west-1").create_key(Tags=tags)["KeyMetadata"]
    assert f"deployed already: {made['Arn']}" in refused(manifest, client_of)


def test_a_role_is_found(manifest: Path, client_of: ClientOf) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    client_of("iam", "eu-west-1").create_role(RoleName="tenant-acme.orders", AssumeRolePolicyDocument=trust)
    assert "deployed already: role tenant-acme.orders" in refused(manifest, client_of)


def test_a_key_that_may_not_be_looked_at_is_no_answer_of_no(manifest: Path, client_of: ClientOf) -> None:
    nobody = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    client_of("kms", "eu-west-1").create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    with pytest.raises(ClientError, match="AccessDenied"):
        take_back(manifest.with_suffix(".lock"), ["acme"], client_of=client_of)


def test_credentials_of_another_account_are_no_answer(manifest: Path, aws: LocalAws) -> None:
    def elsewhere(service: str, region: str) -> Any:
        return aws.session(OTHER, region=region).client(service)  # type: ignore[call-overload]

    assert "the credentials are of account 222222222222; the key account is 111111111111" in refused(
        manifest, elsewhere
    )


def test_what_the_merge_base_has_is_not_taken_back_and_what_the_branch_added_is(
    manifest: Path, client_of: ClientOf
) -> None:
    folder, lock = manifest.parent, manifest.with_suffix(".lock")
    git(folder, "init", "-q", "-b", "main")
    whole = lock.read_text()
    lock.write_text("".join(line for line in whole.splitlines(keepends=True) if '"acme"' not in line))
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "start")
    lock.write_text(whole)
    assert "wonka: the merge base has it, so it may be deployed" in refused(manifest, client_of, "wonka")
    take_back(lock, ["acme"], client_of=client_of)
    assert "acme" not in read_lock(lock).entries


def test_a_repository_that_cannot_be_asked_is_no_answer(
    manifest: Path, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(manifest.parent, "init", "-q")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError, match="dubious ownership"):
        take_back(manifest.with_suffix(".lock"), ["acme"], client_of=client_of)


def test_an_id_without_a_line_is_said(manifest: Path, client_of: ClientOf) -> None:
    assert "no line of hooli" in refused(manifest, client_of, "hooli")
