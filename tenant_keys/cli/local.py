"""`tenant-keys local`: an AWS on the laptop, and the attacks on what is deployed in it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tenant_keys.demo.environment import nothing_of_the_users
from tenant_keys.demo.synth import synthesize
from tenant_keys.local import LocalAws
from tenant_keys.local.attack_setup import AttackSetup
from tenant_keys.local.attacks import Outcome, attack_all
from tenant_keys.local.deploy import require_cdk
from tenant_keys.local.errors import LocalAwsError
from tenant_keys.local.existing import assume, ensure_auditors, ensure_role, import_material
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.manifest import Estate, load_estate

app = typer.Typer(help="Run an AWS on this machine that enforces the policies, and attack it.", no_args_is_help=True)
say = Console(stderr=True, highlight=False)
WHERE = "TENANT_KEYS_LOCAL"
"""Environment variable with the folder of a running local AWS."""
SOMETHING_ALLOWED = 2

Manifest = Annotated[Path, typer.Option(help="The manifest whose accounts are simulated.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(main: typer.Typer) -> None:
    """Add the commands to the main program."""
    main.add_typer(app, name="local")


@app.command()
def up(
    manifest: Manifest = Path("tenants.yaml"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 is any free one.")] = 0,
    deploy: Annotated[bool, typer.Option(help="Synthesize and deploy the estate.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start a local AWS, deploy the estate, print what to export, and run until interrupted."""
    if deploy:
        require_cdk()
    with terminating(), nothing_of_the_users(), started(load_estate(manifest), port) as aws:
        if deploy:
            deploy_estate(aws, manifest)
        environment = {**aws.environment(), "NO_PROXY": os.environ["NO_PROXY"], WHERE: str(aws.directory)}
        if as_json:
            typer.echo(json.dumps(environment))
        else:
            typer.echo("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()))
        sys.stdout.flush()
        say.print(f"local AWS at {aws.endpoint}, decisions in {aws.settings.decision_log}; Ctrl-C stops it")
        while aws.running():
            threading.Event().wait(0.5)
        raise LocalAwsError(f"the local AWS ended\n{aws.log_tail()}")


@app.command()
def attack(
    manifest: Manifest = Path("tenants.yaml"),
    running: Annotated[
        Path | None, typer.Option(envvar=WHERE, help="Folder of a running local AWS; else one of its own is started.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Attack what is deployed. Exit code 0: everything was refused as it must be; 2: something was not."""
    with terminating(), nothing_of_the_users():
        estate = load_estate(manifest)
        if running is not None:
            outcomes = attack_estate(LocalAws.attach(running), estate, running, as_json=as_json)
        else:
            require_cdk()
            with started(estate, 0) as aws:
                deploy_estate(aws, manifest)
                outcomes = attack_estate(aws, estate, aws.directory, as_json=as_json)
    if as_json:
        typer.echo(json.dumps([_as_dict(outcome) for outcome in outcomes], indent=2))
    else:
        Console(highlight=False).print(table(outcomes))
    if not all(outcome.refused or outcome.skipped for outcome in outcomes) or not any(o.refused for o in outcomes):
        raise typer.Exit(SOMETHING_ALLOWED)


def table(outcomes: list[Outcome]) -> Table:
    """One line an attack: what was tried, what came of it, which statement refused."""
    shown = Table(box=None, pad_edge=False, collapse_padding=True)
    shown.add_column("")
    shown.add_column("attack", no_wrap=True)
    shown.add_column("answer", no_wrap=True)
    shown.add_column("refused by", overflow="fold")
    for outcome in outcomes:
        mark = "[green]✓[/]" if outcome.refused else "[yellow]-[/]" if outcome.skipped else "[red]✗[/]"
        reasons = "; ".join(outcome.refused_by).replace("key policy: ", "") or outcome.message
        shown.add_row(mark, outcome.name, outcome.got, escape(reasons.removeprefix("not a policy: ")))
    return shown


@contextmanager
def started(estate: Estate, port: int) -> Iterator[LocalAws]:
    central = estate.central
    workloads = sorted({workload.account for workload in estate.workloads.values()} - {central.account})
    issuers = {w.identity_provider.issuer for w in estate.workloads.values() if w.identity_provider is not None}
    made = {url: LocalIssuer(url) for url in sorted(issuers)}
    say.print("starting the local AWS")
    with LocalAws(
        accounts=(central.account, *workloads),
        organization=estate.organization,
        jwks={url: issuer.key_set for url, issuer in made.items()},
        region=central.home_region,
        port=port,
    ) as aws:
        for number, (url, issuer) in enumerate(made.items()):
            (aws.directory / f"issuer-{number}.url").write_text(url)
            issuer.save(aws.directory / f"issuer-{number}.pem")
        for role in (*central.administrators, *central.readers, central.break_glass):
            ensure_role(aws, role)
        ensure_auditors(aws, central.auditors.values())
        yield aws


def deploy_estate(aws: LocalAws, manifest: Path) -> None:
    out = aws.directory / "cdk.out"
    say.print("cdk synth, and the proof of isolation")
    synthesize(manifest, aws.directory / "synth", out)
    done = aws.deploy(out, progress=_progress)
    say.print(f"bootstrapped in {done.bootstrap_seconds:.1f} s, deployed in {done.seconds:.1f} s")


def _progress(line: str) -> None:
    if line.lstrip().startswith(("✅", "❌", "bootstrap")) or "_FAILED" in line:
        say.print(f"  {line.strip()}", markup=False)


def attack_estate(aws: LocalAws, estate: Estate, folder: Path, *, as_json: bool) -> list[Outcome]:
    for tenant in estate.tenants.values():
        if tenant.import_role is not None and aws.key_states(aws.settings.region).get(tenant.id) == "PendingImport":
            ensure_role(aws, tenant.import_role)
            import_material(assume(aws, tenant.import_role), aws.key_id(tenant.id))
    outcomes = []
    for outcome in attack_all(AttackSetup(aws, issuer_of(folder))):
        outcomes.append(outcome)
        if not as_json:
            say.print(f"  {outcome.name}: {outcome.got}", markup=False)
    return outcomes


def issuer_of(folder: Path) -> LocalIssuer | None:
    """The identity provider that was made for the local AWS in this folder, if its estate has one."""
    urls = sorted(folder.glob("issuer-*.url"))
    return LocalIssuer.load(urls[0].read_text(), urls[0].with_suffix(".pem")) if urls else None


def _as_dict(outcome: Outcome) -> dict[str, object]:
    return {
        "attack": outcome.name,
        "call": outcome.attack.tried,
        "expected": outcome.attack.code,
        "got": outcome.got,
        "refused": outcome.refused,
        "refused_by": list(outcome.refused_by),
        "message": outcome.message,
    }


@contextmanager
def terminating() -> Iterator[None]:
    """A termination unwinds like an interrupt, so that server and folder are removed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
