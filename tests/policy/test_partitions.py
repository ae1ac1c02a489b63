"""An estate in each partition: its templates name no other, and both engines prove it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenant_keys.review.assembly import Assembly
from tenant_keys.review.proof import prove
from tenant_keys.review.second_opinion.opinion import second_opinion
from tests.policy.estates import UMBRELLA_KEY, estate_of_text
from tests.stacks.synth import synthesized

REGIONS = {"aws-us-gov": ("us-gov-west-1", "us-gov-east-1"), "aws-cn": ("cn-north-1", "cn-northwest-1")}
MANIFEST = """\
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  home_region: HOME
  regions: [HOME, AWAY]
  administrators: [role/KeyAdministrator]
  readers: [role/SecurityAudit]
  auditors: [access-analyzer, config]
  break_glass: role/KeyBreakGlass
identity_providers:
  customers: {issuer: https://acme.eu.auth0.com/}
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  billing: {account: "333333333333", runs_on: ecs, access: session-tag, operations: [decrypt]}
  mails:
    account: "222222222222"
    runs_on: eks
    irsa: {oidc_provider: oidc.eks.HOME.amazonaws.com/id/AB, namespace: mails, service_account: mails}
  premises:
    account: "333333333333"
    runs_on: roles-anywhere
    roles_anywhere:
      certificate_authority:
        arn:PARTITION:acm-pca:HOME:333333333333:certificate-authority/11111111-2222-3333-4444-555555555555
      common_name: premises
  portal: {account: "222222222222", access: web-identity, identity_provider: customers, audience: portal-keys}
tenants:
  acme: {workloads: [orders, billing, portal]}
  globex: {workloads: [orders, mails], key: {origin: imported, import_role: role/globex-key-import}}
  umbrella: {workloads: [billing, premises], key: {multi_region: true}}
  wayne: {workloads: [orders, billing], decrypt_by: key}
"""


@pytest.mark.slow
@pytest.mark.parametrize("partition", REGIONS)
def test_an_estate_in_another_partition_is_proved_by_both_engines(partition: str, tmp_path: Path) -> None:
    home, away = REGIONS[partition]
    text = MANIFEST.replace("HOME", home).replace("AWAY", away).replace("PARTITION", partition)
    estate = estate_of_text(text, {"umbrella": UMBRELLA_KEY})
    templates = synthesized(estate, tmp_path)
    written = "".join(file.read_text(encoding="utf-8") for file in tmp_path.glob("*.template.json"))
    assert "arn:aws:" not in written
    assert written.count(f"arn:{partition}:") > 100
    # Service principals are the same in every partition (aws-cdk-lib 2.275.0, region-info: "now globally
    # <SERVICE>.amazonaws.com").
    role = templates[f"tenant-keys-workload-222222222222-{home}"]["Resources"]["Roleorders"]["Properties"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    key = templates[f"tenant-keys-cell-{home}-001"]["Resources"]["Keyacme"]["Properties"]["KeyPolicy"]["Statement"][0]
    assert key["Principal"] == {"AWS": f"arn:{partition}:iam::111111111111:root"}
    proof = prove(tmp_path, estate)
    assert (proof.verdict, proof.findings, proof.tenants, proof.keys) == ("proved", (), 4, 5)
    opinion = second_opinion(Assembly.open(tmp_path), estate)
    assert (opinion.verdict, opinion.not_understood, opinion.unanswered) == ("no such request", [], [])
