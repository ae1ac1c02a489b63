"""Programs that only record how they were called, and the steps of the workflows."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import tenant_keys

ROOT = Path(__file__).parents[2]
FAKE = """\
#!/usr/bin/env bash
called="${0##*/}"
if [ "$called $1" = "tenant-keys stacks" ]; then
  # Reads the assembly and changes nothing: the real one, which answers the same to the same question.
  asked=$(md5sum <<< "$* $(cat "$2/manifest.json")") && kept="$ANSWERS/${asked%% *}"
  if [ ! -e "$kept" ]; then "$TENANT_KEYS" "$@" > "$kept.$$" && mv "$kept.$$" "$kept" || exit; fi
  exec cat "$kept"
fi
# One write a call: some run side by side. A file of the call's own has no name that a test could know.
reported="$*"
while [[ $reported =~ ^(.*--(ready|canary|verify|record)\\ )/[^\\ ]*(.*)$ ]]; do
  reported="${BASH_REMATCH[1]}FILE${BASH_REMATCH[3]}"
done
printf '%s\\n' "$called $reported" >> "$CALLS"
if [ "$called $1" = "tenant-keys plan" ]; then echo 7; fi
if [ "$called $1" = "tenant-keys gate" ]; then
  shift 2
  while [ "$1" != --assembly ]; do names+="$1"$'\\n'; shift; done
  [ "${GATE:-passes}" = refuses ] && exit 2
  printf '%s' "$names" > "$4"
  # --assembly cdk.out --ready FILE --canary FILE --verify FILE
  if [ -n "${FIRST:-}" ]; then
    printf '%s' "$names" | grep -vx "$FIRST" > "$4"
    printf '%s\\n' "$FIRST" > "$6"
  fi
fi
for rule in "$RULES"/*; do
  [ -e "$rule" ] || continue
  IFS= read -r pattern < "$rule"
  if [[ "$called $*" == $pattern ]]; then . "$rule.sh"; fi
done
"""
KINDS: tuple[list[str], ...] = ([], ["--kind", "hook"], ["--kind", "primary", "--kind", "other"], ["--kind", "replica"])
"""Of which the script asks: answered in this process, which takes a hundredth of the time; any other by the command."""
WORKLOAD, CENTRAL = "222222222222", "111111111111"


@dataclass
class Checkout:
    """A project's folder with fake `tenant-keys`, `cdk`, `gh` and `make` in front of everything else on the PATH."""

    folder: Path
    calls_file: Path
    rules: Path
    env: dict[str, str] = field(default_factory=dict)

    def when(self, pattern: str, script: str) -> None:
        """Have calls that match the shell pattern run a script."""
        rule = self.rules / str(len(list(self.rules.iterdir())))
        rule.write_text(pattern + "\n")
        rule.with_name(rule.name + ".sh").write_text(script + "\n")

    def run(self, command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a step as GitHub does: `bash -e -o pipefail`."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.env | env,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """One a line; executions of change sets, which run side by side, are sorted."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        groups = groupby(lines, key=lambda line: "execute-change-set" in line)
        return [line for beside, group in groups for line in (sorted(group) if beside else group)]


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `tenant-keys stacks` says of the assemblies that it is asked about, by the hash of question and assembly."""
    return tmp_path_factory.mktemp("answers")


@pytest.fixture
def checkout(tmp_path: Path, answers: Path) -> Checkout:
    folder, programs, rules = tmp_path / "project", tmp_path / "bin", tmp_path / "rules"
    for made in (folder, programs, rules):
        made.mkdir()
    for name in ("tenant-keys", "cdk", "gh", "make", "aws"):
        program = programs / name
        program.write_text(FAKE)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    (folder / "tenants.lock").write_text("before\n")
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for arguments in (["init", "-q"], ["add", "tenants.lock"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *arguments], check=True)
    env = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CALLS": str(tmp_path / "calls"),
        "RULES": str(rules),
        "ANSWERS": str(answers),
        "TENANT_KEYS": str(Path(sys.executable).with_name("tenant-keys")),
    }
    return Checkout(folder, tmp_path / "calls", rules, env)


@pytest.fixture
def assembly(checkout: Checkout, answers: Path) -> Callable[..., None]:
    """Write a cloud assembly with these stacks: `assembly(cell="111111111111", ...)`, in this order."""

    def write(**stacks: str) -> None:
        artifacts = {
            name.replace("_", "-"): {
                "type": "aws:cloudformation:stack",
                "environment": f"aws://{account}/eu-west-1",
                "properties": {"templateFile": f"{name}.template.json"},
            }
            for name, account in stacks.items()
        }
        folder = checkout.folder / "cdk.out"
        folder.mkdir(exist_ok=True)
        text = json.dumps({"version": "55.0.0", "artifacts": artifacts})
        (folder / "manifest.json").write_text(text)
        for options in (["--accounts"], *(["--account", one, *kinds] for one in {*stacks.values()} for kinds in KINDS)):
            question = " ".join(["stacks", "cdk.out", *options])
            kept = answers / hashlib.md5(f"{question} {text}\n".encode(), usedforsecurity=False).hexdigest()
            if not kept.exists() and (done := tenant_keys("stacks", str(folder), *options)).exit_code == 0:
                kept.write_text(done.stdout)

    return write


@pytest.fixture
def workflow() -> Callable[[str], Any]:
    """A workflow by the name of its file, without `on` being taken for true."""

    def read(name: str) -> Any:
        return yaml.load((ROOT / f".github/workflows/{name}.yml").read_text(), Loader=yaml.BaseLoader)  # noqa: S506

    return read
