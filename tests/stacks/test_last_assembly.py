"""What the quick synth reads and writes of the last assembly: any file that is not as the CDK writes it is a doubt."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tenant_stacks import last_synth

OLD, NEW = b'{"Resources":{}}', b'{"Resources":{"A":1}}'
OLD_HASH, NEW_HASH = sha256(OLD).hexdigest(), sha256(NEW).hexdigest()


def assets(digest: str) -> dict[str, Any]:
    """The asset manifest of a stack, as the CDK writes it: each destination is named by a hash of what it is."""
    destination = {
        "bucketName": "cdk-hnb659fds-assets-111111111111-eu-west-1",
        "objectKey": f"{digest}.json",
        "region": "eu-west-1",
        "assumeRoleArn": "arn:aws:iam::111111111111:role/Publishing",
    }
    text = (
        '{"bucketName":"cdk-hnb659fds-assets-111111111111-eu-west-1",'
        f'"objectKey":"{digest}.json","region":"eu-west-1",'
        '"assumeRoleArn":"arn:aws:iam::111111111111:role/Publishing"}'
    )
    name = f"111111111111-eu-west-1-{sha256(text.encode()).hexdigest()[:8]}"
    source = {"path": "cell.template.json", "packaging": "file"}
    return {
        "version": "55.0.0",
        "files": {digest: {"displayName": "cell Template", "source": source, "destinations": {name: destination}}},
        "dockerImages": {},
    }


def text(document: object) -> str:
    return json.dumps(document, indent=2)


def test_a_new_template_is_published_under_its_own_hash_and_nothing_else_changes() -> None:
    assert last_synth._published(text(assets(OLD_HASH)), OLD_HASH, NEW_HASH) == text(assets(NEW_HASH))


def other_key(document: dict[str, Any]) -> None:
    """Named by its right hash, but of another object."""
    (asset,) = document["files"].values()
    (destination,) = asset["destinations"].values()
    destination["objectKey"] = "other.json"
    written = json.dumps(destination, separators=(",", ":"))
    asset["destinations"] = {f"111111111111-eu-west-1-{sha256(written.encode()).hexdigest()[:8]}": destination}


def other_name(document: dict[str, Any]) -> None:
    (asset,) = document["files"].values()
    (destination,) = asset["destinations"].values()
    asset["destinations"] = {"111111111111-eu-west-1-00000000": destination}


def another_file(document: dict[str, Any]) -> None:
    document["files"]["more"] = {}


def an_image(document: dict[str, Any]) -> None:
    document["dockerImages"]["more"] = {}


@pytest.mark.parametrize("change", [other_key, other_name, another_file, an_image], ids=lambda one: one.__name__)
def test_an_asset_manifest_that_is_not_of_the_template_alone_is_not_changed(change: Callable[[Any], None]) -> None:
    document = assets(OLD_HASH)
    change(document)
    assert last_synth._published(text(document), OLD_HASH, NEW_HASH) is None


def test_an_asset_manifest_that_another_program_wrote_or_of_another_template_is_not_changed() -> None:
    assert last_synth._published(json.dumps(assets(OLD_HASH)), OLD_HASH, NEW_HASH) is None
    assert last_synth._published(text(assets(NEW_HASH)), OLD_HASH, NEW_HASH) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cell.template.json").write_bytes(OLD)
    (tmp_path / "cell.assets.json").write_text(text(assets(OLD_HASH)))
    (tmp_path / "manifest.json").write_text(f'{{"template": "{OLD_HASH}.json"}}')
    return tmp_path


def test_a_template_is_replaced_with_its_hash_in_the_assembly(folder: Path) -> None:
    assert last_synth._replace(folder, {"cell": NEW}) is True
    assert (folder / "cell.template.json").read_bytes() == NEW
    assert (folder / "cell.assets.json").read_text() == text(assets(NEW_HASH))
    assert (folder / "manifest.json").read_text() == f'{{"template": "{NEW_HASH}.json"}}'


@pytest.mark.parametrize("manifest", ["{}", f'["{OLD_HASH}", "{OLD_HASH}"]'], ids=["nowhere", "twice"])
def test_a_template_whose_hash_is_not_once_in_the_manifest_is_not_replaced(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_text(manifest)
    assert last_synth._replace(folder, {"cell": NEW}) is False
    assert (folder / "cell.template.json").read_bytes() == OLD


def test_a_template_with_other_assets_is_not_replaced(folder: Path) -> None:
    (folder / "cell.assets.json").write_text(text({"files": {}, "dockerImages": {}}))
    assert last_synth._replace(folder, {"cell": NEW}) is False
    assert (folder / "cell.template.json").read_bytes() == OLD


def test_the_files_of_the_assembly_are_known_by_their_hashes_and_no_others_are(tmp_path: Path) -> None:
    names = (
        *("cdk.out", "manifest.json", "validation-report.json", "tenant-keys-proof.json"),
        *("cell.assets.json", "cell.metadata.json", "cell.template.json"),
    )
    for name in (*names, "tenant-keys-synth.json", "tree.json", "notes.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "folder.template.json").mkdir()
    assert last_synth._files(tmp_path) == {name: sha256(name.encode()).hexdigest() for name in names}
    assert list(last_synth._files(tmp_path, ["cell.template.json", "notes.txt"])) == ["cell.template.json"]


@pytest.mark.parametrize(
    ("conclusions", "validated"), [(["success"], True), (["success", "failure"], False), (["failure"], False)]
)
def test_an_assembly_is_validated_where_every_plugin_concluded_with_success(
    tmp_path: Path, conclusions: list[str], validated: bool
) -> None:
    report = {"pluginReports": [{"conclusion": one} for one in conclusions]}
    (tmp_path / "validation-report.json").write_text(json.dumps(report))
    assert last_synth._validated(tmp_path) is validated


def test_a_record_that_is_forgotten_is_gone_and_one_that_never_was_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "tenant-keys-synth.json").write_text("{}")
    last_synth.forget(tmp_path)
    last_synth.forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("record", [None, "", "[]", "{}", '{"cells": {}}', '{"cells": {"cell": {"more": 1}}}'])
def test_a_record_that_this_program_did_not_write_is_none(tmp_path: Path, record: str | None) -> None:
    if record is not None:
        (tmp_path / "tenant-keys-synth.json").write_text(record)
    assert last_synth._read(tmp_path) is None
