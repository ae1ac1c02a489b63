"""What a new estate is pinned to: the tool that makes it, and all that the tool needs, with hashes."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.resources import files
from typing import Final

TOOL: Final = ("tenant-keys-local", "tenant-keys", "tenant-keys-client")
"""The distributions of the tool, all of one version. The first brings the others."""
APP: Final = "tenant-keys"


def dependencies() -> str:
    """What the tool needs on any platform, each with its hashes: a part of this tool's own requirements.txt."""
    return files("tenant_keys.operations.new_estate").joinpath("templates/requirements.txt").read_text("utf-8")


def tool() -> str:
    """The tool itself, one distribution a line; with hashes where all were installed from files or URLs.

    An installation from an index does not tell the hash of its wheel (PEP 610). `make upgrade` writes it.
    """
    found = {name: f"{name}=={version(APP)}" for name in TOOL}
    hashes = {name: value for name in TOOL if (value := _hash(name))}
    if hashes.keys() == found.keys():
        found = {name: f"{pin} --hash=sha256:{hashes[name]}" for name, pin in found.items()}
    return "\n".join(["# `make upgrade VERSION=...` writes this file, with hashes.", *found.values()]) + "\n"


def _hash(name: str) -> str | None:
    """SHA-256 of the archive from which a distribution was installed; None where nothing tells it."""
    try:
        origin = distribution(name).read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    archive = json.loads(origin or "{}").get("archive_info", {})
    found = archive.get("hashes", {}).get("sha256")
    return found if isinstance(found, str) else None
