"""Every recovery that docs/deploy.md promises: a deployment fails once, and then succeeds."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.cli import main
from tenant_keys.local.errors import DeploymentFailed
from tests.local import handmade
from tests.local.handmade import Document
from tests.recovery.operators import STACK, Operators, assembly

pytestmark = pytest.mark.slow
ROLE = handmade.role(
    f"arn:aws:iam::{handmade.CENTRAL}:role/tenant-keys/orders/tenant-acme.orders",
    handmade.document(handmade.allow("Assume", ["sts:AssumeRole"], Principal=handmade.ROOT)),
)
GOOD: dict[str, Document] = {**handmade.key("acme"), "Roleacme": ROLE}


@dataclass(frozen=True)
class Failure:
    """How a first deployment fails, what preflight says of it, and how it is repaired."""

    before: Callable[[Operators], None]
    said: str
    """In the output of the CDK CLI."""
    repair: Callable[[Operators], None] = lambda _: None
    taken: str = ""
    """What preflight names before and after the failure, until it is repaired."""
    resources: dict[str, Document] | None = None
    """Of the deployment that fails, where they differ."""


def take_alias(operators: Operators) -> None:
    kms = operators.client("kms")
    kms.create_alias(AliasName="alias/tenant-acme", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def take_role(operators: Operators) -> None:
    operators.client("iam").create_role(RoleName="tenant-acme.orders", AssumeRolePolicyDocument="{}")


FAILURES = {
    "the alias exists": Failure(
        take_alias,
        "'alias/tenant-acme' already exists",
        lambda operators: operators.client("kms").delete_alias(AliasName="alias/tenant-acme"),
        "Aliasacme: alias/tenant-acme, of key ",
    ),
    "the role exists": Failure(
        take_role,
        "already exists",
        lambda operators: operators.client("iam").delete_role(RoleName="tenant-acme.orders"),
        "Roleacme: role tenant-acme.orders exists already",
    ),
    "a quota": Failure(
        lambda operators: operators.aws.fail("CreateKey", "LimitExceededException", "Keys per Region: 100000"),
        "Keys per Region: 100000",
    ),
    "throttling": Failure(
        lambda operators: operators.aws.fail("CreateAlias", "ThrottlingException", "Rate exceeded"), "Rate exceeded"
    ),
    "the key policy is refused": Failure(
        lambda _: None,
        "will not allow you to update the key policy in the future",
        resources=handmade.key("acme", handmade.key_policy("acme", deployers=[handmade.ADMINISTRATOR])),
    ),
}


EVERY_TIME = "the key policy is refused"


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(failure, id=name, marks=[] if name == EVERY_TIME else [pytest.mark.exhaustive])
        for name, failure in FAILURES.items()
    ],
)
def test_a_first_deployment_that_fails_is_repeated(operators: Operators, tmp_path: Path, failure: Failure) -> None:
    good = assembly(tmp_path / "good", GOOD)
    bad = assembly(tmp_path / "bad", failure.resources) if failure.resources else good
    assert operators.preflight(good) == []
    failure.before(operators)
    named = [obstacle.what for obstacle in operators.preflight(bad)]
    assert [failure.taken in what for what in named] == ([True] if failure.taken else [])
    assert failure.said in operators.fails(bad)
    assert operators.status() == ("ROLLBACK_COMPLETE", True)
    assert "cannot be deleted while TerminationProtection is enabled" in operators.fails(good)
    failure.repair(operators)
    (stops,) = operators.preflight(good)
    assert (stops.stack, stops.repaired) == (STACK, False)
    assert stops.what.startswith("ROLLBACK_COMPLETE: its creation failed, and termination protection keeps")
    (repaired,) = operators.preflight(good, repair=True)
    assert repaired.repaired
    operators.deploy(good)
    assert operators.status() == ("CREATE_COMPLETE", True)
    assert operators.ready("acme")
    assert operators.preflight(good) == []


@pytest.mark.exhaustive
def test_an_interrupted_cli_is_repeated(operators: Operators, tmp_path: Path) -> None:
    good = assembly(tmp_path / "good", GOOD)

    def interrupt(line: str) -> None:
        if "CREATE_IN_PROGRESS" in line and "AWS::KMS" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        operators.deploy(good, interrupt)
    operators.deploy(good)
    assert operators.status() == ("CREATE_COMPLETE", True)
    assert operators.ready("acme")


@pytest.mark.exhaustive
def test_a_cli_that_ended_before_its_change_set_was_executed_is_repeated(operators: Operators, tmp_path: Path) -> None:
    good = assembly(tmp_path / "good", GOOD)
    cloudformation = operators.client("cloudformation")
    cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="cdk-deploy-change-set",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
    )
    assert operators.status()[0] == "REVIEW_IN_PROGRESS"
    assert operators.preflight(good) == []
    operators.deploy(good)
    assert operators.ready("acme")


class Wire:
    """A network between the CDK CLI and AWS that can be cut."""

    def __init__(self, port: int) -> None:
        self._to, self._cut = port, threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()
        self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listening.close()

    def _serve(self) -> None:
        while not self._cut.is_set():
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while (data := one.recv(65_536)) and not self._cut.is_set():
                other.sendall(data)
        except (OSError, ssl.SSLError):
            pass
        finally:
            for each in (one, other):
                each.close()


@pytest.mark.exhaustive
def test_a_lost_network_is_repeated(operators: Operators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = assembly(tmp_path / "good", GOOD)
    operators.deploy(assembly(tmp_path / "other", handmade.key("other"), stack="tenant-keys-cell-eu-west-1-002"))
    wire = Wire(operators.aws.port)
    direct = operators.aws.environment

    def through(*arguments: Any, **named: Any) -> dict[str, str]:
        given = dict(direct(*arguments, **named))
        given["AWS_ENDPOINT_URL"] = given["AWS_ENDPOINT_URL"].replace(str(operators.aws.port), str(wire.port))
        impatient = f"--require {Path(__file__).with_name('impatient.js')}"
        return {**given, "AWS_MAX_ATTEMPTS": "1", "NODE_OPTIONS": impatient}

    def cut(line: str) -> None:
        if "creating CloudFormation changeset" in line:
            wire.cut()

    with monkeypatch.context() as patched:
        patched.setattr(operators.aws, "environment", through)
        with pytest.raises(DeploymentFailed):
            operators.deploy(good, cut)
    operators.deploy(good)
    assert operators.status() == ("CREATE_COMPLETE", True)
    assert operators.ready("acme")


@pytest.mark.exhaustive
def test_an_update_that_could_not_be_undone_is_rolled_back_and_repeated(operators: Operators, tmp_path: Path) -> None:
    """UPDATE_ROLLBACK_FAILED: one key's description was changed, another's was refused, and the way back as well."""
    first = {**handmade.key("acme"), **handmade.key("globex")}
    operators.deploy(assembly(tmp_path / "first", first))
    described = {
        **handmade.key("acme", Description="one"),
        **handmade.key("globex", Description="two"),
    }
    described["Keyglobex"]["DependsOn"] = "Keyacme"
    second = assembly(tmp_path / "second", described)
    operators.aws.fail("UpdateKeyDescription", "KMSInternalException", "busy", skip=1, times=2)
    assert "busy" in operators.fails(second)
    assert operators.status() == ("UPDATE_ROLLBACK_FAILED", True)
    (stops,) = operators.preflight(second, repair=True)
    assert "fix the causes that its events name, then run cdk rollback tenant-keys-cell-eu-west-1-001" in stops.what
    done = operators.cdk("rollback", STACK, "--app", str(second))
    assert done.returncode == 0, done.stderr
    assert operators.status() == ("UPDATE_ROLLBACK_COMPLETE", True)
    operators.deploy(second)
    assert operators.status() == ("UPDATE_COMPLETE", True)


@pytest.mark.exhaustive
def test_a_replica_before_its_primary_is_repeated(operators: Operators, tmp_path: Path) -> None:
    """KMS replicates only a key that exists and is enabled."""
    operators.deploy(assembly(tmp_path / "primary", handmade.key("wide", MultiRegion=True, Enabled=False)))
    key = operators.aws.key_id("wide")
    replica = handmade.key("wide")
    replica["Keywide"]["Type"] = "AWS::KMS::ReplicaKey"
    replica["Keywide"]["Properties"]["PrimaryKeyArn"] = f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:key/{key}"
    name = "tenant-keys-replica-eu-central-1-of-eu-west-1-001"
    copies = assembly(tmp_path / "copies", replica, stack=name, region=handmade.OTHER_REGION)
    assert "is disabled" in operators.fails(copies)
    assert operators.status(name, handmade.OTHER_REGION) == ("ROLLBACK_COMPLETE", True)
    operators.deploy(assembly(tmp_path / "enabled", handmade.key("wide", MultiRegion=True)))
    (repaired,) = operators.preflight(copies, repair=True)
    assert repaired.repaired
    operators.deploy(copies)
    assert operators.status(name, handmade.OTHER_REGION) == ("CREATE_COMPLETE", True)
    assert operators.ready("wide", handmade.OTHER_REGION)


@pytest.mark.exhaustive
def test_the_command_names_and_repairs_with_the_bootstraps_roles(
    operators: Operators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = assembly(tmp_path / "good", handmade.key("acme"))
    operators.aws.fail("CreateAlias", "ThrottlingException", "Rate exceeded")
    operators.fails(good)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in operators.aws.environment(region=handmade.REGION, credentials=operators.aws.operator()).items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> tuple[int, str]:
        given = ["tenant-keys", "preflight", handmade.CENTRAL, "--assembly", str(good), *arguments]
        monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return int(left.value.code or 0), printed.out + printed.err

    with operators.aws.watch() as seen:
        code, said = command()
    assert (code, said.startswith(f"stops  {STACK}: ROLLBACK_COMPLETE: its creation failed")) == (2, True), said
    assert {entry["who"].split("/")[-1] for entry in seen if entry["operation"] == "ListAliases"} == {
        "tenant-keys-lookup"
    }
    code, said = command("--repair")
    assert (code, said.startswith(f"repaired  {STACK}:")) == (0, True), said
    operators.deploy(good)
    assert command() == (0, f"nothing stops the deployment of account {handmade.CENTRAL}\n")
