"""`tenant-keys local`: an AWS on the laptop, and the attacks on what is deployed in it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tenant_keys.demo.environment import nothing_of_the_users
from tenant_keys.demo.local_estate import customers_of, ensure_held_keys
from tenant_keys.demo.principals import KNOWN, Principals
from tenant_keys.demo.synth import synthesize
from tenant_keys.local import LocalAws
from tenant_keys.local.attack import Outcome
from tenant_keys.local.attack_run import attack_all
from tenant_keys.local.attack_setup import AttackSetup
from tenant_keys.local.aws import PREFIX
from tenant_keys.local.deploy import require_cdk
from tenant_keys.local.errors import LocalAwsError
from tenant_keys.local.existing import (
    assume,
    assume_as_custodian,
    ensure_auditors,
    ensure_boundaries,
    ensure_role,
    import_material,
)
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.local.process import RUNNING
from tenant_keys.local.settings import Settings
from tenant_keys.manifest import Estate, load_estate

app = typer.Typer(help="Run a local AWS that enforces the policies, and attack it.", no_args_is_help=True)
say = Console(stderr=True, highlight=False)
WHERE = "TENANT_KEYS_LOCAL"
"""Environment variable with the folder of a running local AWS."""
NOT_ATTACKED, SOMETHING_ALLOWED = 1, 2

Manifest = Annotated[Path, typer.Option(help="The manifest whose accounts are simulated.")]
Running = Annotated[
    Path | None,
    typer.Option(envvar=WHERE, help="Folder of a running local AWS; by default the only one that is running."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(main: typer.Typer) -> None:
    """Add the commands to the main program."""
    main.add_typer(app, name="local")


@app.command()
def up(
    manifest: Manifest = Path("tenants.yaml"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 selects a free port.")] = 0,
    deploy: Annotated[bool, typer.Option(help="Synthesize and deploy the estate.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start a local AWS, deploy the estate, print its environment variables, and run until interrupted."""
    if deploy:
        require_cdk()
    with terminating(), nothing_of_the_users(), started(load_estate(manifest), port) as aws:
        if deploy:
            deploy_estate(aws, manifest)
        _print(environment_of(aws, aws.operator()), as_json=as_json)
        say.print(f"local AWS at {aws.endpoint}, decisions in {aws.settings.decision_log}; Ctrl-C stops it")
        while aws.running():
            threading.Event().wait(0.5)
        raise LocalAwsError(f"the local AWS ended\n{aws.log_tail()}")


@app.command()
def env(
    who: Annotated[str, typer.Option("--as", metavar="WHO", help=f"Whose credentials: {KNOWN}.")] = "operator",
    region: Annotated[str | None, typer.Option(help="Region of the calls; by default the home Region.")] = None,
    manifest: Manifest = Path("tenants.yaml"),
    running: Running = None,
    as_json: AsJson = False,
) -> None:
    """Print environment variables with which `aws`, `cdk` and SDKs call a running local AWS as a role of the manifest.

    eval "$(tenant-keys local env --as acme@orders)"
    """
    estate = load_estate(manifest)
    where = folder_of(running, estate)
    with nothing_of_the_users():
        aws = LocalAws.attach(where)
        credentials = Principals(aws, estate, issuers_of(where)).credentials(who)
        _print(environment_of(aws, credentials, region), as_json=as_json)


@app.command("deploy")
def deploy_command(manifest: Manifest = Path("tenants.yaml"), running: Running = None) -> None:
    """Synthesize the manifest, prove it, and deploy it to a running local AWS. Repeat it after each change."""
    require_cdk()
    estate = load_estate(manifest)
    where = folder_of(running, estate)
    with terminating(), nothing_of_the_users():
        aws = LocalAws.attach(where)
        missing = {*estate.accounts} - {*aws.accounts}
        missing |= {*customers_of(estate)} - {*aws.settings.outsiders}
        issuers = {each.identity_provider.issuer for each in estate.workloads.values() if each.identity_provider}
        missing |= issuers - {*issuers_of(where)}
        if missing or estate.central.account != aws.accounts[0]:
            wanted = ", ".join(sorted(missing)) or f"{estate.central.account} as the key account"
            raise LocalAwsError(f"{where}: the local AWS was started without {wanted}; start it again")
        ensure_roles(aws, estate)
        deploy_estate(aws, manifest)


@app.command()
def attack(
    manifest: Manifest = Path("tenants.yaml"),
    running: Annotated[
        Path | None,
        typer.Option(envvar=WHERE, help="Folder of a running local AWS; by default the command starts its own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Attack the deployed estate.

    Exit codes: 0 every attack was denied as expected; 1 could not run, or an attack could not be
    prepared; 2 an attack succeeded.
    """
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
    if any(not (each.refused or each.skipped or each.failed) for each in outcomes):
        raise typer.Exit(SOMETHING_ALLOWED)
    if any(each.failed for each in outcomes) or not any(each.refused for each in outcomes):
        raise typer.Exit(NOT_ATTACKED)


def table(outcomes: list[Outcome]) -> Table:
    """One line an attack: what was tried, what came of it, which statement refused."""
    shown = Table(box=None, pad_edge=False, collapse_padding=True)
    shown.add_column("")
    shown.add_column("attack", no_wrap=True)
    shown.add_column("answer", no_wrap=True)
    shown.add_column("refused by", overflow="fold")
    for outcome in outcomes:
        unknown = "[yellow]-[/]" if outcome.skipped else "[red]?[/]"
        mark = unknown if outcome.skipped or outcome.failed else "[green]✓[/]" if outcome.refused else "[red]✗[/]"
        reasons = "; ".join(outcome.refused_by).replace("key policy: ", "") or outcome.message
        shown.add_row(mark, outcome.name, outcome.got, escape(reasons.removeprefix("not a policy: ")))
    return shown


@contextmanager
def started(estate: Estate, port: int) -> Iterator[LocalAws]:
    central = estate.central
    issuers = {w.identity_provider.issuer for w in estate.workloads.values() if w.identity_provider is not None}
    made = {url: LocalIssuer(url) for url in sorted(issuers)}
    say.print("starting the local AWS")
    with LocalAws(
        accounts=estate.accounts,
        outsiders=customers_of(estate),
        organization=estate.organization,
        management=estate.management_account,
        jwks={url: issuer.key_set for url, issuer in made.items()},
        naming=msgspec.structs.asdict(estate.naming),
        region=central.home_region,
        port=port,
    ) as aws:
        for number, (url, issuer) in enumerate(made.items()):
            (aws.directory / f"issuer-{number}.url").write_text(url)
            issuer.save(aws.directory / f"issuer-{number}.pem")
        ensure_roles(aws, estate)
        yield aws


def ensure_roles(aws: LocalAws, estate: Estate) -> None:
    """The roles that an organization has before us."""
    central = estate.central
    for role in (*central.administrators, *central.readers, central.break_glass):
        ensure_role(aws, role)
    ensure_auditors(aws, central.auditors.values())
    ensure_boundaries(aws, estate.permissions_boundaries)
    ensure_held_keys(aws, estate)


def environment_of(aws: LocalAws, credentials: Mapping[str, str], region: str | None = None) -> dict[str, str]:
    """Variables that lead `aws`, `cdk`, every SDK and this command to a running local AWS."""
    found = aws.environment(credentials=credentials, region=region)
    return {**found, "NO_PROXY": os.environ["NO_PROXY"], WHERE: str(aws.directory)}


def _print(environment: dict[str, str], *, as_json: bool) -> None:
    """What a shell evaluates. A token of another session would go with the new key, so that none is left."""
    if as_json:
        typer.echo(json.dumps(environment))
    else:
        if "AWS_SESSION_TOKEN" not in environment:
            typer.echo("unset AWS_SESSION_TOKEN")
        typer.echo("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()))
    sys.stdout.flush()


def folder_of(running: Path | None, estate: Estate) -> Path:
    """The folder of the running local AWS: the one given, or the only one with the estate's key account.

    Raises:
        LocalAwsError: there is none, or several.
    """
    if running is not None:
        return running
    account = estate.central.account
    files = Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{RUNNING}")
    found = sorted(str(file.parent) for file in files if _key_account(file) == account)
    if not found:
        raise LocalAwsError(f"no local AWS with the key account {account} runs; start it with: tenant-keys local up")
    if found[1:]:
        raise LocalAwsError(f"{len(found)} run with the key account {account}; select one: --running {found[0]}")
    return Path(found[0])


def _key_account(file: Path) -> str | None:
    """The key account of a running local AWS; None of one that ends now, is another user's, or of another version."""
    try:
        return Settings.read(file).accounts[0]
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None


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
            who = tenant.custodian
            if who is None:
                ensure_role(aws, tenant.import_role)
                session = assume(aws, tenant.import_role)
            else:
                session = assume_as_custodian(aws, who.role, who.external_id, tenant.import_role)
            import_material(session, aws.key_id(tenant.id))
    outcomes = []
    for outcome in attack_all(AttackSetup(aws, issuer_of(folder))):
        outcomes.append(outcome)
        if not as_json:
            say.print(f"  {outcome.name}: {outcome.got}", markup=False)
    return outcomes


def issuers_of(folder: Path) -> dict[str, LocalIssuer]:
    """The identity providers that were made for the local AWS in this folder, by URL."""
    urls = sorted(folder.glob("issuer-*.url"))
    return {url.read_text(): LocalIssuer.load(url.read_text(), url.with_suffix(".pem")) for url in urls}


def issuer_of(folder: Path) -> LocalIssuer | None:
    """The identity provider that was made for the local AWS in this folder, if its estate has one."""
    return next(iter(issuers_of(folder).values()), None)


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
