"""Policies of roles that are in no template, and of roles that deploy: named by what they do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.structure import check_structure
from tests.review.proof.test_structure import BY_OTHERS, ESTATE, PROMISES, TEMPLATES, Edit, attached, found, policy
from tools.random_estates.small_estates import CENTRAL

NOT_YET = (
    "workload-222222222222 Added: a policy of the role unknown of account 222222222222, which is in no template: IAM "
    "refuses the policy if the role does not exist yet"
)


@pytest.mark.parametrize(
    ("edit", "findings"),
    [
        (attached("unknown", policy("s3:GetObject")), [NOT_YET]),
        (
            attached("unknown", policy("kms:Decrypt")),
            [
                (
                    "workload-222222222222 Added: a policy allows kms:Decrypt to the role unknown of account "
                    "222222222222, which is in no template"
                ),
            ],
        ),
        (attached("unknown", policy("kms:Decrypt", effect="Deny")), [NOT_YET]),
        (
            attached("keyadministrator", policy("kms:Decrypt", effect="Deny"), "roles"),
            [
                (
                    f"roles Added: a Deny for the role keyadministrator of account {CENTRAL}, in no template: what it "
                    "leaves of the declared access is not determined"
                ),
            ],
        ),
        (attached("KeyAdministrator", policy("s3:*", effect="Deny"), "roles"), []),
        (
            attached("KeyAdministrator", policy("s3:GetObject"), "roles"),
            [
                (
                    "roles Added: a policy allows s3:GetObject to the role KeyAdministrator of account "
                    f"{CENTRAL}; {BY_OTHERS}"
                ),
            ],
        ),
    ],
)
def test_a_policy_of_a_role_that_is_in_no_template_is_named_by_what_it_does(edit: Edit, findings: list[str]) -> None:
    assert [what for _, what in found(edit)] == findings


@pytest.mark.parametrize(
    "actions", ["iam:*", "ssm:PutParameter", "cloudformation:*", "s3:GetObject", "organizations:*"]
)
@pytest.mark.parametrize(
    ("stack", "account", "role"),
    [
        ("roles", CENTRAL, "cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1"),
        ("roles", CENTRAL, "cdk-hnb659fds-deploy-role-111111111111-eu-west-1"),
        ("workload-222222222222", "222222222222", "cdk-hnb659fds-cfn-exec-role-222222222222-eu-west-1"),
        ("workload-222222222222", "222222222222", "CDK-hnb659fds-file-publishing-role-222222222222-eu-west-1"),
    ],
)
def test_a_deny_for_a_role_that_deploys_may_stop_any_stack(stack: str, account: str, role: str, actions: str) -> None:
    denied = found(attached(role, policy(actions, effect="Deny"), stack))
    problem = f"{stack} Added: a Deny for the role {role} of account {account}, in no template: what it leaves of the "
    assert denied[0] == ("", problem + "declared access is not determined")


@pytest.mark.parametrize(("role", "stopped"), [("Deploy", True), ("deploy", True), ("Deployer", False)])
def test_a_role_that_the_manifest_names_deploys_too(role: str, stopped: bool) -> None:
    central = replace(ESTATE.central, deployers=(f"arn:aws:iam::{CENTRAL}:role/path/Deploy",))
    templates = TEMPLATES.copy()
    attached(role, policy("iam:*", effect="Deny"), "roles")(templates)
    inventory = take_inventory(templates, PROMISES)
    sentences = [one.what for one in check_structure(inventory, PROMISES, replace(ESTATE, central=central))]
    start = f"roles Added: a Deny for the role {role} of account {CENTRAL}, in no template"
    assert any(one.startswith(start) for one in sentences) is stopped
