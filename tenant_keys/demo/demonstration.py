"""The demonstration from the manifest to an AWS that refuses: synth, deploy, serve, attack, clean up."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import ClientError

from tenant_keys.demo.attacks import attack
from tenant_keys.demo.errors import NothingToServe
from tenant_keys.demo.local_estate import LocalEstate, local_estate
from tenant_keys.demo.on_call import on_call
from tenant_keys.demo.replicas import recorded, wait_for_ids
from tenant_keys.demo.report import Call, Report
from tenant_keys.demo.stack_rows import names, stack_rows
from tenant_keys.demo.steps import require_tenants, serve
from tenant_keys.demo.synth import synthesize
from tenant_keys.local.attack_setup import NothingToAttack
from tenant_keys.local.deploy import require_cdk
from tenant_keys.local.errors import Stopped
from tenant_keys.manifest import Estate, load_estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.proof import CLAIM, prove

Say = Callable[[str], None]


def demonstrate(manifest: Path, say: Say, *, port: int = 0) -> Report:
    """Play it all on an AWS of its own, and leave nothing of it.

    Raises:
        LocalAwsError: it could not run, and why.
        EstateError: the manifest or its lock has mistakes.
    """
    require_cdk()
    estate = load_estate(manifest)
    require_tenants(estate)
    report = Report()
    say(f"starting a local AWS with the accounts {', '.join(sorted(estate.accounts))}")
    with local_estate(estate, port) as local:
        report.endpoint, report.folder = local.aws.endpoint, str(local.aws.directory)
        report.accounts = local.aws.accounts
        try:
            _run(local, manifest, report, say)
        except Exception:
            if not local.aws.running():
                raise Stopped(
                    f"the local AWS ended in the middle of the demo; run it again\n{local.aws.log_tail()}".rstrip()
                ) from None
            raise
    report.cleaned_up = not Path(report.folder).exists() and not _listening(local.aws.port)
    if report.cleaned_up:
        say(f"{report.endpoint} and {report.folder} are gone")
    return report


def synthesize_only(manifest: Path, say: Say) -> Report:
    """The first act alone, in a folder that is gone afterwards."""
    require_cdk()
    report = Report()
    folder = Path(tempfile.mkdtemp(prefix="tenant-keys-demo-"))
    try:
        _synthesize(manifest, folder, folder / "cdk.out", load_estate(manifest), report, say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.cleaned_up = not folder.exists()
    return report


def _run(local: LocalEstate, manifest: Path, report: Report, say: Say) -> None:
    folder = local.aws.directory
    _synthesize(manifest, folder / "synth", folder / "cdk.out", local.estate, report, say)
    if report.verdict != "proved":
        return
    _deploy(local, folder / "cdk.out", report, say)
    if waiting := wait_for_ids(local):
        say(f"recording the key id of {', '.join(waiting)}, for its replica")
        copy = recorded(local, manifest, folder)
        local.estate = load_estate(copy)
        _synthesize(copy, folder / "synth", folder / "cdk.replicas", local.estate, report, say, again=True)
        _deploy(local, folder / "cdk.replicas", report, say)
    local.learn_keys()
    say("serving tenants")
    with _timed(report, "serve"):
        for call in serve(local):
            report.served.append(call)
    say("attacking")
    report.watched = local.estate.audit is not None
    with _timed(report, "attack"), on_call(local) as person:
        _attack(local, report)
    report.reported += person.reported


def _attack(local: LocalEstate, report: Report) -> None:
    try:
        for tried in attack(local):
            if isinstance(tried, Call):
                report.attacks.append(tried)
            else:
                report.skipped.append(tried)
    except NothingToAttack as nothing:
        raise NothingToServe(f"the demo needs {nothing}") from None
    except ClientError as problem:  # of the attacks themselves none comes here
        code, text = problem.response["Error"]["Code"], str(problem)
        lawful = Call("the setup", "a tenant", "a lawful call before an attack", code, as_promised=False, seen=text)
        report.attacks.append(lawful)


def _synthesize(
    manifest: Path, scratch: Path, output: Path, estate: Estate, report: Report, say: Say, *, again: bool = False
) -> None:
    """Once more, the proof alone is asked: what else validates has seen everything but the replicas."""
    say("cdk synth, and the proof of isolation: some ten seconds")
    with _timed(report, "synth"):
        synthesize(manifest, scratch, output, validate=not again)
    assembly = Assembly.open(output)
    proof = prove(output, estate)
    report.verdict, report.claim = proof.verdict, CLAIM
    report.tenants, report.keys, report.requests = proof.tenants, proof.keys, proof.requests
    report.stacks, report.names = stack_rows(assembly), names(assembly)


def _deploy(local: LocalEstate, assembly: Path, report: Report, say: Say) -> None:
    def shown(line: str) -> None:
        text = line.strip()
        if text.startswith("bootstrap") or "_FAILED" in text or "❌" in text:
            say(f"  {text}")
        elif text.startswith("✅") and not text.endswith(("bootstrapped.", "(no changes)")):
            say(f"  deployed {text.removeprefix('✅').strip()}")

    say("cdk bootstrap and cdk deploy")
    with _timed(report, "deploy"):
        local.aws.deploy(assembly, progress=shown)


@contextmanager
def _timed(report: Report, act: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        report.seconds[act] = round(report.seconds.get(act, 0.0) + time.monotonic() - started, 1)


def _listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
