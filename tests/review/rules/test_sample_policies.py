"""The policies of the sample estate keep every rule."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import App

from tenant_keys.manifest import load_estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.rules import Linter
from tenant_stacks import add_stacks

SAMPLE = Path(__file__).parents[3] / "tenants.yaml"


def test_the_sample_estate_has_no_findings(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path), analytics_reporting=False, builtin_cloud_formation_validation=False)
    add_stacks(app, load_estate(SAMPLE))
    app.synth()
    linter = Linter()
    findings = [finding for stack in Assembly.open(tmp_path).stacks() for finding in linter.add(stack)]
    assert [*findings, *linter.finish()] == []
    assert linter.policies > 10
