"""`tenant-keys gate` between the real CDK CLI's two halves of a deployment, on the local AWS."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tenant_keys.cli import main
from tenant_keys.manifest import parse_manifest
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.operations.gate import gate as judged
from tenant_keys.review.proof.record import write_record
from tests.local import handmade
from tests.local.bootstrap import bootstrap
from tests.local.handmade import Document
from tests.recovery.operators import STACK, Operators, assembly

pytestmark = pytest.mark.slow
MANIFEST = """
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
tenants:
  acme: {workloads: [orders]}
  globex: {workloads: [orders]}
"""
PREPARED = ("--method", "prepare-change-set", "--change-set-name", "tenant-keys")
EXECUTED = ("--method", "execute-change-set", "--change-set-name", "tenant-keys")


class Gate:
    """The three steps of the pipeline, with the credentials of anyone who deploys."""

    def __init__(self, operators: Operators, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._operators, self._patch, self._capsys = operators, patch, capsys

    def proved(self, folder: Path, resources: dict[str, Document]) -> Path:
        """An assembly, with the record that a proof leaves in it."""
        made = assembly(folder, resources)
        write_record(made, "proved")
        return made

    def cdk(self, made: Path, *method: str) -> None:
        done = self._operators.cdk(
            *("deploy", "--app", str(made), "--exclusively", "--require-approval", "never", *method, STACK)
        )
        assert done.returncode == 0, done.stderr

    def prepare(self, made: Path) -> None:
        """The change set that the CLI prepares, through CloudFormation's API: Node takes a second to start."""
        cloudformation = self._operators.client("cloudformation")
        with suppress(cloudformation.exceptions.ChangeSetNotFoundException):  # the one before, as the CLI does
            cloudformation.delete_change_set(StackName=STACK, ChangeSetName="tenant-keys")
        cloudformation.create_change_set(
            StackName=STACK,
            ChangeSetName="tenant-keys",
            TemplateBody=(made / f"{STACK}.template.json").read_text(encoding="utf-8"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        cloudformation.get_waiter("change_set_create_complete").wait(
            StackName=STACK, ChangeSetName="tenant-keys", WaiterConfig={"Delay": 0, "MaxAttempts": 1_000}
        )

    def judge(self, made: Path, *arguments: str) -> tuple[int, list[str]]:
        """Exit code and lines of `tenant-keys gate`."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            self._patch.delenv(name)
        environment = self._operators.aws.environment(
            region=handmade.REGION, credentials=self._operators.aws.operator()
        )
        for name, value in environment.items():
            self._patch.setenv(name, value)
        self._capsys.readouterr()  # what the synth printed
        self._patch.setattr(sys, "argv", ["tenant-keys", "gate", handmade.CENTRAL, "--assembly", str(made), *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        printed = self._capsys.readouterr()
        return int(left.value.code or 0), (printed.out + printed.err).splitlines()


@pytest.fixture
def gate(operators: Operators, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(operators, monkeypatch, capsys)


def test_a_creation_passes_and_is_executed_and_a_replacement_is_stopped(
    operators: Operators, gate: Gate, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    first = gate.proved(tmp_path / "first", handmade.key("acme"))
    bootstrap(operators.aws, first)
    assert gate.judge(first)[1] == [
        f"refused  {STACK} in eu-west-1: there is no change set tenant-keys; prepare one",
    ]
    gate.cdk(first, *PREPARED)
    assert gate.judge(first, "--ready", str(ready)) == (
        0,
        [f"passes   {STACK} in eu-west-1: 2 changes, no key is lost"],
    )
    assert ready.read_text() == f"{STACK}\n"
    gate.cdk(first, *EXECUTED)
    assert operators.status() == ("CREATE_COMPLETE", True)
    key = operators.aws.key_id("acme")

    ready.unlink()
    renamed = handmade.key("acme")
    renamed["Aliasacme"]["Properties"]["AliasName"] = "alias/tenant-other"
    replaced = gate.proved(tmp_path / "replaced", renamed)
    gate.prepare(replaced)
    code, reported = gate.judge(replaced, "--ready", str(ready))
    what = "AWS::KMS::Alias Aliasacme (alias/tenant-acme) would be replaced (Replacement: True)"
    assert (code, reported) == (2, [f"refused  {STACK} in eu-west-1: {what}"])
    assert not ready.exists()
    assert (operators.status()[0], operators.aws.key_id("acme"), operators.ready("acme")) == (
        "CREATE_COMPLETE",
        key,
        True,
    )


@pytest.mark.exhaustive
def test_a_key_that_leaves_a_retain_that_is_lost_and_an_unproved_template_are_stopped(
    operators: Operators, gate: Gate, tmp_path: Path
) -> None:
    two = {**handmade.key("acme"), **handmade.key("globex")}
    operators.deploy(gate.proved(tmp_path / "two", two))

    one = gate.proved(tmp_path / "one", handmade.key("globex"))
    gate.prepare(one)
    code, reported = gate.judge(one)
    assert (code, len(reported)) == (2, 2), reported
    assert all("would leave the stack, and tenants.lock does not record" in line for line in reported)
    manifest = parse_manifest(MANIFEST)
    lock, _ = update(manifest, new_lock(manifest))
    left = replace(lock, entries={**lock.entries, "acme": replace(lock.entries["acme"], phase="offboarded")})
    for known, refusals in ((lock, 2), (left, 0)):
        (passage,) = judged(one, handmade.CENTRAL, lock=known, client_of=lambda _: operators.client("cloudformation"))
        assert (passage.changes, len(passage.refusals)) == (2, refusals)

    other = gate.proved(tmp_path / "other", handmade.key("globex", Description="another"))
    code, reported = gate.judge(other)
    assert code == 2
    assert "its template is not the one that was proved" in reported[0]

    loose = {**handmade.key("acme"), **handmade.key("globex")}
    loose["Keyacme"] = {**loose["Keyacme"], "DeletionPolicy": "Delete"}
    lost = gate.proved(tmp_path / "lost", loose)
    gate.prepare(lost)
    code, reported = gate.judge(lost)
    retention = "DeletionPolicy of AWS::KMS::Key Keyacme: Retain becomes Delete; a later change could"
    assert (code, reported) == (2, [f"refused  {STACK} in eu-west-1: {retention} schedule its deletion"])
    (tmp_path / "lost" / "tenant-keys-proof.json").unlink()
    code, reported = gate.judge(lost)
    assert code == 1
    assert "was not proved when it was synthesized" in reported[0]
