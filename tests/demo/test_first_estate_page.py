"""docs/first-estate.md, command by command in one shell: what the page shows is what the commands print."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.work import PATIENCE, eventually

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/first-estate.md"
END = "--- end of "
OWN_TERMINAL = "tenant-keys local up"
"""Runs until it is interrupted."""


@dataclass
class Command:
    """A command of the page, its continuation lines included, and the output that the page shows."""

    text: str
    shown: list[str] = field(default_factory=list)


def commands() -> list[Command]:
    found: list[Command] = []
    for number, block in enumerate(PAGE.read_text(encoding="utf-8").split("```")):
        if number % 2 == 0 or not block.startswith("console\n"):
            continue
        for line in block.removeprefix("console\n").splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:]))
            elif line.startswith("> "):
                found[-1].text += "\n" + line[2:]
            else:
                found[-1].shown.append(line)
    return found


def differs(shown: list[str], printed: list[str]) -> str | None:
    """The first line of the page that is not what was printed there; after `…` any lines may be left out."""
    rest = [line.rstrip() for line in printed]
    skips = False
    for line in shown:
        if line == "…":
            skips = True
            continue
        if skips and line in rest:
            rest = rest[rest.index(line) :]
        if rest[:1] != [line]:
            return line
        rest, skips = rest[1:], False
    return None if skips or not rest else rest[0]


def test_a_page_that_shows_something_else_is_noticed() -> None:
    assert differs(["a", "…", "d"], ["a", "b", "c", "d"]) is None
    assert differs(["a", "…"], ["a", "b"]) is None
    assert differs(["a", "c"], ["a", "b"]) == "c"
    assert differs(["…", "z"], ["a", "b"]) == "z"
    assert differs(["a"], ["a", "b"]) == "b"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    programs = f"{Path(sys.executable).parent}{os.pathsep}{ROOT / 'node_modules/.bin'}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TENANT_KEYS_"))}
    return {
        **inherited,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(temporary),
        "NO_COLOR": "1",
        "COLUMNS": "200",
        "CDK_VALIDATION": "false",  # CDK's own validator, which costs seconds
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "GIT_AUTHOR_NAME": "x",
        "GIT_AUTHOR_EMAIL": "x@example.com",
        "GIT_COMMITTER_NAME": "x",
        "GIT_COMMITTER_EMAIL": "x@example.com",
    }


@pytest.fixture
def local_aws(tmp_path: Path, environment: dict[str, str]) -> Iterator[list[subprocess.Popen[str]]]:
    """The second terminal; whatever runs in it is interrupted at the end."""
    running: list[subprocess.Popen[str]] = []
    yield running
    for process in running:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 130


def test_every_command_of_the_page_works_and_prints_what_the_page_shows(
    tmp_path: Path, environment: dict[str, str], local_aws: list[subprocess.Popen[str]]
) -> None:
    first, second = split(commands(), OWN_TERMINAL)
    assert (len(first), len(second)) > (8, 4)
    printed = run(first, tmp_path, environment)
    folder = tmp_path / "my-estate"
    with (tmp_path / "up").open("w") as out:
        up = subprocess.Popen(
            OWN_TERMINAL.split(), cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, text=True
        )
        local_aws.append(up)
    eventually(lambda: "TENANT_KEYS_LOCAL=" in (tmp_path / "up").read_text() or up.poll() is not None)
    assert up.poll() is None, (tmp_path / "up").read_text()
    printed |= run(second, folder, environment)
    assert {text: found for text, found in printed.items() if found is not None} == {}


def split(found: list[Command], at: str) -> tuple[list[Command], list[Command]]:
    [number] = [number for number, command in enumerate(found) if command.text == at]
    return found[:number], found[number + 1 :]


def run(part: list[Command], folder: Path, environment: dict[str, str]) -> dict[str, str | None]:
    """Command to the first line that differs, of commands that one shell runs one after the other."""
    script = "set -euo pipefail\n" + "".join(f"{each.text}\necho '{END}{number}'\n" for number, each in enumerate(part))
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers: list[list[str]] = [[]]
    for line in done.stdout.splitlines():
        if line.startswith(END):
            answers.append([])
        else:
            answers[-1].append(line)
    assert len(answers) == len(part) + 1
    return {each.text: differs(each.shown, answer) for each, answer in zip(part, answers, strict=False)}
