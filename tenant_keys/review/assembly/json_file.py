"""A JSON file of the assembly, read as strictly as both the CDK CLI and CloudFormation read it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tenant_keys.review.errors import AssemblyNotFound, AssemblyUnreadable

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_bytes(path: Path) -> bytes:
    """Return a file that the assembly names as it is on disk."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise AssemblyNotFound(
            f"{path}: cannot be read ({reason}), but the manifest names it; run cdk synth again"
        ) from error


def read_object(path: Path) -> dict[str, Any]:
    """Return the one object in a file of the assembly."""
    value = parse_json(path, read_bytes(path))
    if not isinstance(value, dict):
        raise AssemblyUnreadable(f"{path}: got {type(value).__name__}; expected an object; run cdk synth again")
    return value


def parse_json(path: Path, data: bytes) -> Any:
    """Parse the bytes of a file; `path` is for the message alone.

    Raises:
        AssemblyUnreadable: not JSON in UTF-8, also behind escapes (half of a surrogate pair), or a name occurs twice in
            one object, of which the CDK CLI and CloudFormation need not take the same one.
    """
    try:
        value = json.loads(data.decode(), object_pairs_hook=_each_once)
        if _SURROGATE.search(data):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise AssemblyUnreadable(f"{path}: not JSON in UTF-8 ({error}); run cdk synth again") from error
    return value


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} occurs twice in one object")
    return found
