"""The checks of a pull request, one after the other, with what each says and what is worth keeping for a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tenant_keys.aws_facts.auditors import SERVICE_LINKED_ROLES
from tenant_keys.cost import cost_report
from tenant_keys.manifest import (
    Estate,
    EstateError,
    ManifestError,
    Problem,
    load_estates,
    manifests_and_warnings,
    read_lock,
)
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.manifest.sample import replaces_sample
from tenant_keys.operations.code_changes import changed_files, judges, other_files
from tenant_keys.operations.errors import AppFailed, NoProject
from tenant_keys.operations.revision import MANIFEST, check_out, require_app, synthesize
from tenant_keys.policy.template_size import reserved_sizes
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.diff import Change, Comparison, Severity, compare
from tenant_keys.review.diff.causes import manifest_edits
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import Proof, prove
from tenant_keys.review.proof.prove import NOT_UNDERSTOOD
from tenant_keys.review.proof.record import RECORD, recorded_verdict
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tenant_keys.review.report import Document, cfn_lint
from tenant_keys.review.report.findings import REPORT, nag_findings
from tenant_keys.review.rules import lint

NAG, PROOF = "AwsSolutions", "tenant-keys-proof"
"""The validations that every synth of the app runs."""
SHOWN_FILES: Final = 8
_REVIEW: Final = (
    "the report has no review, diff.json and diff.sarif of several key accounts; run tenant-keys review and diff with "
    "--manifest {}#NAME for each"
)


class Note(str):
    """A line that is said and does not fail the check."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One check and what it says."""

    name: str
    passed: bool
    said: tuple[str, ...]


class Checks:
    """The checks of one project; what they found stays here for the report."""

    def __init__(
        self,
        project: Path,
        scratch: Path,
        base: str | None,
        *,
        for_review: bool,
        begin: Callable[[str], None],
        manifest: Path = MANIFEST,
    ) -> None:
        """Take the folder of `app.py`, an empty folder to write in, the git revision to compare with, and the manifest.

        `for_review`: the proof removes each safeguard in turn, which the review shows. `begin` is called with the
        name of each check when the check starts.

        Raises:
            ManifestError: the folder holds no manifest.
            NoProject: the folder holds no app, or the manifest is not below it.
            NodeUnusable: there is no Node that can run the app.
        """
        if not (project / manifest).is_file():
            raise ManifestError([Problem((), "no such file; give the path of the manifest", 0, str(manifest))])
        require_app(project)
        if not (project / manifest).resolve().is_relative_to(project.resolve()):
            raise NoProject(f"{manifest}: is not below {project}; the base of the comparison would not have it")
        self.assembly = scratch / "cdk.out"
        self.manifest = project / manifest
        self.estate: Estate | None = None
        """This and what follows are of the one key account; of several none is kept but the comparisons."""
        self.lint: list[Document] | None = None
        self.reviewed: ReviewedEstate | None = None
        self.proof: Proof | None = None
        self.comparison: Comparison | None = None
        self.comparisons: dict[str | None, Comparison] = {}
        """Of each key account that the base has, by name."""
        self.is_first = False
        """Whether the base holds no estate yet, so that there is nothing to compare with and nothing to lose."""
        self._project, self._scratch, self._base, self._for_review = project, scratch, base, for_review
        self._estates: tuple[Estate, ...] = ()
        self._proofs: dict[str | None, tuple[ReviewedEstate | None, Proof]] = {}
        self._name = self.manifest.resolve().relative_to(project.resolve())
        """Below the project."""
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

    def _loaded(self) -> tuple[Estate, ...]:
        self._estates = self._estates or load_estates(self.manifest)
        self.estate = self._estates[0] if len(self._estates) == 1 else None
        return self._estates

    def _locked(self) -> Iterator[str]:
        result = bring_up_to_date(self.manifest, reserved_sizes, base=self._base, merge=False)
        if result.changed:
            yield f"{result.path.name} does not match {self.manifest.name}; run tenant-keys lock, and commit it"
        for estate in self._loaded():
            yield from _shut_out(estate)
        if self._for_review and self.estate is None:
            yield Note(_REVIEW.format(self.manifest.name))
        for problem in manifests_and_warnings(self.manifest)[1]:
            yield Note(f"warning: {problem}")

    def _synthesized(self) -> Iterator[str]:
        """The findings of the validations, from their report; what the app printed only where there is none.

        A validation without a report has not judged anything, whatever the exit code of the app says.
        """
        failure: AppFailed | None = None
        try:
            synthesize(self._project, self.assembly, self._name)
        except AppFailed as problem:
            failure = problem
        report = nag_findings(self.assembly)
        for row in report["open"]:
            places = f"{row['count']:,} places, such as {row['places'][0]}" if row["places"] else "no place given"
            yield f"{row['by']}: {row['what'].splitlines()[0]} ({row['rule']}; {places})"
        if failure is not None and not report["open"]:
            yield str(failure)
        yield from self._absent({plugin["name"] for plugin in report["plugins"]})

    def _absent(self, reported: set[str]) -> Iterator[str]:
        """The validations that did not run. The CDK's report names those alone that found or acknowledged something."""
        fix = "app.py adds it with add_validations"
        # Every access role has an acknowledged finding of cdk-nag; without workloads there is none.
        if NAG not in reported and any(estate.workloads for estate in self._loaded()):
            yield f"the validation {NAG} did not run: {REPORT} of the assembly does not name it; {fix}"
        if not (self.assembly / "manifest.json").is_file():
            return
        if recorded_verdict(self.assembly) is None:
            yield f"the validation {PROOF} did not run: {RECORD} is not of this assembly; {fix}"

    def _linted(self) -> Iterator[str]:
        for finding in lint(Assembly.open(self.assembly)):
            message = f"{finding.where}: {finding.what}; {finding.fix}"
            yield Note(message) if finding.severity == "warning" else message

    def _cfn_linted(self) -> Iterator[str]:
        self.lint = cfn_lint(self.assembly)
        for row in self.lint:
            yield f"{row['severity']} {row['rule']}: {row['what']}; {row['count']} places, such as {row['places'][0]}"

    def _proved(self) -> Iterator[str]:
        for estate in self._loaded():
            try:
                reviewed = review_estate(self.assembly, estate)
            except NOT_UNDERSTOOD:
                reviewed = None  # the proof says why
            proof = prove(reviewed or self.assembly, estate, with_safeguards=self._for_review)
            self._proofs[estate.key_account] = reviewed, proof
            if estate is self.estate:
                self.reviewed, self.proof = reviewed, proof
            for finding in proof.findings:
                yield f"{finding.kind.value}: {finding.what}; {finding.fix}"

    def _counted(self) -> Iterator[str]:
        for estate in self._loaded():
            for use in cost_report(estate).exceeded:
                yield f"{use.quota} ({use.where}): {use.used:,} exceed {use.limit:,}; {use.way_out}"

    def _compared(self) -> Iterator[str]:
        folder = self._scratch / "base"
        folder.mkdir()
        project = check_out(str(self._base), folder, self._project)
        if self._begins(project):
            yield from self._first(project)
            return
        before = synthesize(project, self._scratch / "base.out", self._name)
        entries = read_lock(self.manifest.with_suffix(".lock")).entries
        gone = frozenset(entry.id_in_aws for entry in entries.values() if entry.phase == "offboarded")
        old = self._by_account(load_estates(project / self._name))
        files = changed_files(project, self._project)
        causes = [*manifest_edits(project / self._name, self.manifest), *(f"code: {file}" for file in files)]
        more = list(_judge_changes(judges(files)))
        for estate in self._loaded():
            if estate.central.account not in old:
                yield Note(f"the key account {estate.key_account} is new, and with it all its keys and access")
                continue
            reviewed, proof = self._proofs.get(estate.key_account, (None, None))
            compared = compare(
                before,
                old.pop(estate.central.account),
                reviewed or self.assembly,
                estate,
                proof=proof,
                offboarded=gone,
                causes=causes,
                more=more,
            )
            if compared.only_adds_tenants and other_files(str(self._base), self._project, self.manifest):
                compared = replace(compared, only_adds_tenants=False)
            self.comparisons[estate.key_account] = compared
            if estate is self.estate:
                self.comparison = compared
            for change in compared.changes:
                yield Note(change.what) if change.severity is Severity.NOTE else change.what
            more = []  # said once
        for account in old:
            yield f"the key account {account} is gone, and with it its tenants' keys; restore it"

    def _by_account(self, estates: tuple[Estate, ...]) -> dict[str, Estate]:
        """Those of the base by key account; where each side has one, the one that its keys would be compared with."""
        if len(estates) == len(self._loaded()) == 1:
            return {self._loaded()[0].central.account: estates[0]}
        return {estate.central.account: estate for estate in estates}

    def _begins(self, project: Path) -> bool:
        """Whether the base has no estate: neither manifest nor lock, or the sample of the tool in another account."""
        manifest = project / self._name
        lock = manifest.with_suffix(".lock")
        if not lock.exists():
            return not manifest.exists()
        return replaces_sample(read_lock(lock), read_lock(self.manifest.with_suffix(".lock")))

    def _first(self, project: Path) -> Iterator[str]:
        self.is_first = True
        yield Note(f"{self._base} holds no estate yet: all keys and all access are new, and the report has them")
        if (project / "app.py").is_file():
            for change in _judge_changes(judges(changed_files(project, self._project))):
                yield f"{change.what}; {change.fix}"

    def _run(self, name: str, check: Callable[[], Iterator[str]]) -> Step:
        """A check passes when it has nothing to say but notes."""
        self._begin(name)
        try:
            said = tuple(check())
        except EstateError as error:
            said = tuple(str(error).splitlines())
        except ReviewError as error:
            said = (str(error),)
        return Step(name, all(isinstance(line, Note) for line in said), said)


def _shut_out(estate: Estate) -> Iterator[Note]:
    """AWS's own auditors whom the key policies deny what they ask, and what AWS then says of every key."""
    central = estate.central
    for auditor, reference in SERVICE_LINKED_ROLES.items():
        if auditor not in central.auditors and not any(role.endswith(f":{reference}") for role in central.readers):
            yield Note(f"{_BLIND[auditor]}; name {auditor} in central.auditors")


_BLIND: Final = {
    "access-analyzer": "IAM Access Analyzer may not read the keys, and reports ACCESS_DENIED for each of them",
    "config": "AWS Config may not read the keys unless it records with a role in central.readers, and Security Hub "
    "reports KMS.5 as failed",
}
"""Source: IAM guide, access-analyzer-resources; Security Hub guide, kms-controls."""


def _judge_changes(files: list[str]) -> Iterator[Change]:
    """A change that touches what judges it is judged by its own code: only a person can tell whether that is right."""
    if files:
        more = f" and {len(files) - SHOWN_FILES:,} more" if len(files) > SHOWN_FILES else ""
        yield Change(
            Severity.REVIEW,
            "judge-changed",
            f"the change touches what judges it: {', '.join(files[:SHOWN_FILES])}{more}",
            fix="review these files before the verdict: this check ran their new code",
        )
