"""What the quick synth reads and writes of the last assembly: any file that is not as the CDK writes it is a doubt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.manifest.model import Guardrails
from tenant_keys.review.proof.record import write_record
from tenant_stacks import last_synth
from tenant_stacks.members import cell_stacks
from tests.policy.estates import estate_of_text, manifest

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


@pytest.mark.parametrize(
    "record", [None, "", "[]", "{}", '{"cells": {}}', '{"cells": []}', '{"cells": {"cell": {"more": 1}}}']
)
def test_a_record_that_this_program_did_not_write_is_none(tmp_path: Path, record: str | None) -> None:
    if record is not None:
        (tmp_path / "tenant-keys-synth.json").write_text(record)
    assert last_synth._read(tmp_path) is None


WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag}
  desk: {account: '222222222222', runs_on: ecs}"""


def estate() -> Estate:
    made = estate_of_text(manifest(WORKLOADS, "  acme: {workloads: [orders, billing, desk]}"))
    return replace(made, guardrails=Guardrails(management_account="999999999999"))


@pytest.mark.parametrize(
    "document",
    ["workload_configuration", "shared_role_policy", "service_control_policy", "resource_control_policy"],
)
def test_each_document_that_tenants_share_is_in_the_digest(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = last_synth._shared(estate())
    monkeypatch.setattr(last_synth, document, lambda *_: "changed")
    assert last_synth._shared(estate()) != before


def test_the_digest_of_what_tenants_share_has_all_that_the_manifest_says_and_no_plain_tenant() -> None:
    made = estate()
    (tenant,) = made.tenants.values()
    assert last_synth._shared(replace(made, tenants={"other": replace(tenant, cell=7)})) == last_synth._shared(made)
    named = replace(made, tenants={"acme": replace(tenant, import_role="role/import")})
    assert last_synth._shared(named) != last_synth._shared(made)
    assert last_synth._shared(replace(made, tags={"owner": "platform"})) != last_synth._shared(made)


@pytest.mark.parametrize(
    "change", [{"manifest_id": "a"}, {"import_role": "r"}, {"custodian": 1}, {"held": 1}, {"multi_region_key_id": "m"}]
)
def test_a_tenant_with_any_name_beside_its_id_has_other_names(change: dict[str, Any]) -> None:
    (tenant,) = estate().tenants.values()
    assert not last_synth._has_other_names(tenant)
    assert last_synth._has_other_names(replace(tenant, **change))


def test_examples_are_known_by_their_constructs_and_by_every_field_of_their_tenants() -> None:
    made = estate()
    (tenant,) = made.tenants.values()
    (*_, roles) = cell_stacks(made)
    first, second = ([last_synth._examples(roles, [f"acme.{name}"])] for name in ("desk", "orders"))
    assert first != second
    assert last_synth._examples(roles, ["acme.desk", "acme.orders"]) == [*first[0], *second[0]]
    for change in ({"rotation_days": 90}, {"workloads": tenant.workloads[1:]}):
        (*_, others) = cell_stacks(replace(made, tenants={"acme": replace(tenant, **change)}))
        assert last_synth._residents(others) != last_synth._residents(roles)


@pytest.mark.parametrize(
    ("classes", "verdict", "conclusion", "recorded"),
    [
        ({}, "proved", "success", True),
        (None, "proved", "success", False),
        ({}, "refuted", "success", False),
        ({}, "proved", "failure", False),
    ],
)
def test_an_assembly_is_recorded_only_where_it_is_proved_and_validated(
    classes: Any, verdict: str, conclusion: str, recorded: bool, tmp_path: Path
) -> None:
    made = estate()
    report = {"pluginReports": [{"conclusion": conclusion}]}
    (tmp_path / "validation-report.json").write_text(json.dumps(report))
    (tmp_path / "manifest.json").write_text("{}")
    write_record(tmp_path, verdict)
    last_synth.record(tmp_path, made, "around", {stack.name: "" for stack in cell_stacks(made)}, classes)
    assert (tmp_path / "tenant-keys-synth.json").exists() is recorded
