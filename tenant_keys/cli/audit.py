"""`tenant-keys audit`: the rules of detection, and questions to the trail as SQL or for Logs Insights."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tenant_keys.manifest import load_estate
from tenant_keys.policy.audit.questions import QUESTIONS, Period, Question, logs_insights
from tenant_keys.policy.audit.questions import table as table_of
from tenant_keys.policy.audit.rules import RULES

audit = typer.Typer(no_args_is_help=True)
Manifest = Annotated[Path, typer.Option(help="The manifest; its lock is beside it.")]
MONTH = 30


class Engine(StrEnum):
    """Where the trail is asked."""

    ATHENA = "athena"
    LOGS = "logs"


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.add_typer(audit, name="audit")


@audit.callback()
def about() -> None:
    """Print the rules of detection, and queries of the trail. The command calls no AWS API."""


@audit.command()
def rules(
    manifest: Manifest = Path("tenants.yaml"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the event patterns.")] = False,
) -> None:
    """List the rules: severity, id, what happened."""
    estate = load_estate(manifest)
    if as_json:
        found = [
            {"id": r.id, "severity": r.severity, "what": r.sentence, "next": r.next, "pattern": r.pattern(estate)}
            for r in RULES
        ]
        typer.echo(json.dumps(found, indent=1))
        return
    for rule in RULES:
        typer.echo(f"{rule.severity:<9} {rule.id:<22} {rule.sentence}")


@audit.command()
def table(
    bucket: Annotated[str, typer.Option(help="The trail's bucket.")],
    manifest: Manifest = Path("tenants.yaml"),
    *,
    own_account: Annotated[
        bool, typer.Option("--own-account", help="The trail is of one account, not of the organization.")
    ] = False,
) -> None:
    """Print the statement that creates the Athena table over a trail's bucket, with partition projection."""
    estate = load_estate(manifest)
    typer.echo(table_of(bucket, None if own_account else estate.organization, estate), nl=False)


@audit.command()
def query(
    name: Annotated[str, typer.Argument(help="Name of the query; without a name, all are listed.")] = "",
    manifest: Manifest = Path("tenants.yaml"),
    tenant: Annotated[str, typer.Option(help="The tenant, for a query about one tenant.")] = "",
    days: Annotated[int, typer.Option(min=1, max=366, help="Number of days, including today.")] = MONTH,
    engine: Annotated[Engine, typer.Option(help="Athena's SQL, or CloudWatch Logs Insights.")] = Engine.ATHENA,
) -> None:
    """Print a query of the trail: uses of a key, denied requests, calls of break-glass.

    Exit codes: 0 printed; 1 unknown query or tenant, or no query in the engine's language.
    """
    if not name:
        for one in QUESTIONS:
            typer.echo(f"{one.name:<22} {one.asks}")
        return
    estate = load_estate(manifest)
    question = _question(name)
    if question.of_tenant and tenant not in estate.tenants:
        raise typer.BadParameter(f"got --tenant {tenant!r}; {name} is about one tenant of {manifest}, name it")
    today = datetime.now(UTC).date()
    text = (
        question.sql(estate, Period(today - timedelta(days=days - 1), today), tenant)
        if engine is Engine.ATHENA
        else logs_insights(name, estate, tenant)
    )
    if text is None:
        raise typer.BadParameter(
            f"got --engine logs; {name} joins records, which Logs Insights does not support; use --engine athena"
        )
    typer.echo(text.rstrip())


def _question(name: str) -> Question:
    found = next((one for one in QUESTIONS if one.name == name), None)
    if found is None:
        raise typer.BadParameter(f"got {name}; allowed: {', '.join(one.name for one in QUESTIONS)}")
    return found
