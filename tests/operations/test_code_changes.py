"""Which files a change touches, and which of them judge it."""

from __future__ import annotations

from pathlib import Path

from tenant_keys.operations.code_changes import changed_files, judges


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_files_that_differ_are_new_or_gone_are_reported_and_nothing_else(tmp_path: Path) -> None:
    same = {"app.py": "a", "tenant_keys/policy/a": "x", "tenants.yaml": "1"}
    base = write(tmp_path / "base", {**same, "stacks/gone": "x", "tenant_keys/b": "old"})
    changed = {"tenants.yaml": "2", "constructs/new": "x", "tenant_keys/b": "new", "tenant_keys/__pycache__/c": "x"}
    project = write(tmp_path / "project", {**same, **changed})
    assert changed_files(base, project) == ["constructs/new", "stacks/gone", "tenant_keys/b"]


def test_the_app_its_validations_the_review_and_the_pipeline_are_judges() -> None:
    judging = [
        ".github/workflows/deploy.yml",
        "app.py",
        "cdk.json",
        "requirements.txt",
        "scripts/pipeline.sh",
        "stacks/tenant_stacks/isolation.py",
        "stacks/tenant_stacks/validation.py",
        "stacks/validation.py",
        "tenant_keys/operations/checks.py",
        "tenant_keys/review/diff/compare.py",
        "tenant_keys/review/iam/conditions/arn_like.py",
    ]
    judged = ["constructs/tenant_constructs/tenant_key.py", "stacks/tenant_stacks/names.py", "tenant_keys/policy/x.py"]
    assert judges([*judging, *judged]) == judging
