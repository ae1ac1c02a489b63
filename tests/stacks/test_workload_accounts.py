"""What is in workload accounts, for each place that a workload runs on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest

from tenant_keys.manifest import Estate
from tenant_stacks import add_stacks
from tenant_stacks.validation import add_validations
from tests.policy.estates import ROOT, estate_of_text, manifest
from tests.stacks.synth import Templates, artifacts, synthesized

CA = "arn:aws:acm-pca:eu-central-1:222222222222:certificate-authority/11111111-2222-3333-4444-555555555555"
ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
PLACES = {
    "function": "runs_on: lambda",
    "task": "runs_on: ecs",
    "job": "runs_on: batch",
    "machine": "runs_on: ec2",
    "pod": "runs_on: eks, pod_identity: {cluster: main, namespace: shop, service_account: orders}",
    "irsa": f"runs_on: eks, irsa: {{oidc_provider: {ISSUER}, namespace: shop, service_account: orders}}",
    "premises": f"runs_on: roles-anywhere, roles_anywhere: {{certificate_authority: '{CA}', common_name: orders}}",
    "existing": "runs_on: existing-role, role: role/shop/Orders",
}
HOME, OTHER = "tenant-keys-workload-222222222222-eu-west-1", "tenant-keys-workload-222222222222-eu-central-1"


def everywhere() -> Estate:
    workloads = "\n".join(f"  {name}: {{account: '222222222222', {place}}}" for name, place in PLACES.items())
    return estate_of_text(manifest(workloads=workloads, tenants=f"  acme: {{workloads: [{', '.join(PLACES)}]}}"))


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workloads")


@pytest.fixture(scope="module")
def templates(assembly: Path) -> Templates:
    return synthesized(everywhere(), assembly)


def logical_ids(templates: Templates, stack: str) -> dict[str, str]:
    return {name: resource["Type"] for name, resource in templates[stack]["Resources"].items()}


def test_each_place_has_what_it_needs_to_run_as_the_role(templates: Templates) -> None:
    parameters = {f"Parameter{name}": "AWS::SSM::Parameter" for name in PLACES}
    parameters |= {"AuditForwarder": "AWS::IAM::Role", "AuditForwarding": "AWS::Events::Rule"}
    assert logical_ids(templates, HOME) == parameters | {
        **{f"Role{name}": "AWS::IAM::Role" for name in ("function", "task", "job", "machine", "pod", "irsa")},
        "InstanceProfilemachine": "AWS::IAM::InstanceProfile",
        "PodIdentitypod": "AWS::EKS::PodIdentityAssociation",
        "Policyexisting": "AWS::IAM::ManagedPolicy",
    }
    assert logical_ids(templates, OTHER) == parameters | {
        "PodIdentitypod": "AWS::EKS::PodIdentityAssociation",
        "Rolepremises": "AWS::IAM::Role",
        "TrustAnchorpremises": "AWS::RolesAnywhere::TrustAnchor",
        "Profilepremises": "AWS::RolesAnywhere::Profile",
    }


def test_a_trust_anchor_is_in_the_region_of_its_authority_with_the_role_that_names_it(templates: Templates) -> None:
    resources = templates[OTHER]["Resources"]
    assert resources["TrustAnchorpremises"]["Properties"]["Source"]["SourceData"] == {"AcmPcaArn": CA}
    (trust,) = resources["Rolepremises"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    anchor = {"Fn::GetAtt": ["TrustAnchorpremises", "TrustAnchorArn"]}
    assert trust["Condition"]["ArnEquals"]["aws:SourceArn"] == anchor
    assert resources["Profilepremises"]["Properties"]["RoleArns"] == [{"Fn::GetAtt": ["Rolepremises", "Arn"]}]


def test_a_cluster_is_associated_in_its_own_region_without_session_tags(templates: Templates, assembly: Path) -> None:
    """Pod Identity's own tags are transitive and would reach the access roles."""
    for stack, role in (
        (HOME, {"Fn::GetAtt": ["Rolepod", "Arn"]}),
        (OTHER, "arn:aws:iam::222222222222:role/tenant-keys-pod"),
    ):
        properties = templates[stack]["Resources"]["PodIdentitypod"]["Properties"]
        assert (properties["RoleArn"], properties["DisableSessionTags"]) == (role, True)
        assert properties["ClusterName"] == "main"
    assert HOME in artifacts(assembly)[OTHER]["dependencies"]


def test_a_role_that_exists_gets_a_policy_of_ours(templates: Templates) -> None:
    properties = templates[HOME]["Resources"]["Policyexisting"]["Properties"]
    assert properties["Roles"] == ["Orders"]
    assert properties["ManagedPolicyName"] == "tenant-keys-existing"
    actions = [statement["Action"] for statement in properties["PolicyDocument"]["Statement"]]
    assert actions == [["sts:AssumeRole"], ["sts:SetSourceIdentity"], ["ssm:GetParameter"]]


def test_the_access_role_of_an_existing_role_trusts_it_by_its_path(templates: Templates) -> None:
    role = templates["tenant-keys-roles-001"]["Resources"]["RoleacmeForexisting"]["Properties"]
    for trust in role["AssumeRolePolicyDocument"]["Statement"]:
        assert trust["Condition"]["ArnEquals"] == {"aws:PrincipalArn": ["arn:aws:iam::222222222222:role/shop/Orders"]}


def test_every_place_passes_nag_and_proof(tmp_path: Path) -> None:
    estate = everywhere()
    app = cdk.App(outdir=str(tmp_path), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate)
    add_validations(app, estate)
    app.synth()


@pytest.mark.exhaustive
@pytest.mark.slow
def test_cfn_lint_has_nothing_against_any_place(templates: Templates, assembly: Path) -> None:
    files = [str(assembly / f"{stack}.template.json") for stack in templates]
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_permissions_to_deploy_are_documented_for_every_type(
    templates: Templates, sample_templates: Templates
) -> None:
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    types = {
        resource["Type"]
        for template in (*templates.values(), *sample_templates.values())
        for resource in template["Resources"].values()
    }
    assert len(types) == 15
    for resource_type in types:
        assert f"| `{resource_type}` |" in page
