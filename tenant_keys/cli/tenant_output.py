"""How tenants look on a terminal."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from tenant_keys.operations.tenant_view import Departed, Row, TenantView


def show_tenant(tenant: TenantView) -> None:
    """One tenant: lines that can be copied whole, whatever the terminal's width."""
    waiting = ", replicas wait for tenant-keys lock --record" if tenant.replicas_wait else ""
    tags = ", ".join(f"{name}={value}" for name, value in tenant.tags.items()) or "none"
    facts = {
        "state": tenant.state,
        "key": tenant.key,
        "alias": tenant.alias,
        "Regions": ", ".join(tenant.regions) + waiting,
        "rotation": tenant.rotation,
        "stacks": ", ".join(tenant.stacks),
        "tags": tags,
    }
    typer.echo(tenant.id)
    for name, value in facts.items():
        typer.echo(f"  {name:<10}{value}")
    for alias in tenant.aliases:
        typer.echo(f"  {'KeyId':<10}{alias}")
    if not tenant.users:
        typer.echo("  nobody may use it")
    for user in tenant.users:
        ways = {"key": "the alias, or to decrypt the key", "ARN": "the key's ARN"}
        named = ways.get(tenant.decrypt_by, "the alias")
        typer.echo(f"  {user.workload} may {', '.join(user.may)}; a request names {named}")
        typer.echo(f"    role      {user.role}")
        typer.echo(f"    assumed by {user.assumed_by}")
        typer.echo(f"    tenant    by {user.chosen_by}")
        typer.echo(f"    stack     {user.stack}")


def show_departed(tenant: Departed) -> None:
    """A tenant that left: the list has it too."""
    typer.echo(tenant.id)
    recorded = f", {tenant.key_id}" if tenant.key_id else ""
    facts = {
        "state": "offboarded; the id stays reserved for ever",
        "key": f"disabled, or deleted by break-glass; origin {tenant.origin}{recorded}",
        "alias": f"{tenant.alias}, out of its stack and retained with the key",
        "Regions": ", ".join(tenant.regions),
    }
    for name, value in facts.items():
        typer.echo(f"  {name:<10}{value}")
    typer.echo("  nobody may use it")


def show_rows(found: list[Row], limit: int) -> None:
    """A table of at most `limit` rows, and how many there are."""
    shown = found[:limit] if limit else found
    table = Table(box=None, pad_edge=False)
    for heading in ("tenant", "state", "key", "cell", "Regions", "workloads"):
        table.add_column(heading, overflow="fold")
    for row in shown:
        more = f" +{len(row.regions) - 1}" if len(row.regions) > 1 else ""
        table.add_row(row.id, row.state, row.key, row.cell, row.regions[0] + more, ", ".join(row.workloads))
    if shown:
        Console().print(table)
    typer.echo(
        f"{len(shown):,} of {len(found):,} tenants" + ("; --limit 0 shows all" if len(shown) < len(found) else "")
    )
