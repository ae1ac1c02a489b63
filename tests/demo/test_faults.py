"""What goes wrong around the demo is said in a sentence, ends with its exit code, and leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tenant_keys.demo import Call, Report, Statement, demonstration
from tenant_keys.demo.attacks import attack
from tenant_keys.demo.local_estate import LocalEstate, local_estate
from tenant_keys.demo.report import StackRow
from tenant_keys.demo.service import Service
from tenant_keys.demo.steps import serve
from tenant_keys.local.attack_setup import AttackSetup
from tenant_keys.local.attacks import ATTACKS
from tenant_keys.local.errors import DeploymentFailed, Stopped
from tenant_keys.manifest import load_estate
from tests.command import tenant_keys
from tests.demo.conftest import ROOT, Shell
from tests.local.bootstrap import bootstrap
from tools.cloud_assembly import rename_assets

pytestmark = pytest.mark.xdist_group("local-aws")


def test_without_node_it_says_so_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", "/nowhere")
    done = tenant_keys("demo")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "node: not found on the PATH; the CDK CLI needs Node 20 or newer\n"


@pytest.mark.exhaustive
def test_a_port_in_use_is_named(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = shell.run("--port", str(port))
    assert run.code == 1
    assert f"port {port}: " in run.err
    assert "choose another, or 0 for any free one" in run.err
    assert "Traceback" not in run.err
    assert shell.left() == []


@pytest.mark.exhaustive
def test_a_manifest_with_mistakes_is_refused_before_anything_starts(shell: Shell) -> None:
    manifest = shell.folder / "tenants.yaml"
    manifest.write_text("tenants: {}\n")
    run = shell.run("--manifest", str(manifest))
    assert run.code == 2
    assert "tenants.yaml" in run.err
    assert "Traceback" not in run.err
    assert shell.left() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sign", "after", "number"),
    [
        pytest.param("cdk synth", 0.5, signal.SIGTERM, id="terminated at synth"),
        pytest.param("cdk synth", 2.5, signal.SIGINT, id="interrupted at synth", marks=pytest.mark.exhaustive),
        pytest.param(
            "bootstrap 333333333333", 0.5, signal.SIGTERM, id="terminated at bootstrap", marks=pytest.mark.exhaustive
        ),
    ],
)
def test_an_interrupt_stops_everything(shell: Shell, sign: str, after: float, number: signal.Signals) -> None:
    run = shell.interrupt_at(sign, after=after, number=number)
    assert run.code == 130, run.err
    assert run.err.endswith("interrupted\n")
    assert "Traceback" not in run.err
    assert shell.left() == []


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_killed_emulator_is_noticed(sample_assembly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locals_seen: list[LocalEstate] = []

    @contextmanager
    def seen(*arguments: Any) -> Iterator[LocalEstate]:
        with local_estate(*arguments) as local:
            locals_seen.append(local)
            yield local

    def copy(_manifest: Path, _scratch: Path, output: Path, **_options: bool) -> None:
        shutil.copytree(sample_assembly, output)

    def kill(line: str) -> None:
        if "bootstrap 333333333333" in line:
            locals_seen[0].aws.kill()

    monkeypatch.setattr(demonstration, "local_estate", seen)
    monkeypatch.setattr(demonstration, "synthesize", copy)
    with pytest.raises(Stopped, match="the local AWS ended in the middle of the demo; run it again"):
        demonstration.demonstrate(ROOT / "tenants.yaml", kill)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_key_policy_that_forgets_the_deployment_role_fails_the_demo(
    sample_assembly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KMS's lockout check, asked as the execution role: anyone who deploys must be able to change the policy again."""

    def forgetful(_manifest: Path, _scratch: Path, output: Path, **_options: bool) -> None:
        shutil.copytree(sample_assembly, output)
        cell = output / "tenant-keys-cell-eu-west-1-001.template.json"
        template = cell.read_text()
        assert "cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1" in template
        cell.unlink()
        cell.write_text(template.replace("cdk-hnb659fds-cfn-exec-role-", "nobody-"))
        rename_assets(output)

    lines: list[str] = []
    monkeypatch.setattr(demonstration, "synthesize", forgetful)
    monkeypatch.setattr(
        demonstration, "prove", lambda *_arguments: SimpleNamespace(verdict="proved", tenants=0, keys=0, requests=0)
    )
    with pytest.raises(DeploymentFailed, match="will not allow you to update the key policy in the future"):
        demonstration.demonstrate(ROOT / "tenants.yaml", lines.append)
    assert any("CREATE_FAILED" in line for line in lines)


def test_an_emulator_killed_while_it_serves_is_no_refusal(tmp_path: Path) -> None:
    with local_estate(load_estate(ROOT / "tenants.yaml")) as local:
        local.aws.kill()
        with pytest.raises(Stopped):
            list(serve(local))


OF_ACME_AND_GLOBEX = (
    "tenant-keys-cell-eu-west-1-001",
    "tenant-keys-roles-001",
    "tenant-keys-workload-222222222222-eu-west-1",
)
ALLOW_ALL = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "EverybodyOfTheAccount",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


@pytest.mark.exhaustive
@pytest.mark.slow
def test_an_attack_that_gets_through_is_no_success(sample_assembly: Path) -> None:
    """The estate as it is deployed, and then one key policy and one role as somebody careless would leave them."""
    names = ("the other tenant's alias", "its data, by key ARN", "a forged encryption context")
    attacks = tuple(each for each in ATTACKS if each.name in names)
    with local_estate(load_estate(ROOT / "tenants.yaml")) as local:
        bootstrap(local.aws, sample_assembly)
        local.aws.deploy(sample_assembly, stacks=OF_ACME_AND_GLOBEX)
        local.learn_keys()
        Service(local).globex_imports()
        setup = AttackSetup(local.aws, local.issuer)
        key = local.key_arn("globex")
        setup.deployer.client("kms").put_key_policy(KeyId=key, Policy=json.dumps(ALLOW_ALL))
        everything = [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]
        local.aws.session().client("iam").put_role_policy(
            RoleName="tenant-acme.orders",
            PolicyName="Careless",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": everything}),
        )
        calls = {call.name: call for call in attack(local, attacks) if isinstance(call, Call)}
    verdicts = {name: (call.answer, call.as_promised) for name, call in calls.items()}
    assert verdicts == {
        "the other tenant's alias": ("ALLOWED", False),
        "its data, by key ARN": ("ALLOWED", False),
        "a forged encryption context": ("AccessDeniedException", True),
    }


WORKED = Call("a data key", "acme's session", "GenerateDataKey, alias of acme", "allowed", as_promised=True)
REFUSED = Call(
    "its data, by key ARN",
    "acme's session",
    "Decrypt, key ARN of globex",
    "AccessDeniedException",
    as_promised=True,
    decided_by=(Statement("key policy of globex", "DenyUseByAnyoneElse"),),
)
GOOD = Report(
    verdict="proved",
    claim="no session of tenant A",
    stacks=[StackRow("111111111111", "eu-west-1", "cell", {"keys": 1})],
    served=[WORKED],
    attacks=[REFUSED],
    cleaned_up=True,
)


@pytest.mark.parametrize(
    ("report", "code", "said"),
    [
        (GOOD, 0, "PASSED  1 of 1 legitimate calls succeeded, 1 of 1 attacks denied; all resources removed"),
        (replace(GOOD, attacks=[replace(REFUSED, answer="ALLOWED", as_promised=False)]), 2, "FAILED"),
        (replace(GOOD, served=[replace(WORKED, answer="AccessDenied", as_promised=False)]), 2, "FAILED"),
        (replace(GOOD, attacks=[]), 2, "0 of 0 attacks"),
        (replace(GOOD, cleaned_up=False), 2, "not all resources were removed"),
    ],
)
def test_the_exit_code_and_the_last_lines_say_how_it_went(
    monkeypatch: pytest.MonkeyPatch, report: Report, code: int, said: str
) -> None:
    monkeypatch.setattr(demonstration, "demonstrate", lambda *_arguments, **_options: report)
    shown = tenant_keys("demo")
    assert shown.exit_code == code, shown.output
    assert said in shown.output
    document = tenant_keys("demo", "--json")
    assert document.exit_code == code
    assert json.loads(document.stdout)["as_promised"] is (code == 0)


def test_it_is_plain_where_colours_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "demonstrate", lambda *_arguments, **_options: GOOD)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in tenant_keys("demo").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in tenant_keys("demo").stdout


def test_the_help_shows_the_exit_codes() -> None:
    text = " ".join(tenant_keys("demo", "--help").stdout.replace("│", " ").split())
    assert "0 passed; 1 could not run; 2 an attack succeeded or a legitimate call failed; 130 interrupted" in text
