"""What distinguishes one template from another: the digest of its JSON, however the JSON is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tenant_keys.review.assembly import StackArtifact
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.assembly.template import deployed_bytes
from tenant_keys.review.errors import AssemblyUnreadable

UNREADABLE: Final = "unreadable"
"""In the place of a digest: a template that is no JSON, or has a name twice in one object."""


def digest_of_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The digest of the template in an answer to GetTemplate; the template itself is not kept."""
    return {"Digest": _digest(Path("GetTemplate"), str(answer.get("TemplateBody", "")).encode())}


def digest_of_artifact(artifact: StackArtifact) -> str:
    """The digest of the template that an assembly deploys."""
    return _digest(artifact.template_path, deployed_bytes(artifact))


def _digest(path: Path, text: bytes) -> str:
    try:
        parsed = parse_json(path, text)
    except AssemblyUnreadable:
        return UNREADABLE
    return hashlib.sha256(json.dumps(parsed, sort_keys=True).encode()).hexdigest()
