"""`tenant-keys local up`: what it prints is enough, and a termination leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tenant_keys.cli.local import table
from tenant_keys.local.attack import Outcome
from tenant_keys.local.attacks import ATTACKS
from tenant_keys.local.process import RUNNING
from tests.command import tenant_keys
from tests.work import PATIENCE

ROOT = Path(__file__).parents[2]
COMMAND = [str(Path(sys.executable).with_name("tenant-keys")), "local"]


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGTERM, id="terminated", marks=pytest.mark.exhaustive),
        pytest.param(signal.SIGINT, id="interrupted"),
    ],
)
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
    assert up.wait(timeout=PATIENCE) == 130
    up.stdout.close()
    assert not Path(environment["TENANT_KEYS_LOCAL"]).exists()


def test_up_has_nothing_of_the_users_in_its_way(tmp_path: Path) -> None:
    """A proxy, a profile, and a temporary folder with a blank in its name; the shell reads what is printed."""
    folder = tmp_path / "with blank"
    folder.mkdir()
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "AWS_PROFILE": "nobody", "TMPDIR": str(folder)}
    up = subprocess.Popen(
        [*COMMAND, "up", "--no-deploy"],
        cwd=ROOT,
        env={**os.environ, **nowhere},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert up.stdout is not None
    lines = []
    for line in up.stdout:
        lines.append(line)
        if "TENANT_KEYS_LOCAL=" in line:
            break
    ask = f"{sys.executable} -c \"import boto3; print(boto3.client('kms').list_keys()['Keys'])\""
    script = "".join(lines) + f"unset AWS_PROFILE\n{ask}\n"
    answer = subprocess.run(
        ["bash", "-c", script], env={**os.environ, **nowhere}, capture_output=True, text=True, check=False
    )
    up.send_signal(signal.SIGTERM)
    assert up.wait(timeout=PATIENCE) == 130
    up.stdout.close()
    assert answer.stdout == "[]\n", answer.stderr
    assert list(folder.iterdir()) == []


def test_a_manifest_that_is_not_there_is_said() -> None:
    result = tenant_keys("local", "attack", "--manifest", "/nowhere/tenants.yaml")
    assert result.exit_code == 1
    assert "no such file" in result.output.lower()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"accounts": ["111111111111"], "of_another_version": 1}'])
def test_a_running_instance_that_is_not_understood_is_passed_over(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tenant-keys-local-x").mkdir()
    (tmp_path / "tenant-keys-local-x" / RUNNING).write_text(text)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("TENANT_KEYS_LOCAL", raising=False)
    done = tenant_keys("local", "env", "--manifest", str(ROOT / "tenants.yaml"))
    reported = "no local AWS with the key account 111111111111 runs; start it with: tenant-keys local up\n"
    assert (done.exit_code, done.stderr) == (1, reported)


def test_the_table_shows_what_was_not_refused() -> None:
    allowed = Outcome(ATTACKS[0], "ALLOWED", ())
    assert not allowed.refused
    assert "✗" in next(iter(table([allowed]).columns[0].cells)).replace("[red]", "").replace("[/]", "")  # type: ignore[union-attr]
