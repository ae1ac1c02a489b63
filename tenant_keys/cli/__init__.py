"""The `tenant-keys` command."""

from __future__ import annotations

import sys
from importlib.util import find_spec

if find_spec("typer") is None:  # the client alone is installed: a workload has no use for the command
    sys.exit("tenant-keys: the command is not installed with the client alone; pip install 'tenant-keys[app,local]'")

import typer
from typer.exceptions import TyperException
from typer.rich_utils import rich_format_error

from tenant_keys.cli import byok, check, cost, demo, deployed, diff, docs, local, manifest, prove, review, tenant
from tenant_keys.manifest import EstateError
from tenant_keys.manifest.base import GitError
from tenant_keys.operations.errors import OperationError
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_keys.review.errors import ReviewError

app = typer.Typer(
    help="One KMS key per tenant in one central AWS account, with access proved to be that tenant's alone.",
    epilog="Exit codes: 0 done or clean, 1 could not run, 2 something needs review, is refuted or does not match.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
manifest.register(app)
prove.register(app)
diff.register(app)
deployed.register(app)
check.register(app)
review.register(app)
cost.register(app)
tenant.register(app)
demo.register(app)
docs.register(app)
app.add_typer(byok.app, name="byok")
app.add_typer(local.app, name="local")


def main() -> None:
    """Run the command; a user's mistake is told in a sentence, never as a traceback.

    Exit code 2 is kept for findings: a mistyped option in a pipeline must not look like one.
    """
    try:
        sys.exit(app(standalone_mode=False))
    except TyperException as error:
        rich_format_error(error)  # type: ignore[arg-type]  # the subclass it names is private to Typer
    except typer.Abort:
        typer.echo("interrupted", err=True)
    except (EstateError, GitError, OperationError, PolicyTooLarge, ReviewError) as error:
        typer.echo(str(error), err=True)
    sys.exit(1)
