"""Edits of a synthesized assembly."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.cloud_assembly import edit_json

CELL, ROLES = "tenant-keys-cell-eu-west-1-001", "tenant-keys-roles-001"
ASSETS = f"{CELL}.assets.json"
Tamper = Callable[[Path], object]
Json = dict[str, Any]


def manifest(edit: Callable[[Json], object]) -> Tamper:
    return lambda folder: edit_json(folder / "manifest.json", edit)


def artifact(edit: Callable[[Json], object], name: str = CELL) -> Tamper:
    return manifest(lambda whole: edit(whole["artifacts"][name]))


def properties(name: str = CELL, **changed: object) -> Tamper:
    return artifact(lambda one: one["properties"].update(changed), name)


def no_property(name: str) -> Tamper:
    return artifact(lambda one: one["properties"].pop(name))


def assets(edit: Callable[[Json], object]) -> Tamper:
    return lambda folder: edit_json(folder / ASSETS, edit)


def asset(edit: Callable[[Json], object]) -> Tamper:
    return assets(lambda whole: edit(next(iter(whole["files"].values()))))


def source(**changed: object) -> Tamper:
    return asset(lambda one: one["source"].update(changed))


def destination(**changed: object) -> Tamper:
    return asset(lambda one: next(iter(one["destinations"].values())).update(changed))


def together(*several: Tamper) -> Tamper:
    return lambda folder: [one(folder) for one in several]


def open_policy(template: Json) -> None:
    """What an attacker wants deployed."""
    policy = template["Resources"]["Keyacme"]["Properties"]["KeyPolicy"]
    policy["Statement"] = [
        {"Sid": "Open", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    ]


def other_template(name: str) -> Tamper:
    def write(folder: Path) -> None:
        shutil.copy(folder / f"{CELL}.template.json", folder / name)
        edit_json(folder / name, open_policy)

    return write


def deploy_other_object(folder: Path) -> None:
    """The URL, the asset and its hash agree with one another; only the file is another one."""
    other_template("other.json")(folder)
    new = hashlib.sha256((folder / "other.json").read_bytes()).hexdigest()
    (old,) = json.loads((folder / ASSETS).read_text())["files"]
    for name in ("manifest.json", ASSETS):
        text = (folder / name).read_text().replace(old, new)
        (folder / name).write_text(text)
    source(path="other.json")(folder)


def swap_dependencies(whole: Json) -> None:
    one, other = whole["artifacts"][CELL], whole["artifacts"][ROLES]
    one["dependencies"], other["dependencies"] = other["dependencies"], one["dependencies"]


def another_file(whole: Json) -> None:
    """Uploaded first, it would be there already when the true template is published."""
    name, template = next(iter(whole["files"].items()))
    whole["files"] = {"0" * 64: {**template, "source": {"path": "other.json"}}, name: template}


def rename_asset(whole: Json) -> None:
    (one,) = whole["files"].values()
    whole["files"] = {"0" * 64: one}


def stage(whole: Json) -> None:
    whole["artifacts"]["assembly-x"] = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "x"}}


def nested_again(folder: Path) -> None:
    (folder / "x").mkdir()
    for file in folder.glob("*.json"):
        shutil.copy(file, folder / "x")
    manifest(stage)(folder)


def announce_asset(folder: Path) -> None:
    entry = {"type": "aws:cdk:asset", "data": {"path": "other.json", "packaging": "file", "id": "x"}}
    edit_json(folder / f"{CELL}.metadata.json", lambda whole: whole.update({"/x": [entry]}))


def announce_asset_in_escapes(folder: Path) -> None:
    announce_asset(folder)
    path = folder / f"{CELL}.metadata.json"
    path.write_text(path.read_text().replace("aws:cdk:asset", r"\u0061ws:cdk:asset"))


def twice(folder: Path) -> None:
    """The first is read by anyone who looks for it, the last by JSON.parse."""
    path = folder / ASSETS
    path.write_text(path.read_text().replace('"source":', '"source": {"path": "other.json"}, "source":'))


def in_utf_16(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_text().encode("utf-16"))
