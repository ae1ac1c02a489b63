"""`tenant-keys review`: the report for a security reviewer, as one HTML file, Markdown and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tenant_keys.manifest import load_estate
from tenant_keys.manifest.replace_file import replace_file, require_writable
from tenant_keys.review.proof import prove

if TYPE_CHECKING:
    from tenant_keys.review.report import Document


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("review")(review_command)


def review_command(
    directory: Annotated[Path, typer.Argument(help="The cloud assembly that cdk synth wrote.")] = Path("cdk.out"),
    manifest: Annotated[Path, typer.Option(help="The manifest that declares the access.")] = Path("tenants.yaml"),
    output: Annotated[Path, typer.Option(help="Folder for review.html, review.md and review.json.")] = Path("report"),
    with_cfn_lint: Annotated[
        bool, typer.Option("--cfn-lint", help="Also run cfn-lint, which takes seconds for each template.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print review.json on stdout, and write no file.")] = False,
) -> None:
    """Write the report of the templates: verdict, each tenant's page, access, findings, controls, cost.

    Exit codes: 0 proved and nothing found, 2 something is refuted, not proved or found, 1 could not run.
    """
    from tenant_keys.operations.provenance import provenance
    from tenant_keys.review import report

    progress = Console(stderr=True)

    def say(line: str) -> None:
        progress.print(f"[dim]{escape(line)}[/]")

    estate = load_estate(manifest)
    if not as_json:
        require_writable(output, folder=True)
    say("proving, and removing each safeguard in turn")
    proof = prove(directory, estate, with_safeguards=True)
    found = report.cfn_lint(directory) if with_cfn_lint else None
    made_of = provenance(manifest, directory)
    document = report.build_document(directory, estate, proof, lint=found, provenance=made_of, progress=say)
    if as_json:
        typer.echo(report.render_json(document), nl=False)
    else:
        forms = {
            "html": report.render_html(document),
            "md": report.render_markdown(document),
            "json": report.render_json(document),
        }
        output.mkdir(parents=True, exist_ok=True)
        for ending, text in forms.items():
            replace_file(output / f"review.{ending}", text.encode("utf-8"))
        colour = "green" if proof.proved else "red"
        said = f"{document['summary']['tenants']:,} tenants, {_open_findings(document)} open findings"
        files = f"{escape(str(output / 'review.html'))}, review.md, review.json"
        Console().print(f"[bold {colour}]{proof.verdict}[/]; {said}; {files}", soft_wrap=True)
    raise typer.Exit(2 if _open_findings(document) or not proof.proved else 0)


def _open_findings(document: Document) -> int:
    found = document["findings"]
    return sum(map(len, (found["proof"], found["rules"], found["nag"]["open"], found["lint"] or ())))
