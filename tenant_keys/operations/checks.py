"""The checks of a pull request, one after the other, with what each says and what is worth keeping for a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tenant_keys.manifest import Estate, EstateError, load_estate, read_lock
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.operations.errors import AppFailed, NoProject
from tenant_keys.operations.revision import check_out, synthesize
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.cost import cost_report
from tenant_keys.review.diff import Comparison, Severity, compare
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import Proof, prove
from tenant_keys.review.report import Document, cfn_lint
from tenant_keys.review.rules import lint

NOTE = "- "
"""Begins a line that is said and does not fail the check."""


@dataclass(frozen=True, slots=True)
class Step:
    """One check and what it says."""

    name: str
    passed: bool
    said: tuple[str, ...]


class Checks:
    """The checks of one project; what they found stays here for the report."""

    def __init__(
        self, project: Path, scratch: Path, base: str | None, *, for_review: bool, begin: Callable[[str], None]
    ) -> None:
        """Take the folder of `app.py`, an empty folder to write in, and the git revision to compare with.

        `for_review`: the proof removes each safeguard in turn, which the review shows. `begin` is told each check's
        name when the check starts.

        Raises:
            NoProject: the folder holds no app or no manifest.
        """
        for name in ("app.py", "tenants.yaml"):
            if not (project / name).is_file():
                raise NoProject(f"{project / name}: no such file; run the command in the root of the project")
        self.assembly = scratch / "cdk.out"
        self.manifest = project / "tenants.yaml"
        self.estate: Estate | None = None
        self.lint: list[Document] | None = None
        self.proof: Proof | None = None
        self.comparison: Comparison | None = None
        self._project, self._scratch, self._base, self._for_review = project, scratch, base, for_review
        self._begin = begin

    def run(self) -> Iterator[Step]:
        """The checks in order; what cannot go on without an earlier one stops there.

        Raises:
            GitError, OperationError: git does not have the base, or the base does not synthesize.
        """
        lock = self._run("manifest and lock", self._locked)
        yield lock
        if not lock.passed:
            return
        yield self._run("synth, with cdk-nag and the proof as validations", self._synthesized)
        if not (self.assembly / "manifest.json").is_file():
            return
        yield self._run("rules on policies", self._linted)
        yield self._run("cfn-lint", self._cfn_linted)
        yield self._run("proof of isolation", self._proved)
        yield self._run("quotas", self._counted)
        if self._base is not None:
            yield self._run(f"change against {self._base}", self._compared)

    def _loaded(self) -> Estate:
        self.estate = self.estate or load_estate(self.manifest)
        return self.estate

    def _locked(self) -> Iterator[str]:
        result = bring_up_to_date(self.manifest, base=self._base, merge=False)
        if result.changed:
            yield f"{result.path.name} does not match {self.manifest.name}; run tenant-keys lock, and commit it"
        self._loaded()

    def _synthesized(self) -> Iterator[str]:
        try:
            synthesize(self._project, self.assembly)
        except AppFailed as problem:
            yield str(problem)

    def _linted(self) -> Iterator[str]:
        for finding in lint(Assembly.open(self.assembly)):
            note = NOTE if finding.severity == "warning" else ""
            yield f"{note}{finding.where}: {finding.what}; {finding.fix}"

    def _cfn_linted(self) -> Iterator[str]:
        self.lint = cfn_lint(self.assembly)
        for row in self.lint:
            yield f"{row['severity']} {row['rule']}: {row['what']}; {row['count']} places, such as {row['places'][0]}"

    def _proved(self) -> Iterator[str]:
        self.proof = prove(self.assembly, self._loaded(), with_safeguards=self._for_review)
        for finding in self.proof.findings:
            yield f"{finding.kind.value}: {finding.what}; {finding.fix}"

    def _counted(self) -> Iterator[str]:
        for use in cost_report(self._loaded()).exceeded:
            yield f"{use.quota} ({use.where}): {use.used:,} do not fit into {use.limit:,}; {use.way_out}"

    def _compared(self) -> Iterator[str]:
        folder = self._scratch / "base"
        folder.mkdir()
        project = check_out(str(self._base), folder, self._project)
        before = synthesize(project, self._scratch / "base.out")
        entries = read_lock(self.manifest.with_suffix(".lock")).entries
        gone = frozenset(tenant for tenant, entry in entries.items() if entry.phase == "offboarded")
        old = load_estate(project / "tenants.yaml")
        self.comparison = compare(before, old, self.assembly, self._loaded(), offboarded=gone)
        for change in self.comparison.changes:
            yield (NOTE if change.severity is Severity.NOTE else "") + change.what

    def _run(self, name: str, check: Callable[[], Iterator[str]]) -> Step:
        """A check passes when it has nothing to say but notes."""
        self._begin(name)
        try:
            said = tuple(check())
        except EstateError as error:
            said = tuple(str(error).splitlines())
        except ReviewError as error:
            said = (str(error),)
        return Step(name, all(line.startswith(NOTE) for line in said), said)
