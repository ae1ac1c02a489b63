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
from tests.local import estate
from tests.local.estate import Document
from tests.recovery.desk import STACK, Desk, assembly

pytestmark = pytest.mark.slow
ROLE = estate.role(
    f"arn:aws:iam::{estate.CENTRAL}:role/tenant-keys/orders/tenant-acme.orders",
    estate.document(estate.allow("Assume", ["sts:AssumeRole"], Principal=estate.ROOT)),
)
GOOD: dict[str, Document] = {**estate.key("acme"), "Roleacme": ROLE}


@dataclass(frozen=True)
class Failure:
    """How a first deployment fails, what preflight says of it, and how it is mended."""

    before: Callable[[Desk], None]
    said: str
    """In the output of the CDK CLI."""
    mend: Callable[[Desk], None] = lambda _: None
    taken: str = ""
    """What preflight names before and after the failure, until it is mended."""
    resources: dict[str, Document] | None = None
    """Of the deployment that fails, where they differ."""


def take_alias(desk: Desk) -> None:
    kms = desk.client("kms")
    kms.create_alias(AliasName="alias/tenant-acme", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def take_role(desk: Desk) -> None:
    desk.client("iam").create_role(RoleName="tenant-acme.orders", AssumeRolePolicyDocument="{}")


FAILURES = {
    "the alias exists": Failure(
        take_alias,
        "'alias/tenant-acme' already exists",
        lambda desk: desk.client("kms").delete_alias(AliasName="alias/tenant-acme"),
        "Aliasacme: alias/tenant-acme, of key ",
    ),
    "the role exists": Failure(
        take_role,
        "already exists",
        lambda desk: desk.client("iam").delete_role(RoleName="tenant-acme.orders"),
        "Roleacme: role tenant-acme.orders exists already",
    ),
    "a quota": Failure(
        lambda desk: desk.aws.fail("CreateKey", "LimitExceededException", "Keys per Region: 100000"),
        "Keys per Region: 100000",
    ),
    "throttling": Failure(
        lambda desk: desk.aws.fail("CreateAlias", "ThrottlingException", "Rate exceeded"), "Rate exceeded"
    ),
    "the key policy is refused": Failure(
        lambda _: None,
        "will not allow you to update the key policy in the future",
        resources=estate.key("acme", estate.key_policy("acme", deployers=[estate.ADMINISTRATOR])),
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
def test_a_first_deployment_that_fails_is_repeated(desk: Desk, tmp_path: Path, failure: Failure) -> None:
    good = assembly(tmp_path / "good", GOOD)
    bad = assembly(tmp_path / "bad", failure.resources) if failure.resources else good
    assert desk.preflight(good) == []
    failure.before(desk)
    named = [obstacle.what for obstacle in desk.preflight(bad)]
    assert [failure.taken in what for what in named] == ([True] if failure.taken else [])
    assert failure.said in desk.fails(bad)
    assert desk.status() == ("ROLLBACK_COMPLETE", True)
    assert "cannot be deleted while TerminationProtection is enabled" in desk.fails(good)
    failure.mend(desk)
    (stops,) = desk.preflight(good)
    assert (stops.stack, stops.repaired) == (STACK, False)
    assert stops.what.startswith("ROLLBACK_COMPLETE: its creation failed, and termination protection keeps")
    (repaired,) = desk.preflight(good, repair=True)
    assert repaired.repaired
    desk.deploy(good)
    assert desk.status() == ("CREATE_COMPLETE", True)
    assert desk.ready("acme")
    assert desk.preflight(good) == []


def test_an_interrupted_cli_is_repeated(desk: Desk, tmp_path: Path) -> None:
    good = assembly(tmp_path / "good", GOOD)

    def interrupt(line: str) -> None:
        if "CREATE_IN_PROGRESS" in line and "AWS::KMS" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.deploy(good, interrupt)
    desk.deploy(good)
    assert desk.status() == ("CREATE_COMPLETE", True)
    assert desk.ready("acme")


@pytest.mark.exhaustive
def test_a_cli_that_ended_before_its_change_set_was_executed_is_repeated(desk: Desk, tmp_path: Path) -> None:
    good = assembly(tmp_path / "good", GOOD)
    cloudformation = desk.client("cloudformation")
    cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="cdk-deploy-change-set",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
    )
    assert desk.status()[0] == "REVIEW_IN_PROGRESS"
    assert desk.preflight(good) == []
    desk.deploy(good)
    assert desk.ready("acme")


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
def test_a_lost_network_is_repeated(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = assembly(tmp_path / "good", GOOD)
    desk.deploy(assembly(tmp_path / "other", estate.key("other"), stack="tenant-keys-cell-eu-west-1-002"))
    wire = Wire(desk.aws.port)
    direct = desk.aws.environment

    def through(*arguments: Any, **named: Any) -> dict[str, str]:
        given = dict(direct(*arguments, **named))
        given["AWS_ENDPOINT_URL"] = given["AWS_ENDPOINT_URL"].replace(str(desk.aws.port), str(wire.port))
        impatient = f"--require {Path(__file__).with_name('impatient.js')}"
        return {**given, "AWS_MAX_ATTEMPTS": "1", "NODE_OPTIONS": impatient}

    def cut(line: str) -> None:
        if "creating CloudFormation changeset" in line:
            wire.cut()

    with monkeypatch.context() as patched:
        patched.setattr(desk.aws, "environment", through)
        with pytest.raises(DeploymentFailed):
            desk.deploy(good, cut)
    desk.deploy(good)
    assert desk.status() == ("CREATE_COMPLETE", True)
    assert desk.ready("acme")


def test_an_update_that_could_not_be_undone_is_rolled_back_and_repeated(desk: Desk, tmp_path: Path) -> None:
    """UPDATE_ROLLBACK_FAILED: one key's description was changed, another's was refused, and the way back as well."""
    first = {**estate.key("acme"), **estate.key("globex")}
    desk.deploy(assembly(tmp_path / "first", first))
    described = {
        **estate.key("acme", Description="one"),
        **estate.key("globex", Description="two"),
    }
    described["Keyglobex"]["DependsOn"] = "Keyacme"
    second = assembly(tmp_path / "second", described)
    desk.aws.fail("UpdateKeyDescription", "KMSInternalException", "busy", skip=1, times=2)
    assert "busy" in desk.fails(second)
    assert desk.status() == ("UPDATE_ROLLBACK_FAILED", True)
    (stops,) = desk.preflight(second, repair=True)
    assert "mend what its events name, then run cdk rollback tenant-keys-cell-eu-west-1-001" in stops.what
    done = desk.cdk("rollback", STACK, "--app", str(second))
    assert done.returncode == 0, done.stderr
    assert desk.status() == ("UPDATE_ROLLBACK_COMPLETE", True)
    desk.deploy(second)
    assert desk.status() == ("UPDATE_COMPLETE", True)


def test_a_replica_before_its_primary_is_repeated(desk: Desk, tmp_path: Path) -> None:
    """KMS replicates only a key that exists and is enabled."""
    desk.deploy(assembly(tmp_path / "primary", estate.key("wide", MultiRegion=True, Enabled=False)))
    key = desk.aws.key_id("wide")
    replica = estate.key("wide")
    replica["Keywide"]["Type"] = "AWS::KMS::ReplicaKey"
    replica["Keywide"]["Properties"]["PrimaryKeyArn"] = f"arn:aws:kms:{estate.REGION}:{estate.CENTRAL}:key/{key}"
    name = "tenant-keys-replica-eu-central-1-of-eu-west-1-001"
    copies = assembly(tmp_path / "copies", replica, stack=name, region=estate.OTHER_REGION)
    assert "is disabled" in desk.fails(copies)
    assert desk.status(name, estate.OTHER_REGION) == ("ROLLBACK_COMPLETE", True)
    desk.deploy(assembly(tmp_path / "enabled", estate.key("wide", MultiRegion=True)))
    (repaired,) = desk.preflight(copies, repair=True)
    assert repaired.repaired
    desk.deploy(copies)
    assert desk.status(name, estate.OTHER_REGION) == ("CREATE_COMPLETE", True)
    assert desk.ready("wide", estate.OTHER_REGION)


def test_the_command_names_and_repairs_with_the_bootstraps_roles(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = assembly(tmp_path / "good", estate.key("acme"))
    desk.aws.fail("CreateAlias", "ThrottlingException", "Rate exceeded")
    desk.fails(good)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in desk.aws.environment(region=estate.REGION, credentials=desk.aws.operator()).items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> tuple[int, str]:
        given = ["tenant-keys", "preflight", estate.CENTRAL, "--assembly", str(good), *arguments]
        monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return int(left.value.code or 0), printed.out + printed.err

    with desk.aws.watch() as seen:
        code, said = command()
    assert (code, said.startswith(f"stops  {STACK}: ROLLBACK_COMPLETE: its creation failed")) == (2, True), said
    assert {entry["who"].split("/")[-1] for entry in seen if entry["operation"] == "ListAliases"} == {
        "tenant-keys-lookup"
    }
    code, said = command("--repair")
    assert (code, said.startswith(f"repaired  {STACK}:")) == (0, True), said
    desk.deploy(good)
    assert command() == (0, f"nothing stops the deployment of account {estate.CENTRAL}\n")
