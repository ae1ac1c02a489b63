"""Edits templates of a cloud assembly as if the app had written them so: assets are renamed to the new content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def edit_json(path: Path, edit: Callable[[Json], object]) -> None:
    """Replace a file, which may be a hard link to the original's."""
    value = json.loads(path.read_text())
    edit(value)
    path.unlink()
    path.write_text(json.dumps(value))


def edit_template(folder: Path, stack: str, edit: Callable[[Json], object]) -> None:
    """Edit a stack's template and keep the assembly consistent."""
    edit_json(folder / f"{stack}.template.json", edit)
    rename_assets(folder)


def rename_assets(folder: Path) -> None:
    """Name each template's asset after its content, as aws-cdk-lib does."""
    manifest = json.loads((folder / "manifest.json").read_text())
    renamed = {}
    for name, artifact in manifest["artifacts"].items():
        if artifact["type"] != "cdk:asset-manifest":
            continue
        path = folder / artifact["properties"]["file"]
        assets = json.loads(path.read_text())
        ((old, asset),) = assets["files"].items()
        new = hashlib.sha256((folder / asset["source"]["path"]).read_bytes()).hexdigest()
        if new != old:
            renamed[name] = (old, new)
            text = path.read_text().replace(old, new)
            path.unlink()
            path.write_text(text)
    if not renamed:
        return
    for artifact in manifest["artifacts"].values():
        for dependency in artifact.get("dependencies", ()):
            if dependency in renamed:
                properties = artifact["properties"]
                properties["stackTemplateAssetObjectUrl"] = properties["stackTemplateAssetObjectUrl"].replace(
                    *renamed[dependency]
                )
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest))
