"""Drift injected by AWS's API into a deployed estate: verify names each, and nothing else."""

from __future__ import annotations

import pytest

from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.operations.verify.kinds import KINDS
from tenant_keys.operations.verify.reader_policy import reader_policy
from tenant_keys.review.proof import Kind
from tests.operations.verify.conftest import Run, Runs
from tests.operations.verify.deployed import CENTRAL, HOME, WORKLOAD
from tests.operations.verify.drifts import BATCHES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verify")]
OF_AN_OWN_TRAIL = {"trail-changed", "trail-twice"}
"""The estate has none; `test_own_trail` finds them."""
EVERY = [(batch, drift.name) for batch, drifts in BATCHES.items() for drift in drifts]


def is_of(finding: DriftFinding, kind: str, resource: str) -> bool:
    return finding.kind == kind and finding.resource.endswith(resource)


def test_an_estate_that_nobody_has_changed_is_clean_and_proved(runs: Runs) -> None:
    assert runs.clean.findings == ()
    assert runs.clean.proof.verdict == "proved"
    assert runs.clean.proof.tenants == 6
    assert runs.clean.keys == 9  # one of the tenants has a replica, and each Region a topic
    assert runs.clean.clean


@pytest.mark.parametrize(("batch", "drift"), EVERY, ids=[name for _, name in EVERY])
def test_each_drift_is_named(runs: Runs, batch: str, drift: str) -> None:
    run = runs.batches[batch]
    for kind, resource in run.wanted[drift]:
        assert any(is_of(one, kind, resource) for one in run.found.findings), (kind, resource)


@pytest.mark.parametrize("batch", BATCHES)
def test_nothing_else_is_flagged(runs: Runs, batch: str) -> None:
    run = runs.batches[batch]
    wanted = {pair for found in run.wanted.values() for pair in found}
    beside = [one for one in run.found.findings if not any(is_of(one, *pair) for pair in wanted)]
    assert beside == []


def test_every_kind_of_finding_was_injected(runs: Runs) -> None:
    injected = {kind for run in runs.batches.values() for found in run.wanted.values() for kind, _ in found}
    assert injected | OF_AN_OWN_TRAIL == KINDS.keys()
    assert not injected & OF_AN_OWN_TRAIL
    assert len(injected) >= 25
    assert len(EVERY) >= 25


def test_what_is_undone_is_clean_again(runs: Runs) -> None:
    assert runs.undone.findings == ()
    assert runs.undone.proof.proved


def test_what_an_earlier_record_had_is_reported_as_gone(runs: Runs) -> None:
    before = {one.id for one in runs.batches["first"].found.findings}
    assert set(runs.undone.gone) == before
    assert runs.undone.new == frozenset()


def test_a_run_over_key_stacks_alone_reads_their_keys_and_proves_them_with_the_rest_as_planned(runs: Runs) -> None:
    assert (runs.cells.findings, runs.cells.proof.verdict, runs.cells.proof.tenants) == ((), "proved", 6)
    assert runs.cells.keys == 7  # six tenants' and a replica; the topics' are in other stacks
    assert set(runs.cells.calls) == {
        *("cloudformation:DescribeStacks", "cloudformation:GetTemplate", "cloudformation:ListStackResources"),
        *("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants"),
        *("kms:ListKeyRotations", "kms:ListResourceTags"),
    }


def test_a_run_over_one_cell_finds_what_the_whole_run_finds_of_its_keys(runs: Runs) -> None:
    def of_keys(findings: tuple[DriftFinding, ...]) -> set[str]:
        kinds = {"alias-foreign", "alias-missing", "alias-moved", "aliases-too-many", "key-state", "rotation"}
        return {one.id for one in findings if one.kind in kinds | {"policy-changed", "tags"} and one.region == HOME}

    whole, cell = runs.batches["first"].found, runs.cell
    assert len(of_keys(whole.findings)) >= 8
    assert of_keys(cell.findings) == of_keys(whole.findings)
    assert {one.kind for one in cell.findings} - {one.kind for one in whole.findings} == set()
    assert not {one.kind for one in cell.findings} & {"role-trust", "parameter", "trail-silent", "replica-policy"}
    assert cell.proof.verdict == "refuted"


def test_a_moved_alias_refutes_the_proof_with_a_request_that_shows_it(runs: Runs) -> None:
    proof = runs.batches["first"].found.proof
    assert proof.verdict == "refuted"
    found = next(one for one in proof.findings if one.kind is Kind.OTHER_TENANT)
    assert found.request is not None
    assert found.request["action"] == "kms:Decrypt"
    assert found.statements


def test_a_grant_and_a_share_are_not_proved(runs: Runs) -> None:
    reported = " ".join(one.what for one in runs.batches["second"].found.proof.findings if one.kind is Kind.NOT_PROVED)
    assert "grant" in reported
    assert "the key policy of AWS RAM" in reported


def test_a_replica_in_a_region_that_is_not_read_is_not_proved(runs: Runs) -> None:
    reported = [one.what for one in runs.batches["last"].found.proof.findings if one.kind is Kind.NOT_PROVED]
    assert any("a replica in a Region that the manifest does not name" in one for one in reported)


def test_what_could_not_be_read_is_unknown_and_not_proved(runs: Runs) -> None:
    run: Run = runs.batches["third"]
    assert run.found.proof.verdict == "not proved"
    assert len([one for one in run.found.findings if one.kind == "unknown"]) == 9
    assert not run.found.clean


def test_every_finding_has_its_explanation_its_evidence_and_the_way_back(runs: Runs) -> None:
    for run in runs.batches.values():
        for one in run.found.findings:
            document = one.as_document()
            assert all(document[name] for name in ("id", "means", "what", "way_back", "severity", "resource")), document


def test_the_reader_policies_allow_the_calls_that_are_made_and_no_other(runs: Runs) -> None:
    estate = runs.deployed.estate
    allowed = set()
    for account in (CENTRAL, WORKLOAD):
        for statement in reader_policy(estate, account)["Statement"]:
            assert statement["Effect"] == "Allow"
            allowed |= set(statement["Action"])
    assert allowed == set(runs.clean.calls)
    with_usage = {
        one for part in reader_policy(estate, CENTRAL, last_usage=True)["Statement"] for one in part["Action"]
    }
    without = {one for part in reader_policy(estate, CENTRAL)["Statement"] for one in part["Action"]}
    assert with_usage - without == {"kms:GetKeyLastUsage"}
    assert not any("*" in one for one in allowed)
