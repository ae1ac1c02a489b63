"""What a synth depends on beside manifest and lock has a digest, and a program that may do more has none."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import aws_cdk
import pytest

from tenant_stacks.surroundings import READ_BY
from tests.policy.estates import ROOT

PROGRAM = """\
import importlib, json, os, sys
from pathlib import Path
from tenant_stacks import surroundings as module

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
library = here / "library-1.0.dist-info"
library.mkdir()
(library / "RECORD").write_text("")
note("a library more")
(library / "RECORD").write_text("newer")
note("a library installed again")
(library / "RECORD").unlink()
note("last")
path = os.environ["PATH"]
os.environ["PATH"] = ""
note("no Node")
os.environ["PATH"] = path
importlib.import_module("own")
note("a module of the program's own")
del sys.modules["own"]
sys.modules["aws_cdk"] = os
note("the CDK is loaded")
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "mine").mkdir()
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
    for name in ("again", "CDK_OUTDIR=elsewhere", "UNREAD=1", "last"):
        assert found[name] == found["first"], name


def test_each_change_of_code_libraries_or_environment_is_another_digest(found: dict[str, str | None]) -> None:
    names = (
        "first",
        "CDK_CONTEXT_JSON={}",
        "JSII_DEBUG=1",
        "code changed",
        "a file more",
        "program changed",
        "a library more",
        "a library installed again",
    )
    digests = [found[name] for name in names]
    assert None not in digests
    assert len(set(digests)) == len(names)


def test_where_more_may_have_changed_the_constructs_there_is_no_digest(found: dict[str, str | None]) -> None:
    for name in (
        "CONTEXT_OVERFLOW_LOCATION_ENV=/tmp/context.json",
        "no Node",
        "a module of the program's own",
        "the CDK is loaded",
    ):
        assert found[name] is None, name


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
