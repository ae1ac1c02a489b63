"""A workload that runs as a role of its account that is there already: only a policy of it is in the templates."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.manifest import Estate, parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.review.proof import prove
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.world import build_world
from tools.random_estates.small_estates import HEAD, Templates, templates_of

PARAMETERS = [
    f"arn:aws:ssm:{region}:222222222222:parameter/tenant-keys/orders" for region in ("eu-west-1", "eu-central-1")
]
READ = {"Sid": "ReadOwnParameter", "Effect": "Allow", "Action": "ssm:GetParameter", "Resource": PARAMETERS}
ASSUME = {"Sid": "AssumeOwnRoles", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}


def _estate() -> Estate:
    head = HEAD.replace("runs_on: lambda", "runs_on: existing-role, role: role/app/Orders")
    manifest = parse_manifest('audit: "off"\n' + head + "  acme: {}\n  bolt: {}\n")
    return resolve(manifest, update(manifest, new_lock(manifest))[0])


def _templates(estate: Estate, role: str = "Orders", **statement: Any) -> Templates:
    templates = templates_of(estate)
    document = {"Version": "2012-10-17", "Statement": [{**ASSUME, **statement}, READ]}
    properties = {"PolicyName": "Keys", "Roles": [role], "PolicyDocument": document}
    templates.add("workload-222222222222", "Policy", "AWS::IAM::Policy", properties)
    return templates


def test_its_policy_may_let_it_assume_the_access_roles() -> None:
    estate = _estate()
    assert prove(_templates(estate), estate).findings == ()


@pytest.mark.parametrize(
    ("policy", "reported"),
    [
        (
            {"Action": "iam:PutRolePolicy"},
            "a policy allows iam:PutRolePolicy to the role Orders of account 222222222222",
        ),
        ({"role": "Others"}, "a policy allows sts:AssumeRole to the role Others of account 222222222222"),
    ],
)
def test_more_than_that_is_found(policy: dict[str, Any], reported: str) -> None:
    estate = _estate()
    proof = prove(_templates(estate, **policy), estate)
    assert proof.verdict == "refuted"
    assert any(reported in finding.what for finding in proof.findings)


def test_a_policy_of_another_role_or_account_is_not_its_own() -> None:
    estate = _estate()
    templates = _templates(estate)
    document = {"Version": "2012-10-17", "Statement": [READ]}
    for name, stack, role in (("Second", "222222222222", "Others"), ("Third", "333333333333", "Orders")):
        properties = {"PolicyName": name, "Roles": [role], "PolicyDocument": document}
        templates.add(f"workload-{stack}", name, "AWS::IAM::Policy", properties)
    reviewed = review_estate(templates, estate)
    world = build_world(estate, reviewed.inventory, reviewed.promises, reviewed.classes)
    existing = {arn: [one.policy.name for one in own] for arn, own in world.existing.items()}
    assert existing == {"arn:aws:iam::222222222222:role/app/Orders": ["workload-222222222222 Policy"]}


@pytest.mark.parametrize(
    "deny",
    [
        {"Action": "sts:AssumeRole"},
        {"Action": "*"},
        {"NotAction": "s3:*"},
    ],
)
def test_a_deny_of_its_policy_is_named(deny: dict[str, Any]) -> None:
    estate = _estate()
    templates = _templates(estate)
    statements = templates.properties("workload-222222222222", "Policy")["PolicyDocument"]["Statement"]
    statements.append({"Sid": "Stop", "Effect": "Deny", "Resource": "*", **deny})
    proof = prove(templates, estate)
    assert proof.verdict == "not proved"
    assert "a Deny for the role Orders of account 222222222222" in proof.findings[0].what
