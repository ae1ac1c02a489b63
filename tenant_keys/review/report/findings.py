"""What was found, by whom: the proof, our rules, cdk-nag, cfn-lint; what is accepted has its reason."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import AssemblyUnreadable, ReviewError
from tenant_keys.review.proof import Finding, Proof
from tenant_keys.review.rules import LintFinding

Json = dict[str, Any]
REPORT = "validation-report.json"
SHOWN_PLACES = 20
_LINT_SECONDS = 600


class LintFailed(ReviewError):
    """Raised when cfn-lint was asked for and does not run."""


def proof_findings(proof: Proof) -> list[Json]:
    """The worst first."""
    return [_proof_finding(one) for one in proof.findings]


def _proof_finding(one: Finding) -> Json:
    return {**asdict(one), "kind": one.kind.value, "statements": list(one.statements)}


def rule_findings(found: Iterable[LintFinding]) -> list[Json]:
    """Our own rules; where one tenant represents its class, so does the finding."""
    return [asdict(one) for one in found]


def nag_findings(directory: Path) -> Json:
    """What the validations of the synth said; the synth writes it beside the templates.

    Raises:
        AssemblyUnreadable: the report is not the JSON that it should be.
    """
    path = directory / REPORT
    if not path.exists():
        return {"ran": False, "plugins": [], "open": [], "acknowledged": []}
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        plugins = list(report["pluginReports"])
        names = [{"name": str(one["pluginName"]), "conclusion": str(one["conclusion"])} for one in plugins]
        found = {
            "open": [row for one in plugins for row in _grouped(one, one.get("violations", ()))],
            "acknowledged": [row for one in plugins for row in _grouped(one, one.get("suppressedViolations", ()))],
        }
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise AssemblyUnreadable(f"{path}: not a validation report ({problem}); run cdk synth again") from problem
    return {"ran": True, "plugins": names, **found}


def _grouped(plugin: Json, violations: Iterable[Json]) -> Iterator[Json]:
    """One row for each rule and reason; at 10,000 tenants the same is accepted at thousands of constructs."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in violations:
        key = (str(one["ruleName"]), str(one.get("description", "")), str(one.get("reason", "")))
        rows.setdefault(key, []).extend(_places(one))
    for (rule, what, reason), places in rows.items():
        shown = sorted(set(places))
        yield {
            "by": str(plugin["pluginName"]),
            "rule": rule,
            "what": what,
            "reason": reason,
            "count": len(shown),
            "places": shown[:SHOWN_PLACES],
        }


def _places(violation: Json) -> Iterator[str]:
    for one in violation.get("violatingConstructs", ()):
        yield str(one.get("constructPath") or one.get("cloudFormationResource", {}).get("logicalId") or "?")
    for one in violation.get("violatingResources", ()):
        yield str(one.get("resourceLogicalId", "?"))


def cfn_lint(directory: Path) -> list[Json]:
    """Run cfn-lint over the templates of an assembly, which takes seconds for each; a row for each rule and message.

    Raises:
        LintFailed: it is not installed, or does not end.
    """
    templates = [artifact.template_path for artifact in Assembly.open(directory).artifacts]
    program = "from cfnlint.runner import main; main()"
    command = [sys.executable, "-c", program, "--format", "json", "--", *map(str, templates)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LINT_SECONDS, check=False)  # noqa: S603 - our own interpreter, no shell
        found = json.loads(done.stdout or "[]")
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        raise LintFailed(f"cfn-lint: {problem}") from problem
    if done.returncode and not found:
        raise LintFailed(f"cfn-lint ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in found:
        path = "/".join(map(str, one.get("Location", {}).get("Path") or ()))
        key = (str(one["Rule"]["Id"]), str(one["Level"]).lower(), str(one["Message"]))
        rows.setdefault(key, []).append(f"{Path(one['Filename']).name} {path}")
    return [
        {"rule": rule, "severity": level, "what": what, "count": len(places), "places": sorted(places)[:SHOWN_PLACES]}
        for (rule, level, what), places in sorted(rows.items())
    ]
