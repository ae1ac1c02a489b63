"""`tenant-keys byok`: bring your own key, step by step."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenant_keys.manifest import load_estate_of
from tenant_keys.manifest.replace_file import require_writable
from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.tenant_edit import known

if TYPE_CHECKING:
    from tenant_keys.operations.byok import Ceremony, RegionalKey

NOT_DONE = 2
CODES = "Exit codes: 0 done, 1 could not run, 2 not done: confirm with --yes, or something is still missing."
TENANTS = Path("tenants.yaml")

Id = Annotated[str, typer.Argument(help="The tenant's id.")]
ManifestPath = Annotated[Path, typer.Option("--manifest", help="The manifest; the lock is beside it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(
    help="Bring your own key: import, rotate, withdraw and restore a tenant's key material.", no_args_is_help=True
)


def register(main: typer.Typer) -> None:
    """Add the commands to the main program."""
    main.add_typer(app, name="byok")


@app.command(epilog=CODES)
def status(tenant: Id, manifest: ManifestPath = TENANTS, as_json: AsJson = False) -> None:
    """Print the key material that AWS KMS has for a tenant, by Region. Exit code 2: material is missing."""
    with _readable_errors():
        keys = _ceremony(manifest, tenant).read()
        _show(keys, as_json=as_json)
    if any(key.missing or not key.materials for key in keys):
        raise typer.Exit(NOT_DONE)


@app.command(epilog=CODES)
def start(
    tenant: Id,
    out: Annotated[Path, typer.Option("--out", help="The file for the customer.")] = Path("parameters.json"),
    new: Annotated[bool, typer.Option("--new", help="Ask for new material, for a rotation.")] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="Ask to import all material again, to change its expiry.")
    ] = False,
    manifest: ManifestPath = TENANTS,
) -> None:
    """Fetch wrapping keys and import tokens, valid for 24 hours, for the missing material of a tenant's key."""
    from tenant_keys.operations import byok
    from tenant_keys.operations.byok import wrap

    if new and renew:
        raise typer.BadParameter("--new and --renew: got both; give one")
    purpose: Any = "new" if new else "renew" if renew else "missing"
    with _readable_errors():
        _must_not_exist(out)
        parameters = byok.start(_ceremony(manifest, tenant), purpose, say=typer.echo)
        wrap.write_new(str(out), parameters)
    typer.echo(f"fingerprint of the parameters: {wrap.fingerprint_of_parameters(parameters)}")
    typer.echo(f"written: {out}; the customer runs wrap.py on it, offline, and reads the fingerprint back to you")


@app.command(
    "wrap",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def wrap_command(context: typer.Context) -> None:
    """Run the customer's half here: the same file that `byok customer-file` writes; see its --help."""
    from tenant_keys.operations.byok import wrap

    sys.argv = ["tenant-keys byok wrap", *context.args]
    try:
        runpy.run_path(wrap.__file__, run_name="__main__")
    except SystemExit as ended:
        raise typer.Exit(1 if ended.code else 0) from None  # argparse ends with 2, which is a finding here


@app.command("customer-file")
def customer_file(
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("wrap.py"),
) -> None:
    """Write the customer's program: one Python file that runs offline, without AWS credentials or this project."""
    from tenant_keys.operations.byok import wrap

    with _readable_errors():
        _must_not_exist(out)
        out.write_bytes(Path(wrap.__file__).read_bytes())
    typer.echo(f"written: {out}")


@app.command("import", epilog=CODES)
def import_command(
    tenant: Id,
    wrapped: Annotated[Path, typer.Argument(help="The customer's answer, wrapped.json.")],
    expires: Annotated[
        datetime | None, typer.Option(help="When KMS deletes the material, UTC; at most 365 days ahead.")
    ] = None,
    manifest: ManifestPath = TENANTS,
    as_json: AsJson = False,
) -> None:
    """Import wrapped material into every Region, the primary first; run again after an interruption."""
    from tenant_keys.operations import byok
    from tenant_keys.operations.byok import wrap

    with _readable_errors(), _readable(wrapped):
        ceremony = _ceremony(manifest, tenant)
        content = wrap.read_json(str(wrapped), "the customer's answer")
        say = _say(as_json=as_json)
        say(f"fingerprint of the answer: {wrap.fingerprint_of_wrapped(content)}")
        until = expires.replace(tzinfo=UTC) if expires else None
        keys = byok.import_material(ceremony, content, expires=until, say=say)
        _show(keys, as_json=as_json)
    if any(key.missing for key in keys):
        raise typer.Exit(NOT_DONE)


@app.command(epilog=CODES)
def rotate(tenant: Id, manifest: ManifestPath = TENANTS, as_json: AsJson = False) -> None:
    """Rotate the key to new imported material in every Region; KMS allows 25 rotations of a key."""
    from tenant_keys.operations import byok

    with _readable_errors():
        _show(byok.rotate(_ceremony(manifest, tenant), say=_say(as_json=as_json)), as_json=as_json)


@app.command(epilog=CODES)
def revoke(
    tenant: Id,
    every: Annotated[bool, typer.Option("--all", help="Delete every key material, not only the current one.")] = False,
    pending: Annotated[
        bool, typer.Option("--pending", help="Delete new material to which the key was not rotated.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Confirm; without this option the command deletes nothing.")
    ] = False,
    manifest: ManifestPath = TENANTS,
    as_json: AsJson = False,
) -> None:
    """Delete key material in every Region, which stops all use of the key. Importing the same bytes undoes it."""
    from tenant_keys.operations import byok

    if every and pending:
        raise typer.BadParameter("--all and --pending: got both; give one")
    which: Any = "every" if every else "pending" if pending else "current"
    say = _say(as_json=as_json)
    with _readable_errors():
        ceremony = _ceremony(manifest, tenant)
        doomed = byok.to_withdraw(ceremony.read(), which)
        if not doomed:
            say("nothing to delete: KMS holds no such material")
        elif yes:
            _show(byok.revoke(ceremony, which, say=say), as_json=as_json)
        else:
            for key, material in doomed:
                say(f"would delete {material.id} ({material.label or 'no label'}) in {key.region}")
            typer.echo("nothing is deleted; confirm with --yes", err=True)
            raise typer.Exit(NOT_DONE)


@app.command(epilog=CODES)
def resume(
    tenant: Id,
    material: Annotated[
        list[Path], typer.Option(help="Encrypted material, a file that wrap.py wrote; repeat the option.")
    ],
    expires: Annotated[datetime | None, typer.Option(help="When KMS deletes the material, UTC.")] = None,
    passphrase_fd: Annotated[int | None, typer.Option(help="Read the passphrase from this file descriptor.")] = None,
    manifest: ManifestPath = TENANTS,
    as_json: AsJson = False,
) -> None:
    """Import every missing material again in every Region, from the encrypted material."""
    import getpass

    from tenant_keys.operations import byok
    from tenant_keys.operations.byok import wrap

    say = _say(as_json=as_json)
    with _readable_errors(), _readable(material[0]):
        ceremony = _ceremony(manifest, tenant)
        keys = ceremony.read()
        if not any(key.missing for key in keys) and all(key.materials for key in keys):
            say("all key material is imported")
            _show(keys, as_json=as_json)
            return
        parameters = byok.start(ceremony, "missing", say=say)
        given = wrap.read_passphrase(passphrase_fd)
        opened = {}
        for path in material:
            sealed = wrap.read_json(str(path), "sealed material")
            word = given if given is not None else getpass.getpass(f"passphrase of {path}: ")
            opened[str(sealed["label"])] = wrap.unseal(sealed, word)
        wrapped = wrap.wrap(parameters, opened)
        until = expires.replace(tzinfo=UTC) if expires else None
        keys = byok.import_material(ceremony, wrapped, expires=until, say=say)
        _show(keys, as_json=as_json)
    if any(key.missing for key in keys):
        raise typer.Exit(NOT_DONE)


def _ceremony(manifest: Path, tenant: str) -> Ceremony:
    from tenant_keys.operations import byok

    estate = load_estate_of(manifest, tenant)
    return byok.Ceremony(estate.called(tenant) or known(tenant, estate.by_manifest_id), estate)


def _say(*, as_json: bool) -> Any:
    return lambda line: typer.echo(line, err=as_json)


def _show(keys: list[RegionalKey], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(key) for key in keys], indent=1, default=lambda value: value.isoformat()))
        return
    for key in keys:
        kind = "" if len(keys) == 1 else ", primary" if key.primary else ", replica"
        typer.echo(f"{key.region}{kind}: {key.state}")
        if not key.materials:
            typer.echo("  no material yet: `tenant-keys byok start`")
        for each in key.materials:
            presence = "imported" if each.imported else "MISSING"
            until = f", until {each.expires.astimezone(UTC).isoformat(timespec='minutes')}" if each.expires else ""
            typer.echo(f"  {each.id[:16]}…  {each.state.lower().replace('_', ' ')}, {presence}{until}  {each.label}")


def _must_not_exist(path: Path) -> None:
    if path.exists():
        raise OperationError(f"{path}: already exists and is not replaced; name another file with --out")
    require_writable(path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """A file of the ceremony with a part missing or damaged is the user's mistake, reported without its content."""
    from tenant_keys.operations.byok import wrap

    try:
        yield
    except wrap.WrapError as problem:
        raise OperationError(str(problem)) from None
    except (KeyError, TypeError, ValueError) as problem:
        raise OperationError(f"{path}: incomplete or damaged ({type(problem).__name__}); create it again") from None


@contextmanager
def _readable_errors() -> Iterator[None]:
    """A refusal of the customer's half is the user's mistake, too."""
    from tenant_keys.operations.byok.wrap import WrapError

    try:
        yield
    except WrapError as error:
        raise OperationError(str(error)) from None
