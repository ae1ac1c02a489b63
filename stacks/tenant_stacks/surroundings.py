"""What a synth depends on beside manifest and lock: code, libraries, interpreters and environment, as one digest."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_CODE: Final = (
    "tenant_keys.aws_facts",
    "tenant_keys.manifest",
    "tenant_keys.policy",
    "tenant_keys.review",
    "tenant_constructs",
    "tenant_stacks",
)
READ_BY: Final = (
    *("AWS_", "CDK_", "JSII_", "NODE_", "PYTEST", "PYTHON"),
    *("FORCE_COLOR", "LANG", "LC_", "NO_COLOR", "PROD", "TZ"),
)
"""How the names of environment variables begin that the CDK, jsii and their two interpreters read."""
_WRITTEN_TO: Final = "CDK_OUTDIR"
"""The variable that changes no file of the assembly."""
_OVERFLOW: Final = "CONTEXT_OVERFLOW_LOCATION_ENV"
"""Set where the context is too long for the environment: the CDK's command line has written it to a file."""


def surroundings() -> str | None:
    """A digest that is equal where the same manifest and lock make the same assembly; None where that is not known.

    It is not known for a program that has loaded more than our code and libraries: it may have changed the constructs.
    """
    if _OVERFLOW in os.environ or "aws_cdk" in sys.modules or not _loaded_is_known():
        return None
    node = shutil.which(os.environ.get("JSII_NODE") or "node")
    if node is None:
        return None
    digest = sha256(repr((sys.version, sys.path, sorted(_variables()), *_file(Path(node)))).encode())
    for path in _program():
        digest.update(sha256(path.read_bytes()).digest())
    for library in _libraries():
        digest.update(repr(library).encode())
    return digest.hexdigest()


def _variables() -> Iterator[tuple[str, str]]:
    for name, value in os.environ.items():
        if name.startswith(READ_BY) and name != _WRITTEN_TO:
            yield name, value


def _main() -> Path | None:
    """The program that is running, where it is a file."""
    name = getattr(sys.modules["__main__"], "__file__", None)
    return Path(name).resolve() if name else None


def _folders() -> list[Path]:
    """Where our code is."""
    found = []
    for package in _CODE:
        spec = find_spec(package)
        found += [Path(folder).resolve() for folder in (spec and spec.submodule_search_locations) or ()]
    return found


def _program() -> Iterator[Path]:
    main = _main()
    if main is not None:
        yield main
    for folder in _folders():
        for where, below, files in os.walk(folder):
            below[:] = sorted(one for one in below if one != "__pycache__")
            yield from (Path(where, name) for name in sorted(files))


def _loaded_is_known() -> bool:
    """Whether every module that is loaded is Python's, a library's, ours, or the program itself."""
    folders = [str(folder) for folder in _folders()]
    folders += [os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    known = tuple(f"{folder}{os.sep}" for folder in folders)
    if _main() is None:
        return False
    files = (getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if name != "__main__")
    return all(os.path.realpath(file).startswith(known) for file in files if file)


def _libraries() -> Iterator[tuple[object, ...]]:
    """Name, version and time of installation of each distribution that is installed."""
    for folder in map(Path, dict.fromkeys(sys.path)):
        if folder.is_dir():
            for distribution in sorted(folder.glob("*.dist-info")):
                yield from ((distribution.name, *_file(path)) for path in (distribution / "RECORD",) if path.is_file())


def _file(path: Path) -> tuple[object, ...]:
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns
