"""One customer stopped in one command, in every Region, by those who may and by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tenant_keys.local import LocalAws
from tenant_keys.operations.revocation import RevocationIncomplete, revoke
from tests.command import Done, tenant_keys
from tools.life_cycle.leaving_tenants import ADMIN, BREAK_GLASS, DEPLOYER, READER, Leaving, quiet

HERE, THERE = "eu-west-1", "eu-central-1"
ENABLED, DISABLED = ["Enabled", "Enabled"], ["Disabled", "Disabled"]


@pytest.fixture(scope="module")
def leaving(own_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Leaving:
    own_aws.reset()
    return Leaving(own_aws, tmp_path_factory.mktemp("revoked"))


@pytest.fixture
def wayne(leaving: Leaving) -> Iterator[dict[str, str]]:
    """A key in two Regions, used a moment ago."""
    arns = leaving.create("wayne")
    yield arns
    for region in arns:
        leaving.client(DEPLOYER, "kms", region).delete_alias(AliasName="alias/tenant-wayne")


def stop(leaving: Leaving, role: str) -> None:
    revoke(leaving.estate.tenants["wayne"], leaving.estate, lambda one: leaving.client(role, "kms", one), say=quiet)


def states(leaving: Leaving, arns: dict[str, str]) -> list[str]:
    return [
        leaving.client(READER, "kms", region).describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
        for region, arn in arns.items()
    ]


@pytest.mark.parametrize("role", [ADMIN, BREAK_GLASS, DEPLOYER])
def test_a_key_that_was_just_used_stops_in_every_region(leaving: Leaving, wayne: dict[str, str], role: str) -> None:
    assert states(leaving, wayne) == ENABLED
    for _ in range(2):
        stop(leaving, role)
        assert states(leaving, wayne) == DISABLED


@pytest.mark.parametrize("role", [READER, "GlobexImport"])
def test_nobody_else_stops_a_customer(leaving: Leaving, wayne: dict[str, str], role: str) -> None:
    with pytest.raises(RevocationIncomplete, match=r"AccessDeniedException.*may still be usable there"):
        stop(leaving, role)
    assert states(leaving, wayne) == ENABLED


def test_a_region_that_fails_is_named_and_keeps_no_other_from_stopping(leaving: Leaving, wayne: dict[str, str]) -> None:
    leaving.aws.fail("DisableKey", "KMSInvalidStateException", "being updated")
    with pytest.raises(RevocationIncomplete) as incomplete:
        stop(leaving, ADMIN)
    assert [line.split(": ")[0] for line in str(incomplete.value).splitlines()] == [wayne[HERE]]
    assert states(leaving, wayne) == ["Enabled", "Disabled"]
    stop(leaving, ADMIN)
    assert states(leaving, wayne) == DISABLED


def test_an_alias_that_was_re_pointed_stops_no_other_customer(leaving: Leaving, wayne: dict[str, str]) -> None:
    other = leaving.create("acme")[HERE]
    kms = leaving.client(DEPLOYER, "kms", HERE)
    kms.delete_alias(AliasName="alias/tenant-wayne")
    kms.create_alias(AliasName="alias/tenant-wayne", TargetKeyId=other.rpartition("/")[2])
    with pytest.raises(RevocationIncomplete, match=r"is acme, and this is about wayne.*may still be usable"):
        stop(leaving, ADMIN)
    assert states(leaving, {HERE: other}) == ["Enabled"]
    assert states(leaving, wayne) == ENABLED


def test_the_command_stops_first_and_then_edits_and_a_second_time_goes_on(
    leaving: Leaving, wayne: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(role: str, *arguments: str) -> Done:
        for name, value in leaving.aws.environment(credentials=leaving.credentials(role)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        return tenant_keys("tenant", "suspend", "wayne", "--now", *arguments, "--manifest", str(leaving.manifest))

    def written() -> bool:
        return "state: suspended" in Path(leaving.manifest).read_text()

    assert run(ADMIN, "--dry-run").exit_code == 0
    assert (states(leaving, wayne), written()) == (ENABLED, False)
    refused = run(READER)
    assert (refused.exit_code, "may still be usable there" in refused.output) == (1, True)
    assert (states(leaving, wayne), written()) == (ENABLED, False)
    done = run(ADMIN)
    assert done.exit_code == 0, done.output
    assert (states(leaving, wayne), written()) == (DISABLED, True)
    leaving.client(DEPLOYER, "kms", THERE).enable_key(KeyId=wayne[THERE])
    again = run(ADMIN)
    assert (again.exit_code, states(leaving, wayne)) == (0, DISABLED)
