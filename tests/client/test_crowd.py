"""The crowd of the benchmark, bounded by its turns: an AWS that throttles, ends sessions, dies and is built anew."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tenant_keys.local.issuer import LocalIssuer
from tools.benchmarks.client_crowd import THREADS, Crowd, Tally, local_aws
from tools.benchmarks.client_estate import ISSUER

FEW = [f"tenant{number:02}" for number in range(6)]
BEFORE, AFTER = 6, 12


@pytest.mark.slow
def test_a_crowd_gets_its_own_data_or_an_error_with_a_name_and_goes_on_with_a_new_aws(tmp_path: Path) -> None:
    issuer = LocalIssuer(ISSUER)
    with local_aws(tmp_path / "aws", issuer) as aws:
        crowd = Crowd(aws, issuer, tenants=FEW)
        rebuilt = threading.Thread(target=crowd.rebuild)
        rebuilt.start()
        crowd.serve(lambda turn: turn < BEFORE or rebuilt.is_alive())
        rebuilt.join()
        during, crowd.tally = crowd.tally, Tally()
        crowd.forget()
        crowd.serve(lambda turn: turn < AFTER)
    after = crowd.tally
    assert (during.crossed, after.crossed) == (0, 0)
    assert not during.undocumented
    assert not after.undocumented
    assert during.errors, "an AWS that was killed is noticed"
    assert set(after.served) == set(FEW)
    assert sum(after.served.values()) + sum(after.errors.values()) == AFTER * THREADS
    assert after.refused > 0
    assert set(after.errors) <= {"Throttled"}
