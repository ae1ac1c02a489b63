"""Synthesizes an estate in this process as the app does, with no validations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from tenant_keys.manifest import Estate
from tenant_stacks import add_stacks

Templates = dict[str, dict[str, Any]]


def synthesized(estate: Estate, folder: Path) -> Templates:
    """Stack name to template."""
    app = cdk.App(outdir=str(folder), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate, stamped=True)
    app.synth()
    suffix = ".template.json"
    return {
        file.name.removesuffix(suffix): json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob(f"*{suffix}"))
    }


def artifacts(folder: Path) -> dict[str, Any]:
    """Name to artifact, of the assembly's manifest."""
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    return read
