"""`tenant-keys cost`: dollars a month, quotas and deployment time, on one screen or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tenant_keys.cost import AuditCost, CostReport, Dollars, Load, as_document, cost_report, with_tenants
from tenant_keys.manifest import Estate, load_estate

QUOTA_EXCEEDED = 2
NEAR = 0.5
"""Share of a quota in use from which the table says the way out."""
TWO_MINUTES = 120


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("cost")(cost_command)


def cost_command(
    manifest: Annotated[Path, typer.Option(help="The manifest; its lock is beside it.")] = Path("tenants.yaml"),
    tenants: Annotated[
        int | None, typer.Option(min=1, help="Compute for this number of tenants of the same mix.")
    ] = None,
    messages_per_second: Annotated[
        float | None,
        typer.Option(min=0, help="Messages per second, of all tenants together; by default one per active tenant."),
    ] = None,
    *,
    per_tenant: Annotated[
        bool,
        typer.Option("--per-tenant", help="Apply --messages-per-second to each active tenant, not to all together."),
    ] = False,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes that serve each tenant, each with its own cache.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the monthly cost of the estate, the quotas in use, and the duration of a first deployment.

    The command calls no AWS API. Exit codes: 0 within every quota, 2 a quota is exceeded, 1 could not run.
    """
    estate = load_estate(manifest)
    if tenants is not None:
        estate = _scaled(estate, tenants)
    active = sum(tenant.state == "active" for tenant in estate.tenants.values())
    each = 1.0 if messages_per_second is None else messages_per_second
    whole = each * active if per_tenant or messages_per_second is None else each
    report = cost_report(estate, Load(whole, processes))
    if as_json:
        typer.echo(json.dumps(as_document(report), indent=1))
    else:
        show(report, Console())
    raise typer.Exit(QUOTA_EXCEEDED if report.exceeded else 0)


def _scaled(estate: Estate, tenants: int) -> Estate:
    try:
        return with_tenants(estate, tenants)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def show(report: CostReport, console: Console) -> None:
    """Three small tables; what is assumed comes last."""
    console.print(_money(report))
    console.print(_requests(report))
    console.print(_quotas(report))
    if report.audit is not None:
        console.print(
            f"[bold]Detection[/] in {report.audit.regions} Regions: {report.audit.months} dollars a month"
            f"{_of_trail(report.audit)}",
            highlight=False,
        )
        if report.audit.own_trail:
            console.print(
                "[bold red]WARNING[/] audit.trail is own: if the organization's trail has this account's calls of AWS "
                f"KMS, this trail is a second copy, which costs {report.audit.second_trail} dollars a month more",
                highlight=False,
            )
    near = [use for use in report.quotas if use.used >= NEAR * use.limit]
    breaking = [use for use in report.quotas if use.breaks_at is not None]
    for use in near or sorted(breaking, key=lambda use: use.breaks_at or 0)[:1]:
        said = "exceeded" if use.left < 0 else "first to be exceeded"
        console.print(f"  {said}: {use.quota} in {use.where}; {use.way_out}", highlight=False)
    steps = "; ".join(f"{step.what} {_duration(step.seconds)} ({step.bound_by})" for step in report.deployment)
    console.print(f"[bold]A first deployment takes at least[/]: {steps}", highlight=False)
    console.print(
        f"[bold]Assumed[/], with prices of {report.prices.date}: {'; '.join(report.assumptions)}", highlight=False
    )


def _of_trail(audit: AuditCost) -> str:
    if audit.own_trail:
        return f", {audit.records} of them for records of the own trail in Amazon S3"
    return f" for any number of tenants; not made: a second trail, {audit.second_trail} dollars"


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, title_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number == 0 else "right", no_wrap=number == 0)
    return table


def _money(report: CostReport) -> Table:
    title = f"Dollars a month for the keys of {report.tenants:,} tenants, by rotations"
    table = _table(title, "", "keys", "unrotated", "once", "twice or more")
    for region in report.regions:
        copies = f", {region.replicas:,} replicas" if region.replicas else ""
        table.add_row(f"{region.region}{copies}", f"{region.total:,}", *map(_dollars, region.months))
    for arrangement in report.arrangements:
        table.add_row(arrangement.name, f"{arrangement.keys:,}", *map(_dollars, arrangement.months))
    return table


def _dollars(dollars: Dollars) -> str:
    low, high = f"{dollars.low:,.0f}", f"{dollars.high:,.0f}"
    return low if low == high else f"{low}-{high}"


def _requests(report: CostReport) -> Table:
    title = f"KMS requests at {report.load.messages_per_second:,g} messages a second"
    table = _table(title, "", "a second", "a month", "dollars a month")
    for name, requests in (("without a cache", report.uncached), ("with the client's cache", report.cached)):
        per_second = f"{requests.per_second:,.0f}" if requests.per_second >= 1 else f"{requests.per_second:.2g}"
        table.add_row(name, per_second, f"{requests.month:,}", f"{requests.dollars_month:,.2f}")
    return table


def _quotas(report: CostReport) -> Table:
    table = _table("Quotas", "", "where", "used", "of", "exceeded at tenants")
    for use in report.quotas:
        breaks = "never" if use.breaks_at is None else f"{use.breaks_at:,}"
        style = "bold red" if use.left < 0 else None
        table.add_row(use.quota, use.where, f"{use.used:,}", f"{use.limit:,}", breaks, style=style)
    return table


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < TWO_MINUTES else f"{seconds / 60:.0f} min"
