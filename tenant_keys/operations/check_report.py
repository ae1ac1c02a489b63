"""What a pull request's checks leave behind: a comment, SARIF, the review, the cloud assembly."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from tenant_keys.manifest.replace_file import replace_file
from tenant_keys.manifest.written import USUAL
from tenant_keys.operations.checks import Checks, Step
from tenant_keys.operations.provenance import provenance
from tenant_keys.review.diff.render import as_json, markdown, sarif
from tenant_keys.review.markdown import escaped
from tenant_keys.review.report import build_document, render_html, render_json, render_markdown

SHOWN = 10


def write_report(folder: Path, checks: Checks, steps: Sequence[Step]) -> Iterator[Path]:
    """Write what there is, file by file; a file is replaced whole. Earlier files of what is not there go."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: dict[str, str] = {"comment.md": comment(checks, steps)}
    if checks.comparison is not None:
        texts |= {"diff.json": as_json(checks.comparison), "diff.sarif": sarif(checks.comparison, checks.manifest)}
    if checks.estate is not None and checks.proof is not None:
        made_of = provenance(checks.manifest, checks.assembly)
        document = build_document(
            checks.assembly,
            checks.estate,
            checks.proof,
            lint=checks.lint,
            provenance=made_of,
            reviewed=checks.reviewed,
        )
        texts |= {"review.html": render_html(document), "review.md": render_markdown(document)}
        texts["review.json"] = render_json(document)
    for name in ("comment.md", "diff.json", "diff.sarif", "review.html", "review.md", "review.json"):
        if name in texts:
            replace_file(folder / name, texts[name].encode("utf-8"))
            yield folder / name
        else:
            (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "cdk.out", ignore_errors=True)
    if checks.assembly.is_dir():
        shutil.copytree(checks.assembly, folder / "cdk.out")
        yield folder / "cdk.out"


def comment(checks: Checks, steps: Sequence[Step]) -> str:
    """A pull-request comment: what the change does, then what failed; all else is in the report."""
    failed = [step for step in steps if not step.passed]
    without = "the first estate" if checks.is_first else "could not compare"
    lines = []
    for name, comparison in checks.comparisons.items():
        lines += [f"# Key account {escaped(name)}", "", markdown(comparison)] if name else [markdown(comparison)]
    lines = lines or [f"## tenant-keys: {without}", ""]
    if checks.manifest.name != USUAL:  # a repository of several estates has one comment for all
        lines = [f"# {escaped(checks.manifest.name)}", "", *lines]
    for step in failed:
        if checks.comparisons and step.name.startswith("change against "):
            continue  # reported above
        lines += [f"### Failed: {escaped(step.name)}", ""]
        lines += [f"- {escaped(line)}" for line in step.said[:SHOWN]]
        lines += [f"- and {len(step.said) - SHOWN:,} more, in the report"] if len(step.said) > SHOWN else []
        lines.append("")
    passed = ", ".join(step.name for step in steps if step.passed)
    lines += [f"Passed: {escaped(passed) or 'nothing'}. The whole review is in the report of this run.", ""]
    return "\n".join(lines)
