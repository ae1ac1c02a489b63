"""A comparison for people (Markdown), for machines (JSON) and for code scanning (SARIF 2.1.0)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tenant_keys.manifest import Problem
from tenant_keys.manifest.written import read_written
from tenant_keys.review.diff.change import Change, Severity
from tenant_keys.review.diff.compare import Comparison
from tenant_keys.review.markdown import escaped

_HEADINGS = {
    Severity.BLOCKED: "Blocked",
    Severity.REVIEW: "Needs review",
    Severity.NOTE: "Also changes",
}
_LEVELS = {Severity.BLOCKED: "error", Severity.REVIEW: "warning", Severity.NOTE: "note"}
_SHOWN = 20
_SHOWN_CAUSES = 10


def markdown(comparison: Comparison) -> str:
    """A pull-request comment: the verdict, what was edited, what it does, and the rest folded."""
    proved = (
        "isolation is proved of the new templates"
        if comparison.proved
        else "isolation is NOT proved of the new templates"
    )
    lines = [f"## tenant-keys: {comparison.verdict}", ""]
    lines += [f"- `{_code(cause)}`" for cause in comparison.causes[:_SHOWN_CAUSES]]
    if len(comparison.causes) > _SHOWN_CAUSES:
        lines.append(f"- and {len(comparison.causes) - _SHOWN_CAUSES:,} edits more, in the JSON")
    lines += [""] if comparison.causes else []
    lines += [proved, ""]
    if not comparison.touches_keys_or_access:
        lines += ["No access changes, no key changes.", ""]
    for severity in Severity:
        changes = [change for change in comparison.changes if change.severity is severity]
        if changes:
            lines += _section(severity, changes)
    return "\n".join(lines)


def _code(text: str) -> str:
    """Text within backticks, which hold no backtick and no line break."""
    return text.replace("`", "'").replace("\n", " ")


def folded(changes: Iterable[Change]) -> list[tuple[Change, int]]:
    """Near-duplicates as one: of those alike, the one that concerns most, and how many more there are."""
    alike: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        alike.setdefault((change.rule, change.like or change.what), []).append(change)
    return [(max(several, key=lambda one: one.count), len(several) - 1) for several in alike.values()]


def _section(severity: Severity, changes: list[Change]) -> Iterator[str]:
    """One severity; safeguards come last and folded, unless nothing else tells why a review is needed."""
    safeguards = [change for change in changes if change.rule == "safeguard-loosened"]
    rest = [change for change in changes if change not in safeguards]
    if rest:
        title = f"{_HEADINGS[severity]} ({len(rest)})"
        yield from _listed(f"### {title}", rest) if severity is not Severity.NOTE else _hidden(title, rest)
    if safeguards:
        title = f"Safeguards that are gone or let more through ({len(safeguards)})"
        yield from _hidden(title, safeguards) if rest else _listed(f"### {title}", safeguards)


def _hidden(title: str, changes: list[Change]) -> Iterator[str]:
    yield from _listed(f"<details><summary>{title}</summary>", changes)
    yield "</details>"
    yield ""


def _listed(title: str, changes: list[Change]) -> Iterator[str]:
    yield title
    yield ""
    several = folded(changes)
    for change, more in several[:_SHOWN]:
        alike = f" (and {more:,} like it)" if more else ""
        yield f"- {escaped(change.what)}{alike}" + (f" — {escaped(change.fix)}" if change.fix else "")
    if len(several) > _SHOWN:
        yield f"- and {len(several) - _SHOWN:,} more, in the JSON"
    yield ""


def as_json(comparison: Comparison) -> str:
    """All changes, with stable keys."""
    changes = [
        {
            "severity": change.severity.value,
            "rule": change.rule,
            "what": change.what,
            "tenants": list(change.tenants),
            "count": change.count,
            "stack": change.stack,
            "fix": change.fix,
        }
        for change in comparison.changes
    ]
    document = {
        "verdict": comparison.verdict,
        "proved": comparison.proved,
        "only_adds_tenants": comparison.only_adds_tenants,
        "causes": list(comparison.causes),
    }
    return json.dumps({**document, "changes": changes}, indent=1)


def sarif(comparison: Comparison, manifest: Path) -> str:
    """SARIF 2.1.0 for code scanning; a result points at the manifest's line of the first tenant concerned.

    Raises:
        ManifestError: the manifest cannot be read.
    """
    asked = [Problem(("tenants", *change.tenants[:1]), change.what) for change in comparison.changes]
    places = read_written(manifest).locate(asked)
    results = [
        {
            "ruleId": change.rule,
            "level": _LEVELS[change.severity],
            "message": {"text": change.what + (f"; {change.fix}" if change.fix else "")},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": place.file},
                        "region": {"startLine": place.line or 1},
                    }
                }
            ],
        }
        for change, place in zip(comparison.changes, places, strict=True)
    ]
    rules = sorted({change.rule for change in comparison.changes})
    driver = {"name": "tenant-keys", "rules": [{"id": rule} for rule in rules]}
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(document, indent=1)
