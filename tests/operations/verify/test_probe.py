"""A probe in a workload over the deployed estate: what is declared is allowed, everything else is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from tenant_keys.manifest import Estate
from tenant_keys.operations.probe.plan import READINGS, Plan, plan
from tenant_keys.operations.probe.run import NotTheWorkload, Probed, run
from tests.command import tenant_keys
from tests.operations.verify.deployed import CENTRAL, HOME, WORKLOAD, Deployed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verify")]
TASK = {"aws:SourceAccount": WORKLOAD, "aws:SourceArn": f"arn:aws:ecs:{HOME}:{WORKLOAD}:cluster/billing"}


def planned(estate: Estate, workload: str, other_key: str | None = None) -> Plan:
    tenants = estate.tenants
    return plan(estate, estate.workloads[workload], [tenants["umbrella"]], tenants["acme"], HOME, other_key)


def as_workload(d: Deployed, workload: str) -> Any:
    arn = f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-{workload}"
    service, context = ("ecs-tasks.amazonaws.com", TASK) if workload == "billing" else ("lambda.amazonaws.com", {})
    own = d.aws.run_as(arn, service=service, context=context)
    return lambda given: own if given is None else d.aws.session(credentials=given)


def probed(d: Deployed, workload: str, other_key: str | None = None) -> Probed:
    return run(planned(d.estate, workload, other_key), d.estate, as_workload(d, workload))


@pytest.fixture(scope="module")
def orders(deployed: Deployed) -> Probed:
    return probed(deployed, "orders", f"arn:aws:kms:{HOME}:{CENTRAL}:key/{deployed.key('acme')}")


@pytest.fixture(scope="module")
def billing(deployed: Deployed) -> Probed:
    return probed(deployed, "billing")


def outcomes(found: Probed) -> dict[tuple[str, str], str]:
    return {(one.probe.operation, one.probe.what): one.outcome for one in found.answers}


def test_what_is_declared_is_allowed_and_the_rest_refused(orders: Probed) -> None:
    assert outcomes(orders) == {
        ("GenerateDataKey", "own alias, own context; declared"): "allowed",
        ("GenerateDataKeyWithoutPlaintext", "own alias, own context; declared"): "allowed",
        ("Encrypt", "own alias, own context; declared"): "allowed",
        ("Decrypt", "own alias, own context; declared"): "allowed",
        ("ReEncrypt", "own alias, own context; not declared"): "denied",
        ("Decrypt", "own key by its ARN"): "denied",
        ("Decrypt", "own alias, no context"): "denied",
        ("Decrypt", "alias and context of acme"): "denied",
        ("GenerateDataKey", "alias and context of acme"): "denied",
        ("GenerateDataKeyWithoutPlaintext", "alias and context of acme"): "denied",
        ("Encrypt", "alias and context of acme"): "denied",
        ("Decrypt", "alias of acme"): "denied",
        ("Decrypt", "own alias, context of acme"): "denied",
        ("Decrypt", "key of acme by its ARN"): "denied",
        ("AssumeRole", "a session tag"): "denied",
    }
    assert orders.as_declared


def test_a_workload_that_only_decrypts_is_refused_to_encrypt(billing: Probed) -> None:
    found = outcomes(billing)
    assert found["Decrypt", "own alias, own context; declared"] == "allowed"
    assert found["Encrypt", "own alias, own context; not declared"] == "denied"
    assert found["AssumeRole", "no session tag"] == "denied"
    assert billing.as_declared
    assert billing.skipped == ("the key of acme by its ARN: --other-key names none",)


def test_the_plan_counts_every_call_that_is_made(deployed: Deployed) -> None:
    expected = planned(deployed.estate, "orders")
    with deployed.aws.watch() as made:
        run(expected, deployed.estate, as_workload(deployed, "orders"))
    assert len({one["request_id"] for one in made if one["source"] == "kms.amazonaws.com"}) == expected.kms_calls
    # GetCallerIdentity is decided by nobody
    assert len({one["request_id"] for one in made if one["source"] == "sts.amazonaws.com"}) <= expected.sts_calls


def test_each_reading_is_decided_by_a_probe(orders: Probed, billing: Probed) -> None:
    decided = {**orders.readings(), **{n: f for n, f in billing.readings().items() if f["decided"] != "not asked"}}
    assert decided.keys() == READINGS.keys()
    assert {name: found["decided"] for name, found in decided.items()} == dict.fromkeys(READINGS, "holds")


def test_a_refusal_for_want_of_an_allow_decides_no_deny(orders: Probed) -> None:
    """As AWS answers where the key policy has no such Deny, and the role's own policy does not allow the request."""
    missing = "because no identity-based policy allows the kms:Decrypt action"
    answers = tuple(replace(one, message=missing) for one in orders.answers)
    decided = {name: found["decided"] for name, found in replace(orders, answers=answers).readings().items()}
    assert decided == {
        "alias-absent": "open",
        "context-absent": "open",
        "context-of-another": "open",
        "tag-absent": "not asked",
        "tag-beside": "holds",
    }


def test_a_key_policy_that_lets_more_through_is_reported(deployed: Deployed) -> None:
    """Without the explicit deny of other aliases, and with a role that does not ask for the alias."""
    key, kms = deployed.key("umbrella"), deployed.kms()
    iam = deployed.root(CENTRAL, "iam")
    before = kms.get_key_policy(KeyId=key)["Policy"]
    wider = json.loads(before)
    wider["Statement"] = [one for one in wider["Statement"] if one["Sid"] != "DenyOtherAlias"]
    name = {"RoleName": "tenant-umbrella.orders", "PolicyName": "More"}
    more = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": f"arn:aws:kms:{HOME}:{CENTRAL}:key/*"}],
    }
    kms.put_key_policy(KeyId=key, Policy=json.dumps(wider))
    iam.put_role_policy(**name, PolicyDocument=json.dumps(more))
    try:
        found = probed(deployed, "orders")
    finally:
        iam.delete_role_policy(**name)
        kms.put_key_policy(KeyId=key, Policy=before)
    assert not found.as_declared
    assert found.readings()["alias-absent"]["decided"] == "does not hold"
    assert [one.probe.what for one in found.answers if not one.as_declared] == ["own key by its ARN"]


def test_another_principal_than_the_workload_is_refused(deployed: Deployed) -> None:
    operator = deployed.aws.session(credentials=deployed.aws.operator())
    session: Any = lambda _: operator  # noqa: E731
    with pytest.raises(NotTheWorkload, match="run the probe in the workload, as arn:aws:iam::222222222222:role"):
        run(planned(deployed.estate, "orders"), deployed.estate, session)


def test_nothing_is_asked_before_somebody_said_yes(deployed: Deployed, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(boto3, "Session", None)
    output = tmp_path / "probe.json"
    done = tenant_keys("probe", "orders", "--manifest", str(deployed.manifest), "--output", str(output))
    assert done.exit_code == 1
    assert "calls of AWS KMS by DryRun" in done.output
    assert "give --yes" in done.output
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (["nobody"], "workload nobody: not in the manifest; allowed: billing, fleet, orders, plant, pods, portal"),
        (["portal"], "its sessions come from tenants' tokens"),
        (["orders", "--tenant", "hooli"], "does not serve it; it serves acme"),
        (["orders", "--other", "nobody"], "--other nobody: no tenant of the manifest whose key is in the key account"),
        (["orders", "--tenant", "acme", "--other", "acme"], "needs a key whose use must be denied"),
    ],
)
def test_what_cannot_be_probed_is_said(deployed: Deployed, arguments: list[str], reported: str) -> None:
    done = tenant_keys("probe", *arguments, "--manifest", str(deployed.manifest), "--yes")
    assert (done.exit_code, reported in done.output) == (1, True), done.output
