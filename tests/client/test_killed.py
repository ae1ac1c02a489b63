"""A job that is killed with SIGKILL at any of its steps goes on without loss and without work done twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tenant_keys.policy import names
from tests.sampled import one_in
from tools.benchmarks.client_estate import ORDERS, ClientEstate

pytestmark = [pytest.mark.xdist_group("client-local-aws"), pytest.mark.slow]


@pytest.mark.parametrize(
    ("kind", "work"),
    [("dynamodb", "encrypt"), pytest.param("dynamodb", "rewrap", marks=pytest.mark.exhaustive), ("s3", "rewrap")],
)
def test_a_job_killed_at_any_step_goes_on_without_loss_and_without_double_work(
    client_estate: ClientEstate, tmp_path: Path, kind: str, work: str
) -> None:
    role = client_estate.runs_as("orders").get_credentials()
    assert role is not None
    given = {"AccessKeyId": role.access_key, "SecretAccessKey": role.secret_key, "SessionToken": role.token}
    parameter = names.parameter_name(client_estate.estate.workloads["orders"], client_estate.estate)
    answer = client_estate.aws.session(ORDERS).client("ssm").get_parameter(Name=parameter)
    configuration = {"TENANT_KEYS_CONFIG": answer["Parameter"]["Value"]}  # else each process asks for it
    environment = os.environ | client_estate.aws.environment(credentials=given) | configuration
    secret = client_estate.aws.environment(ORDERS)["AWS_SECRET_ACCESS_KEY"]
    each = one_in(10)
    done = subprocess.run(
        [sys.executable, "-m", "tests.client.killed", kind, work, str(tmp_path), secret, str(each)],
        env=environment | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(runs) >= 20 // each, "steps of one run"
    assert [run["killed"] for run in runs] == [-9] * (len(runs) - 1) + [0], done.stderr[-2000:]
    for run in runs:
        assert run["resumed"] == 0, (run, done.stderr[-2000:])
        assert run["opens"], run
        assert run["exit"] == 0, run
        assert run["writes"] == ["0", "1", "2"], run
        assert run["kept"] == [], run
        assert not run["lock"], run
    sys.stdout.write(f"{kind} {work}: killed at {len(runs) - 1} steps, resumed {len(runs)} times\n")
