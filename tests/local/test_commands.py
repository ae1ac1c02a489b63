"""`tenant-keys local up`: what it prints is enough, and a termination leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tenant_keys.cli.local import app, table
from tenant_keys.local.attacks import Outcome

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from tenant_keys.cli.local import app; app()"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "interrupted"])
def test_up_prints_an_environment_that_works_and_cleans_up(number: signal.Signals) -> None:
    up = subprocess.Popen(
        [*COMMAND, "up", "--no-deploy", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert up.stdout is not None
    environment = json.loads(up.stdout.readline())
    ask = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    answer = subprocess.run(
        [sys.executable, "-c", ask], env={**inherited, **environment}, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "111111111111"
    up.send_signal(number)
    assert up.wait(timeout=20) == 130
    up.stdout.close()
    assert not Path(environment["TENANT_KEYS_LOCAL"]).exists()


def test_a_manifest_that_is_not_there_is_said() -> None:
    result = CliRunner().invoke(app, ["attack", "--manifest", "/nowhere/tenants.yaml"])
    assert result.exit_code == 1
    assert "no such file" in result.output.lower()


def test_the_table_tells_what_was_not_refused() -> None:
    allowed = Outcome("name", "call", ("AccessDeniedException",), "ALLOWED", ())
    assert not allowed.refused
    assert "✗" in next(iter(table([allowed]).columns[0].cells)).replace("[red]", "").replace("[/]", "")  # type: ignore[union-attr]
