"""`tenant-keys prove`, `can` and `who`: what the templates allow, and to whom."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tenant_keys.cli.second_opinion import ask, exit_code, show_opinion
from tenant_keys.manifest import load_estate_of, load_estates
from tenant_keys.review.iam import Outcome
from tenant_keys.review.proof import CLAIM, Finding, Kind, Proof, prove
from tenant_keys.review.proof.alike import folded
from tenant_keys.review.proof.questions import Questions

Directory = Annotated[Path, typer.Argument(help="The cloud assembly that cdk synth wrote.")]
Assembly = Annotated[Path, typer.Option("--dir", help="The cloud assembly that cdk synth wrote.")]
Manifest = Annotated[Path, typer.Option(help="The manifest that declares the access.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Region = Annotated[str | None, typer.Option(help="Region of the key; by default the first that has it.")]
CDK_OUT, TENANTS = Path("cdk.out"), Path("tenants.yaml")
SHOWN = 10
WORST_CODE_FIRST = (1, 2, 0)
"""Of the proofs of several key accounts: engines that contradict each other, a breach, nothing found."""


def register(app: typer.Typer) -> None:
    """Add the commands to the main program."""
    app.command("prove")(prove_command)
    app.command("can")(can_command)
    app.command("who")(who_command)


def prove_command(
    directory: Directory = CDK_OUT,
    manifest: Manifest = TENANTS,
    safeguards: Annotated[
        bool, typer.Option("--safeguards", help="Remove each safeguard in turn and prove again.")
    ] = False,
    with_second_opinion: Annotated[
        bool,
        typer.Option("--second-opinion", help="Also ask an SMT solver, with another encoding of the same policies."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Prove from the templates that only its tenant can use each key.

    Exit codes: 0 proved, 2 refuted or not proved, 1 could not run.
    """
    documents: dict[str | None, dict[str, object]] = {}
    codes = []
    for estate in load_estates(manifest):
        opinion = ask(directory, estate) if with_second_opinion else None
        proof = prove(directory, estate, with_safeguards=safeguards)
        codes.append(exit_code(proof, opinion))
        documents[estate.key_account] = as_document(proof)
        if opinion:
            documents[estate.key_account]["second_opinion"] = opinion.as_document()
        if not as_json:
            if estate.key_account:
                Console().print(f"[bold]key account {estate.key_account}, {estate.central.account}[/]")
            show(proof, Console())
            if opinion:
                show_opinion(opinion, proof, Console())
    if as_json:
        typer.echo(json.dumps(documents.get(None, {"key_accounts": documents}), indent=1))
    raise typer.Exit(min(codes, key=WORST_CODE_FIRST.index))


def can_command(
    principal: Annotated[str, typer.Argument(help="tenant@workload, an ARN, role/Name, a service, or anonymous.")],
    action: Annotated[str, typer.Argument(help="Action of KMS, such as Decrypt.")],
    key: Annotated[str, typer.Argument(help="The tenant that owns the key.")],
    tag: Annotated[list[str] | None, typer.Option(help="Session tag, name=value.")] = None,
    context: Annotated[list[str] | None, typer.Option(help="Encryption context, name=value.")] = None,
    alias: Annotated[
        str | None, typer.Option(help="The alias that the request names; by default that of the key.")
    ] = None,
    by_key: Annotated[
        bool, typer.Option("--by-key", help="The request names the key by its ARN, or names no key.")
    ] = False,
    directory: Assembly = CDK_OUT,
    manifest: Manifest = TENANTS,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Decide one request, and print the statements that decide it.

    Exit codes: 0 allowed, 2 denied or not decided, 1 could not run.
    """
    questions = Questions(directory, load_estate_of(manifest, key), key, region)
    promise = questions.case.promise
    named = None if by_key else alias or promise.alias
    sent = {"tenant_id": promise.tenant} if context is None else _pairs(context)
    actor, decision = questions.can(principal, action, _pairs(tag or []), named, sent)
    if as_json:
        deciders = [asdict(decider) for decider in decision.deciders]
        typer.echo(
            json.dumps({"outcome": decision.outcome.value, "reason": decision.reason, "deciders": deciders}, indent=1)
        )
    else:
        console = Console(soft_wrap=True)
        # AWS has yet to choose the key's id.
        reason = decision.reason.replace(questions.case.record.arn, f"the key of tenant {promise.tenant}")
        console.print(f"[bold]{decision.outcome.value}[/bold]  {escape(reason)}")
        console.print(
            f"  as {escape(actor.label)}, KeyId={escape(named or 'the key ARN')}, context {escape(str(sent))}"
        )
        for decider in decision.deciders:
            console.print(f"  by {escape(decider.policy)}: {escape(decider.sid or f'statement {decider.index}')}")
    raise typer.Exit(0 if decision.outcome is Outcome.ALLOWED else 2)


def who_command(
    action: Annotated[str, typer.Argument(help="Action of KMS, such as Decrypt.")],
    key: Annotated[str, typer.Argument(help="The tenant that owns the key.")],
    directory: Assembly = CDK_OUT,
    manifest: Manifest = TENANTS,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """List every principal that can perform an action, with the roles and the request.

    Exit codes: 0 answered, 2 not decided, 1 could not run.
    """
    holders = Questions(directory, load_estate_of(manifest, key), key, region).who(action)
    if as_json:
        typer.echo(json.dumps([asdict(holder) for holder in holders], indent=1))
        return
    console = Console(soft_wrap=True)
    console.print(f"{len(holders) or 'nobody'} may {action} with the key of {key}")
    for holder in holders:
        console.print(f"\n[bold]{escape(_short(holder.label))}[/bold]")
        for path in holder.paths:
            console.print(f"  by way of: {escape(_short(' → '.join(path)))}")
        if not holder.paths:
            console.print("  by way of: access that is not in these templates")
        named = ", ".join(f"{name}={value}" for name, value in holder.context.items())
        console.print(f"  request: names the key by {escape(holder.named_by)}, with {escape(named) or 'any context'}")
        for statement in holder.statements:
            console.print(f"  allowed by: {escape(statement)}")


def show(proof: Proof, console: Console) -> None:
    """The verdict on one screen: the claim, what it rests on, and what breaks it."""
    colour = "green" if proof.proved else "red"
    console.print(f"[bold {colour}]{proof.verdict.upper()}[/]  {CLAIM}")
    console.print(
        f"  {proof.tenants:,} tenants in {proof.classes:,} classes, {proof.keys:,} keys, {proof.stacks:,} stacks; "
        f"{proof.requests:,} requests decided, each for all of its class; {proof.seconds:.2f} s"
    )
    groups = folded(proof.findings)
    for finding, more in groups[:SHOWN]:
        show_finding(finding, console)
        if more:
            console.print(f"  and {more:,} more like it")
    if len(groups) > SHOWN:
        left = sum(1 + more for _, more in groups[SHOWN:])
        console.print(f"  and {left:,} more; --json has them all")
    if proof.proved:
        _show_proved(proof, console)


def _show_proved(proof: Proof, console: Console) -> None:
    """What the claim rests on."""
    for held in proof.held:
        state = "in use" if held.active else "not in use yet"
        console.print(f"  {escape(held.tenant)} holds its key itself: {escape(', '.join(held.arns))}, {state}")
        console.print(f"    proved here: {held.ours}", soft_wrap=True)
        console.print(f"    the owner's responsibility: {held.theirs}", soft_wrap=True)
    repointed = "gain plaintext" if proof.alias_administrators_gain_plaintext else "gain no plaintext"
    granted = "would open a key" if proof.grants_open_the_key else "would open no key"
    console.print(f"  a principal that re-points an alias would {repointed}; a grant {granted} to anybody else")
    if proof.boundaries:
        named = ", ".join(map(escape, proof.boundaries))
        console.print(f"  not proved: what the permissions boundaries {named} leave of the declared access")
    table = Table(title="Who must be trusted", title_justify="left")
    for heading in ("may", "puts at risk", "who"):
        table.add_column(heading, overflow="fold")
    for (may, breaks), group in groupby(proof.trusted, key=lambda trusted: (trusted.may, trusted.breaks)):
        table.add_row(may, breaks, "\n".join(escape(_short(trusted.who)) for trusted in group))
    console.print(table)
    if proof.safeguards:
        _show_safeguards(proof, console)
    if proof.guardrails:
        _show_guardrails(proof, console)


def show_finding(finding: Finding, console: Console) -> None:
    """A counterexample: the request, the statements that decide it, the fix."""
    console.print(f"\n[bold]{finding.kind.value}[/bold]: {escape(finding.what)}")
    if finding.others:
        console.print(f"  and {finding.others:,} more tenants in the same position")
    for name, value in (finding.request or {}).items():
        console.print(f"  {name}: {escape(str(value))}", soft_wrap=True)
    for statement in finding.statements:
        console.print(f"  decided by {escape(statement)}")
    console.print(f"  fix: {escape(finding.fix)}")


def _show_safeguards(proof: Proof, console: Console) -> None:
    table = Table(title="What others gain when one safeguard is removed", title_justify="left")
    for heading in ("safeguard", "alone", "with a re-pointed alias too"):
        table.add_column(heading, overflow="fold")
    for safeguard in proof.safeguards:
        named = f"{safeguard.kind} {safeguard.sid}" + (f": {safeguard.condition}" if safeguard.condition else "")
        table.add_row(escape(named), safeguard.lost, safeguard.with_repointed_alias)
    console.print(table)


def _show_guardrails(proof: Proof, console: Console) -> None:
    title = "What others gain when one statement of a control policy is removed, and no other policy stops them"
    table = Table(title=title, title_justify="left")
    for heading in ("statement", "lost", "example"):
        table.add_column(heading, overflow="fold")
    for one in proof.guardrails:
        table.add_row(f"{one.policy} {escape(one.sid)}", one.lost, escape(_short(one.example)))
    console.print(table)


def _short(text: str) -> str:
    """ARNs of roles without what is always the same."""
    return re.sub(r"arn:[a-z-]+:iam::(\d{12}):", r"\1 ", text)


def as_document(proof: Proof) -> dict[str, object]:
    """The proof as JSON types."""
    return {"claim": CLAIM, **asdict(proof, dict_factory=_plain)}


def _plain(items: list[tuple[str, object]]) -> dict[str, object]:
    return {key: value.value if isinstance(value, Kind | Enum) else value for key, value in items}


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{text}: expected name=value")
        if name in pairs:
            raise typer.BadParameter(f"{text}: {name} is given twice")
        pairs[name] = value
    return pairs
