"""`tenant-keys gate` between the real CDK CLI's two halves of a deployment, on the local AWS."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tenant_keys.cli import main
from tenant_keys.manifest import parse_manifest
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.operations.gate import gate as judged
from tenant_keys.review.proof.record import write_record
from tests.local import estate
from tests.local.bootstrap import bootstrap
from tests.local.estate import Document
from tests.recovery.desk import STACK, Desk, assembly

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
    """The three steps of the pipeline, with the credentials of whoever deploys."""

    def __init__(self, desk: Desk, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._desk, self._patch, self._capsys = desk, patch, capsys

    def proved(self, folder: Path, resources: dict[str, Document]) -> Path:
        """An assembly, with the record that a proof leaves in it."""
        made = assembly(folder, resources)
        write_record(made, "proved")
        return made

    def cdk(self, made: Path, *method: str) -> None:
        done = self._desk.cdk(
            *("deploy", "--app", str(made), "--exclusively", "--require-approval", "never", *method, STACK)
        )
        assert done.returncode == 0, done.stderr

    def judge(self, made: Path, *arguments: str) -> tuple[int, list[str]]:
        """Exit code and lines of `tenant-keys gate`."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            self._patch.delenv(name)
        environment = self._desk.aws.environment(region=estate.REGION, credentials=self._desk.aws.operator())
        for name, value in environment.items():
            self._patch.setenv(name, value)
        self._capsys.readouterr()  # what the synth printed
        self._patch.setattr(sys, "argv", ["tenant-keys", "gate", estate.CENTRAL, "--assembly", str(made), *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        printed = self._capsys.readouterr()
        return int(left.value.code or 0), (printed.out + printed.err).splitlines()


@pytest.fixture
def gate(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(desk, monkeypatch, capsys)


def test_a_creation_passes_and_is_executed_and_a_replacement_is_stopped(desk: Desk, gate: Gate, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    first = gate.proved(tmp_path / "first", estate.key("acme"))
    bootstrap(desk.aws, first)
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
    assert desk.status() == ("CREATE_COMPLETE", True)
    key = desk.aws.key_id("acme")

    ready.unlink()
    renamed = estate.key("acme")
    renamed["Aliasacme"]["Properties"]["AliasName"] = "alias/tenant-other"
    replaced = gate.proved(tmp_path / "replaced", renamed)
    gate.cdk(replaced, *PREPARED)
    code, told = gate.judge(replaced, "--ready", str(ready))
    what = "AWS::KMS::Alias Aliasacme (alias/tenant-acme) would be replaced (Replacement: True)"
    assert (code, told) == (2, [f"refused  {STACK} in eu-west-1: {what}"])
    assert not ready.exists()
    assert (desk.status()[0], desk.aws.key_id("acme"), desk.ready("acme")) == ("CREATE_COMPLETE", key, True)


def test_a_key_that_leaves_a_retain_that_is_lost_and_an_unproved_template_are_stopped(
    desk: Desk, gate: Gate, tmp_path: Path
) -> None:
    two = {**estate.key("acme"), **estate.key("globex")}
    desk.deploy(gate.proved(tmp_path / "two", two))

    one = gate.proved(tmp_path / "one", estate.key("globex"))
    gate.cdk(one, *PREPARED)
    code, told = gate.judge(one)
    assert (code, len(told)) == (2, 2), told
    assert all("would leave the stack, and tenants.lock does not say" in line for line in told)
    manifest = parse_manifest(MANIFEST)
    lock, _ = update(manifest, new_lock(manifest))
    left = replace(lock, entries={**lock.entries, "acme": replace(lock.entries["acme"], phase="offboarded")})
    for known, refusals in ((lock, 2), (left, 0)):
        (passage,) = judged(one, estate.CENTRAL, lock=known, client_of=lambda _: desk.client("cloudformation"))
        assert (passage.changes, len(passage.refusals)) == (2, refusals)

    other = gate.proved(tmp_path / "other", estate.key("globex", Description="another"))
    code, told = gate.judge(other)
    assert code == 2
    assert "its template is not the one that was proved" in told[0]

    loose = {**estate.key("acme"), **estate.key("globex")}
    loose["Keyacme"] = {**loose["Keyacme"], "DeletionPolicy": "Delete"}
    lost = gate.proved(tmp_path / "lost", loose)
    gate.cdk(lost, *PREPARED)
    code, told = gate.judge(lost)
    retention = "DeletionPolicy of AWS::KMS::Key Keyacme: Retain becomes Delete; a later change could"
    assert (code, told) == (2, [f"refused  {STACK} in eu-west-1: {retention} schedule its deletion"])
    (tmp_path / "lost" / "tenant-keys-proof.json").unlink()
    code, told = gate.judge(lost)
    assert code == 1
    assert "was not proved when it was synthesized" in told[0]
