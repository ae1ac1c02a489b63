"""Runs the console blocks of a page: the AWS CLI's commands by boto3, `tenant-keys` in this process.

Only what the pages use is understood: one command a line, `NAME=$(command)`, `$NAME`, options with one value,
`--query`, `--output text`, `--region` and `--profile`. The service model of botocore decides whether a command exists.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.command import tenant_keys

_ASSIGNED = re.compile(r"([A-Z_]+)=\$\((.*)\)")
_CONTROLS = {"--query", "--output", "--region", "--profile"}


@dataclass
class Command:
    """A command of a page, and the output that the page shows."""

    text: str
    shown: list[str] = field(default_factory=list)


def commands(page: Path) -> list[Command]:
    """Those of the page's console blocks, continuation lines joined."""
    found: list[Command] = []
    for block in page.read_text(encoding="utf-8").split("```")[1::2]:
        if not block.startswith("console\n"):
            continue
        for line in block.removeprefix("console\n").splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:]))
            elif line.startswith("> "):
                found[-1].text = found[-1].text.removesuffix("\\") + line[2:].strip()
            else:
                found[-1].shown.append(line)
    return found


@dataclass
class Console:
    """A shell on one machine."""

    profiles: Mapping[str, boto3.Session]
    """Of the AWS CLI; `reader` where a command names none."""
    environment: Mapping[str, str]
    """Of `tenant-keys`."""
    files: tuple[str, ...]
    """Options that name manifest and assembly."""
    folder: Path
    """For what commands write."""
    deploy: Callable[[str], None]
    """`cdk deploy NAME`, after a synth."""
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, text: str) -> list[str]:
        """Lines that the command prints; of an error its first."""
        if assigned := _ASSIGNED.fullmatch(text):
            self.variables[assigned[1]] = "\n".join(self.run(assigned[2]))
            return []
        program, *words = [self._expanded(word) for word in shlex.split(text)]
        if program == "aws":
            return self._aws(*words)
        if program == "cdk":
            self.deploy(words[1])
            return []
        assert program == "tenant-keys", text
        manifest = self.files[:2]
        given = {"verify": (*self.files, "--share", "1.0", "--record", str(self.folder / "record.jsonl"))}
        with mock.patch.dict(os.environ, {**self.environment, "COLUMNS": "200"}):
            done = tenant_keys(*words, *given.get(words[0], manifest))
        return [line.strip() for line in done.output.splitlines() if line.strip()]

    def _expanded(self, word: str) -> str:
        return re.sub(r"\$([A-Z]+)", lambda name: self.variables[name[1]], word)

    def _aws(self, service: str, operation: str, *words: str) -> list[str]:
        waiting = operation == "wait"
        if waiting:
            operation, *rest = words
            words = tuple(rest)
        options = dict(zip(words[::2], words[1::2], strict=True))
        session = self.profiles[options.get("--profile", "reader")]
        quick = Config(retries={"total_max_attempts": 1})
        client: Any = session.client(service, region_name=options.get("--region"), config=quick)  # type: ignore[call-overload]
        if waiting:
            client.get_waiter(operation.replace("-", "_")).wait(
                StackName=options["--stack-name"], WaiterConfig={"Delay": 1}
            )
            return []
        names = {xform_name(name).replace("_", "-"): name for name in client.meta.service_model.operation_names}
        name = names[operation]
        shape = client.meta.service_model.operation_model(name).input_shape
        members = {xform_name(one).replace("_", "-"): (one, member) for one, member in shape.members.items()}
        parameters = {}
        for option, value in options.items():
            if option not in _CONTROLS:
                one, member = members[option.removeprefix("--")]
                parameters[one] = _value(member, value)
        try:
            answer = getattr(client, xform_name(name))(**parameters)
        except ClientError as error:
            return [f"An error occurred ({error.response['Error']['Code']}) when calling the {name} operation"]
        if "--query" not in options:
            return []
        assert options["--output"] == "text", words
        return _text(jmespath.search(options["--query"], answer))


def _value(member: Any, text: str) -> Any:
    if member.type_name == "list":
        pairs = [dict(one.split("=", 1) for one in item.split(",")) for item in text.split(" ")]
        return pairs if member.member.type_name == "structure" else text.split(" ")
    if member.type_name == "map":
        return json.loads(text) if text.startswith("{") else dict(one.split("=", 1) for one in text.split(","))
    if member.type_name == "blob":
        return Path(text.removeprefix("fileb://")).read_bytes()
    return int(text) if member.type_name == "integer" else text


def _text(found: Any) -> list[str]:
    """As `--output text` prints it."""
    if isinstance(found, list):
        if any(isinstance(one, list) for one in found):
            return ["\t".join(map(str, one)) for one in found]
        return ["\t".join(map(str, found))] if found else []
    return [str(found)]


def differs(shown: list[str], printed: list[str]) -> str | None:
    """The first line of the page that is not printed; None where all are, in their order.

    `...` represents any lines, and `…` for the end of one.
    """
    rest, skips = list(printed), False
    for line in shown:
        if line == "...":
            skips = True
            continue
        at = next((number for number, one in enumerate(rest) if _same(line, one)), None)
        if at is None or (at and not skips):
            return line
        rest, skips = rest[at + 1 :], skips and at > 0
    return rest[0] if rest and shown and not skips and shown[-1] != "..." else None


def _same(shown: str, printed: str) -> bool:
    return printed.startswith(shown.removesuffix("…").rstrip()) if shown.endswith("…") else printed == shown
