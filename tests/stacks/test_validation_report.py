"""What the synth's report says of each finding of the proof, and how a failed validation ends the program."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import Finding, Kind
from tenant_stacks import isolation
from tenant_stacks.isolation import IsolationProof
from tenant_stacks.validation import synthesize
from tests.policy.estates import sample

BREACH = Finding(
    Kind.OTHER_TENANT,
    "Another tenant's role may decrypt.",
    "Restore the alias condition.",
    request={"principal": "role/x", "action": "kms:Decrypt"},
    statements=("a.template.json: UseOwnTenantKey",),
)


def reported(monkeypatch: pytest.MonkeyPatch, folder: Path, answer: object, *templates: str) -> Any:
    """The plugin's report where the proof gives this answer, of templates in these folders."""

    def prove(source: Path, estate: object) -> object:
        assert (source, estate) == (folder, sample())
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(isolation, "prove", prove)
    paths = [str(folder / template) for template in templates or ("a.template.json", "b.template.json")]
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    return IsolationProof(sample()).validate(SimpleNamespace(template_paths=paths))


def proof(*findings: Finding) -> SimpleNamespace:
    return SimpleNamespace(verdict="refuted" if findings else "proved", findings=findings)


def test_the_proof_names_itself_its_rules_and_its_version() -> None:
    plugin = IsolationProof(sample())
    assert plugin.name == "tenant-keys-proof"
    assert plugin.rule_ids == [kind.value for kind in Kind]
    assert plugin.version == version("tenant-keys")


def test_a_finding_is_reported_with_its_request_its_statements_its_fix_and_the_first_template(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = reported(monkeypatch, tmp_path, proof(BREACH))
    assert report.success is False
    (violation,) = report.violations
    assert violation.rule_name == "another tenant's session uses the key"
    assert violation.description.split("\n") == [
        "Another tenant's role may decrypt.",
        "principal: role/x",
        "action: kms:Decrypt",
        "decided by a.template.json: UseOwnTenantKey",
    ]
    assert (violation.fix, violation.severity) == ("Restore the alias condition.", "high")
    (resource,) = violation.violating_resources
    assert resource.resource_logical_id == "estate"
    assert resource.template_path == str(tmp_path / "a.template.json")
    assert resource.locations == []


def test_findings_alike_are_one_that_counts_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (violation,) = reported(monkeypatch, tmp_path, proof(*[BREACH] * 1_002)).violations
    assert violation.description.split("\n")[-1] == "and 1,001 more like it; tenant-keys prove --json lists them all"


def test_a_proof_without_findings_is_a_success_and_leaves_its_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = reported(monkeypatch, tmp_path, proof())
    assert (report.success, report.violations) == (True, [])
    assert json.loads((tmp_path / "tenant-keys-proof.json").read_text(encoding="utf-8"))["verdict"] == "proved"


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        (("proved", "refuted"), "refuted"),
        (("not proved", "refuted"), "refuted"),
        (("proved", "not proved"), "not proved"),
        (("proved", "proved"), "proved"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_of_several_key_accounts_the_worst_verdict_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verdicts: tuple[str, str], worst: str, turned: bool
) -> None:
    left = list(reversed(verdicts) if turned else verdicts)
    monkeypatch.setattr(isolation, "prove", lambda *_: SimpleNamespace(verdict=left.pop(), findings=()))
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    estate = replace(sample(), siblings=(sample(),))
    IsolationProof(estate).validate(SimpleNamespace(template_paths=[str(tmp_path / "a.template.json")]))
    assert json.loads((tmp_path / "tenant-keys-proof.json").read_text(encoding="utf-8"))["verdict"] == worst


def test_the_folder_above_all_stages_is_proved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert reported(monkeypatch, tmp_path, proof(), "a.template.json", "stage/b.template.json").success is True


def test_what_cannot_be_reviewed_is_not_proved_and_leaves_no_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = reported(monkeypatch, tmp_path, ReviewError("no such operator"))
    assert report.success is False
    (violation,) = report.violations
    assert (violation.rule_name, violation.description) == ("not proved", "no such operator")
    assert violation.fix is None
    assert violation.violating_resources[0].resource_logical_id == "estate"
    assert violation.violating_resources[0].locations == []
    assert violation.violating_resources[0].template_path == str(tmp_path / "a.template.json")
    assert not (tmp_path / "tenant-keys-proof.json").exists()


class App:
    """An app whose synth fails."""

    def __init__(self, message: str) -> None:
        self._message = message

    def synth(self) -> None:
        if self._message:
            raise RuntimeError(self._message)


def test_a_failed_validation_ends_with_one_and_any_other_error_is_raised() -> None:
    with pytest.raises(SystemExit) as ended:
        synthesize(App("ValidationFailed: see the report"))  # type: ignore[arg-type]
    assert ended.value.code == 1
    with pytest.raises(RuntimeError, match="no such file"):
        synthesize(App("no such file"))  # type: ignore[arg-type]
    synthesize(App(""))  # type: ignore[arg-type]
