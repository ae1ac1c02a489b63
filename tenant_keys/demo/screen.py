"""The report on a terminal: what is where, what was allowed, what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from tenant_keys.demo.report import Call, Report

MARGIN = 4
"""Columns of the mark and the gap."""


def show_estate(report: Report, console: Console, *, with_names: bool = False) -> None:
    """The proof's verdict, and one row a stack."""
    colour = "green" if report.verdict == "proved" else "red"
    console.print(f"[bold {colour}]{report.verdict.upper()}[/] {escape(report.claim)}", soft_wrap=True)
    console.print(
        f"  {report.tenants} tenants, {report.keys} keys, {len(report.stacks)} stacks; "
        f"{report.requests:,} requests decided, each for all of its class\n"
    )
    rows = []
    for stack in report.stacks:
        holds = ", ".join(f"{count} {_one(kind, count)}" for kind, count in stack.resources.items())
        rows.append((stack.account, stack.region, stack.name, holds))
    _show_table(console, ("account", "Region", "stack", "holds"), rows)
    if with_names:
        console.print()
        _show_table(console, ("account", "Region", "name"), report.names)


def show_calls(report: Report, console: Console) -> None:
    """The summary: what was allowed and what came of it, then what was refused, by the policy that refused."""
    console.print("\n[bold]Allowed[/]")
    who, tried = (_width(report.served, column) for column in ("who", "tried"))
    for call in report.served:
        _row(console, call, f"{call.who:<{who}}  {call.tried:<{tried}}", call.seen or _statements(call))
    console.print("\n[bold]Denied[/]")
    who, tried, code = (_width(report.attacks, column) for column in ("who", "tried", "answer"))
    for group, calls in groupby(report.attacks, key=_refuser):
        console.print(f"[dim]  by {escape(group)}[/]")
        for call in calls:
            _row(console, call, f"{call.who:<{who}}  {call.tried:<{tried}}  {call.answer:<{code}}", _refusal(call))


def show_messages(report: Report, console: Console) -> None:
    """What the attacks left on the topic of the audit stack: one line a rule, with the first message."""
    if not report.watched:
        return
    console.print("\n[bold]Reported to on-call[/]")
    by_rule = {rule: list(several) for rule, several in groupby(report.reported, key=lambda one: one.rule)}
    rows = [
        (several[0].severity, rule, f"{len(several)}", f"{several[0].who}: {several[0].event} {several[0].at}".rstrip())
        for rule, several in by_rule.items()
    ]
    _show_table(console, ("severity", "rule", "messages", "the first"), rows)


def _row(console: Console, call: Call, left: str, right: str) -> None:
    """On one line, or on two where the terminal is narrow."""
    mark = "[green]✓[/]" if call.as_promised else "[bold red]✗[/]"
    fits = len(left) + len(right) + MARGIN <= console.width
    line = f"{left}  {right}" if fits else f"{left.rstrip()}\n{' ' * MARGIN}{right}"
    console.print(f"{mark} {escape(line)}", soft_wrap=True)


def show_verdict(report: Report, console: Console) -> None:
    """The last line, and each call that did not go as expected."""
    worked = sum(call.as_promised for call in report.served)
    refused = sum(call.as_promised for call in report.attacks)
    line = (
        f"{worked} of {len(report.served)} legitimate calls succeeded, "
        f"{refused} of {len(report.attacks)} attacks denied"
    )
    if report.skipped:
        line += f", {len(report.skipped)} had nothing to attack"
    if report.as_promised:
        console.print(f"\n[bold green]PASSED[/]  {line}; all resources removed")
        return
    console.print(f"\n[bold red]FAILED[/]  {line}")
    for call in [*report.served, *report.attacks]:
        if not call.as_promised:
            how = f"{call.answer} {_statements(call)} {call.seen}".strip()
            console.print(f"[red]  {escape(call.name)}: {escape(call.who)}: {escape(call.tried)}: {escape(how)}[/]")
    if not report.cleaned_up:
        console.print(f"[red]  not all resources were removed: {report.endpoint}, {escape(report.folder)}[/]")


def _show_table(console: Console, heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Without blanks at the ends of lines, since docs/demo.txt is what is printed."""
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    for number, row in enumerate([heading, *rows]):
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        console.print(escape(line), style=None if number else "dim", soft_wrap=True)


def _width(calls: list[Call], column: str) -> int:
    return max((len(getattr(call, column)) for call in calls), default=0)


def _refuser(call: Call) -> str:
    """Under which heading a refusal is listed: a key's policy, the roles' trust policies, or no policy at all."""
    policy = call.decided_by[0].policy if call.decided_by else "nobody"
    if policy.startswith("trust policy"):
        return "trust policies, in which no statement allows it"
    return "the services' own checks" if policy.startswith("AWS ") else policy


def _refusal(call: Call) -> str:
    policy = call.decided_by[0].policy if call.decided_by else ""
    if policy.startswith("trust policy of "):
        return policy
    return f"{policy}: {_statements(call)}" if policy.startswith("AWS ") else _statements(call)


def _statements(call: Call) -> str:
    return ", ".join(dict.fromkeys(each.sid or "no statement allows it" for each in call.decided_by))


def _one(kind: str, count: int) -> str:
    return kind if count != 1 else {"aliases": "alias"}.get(kind, kind.removesuffix("s"))
