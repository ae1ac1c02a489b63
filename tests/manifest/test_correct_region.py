"""A lock that an earlier version wrote for a Region which AWS does not have, and what corrects it."""

import json
from pathlib import Path

import botocore
import pytest

from tenant_keys.aws_facts.regions import PARTITIONS
from tenant_keys.manifest import Lock, LockError, parse_lock, parse_manifest
from tenant_keys.manifest.base import check_against_base
from tenant_keys.manifest.correct_region import corrected
from tenant_keys.manifest.lock_text import parse_lines
from tenant_keys.manifest.merge_lines import merge_lines
from tenant_keys.manifest.places import Sizes
from tenant_keys.manifest.update import update
from tests.command import tenant_keys
from tests.manifest.sample import TEXT, manifest

HEADER = (
    '{"version": 1, "account": "111111111111", "home_region": "%s", '
    '"capacity": {"keys": {"fill": 1, "most": 2}, "roles": {"fill": 240, "most": 300}}}\n'
)
LINE = (
    '{"tenant": "%s", "cell": %d, "origin": "%s", "multi_region": %s, "primary_region": "%s", '
    '"roles": {"orders": 1}%s}\n'
)


def held(home: str = "eu-west-9", acme: tuple[int, str] = (1, "eu-west-9"), more: str = "") -> Lock:
    multi = "true" if more else "false"
    acme_line = LINE % ("acme", acme[0], "aws-kms", multi, acme[1], more)
    return parse_lock(HEADER % home + acme_line + LINE % ("globex", 1, "imported", "false", "eu-west-1", ""))


def test_the_regions_are_those_of_botocore() -> None:
    data = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
    theirs = {each["id"]: {one for one in each["regions"] if "global" not in one} for each in data["partitions"]}
    assert {name: set(regions) for name, regions in PARTITIONS.items()} == {
        name: theirs[name] for name in ("aws", "aws-cn", "aws-us-gov")
    }


def test_the_command_that_corrects_a_lock_is_named() -> None:
    with pytest.raises(LockError) as caught:
        update(manifest(), held())
    command = "if eu-west-1 was meant, run tenant-keys lock --correct-region eu-west-9=eu-west-1"
    assert [str(problem) for problem in caught.value.problems] == [
        "central.home_region: got eu-west-1, but tenants.lock holds eu-west-9, which is not an AWS Region; " + command,
        "central.regions: eu-west-9 is gone, but tenants.lock holds eu-west-9, which is not an AWS Region; " + command,
    ]


def test_a_corrected_tenant_gets_a_place_beside_those_that_are_there() -> None:
    lock, done = corrected(held(), "eu-west-9", "eu-west-1", Sizes(0))
    assert lock == held("eu-west-1", (2, "eu-west-1"))
    assert done == [
        "corrected the home Region eu-west-9 to eu-west-1",
        "moved acme from eu-west-9, which does not exist, to key cell 2 of eu-west-1",
    ]
    assert check_against_base(held(), lock) == []


def test_a_merge_keeps_the_correction_although_the_merge_base_has_the_wrong_region() -> None:
    right = held("eu-west-1", (2, "eu-west-1"))
    text = HEADER % "eu-west-1" + LINE % ("acme", 2, "aws-kms", "false", "eu-west-1", "")
    text += LINE % ("globex", 1, "imported", "false", "eu-west-1", "")
    assert merge_lines(parse_lines(text), held(), parse_manifest(TEXT))[0] == right


@pytest.mark.parametrize(
    ("wrong", "right", "lock", "reason"),
    [
        ("eu-west-1", "eu-west-3", held("eu-west-1"), "got eu-west-1, which is an AWS Region; keys in it never move"),
        ("eu-west-9", "eu-west-8", held(), "got eu-west-8, which is not an AWS Region"),
        ("eu-west-8", "eu-west-1", held(), "got eu-west-8, which the lock does not contain"),
        ("eu-west-9", "cn-north-1", held("eu-west-1"), "got cn-north-1 of the partition aws-cn; the home Region is eu"),
        (
            *("eu-west-9", "eu-west-1"),
            held(more=', "key_id": "mrk-0123456789abcdef0123456789abcdef"'),
            "the key of acme in eu-west-9 was recorded, so it is deployed; upgrade this program",
        ),
    ],
)
def test_nothing_else_moves_a_key(wrong: str, right: str, lock: Lock, reason: str) -> None:
    with pytest.raises(LockError, match=reason):
        corrected(lock, wrong, right, Sizes(0))


def test_a_key_in_a_region_of_aws_still_contradicts_the_merge_base_when_it_moves() -> None:
    reported = [str(each) for each in check_against_base(held("eu-west-1"), held("eu-west-3", (1, "eu-west-8")))]
    assert any("home_region differs" in each for each in reported)
    assert any("its primary_region was eu-west-9 and is eu-west-8" in each for each in reported)


def test_the_command_writes_the_corrected_lock_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tenants.yaml").write_text(TEXT)
    wrong = HEADER % "eu-west-9" + LINE % ("acme", 1, "aws-kms", "false", "eu-west-9", "")
    Path("tenants.lock").write_text(wrong)
    assert tenant_keys("lock", "--correct-region", "eu-west-9=eu-west-8").exit_code == 1
    assert tenant_keys("lock", "--correct-region", "eu-west-9").exit_code != 0
    assert tenant_keys("lock", "--correct-region", "eu-west-9=eu-west-1", "--dry-run").exit_code == 0
    assert Path("tenants.lock").read_text() == wrong
    done = tenant_keys("lock", "--correct-region", "eu-west-9=eu-west-1")
    assert "corrected the home Region eu-west-9 to eu-west-1" in done.output
    assert "eu-west-9" not in Path("tenants.lock").read_text()
    assert tenant_keys("lock", "--check").exit_code == 0
