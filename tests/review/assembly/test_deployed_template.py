"""An assembly that the CDK CLI would deploy differently from how it reads is refused, with the file named.

Each case is decided by the code of the pinned CLI (lib/index.js of aws-cdk 2.1148.1): `CloudAssembly`,
`CloudFormationStackArtifact`, `makeBodyParameter`, `AssetManifest`, `FileAssetHandler`, `deployStack`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tenant_keys.manifest import load_estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import AssemblyInconsistent, ReviewError
from tenant_keys.review.proof import prove
from tests.review.assembly.tampered_assemblies import TAMPERED
from tests.review.assembly.tampering import (
    CELL,
    ROLES,
    Json,
    Tamper,
    artifact,
    asset,
    assets,
    destination,
    manifest,
    no_property,
    open_policy,
    other_template,
    properties,
    source,
    together,
)
from tools.cloud_assembly import edit_json, edit_template, rename_assets

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", TAMPERED)
def test_an_assembly_that_deploys_something_else_is_refused(sample_assembly: Path, tmp_path: Path, name: str) -> None:
    tamper, file, words = TAMPERED[name]
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)
    tamper(folder)
    with pytest.raises(ReviewError) as refused:
        list(Assembly.open(folder).stacks())
    assert file in str(refused.value)
    assert words in str(refused.value)
    assert str(folder) in str(refused.value)


HARMLESS: dict[str, Tamper] = {
    "nothing": lambda _: None,
    "the template written anew, with its assets": lambda folder: edit_template(folder, CELL, lambda _: None),
    "the template named by a longer path": source(path=f"../cdk.out/./{CELL}.template.json"),
    "packaging left to its default": asset(lambda one: one["source"].pop("packaging")),
    "no container images": assets(lambda whole: whole.pop("dockerImages")),
    "placeholders in the bucket's name": destination(
        bucketName="cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    ),
    "another display name": artifact(lambda one: one.update(displayName="x")),
    "a file that nothing names": other_template("other.template.json"),
    "the construct tree": manifest(
        lambda whole: whole["artifacts"].update(Tree={"type": "cdk:tree", "properties": {"file": "tree.json"}})
    ),
    "a version asked of the bootstrap stack": properties(requiresBootstrapStackVersion=30),
    "a stack without assets, whose template the CLI sends itself": together(
        no_property("stackTemplateAssetObjectUrl"),
        artifact(lambda one: one.update(dependencies=[])),
        manifest(lambda whole: whole["artifacts"].pop(f"{CELL}.assets")),
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_leaves_the_deployment_as_it_is_stays_proved(sample_assembly: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)
    HARMLESS[name](folder)
    proof = prove(folder, load_estate(ROOT / "tenants.yaml"))
    assert (proof.verdict, proof.findings) == ("proved", ())


def another_bootstrap_stack(folder: Path) -> None:
    for path in folder.glob("*.json"):
        path.write_text(path.read_text().replace("cdk-hnb659fds-", "cdk-other-").replace("/hnb659fds/", "/other/"))
    rename_assets(folder)


ELSEWHERE: dict[str, tuple[Tamper, str]] = {
    "another execution role": (
        properties(cloudFormationExecutionRoleArn="arn:aws:iam::111111111111:role/Admin"),
        f"stack {CELL} is deployed by arn:aws:iam::111111111111:role/Admin",
    ),
    "the execution role of another Region": (
        properties(
            "tenant-keys-workload-222222222222-eu-west-1",
            cloudFormationExecutionRoleArn=(
                "arn:aws:iam::222222222222:role/cdk-hnb659fds-cfn-exec-role-222222222222-us-east-1"
            ),
        ),
        "cfn-exec-role-222222222222-us-east-1; expected",
    ),
    "no execution role": (
        no_property("cloudFormationExecutionRoleArn"),
        f"stack {CELL} is deployed by the credentials of the caller of the deployment",
    ),
    "another deploy role": (
        properties(assumeRoleArn="arn:aws:iam::111111111111:role/Admin"),
        "the CDK CLI assumes arn:aws:iam::111111111111:role/Admin",
    ),
    "another bootstrap stack": (
        another_bootstrap_stack,
        f"stack {CELL} is uploaded by the bootstrap stack other; tenants.yaml declares hnb659fds",
    ),
    "an account that is not declared": (
        manifest(
            lambda whole: whole["artifacts"].update(
                more={
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://999999999999/eu-west-1",
                    "properties": {"templateFile": f"{ROLES}.template.json"},
                }
            )
        ),
        "stack more goes to account 999999999999, which tenants.yaml does not declare",
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_stack_that_others_deploy_than_the_manifest_declares_is_refuted(
    sample_assembly: Path, tmp_path: Path, name: str
) -> None:
    tamper, words = ELSEWHERE[name]
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)
    tamper(folder)
    proof = prove(folder, load_estate(ROOT / "tenants.yaml"))
    assert proof.verdict == "refuted"
    assert any(words in finding.what for finding in proof.findings)


def test_the_proof_of_an_inconsistent_assembly_is_none(sample_assembly: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)
    edit_json(folder / f"{CELL}.template.json", open_policy)
    proof = prove(folder, load_estate(ROOT / "tenants.yaml"))
    assert proof.verdict == "not proved"
    assert f"{CELL}.template.json: its SHA-256 is" in proof.findings[0].what
    assert proof.findings[0].fix == "deploy nothing of this assembly; synthesize again"


def test_tags_that_every_role_and_key_of_the_stack_carries_itself_are_no_news(
    sample_assembly: Path, tmp_path: Path
) -> None:
    """As `Tags.of(app).add(...)` writes them: to the stack and to each resource."""
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)

    def tag(template: Json) -> None:
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::IAM::Role":
                resource["Properties"].setdefault("Tags", []).append({"Key": "cost", "Value": "x"})

    edit_template(folder, ROLES, tag)
    properties(ROLES, tags={"cost": "x"})(folder)
    assert prove(folder, load_estate(ROOT / "tenants.yaml")).proved
    edit_template(
        folder,
        ROLES,
        lambda template: next(one for one in template["Resources"].values() if one["Type"] == "AWS::IAM::Role")[
            "Properties"
        ]["Tags"].pop(),
    )
    with pytest.raises(AssemblyInconsistent, match="the stack's tag cost=x"):
        list(Assembly.open(folder).stacks())
