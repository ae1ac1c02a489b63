from pathlib import Path

import pytest

from tenant_keys.manifest import ManifestError, load_manifest

BROKEN = Path(__file__).parent / "broken.yaml"

EXPECTED = [
    (9, "central.break_glass"),
    (13, "workloads.orders.account"),
    (14, "workloads.orders.runs_on"),
    (16, "workloads.billing.account"),
    (19, "workloads.billing.operations"),
    (23, "defaults.rotation_days"),
    (28, "tenants.acme.workload"),
    (30, "tenants.globex.key.import_role"),
    (31, "tenants.globex.workloads[1]"),
    (33, "tenants.initech.state"),
    (34, "tenants.Umbrella"),
    (35, "tenants.acme"),
]


def test_twelve_mistakes_are_twelve_errors_each_in_its_line() -> None:
    with pytest.raises(ManifestError) as caught:
        load_manifest(BROKEN)
    reported = [str(problem).split(": ", 1)[0] for problem in caught.value.problems]
    assert reported == [f"broken.yaml:{line} {path}" for line, path in EXPECTED]


def test_an_unquoted_account_is_reported_with_the_advice_to_quote_it() -> None:
    with pytest.raises(ManifestError) as caught:
        load_manifest(BROKEN)
    assert (
        "broken.yaml:13 workloads.orders.account: got 012345678901 (a number); quote it, YAML drops leading zeros"
        in str(caught.value).splitlines()
    )


def test_errors_are_lower_case_on_one_line_and_without_a_full_stop() -> None:
    with pytest.raises(ManifestError) as caught:
        load_manifest(BROKEN)
    for problem in caught.value.problems:
        assert "\n" not in str(problem)
        assert not problem.message.endswith(".")
        assert problem.message[0].islower()
