"""What the proof of a synth leaves in the assembly: that it ran, over which assembly, and its verdict."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

RECORD: Final = "tenant-keys-proof.json"


def write_record(assembly: Path, verdict: str) -> None:
    """Note a verdict beside the templates."""
    text = json.dumps({"verdict": verdict, "manifest": _hash(assembly)})
    (assembly / RECORD).write_text(text + "\n", encoding="utf-8")


def recorded_verdict(assembly: Path) -> str | None:
    """The verdict of the synth's own proof; None where it did not run over this assembly."""
    try:
        record = json.loads((assembly / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.get("manifest") != _hash(assembly):
        return None
    return str(record.get("verdict"))


def _hash(assembly: Path) -> str:
    return hashlib.sha256((assembly / "manifest.json").read_bytes()).hexdigest()
