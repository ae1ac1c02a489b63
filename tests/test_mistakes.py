"""The same mistake of a user ends every command with the same exit code, a sentence, and with `--json` one JSON object.

The commands are those of the program itself.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest import mock

import pytest
import typer

from tenant_keys.cli.commands import COMMANDS
from tenant_keys.cli.program import application
from tests.command import Done, tenant_keys

ROOT = Path(__file__).parents[1]
CENTRAL = "111111111111"
KEY = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NEW = "--account 111111111111 --region eu-west-1 --workload orders --workload-account 222222222222 --tenant acme"


WORDS = {
    "account": CENTRAL,
    "action": "Decrypt",
    "bucket": "trail",
    "folder": "mine",
    "key": "globex",
    "keys": f"globex={KEY}",
    "material": "sealed.json",
    "principal": "globex@orders",
    "tenant": "globex",
    "workload": "orders",
    "wrapped": "wrapped.json",
}
"""What a required argument or option of this name is given, in a project that is a copy of the sample."""
MORE = {
    "audit query": "who-used --tenant globex",
    "byok wrap": "parameters.json --material sealed.json",
    "diff": "cdk.out .",
    "gate": "--canary canary",
    "init": f"mine {NEW}",
    "probe": "--tenant globex --yes",
    "tenant add": "hooli",
}
"""What a command is given beside that."""
NEEDS = {
    "aws": {"adopt", "deployed", "gate", "preflight", "probe", "verify"}
    | {f"byok {name}" for name in ("resume", "revoke", "rotate", "start", "status")},
    "templates": {"can", "plan", "prove", "review", "who"},
    "app": {"adopt", "check", "diff"},
    "cdk": {"demo", "local attack", "local deploy", "local up"},
}
"""Commands that need credentials; templates; app.py, and Node to run it; the CDK CLI, and Node to run that."""


class Mistake(NamedTuple):
    """What is wrong, which commands meet it, the exit code, and what the message has."""

    code: int
    message: str
    meets: Callable[[str], bool]
    make: Callable[[str, list[str]], list[str]]
    """Spoils the project, which is the current folder, for a command; returns its arguments."""
    except_for: Mapping[str, str] = MappingProxyType({})
    """Commands to which it is no mistake, with the reason."""


class Leaf(NamedTuple):
    """A command, with the words that it requires and the names of all that it takes."""

    words: list[str]
    takes: set[str]


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Leaf]]:
    """Each command below this one; a required argument of a name without an example is an error."""
    for name, below in getattr(command, "commands", {}).items():
        yield from leaves(below, (*path, name))
    if not hasattr(command, "commands"):
        required = [one for one in command.params if one.required]
        words = [
            word
            for one in required
            for word in ([] if one.param_type_name == "argument" else one.opts[:1]) + [WORDS[one.name]]
        ]
        more = MORE.get(" ".join(path), "").split()
        yield " ".join(path), Leaf(words + more, {name for one in command.params for name in (*one.opts, one.name)})


LEAVES = dict(
    leaf
    for name in COMMANDS
    for leaf in leaves(typer.main.get_command(application(name)).commands[name], (name,))  # type: ignore[attr-defined]
)
"""Every command of the program: a new one is tried without a line here."""


def taking(*names: str) -> Callable[[str], bool]:
    return lambda command: not LEAVES[command].takes.isdisjoint(names)


def needing(*names: str) -> Callable[[str], bool]:
    return lambda command: any(command in NEEDS[name] for name in names)


Make = Callable[[str, list[str]], list[str]]


def nothing(_command: str, words: list[str]) -> list[str]:
    return words


def without(name: str) -> Make:
    def make(_command: str, words: list[str]) -> list[str]:
        shutil.rmtree(name) if Path(name).is_dir() else Path(name).unlink(missing_ok=True)
        return words

    return make


def containing(name: str, content: bytes) -> Make:
    def make(_command: str, words: list[str]) -> list[str]:
        Path(name).unlink(missing_ok=True)  # the assembly's files are links to the sample's
        Path(name).write_bytes(content)
        return words

    return make


def below_the_root(_command: str, words: list[str]) -> list[str]:
    Path("docs").mkdir(exist_ok=True)
    os.chdir("docs")
    return words


def of_nobody(_command: str, words: list[str]) -> list[str]:
    return [word.replace("globex", "nobody") for word in words]


def into_a_file(command: str, words: list[str]) -> list[str]:
    outputs = {"--output", "--out", "--report", "--ready", "--canary", "--verify", "--asff"} & LEAVES[command].takes
    into = Path("tenants.yaml/below")
    named = [word for option in sorted(outputs) for word in (option, str(into))]
    return [str(into) if word == "mine" else word for word in words] + named


def program(path: Path, prints: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{prints}'\n", encoding="utf-8")
    path.chmod(0o755)


def nothing_on_the_path(_command: str, words: list[str]) -> list[str]:
    os.environ["PATH"] = str(Path.cwd())
    return words


def old_programs(_command: str, words: list[str]) -> list[str]:
    program(Path("node_modules/.bin/cdk"), "2.1100.0 (build 0)")
    program(Path("bin/node"), "v18.20.8")
    os.environ["PATH"] = str(Path.cwd() / "bin")
    return words


TEMPLATE = "cdk.out/tenant-keys-cell-eu-west-1-001.template.json"
OWN = {"check": "what is wrong with manifest or lock is a finding of its first check"}
NO_LOCK = {"show": "reads the manifest alone", "validate": "reads the manifest alone"}
MISTAKES = {
    "unknown option": Mistake(1, "--frobnicate", lambda _: True, lambda _, words: [*words, "--frobnicate"]),
    "no manifest": Mistake(1, "tenants.yaml: no such file", taking("--manifest"), without("tenants.yaml")),
    "manifest a folder": Mistake(
        1, "; give the path of the manifest", taking("--manifest"), lambda _, words: [*words, "--manifest", "."]
    ),
    "manifest not YAML": Mistake(
        2, "tenants.yaml:2: not YAML", taking("--manifest"), containing("tenants.yaml", b"central: [\n"), OWN
    ),
    "manifest not UTF-8": Mistake(
        2, "tenants.yaml:1: got the byte 0xff", taking("--manifest"), containing("tenants.yaml", b"\xff\n"), OWN
    ),
    "outside the root": Mistake(
        1, "run the command in the root of the project, ", taking("--manifest"), below_the_root
    ),
    "no lock": Mistake(
        1,
        "tenants.lock: no such file; run tenant-keys lock",
        taking("--manifest", "--lock"),
        without("tenants.lock"),
        {**OWN, **NO_LOCK, "adopt": "adopted keys may be the first of an estate", "lock": "writes it"},
    ),
    "lock not JSON": Mistake(
        2,
        "tenants.lock:1: not a line",
        taking("--manifest", "--lock"),
        containing("tenants.lock", b"{\n"),
        OWN | NO_LOCK,
    ),
    "lock not UTF-8": Mistake(
        2,
        "tenants.lock:1: not UTF-8",
        taking("--manifest", "--lock"),
        containing("tenants.lock", b"\xff"),
        OWN | NO_LOCK,
    ),
    "unknown tenant": Mistake(1, "nobody", lambda command: "globex" in " ".join(LEAVES[command].words), of_nobody),
    "no app.py": Mistake(1, "app.py: no such file", needing("app"), without("app.py")),
    "no Node, no CDK": Mistake(1, "node: not found on the PATH", needing("app", "cdk"), nothing_on_the_path),
    "old Node, old CDK": Mistake(1, ": got version ", needing("app", "cdk"), old_programs),
    "no assembly": Mistake(1, "cdk.out: no such directory", taking("directory", "--assembly"), without("cdk.out")),
    "assembly not JSON": Mistake(
        1,
        "cdk.out/manifest.json: not JSON",
        taking("directory", "--assembly"),
        containing("cdk.out/manifest.json", b"{a}"),
    ),
    "assembly not UTF-8": Mistake(
        1,
        "cdk.out/manifest.json: not JSON",
        taking("directory", "--assembly"),
        containing("cdk.out/manifest.json", b"\xff"),
    ),
    "template not as it was written": Mistake(
        2,
        f"{TEMPLATE}: its SHA-256 is ",
        needing("templates"),
        containing(TEMPLATE, b"{a}"),
        {"prove": "answers with its verdict, not proved"},
    ),
    "output not writable": Mistake(
        1,
        "below: tenants.yaml is not a directory",
        taking("--output", "--out", "--report", "--ready", "--asff", "folder"),
        into_a_file,
    ),
    "no credentials": Mistake(1, "Unable to locate credentials", needing("aws"), nothing),
}


FILES = ("app.py", "cdk.json", "tenants.lock", "tenants.yaml")


@pytest.fixture
def project(sample_assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sample, synthesized, without credentials; Node and the CDK tell their version alone."""
    folder = tmp_path / "project"
    (folder / "cdk.out").mkdir(parents=True)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    for file in sample_assembly.iterdir():
        (folder / "cdk.out" / file.name).symlink_to(file)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("COLUMNS", "300")
    program(folder / "node_modules/.bin/cdk", "2.1148.0 (build 0)")
    program(folder / "bin/node", "v22.12.0")
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return folder


def run(mistake: Mistake, command: str, project: Path, *options: str) -> Done:
    """The command in the spoiled project; the current folder and the environment are restored."""
    with mock.patch.dict(os.environ), chdir(project):
        words = mistake.make(command, LEAVES[command].words)
        return tenant_keys(*command.split(), *words, *options)


def test_every_command_that_is_named_here_exists() -> None:
    assert {*MORE}.union(*NEEDS.values()) <= {*LEAVES}
    assert all({*mistake.except_for} <= {*LEAVES} for mistake in MISTAKES.values())


def meeting(mistake: Mistake) -> list[str]:
    commands = [name for name in LEAVES if mistake.meets(name) and name not in mistake.except_for]
    assert commands
    return commands


@pytest.mark.parametrize("name", MISTAKES)
def test_the_same_mistake_ends_every_command_with_the_same_code_and_sentence(name: str, project: Path) -> None:
    mistake, found = MISTAKES[name], {}
    for command in meeting(mistake):
        done = run(mistake, command, project)
        as_said = "".join(mistake.message.split()) in "".join(done.stderr.split())  # Typer draws a frame around it
        found[command] = (done.exit_code, mistake.message if as_said else done.stderr, done.stdout)
    assert found == dict.fromkeys(found, (mistake.code, mistake.message, ""))
    assert {path.name for path in project.iterdir()} <= {*FILES, "bin", "cdk.out", "docs", "node_modules"}


OFTEN = {"no assembly", "no lock", "manifest not YAML", "unknown option"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in OFTEN else [pytest.mark.exhaustive]) for name in MISTAKES]
)
def test_the_same_mistake_is_one_json_object_where_json_is_asked_for(name: str, project: Path) -> None:
    mistake, found = MISTAKES[name], {}
    for command in meeting(mistake):
        asked = ["--json"] if "--json" in LEAVES[command].takes else ["--format", "json"] if command == "diff" else []
        if asked and (command, name) != ("review", "output not writable"):  # with --json it writes no file
            done = run(mistake, command, project, *asked)
            document = json.loads(done.stdout)
            assert {"error"} <= {*document} <= {"error", "more", "problems"}
            as_said = mistake.message in document["error"]
            found[command] = (done.exit_code, mistake.message if as_said else document["error"])
    assert found == dict.fromkeys(found, (mistake.code, mistake.message))


@pytest.mark.parametrize("name", [name for name, mistake in MISTAKES.items() if "check" in mistake.except_for])
def test_check_reports_what_is_wrong_with_manifest_or_lock_as_its_first_finding(name: str, project: Path) -> None:
    done = run(MISTAKES[name], "check", project, "--json")
    (step,) = json.loads(done.stdout)
    assert (done.exit_code, step["check"], step["passed"]) == (2, "manifest and lock", False)
    assert MISTAKES[name].message in step["said"][0]


def test_prove_names_a_template_that_is_not_as_it_was_written_with_the_code_of_all_commands(project: Path) -> None:
    mistake = MISTAKES["template not as it was written"]
    done = run(mistake, "prove", project, "--json")
    document = json.loads(done.stdout)
    assert (done.exit_code, document["verdict"]) == (mistake.code, "not proved")
    assert mistake.message in document["findings"][0]["what"]
