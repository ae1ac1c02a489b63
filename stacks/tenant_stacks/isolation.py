"""The proof of isolation as a validation of the synth: a breach fails it, with the request that gets through."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import aws_cdk as cdk
import jsii

from tenant_keys.manifest import Estate
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import WORST_FIRST, Finding, Kind, prove
from tenant_keys.review.proof.alike import folded
from tenant_keys.review.proof.changed_cells import classes_of
from tenant_keys.review.proof.prove import NOT_UNDERSTOOD
from tenant_keys.review.proof.record import write_record
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate


@jsii.implements(cdk.IPolicyValidationPlugin)
class IsolationProof:
    """Reads the templates that were written, and nothing of the code that wrote them."""

    classes: Mapping[str, Sequence[str]] | None = None
    """Once the estate is proved: the first tenants of each of its classes."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    @property
    def name(self) -> str:
        """Heads the proof's part of the validation report."""
        return "tenant-keys-proof"

    @property
    def rule_ids(self) -> list[str]:
        """One rule for each kind of finding."""
        return [kind.value for kind in Kind]

    @property
    def version(self) -> str:
        """The version of the package that proves."""
        return version("tenant-keys")

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Prove; every finding is a violation of the resource's stack."""
        paths = list(context.template_paths)
        # With stages there are several folders; the one above them all has the manifest that names every stack.
        folder = Path(os.path.commonpath([Path(path).parent for path in paths]))
        try:
            read = [(_reviewed(folder, estate), estate) for estate in self._estate.key_accounts]
            proofs = [prove(reviewed or folder, estate) for reviewed, estate in read]
        except ReviewError as problem:
            return _report([_violation("not proved", str(problem), "", paths[0])])
        # The CDK's report does not name a validation that found nothing: it looks like one that did not run.
        verdict = min((proof.verdict for proof in proofs), key=WORST_FIRST.index)
        write_record(folder, verdict)
        (reviewed, _), *others = read
        if reviewed and not others and verdict == "proved":
            self.classes = classes_of(reviewed)
        findings = [finding for proof in proofs for finding in proof.findings]
        return _report([_of(finding, more, paths[0]) for finding, more in folded(findings)])


def _reviewed(folder: Path, estate: Estate) -> ReviewedEstate | None:
    """The reading of the templates; None where they are not understood, and the proof says why."""
    try:
        return review_estate(folder, estate)
    except (ReviewError, *NOT_UNDERSTOOD):
        return None


def _of(finding: Finding, more: int, path: str) -> cdk.PolicyViolation:
    lines = [finding.what, *(f"{name}: {value}" for name, value in (finding.request or {}).items())]
    lines += [f"decided by {statement}" for statement in finding.statements]
    if more:
        lines.append(f"and {more:,} more like it; tenant-keys prove --json lists them all")
    return _violation(finding.kind.value, "\n".join(lines), finding.fix, path)


def _violation(rule: str, description: str, fix: str, path: str) -> cdk.PolicyViolation:
    resource = cdk.PolicyViolatingResource(resource_logical_id="estate", template_path=path, locations=[])
    return cdk.PolicyViolation(
        rule_name=rule, description=description, fix=fix or None, severity="high", violating_resources=[resource]
    )


def _report(violations: list[cdk.PolicyViolation]) -> cdk.PolicyValidationPluginReport:
    return cdk.PolicyValidationPluginReport(success=not violations, violations=violations)
