"""A permissions boundary that an organization demands: on every role that the app makes, and known to the proof."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.proof import prove
from tenant_keys.review.report import build_document, render_markdown
from tenant_keys.review.report.limits import not_proved
from tenant_keys.review.second_opinion.opinion import second_opinion
from tests.manifest.sample import edited, errors
from tests.policy.estates import estate_of_text, manifest
from tests.stacks.synth import synthesized

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda, permissions_boundary: policy/Workload}
  billing: {account: '222222222222', runs_on: lambda, access: session-tag, permissions_boundary: policy/Workload}"""
BOUNDED = estate_of_text(
    manifest(WORKLOADS, "  acme: {workloads: [orders, billing]}", permissions_boundary="policy/org/Central")
)
CENTRAL, WORKLOAD = "arn:aws:iam::111111111111:policy/org/Central", "arn:aws:iam::222222222222:policy/Workload"


def with_central(boundary: str | None) -> Estate:
    return replace(BOUNDED, central=replace(BOUNDED.central, permissions_boundary=boundary))


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bounded")
    templates = synthesized(BOUNDED, folder)
    roles = [
        (name, resource["Properties"]["PermissionsBoundary"])
        for template in templates.values()
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    assert sorted(roles) == [
        *[("AuditForwarder", WORKLOAD)] * 2,  # in each Region
        *(("RoleacmeFororders", CENTRAL), ("Rolebilling", WORKLOAD), ("Roleorders", WORKLOAD)),
        ("SharedRolebilling", CENTRAL),
    ]
    return folder


@pytest.mark.slow
def test_an_estate_with_the_boundaries_that_it_declares_is_proved_by_both_engines(assembly: Path) -> None:
    proof = prove(assembly, BOUNDED)
    assert (proof.verdict, proof.findings) == ("proved", ())
    assert proof.boundaries == (CENTRAL, WORKLOAD)
    said = f"That declared access is possible within the permissions boundaries {CENTRAL}, {WORKLOAD}: "
    assert not_proved(proof, set())[0].startswith(said)
    report = render_markdown(build_document(assembly, BOUNDED, proof))
    assert f"role/tenant-keys-billing, bounded by {WORKLOAD} |" in report
    assert f"/billing/shared.billing, bounded by {CENTRAL} |" in report
    assert second_opinion(Assembly.open(assembly), BOUNDED).verdict == "no such request"


@pytest.mark.parametrize("declared", [None, "arn:aws:iam::111111111111:policy/Central"])
def test_a_boundary_that_the_manifest_does_not_declare_is_not_proved(assembly: Path, declared: str | None) -> None:
    proof = prove(assembly, with_central(declared))
    assert proof.verdict == "not proved"
    assert f"what its permissions boundary {CENTRAL} leaves of the declared access" in proof.findings[0].what
    assert "@aws-cdk/core:permissionsBoundary in cdk.json puts one on every role" in proof.findings[0].fix


def test_a_role_that_lost_its_boundary_is_refuted(tmp_path: Path) -> None:
    synthesized(with_central(None), tmp_path)
    proof = prove(tmp_path, BOUNDED)
    assert proof.verdict == "refuted"
    assert proof.findings[0].what.endswith(f"the role is without its permissions boundary {CENTRAL}")


def test_a_boundary_belongs_to_a_role_that_the_app_makes() -> None:
    def reported(old: str, new: str) -> str:
        (error,) = errors(edited((old, new)))
        return error

    missing = "this app creates no role for the workload; remove it"
    assert missing in reported("audience: portal-keys", "audience: portal-keys, permissions_boundary: policy/B")
    assert missing in reported(
        "runs_on: lambda", "runs_on: existing-role, role: role/A, permissions_boundary: policy/B"
    )
    assert "allowed: a managed policy as" in reported(
        "runs_on: lambda", "runs_on: lambda, permissions_boundary: role/B"
    )
